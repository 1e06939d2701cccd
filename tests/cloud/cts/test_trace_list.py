from collections.abc import Callable, Sequence
from datetime import timedelta
from itertools import pairwise

import orjson
import pytest

from audit.answers.intake import read_envelope
from audit.cloud.cbr.enterprise_projects import Params
from audit.cloud.cts.trace_list import TraceList, first_day, span_of, spans_of_a_run
from audit.collection import Kind, Page
from audit.errors import SourceAnswerError, SourceError, SourceRefusedError, SourceUnreachableError
from audit.timestamps import instant
from tests.builders import a_trace_row

UNTIL = instant("2026-11-23T12:30:00Z")
ONE_SPAN = [span_of("CBR", UNTIL - timedelta(days=1), UNTIL)]


def a_page(params: Params, answer: object) -> Page:
    body = orjson.dumps(answer)
    rows, envelope = read_envelope(Kind.TRACES, body)
    return Page(Kind.TRACES, "/v3/project/traces", params, body, "", UNTIL, rows, envelope)


def answering(*answers: object) -> tuple[Callable[[Params], Page], list[Params]]:
    """What answers requests in turn, raising errors, and the requests."""
    asked: list[Params] = []

    def receive(params: Params) -> Page:
        asked.append(params)
        answer = answers[len(asked) - 1]
        if isinstance(answer, SourceError):
            raise answer
        return a_page(params, answer)

    return receive, asked


def traces(*ids: str, marker: object = None) -> object:
    return {"traces": [a_trace_row(trace_id=each) for each in ids], "meta_data": {"count": len(ids), "marker": marker}}


def read(answers: Sequence[object], spans: Sequence[Params] = ONE_SPAN) -> tuple[TraceList, list[Params]]:
    receive, asked = answering(*answers)
    found = TraceList(receive, spans)
    for _ in found:
        assert found.passes == 1
    return found, asked


def test_a_list_is_read_until_no_marker_leads_further_however_short_its_pages_are() -> None:
    found, asked = read([traces("a", "b", marker="b"), traces("c", marker="c"), traces("c", "d", marker="")])

    assert [dict(params).get("next") for params in asked] == [None, "b", "c"]
    assert {dict(params)["limit"] for params in asked} == {"200"}
    reading = found.reading()
    assert reading.complete
    assert (reading.pages, reading.distinct, reading.duplicates, found.expected) == (3, 4, 1, 4)


@pytest.mark.parametrize("last", [{"traces": []}, {"traces": [], "meta_data": None}, {"traces": [], "meta_data": {}}])
def test_an_answer_without_a_marker_is_the_last(last: object) -> None:
    assert read([traces("a", marker="a"), last])[0].reading().complete


@pytest.mark.parametrize("again", [traces("b", marker="a"), traces("a", marker="b"), traces(marker="b")])
def test_a_list_that_goes_in_a_circle_ends_with_a_gap(again: object) -> None:
    (gap,) = read([traces("a", marker="a"), again])[0].reading().gaps

    assert gap == "traces: the cloud gave a page without anything new, and says that there are more"


@pytest.mark.parametrize(
    "odd", [traces("a", marker=7), {"traces": [a_trace_row(trace_id=str(each)) for each in range(200)]}]
)
def test_an_answer_that_does_not_tell_whether_there_is_more_is_a_gap(odd: object) -> None:
    (gap,) = read([odd])[0].reading().gaps

    assert gap == "traces: /v3/project/traces does not tell whether there are more"


def test_a_run_reads_the_days_that_cts_keeps_and_whoever_watches_over_them() -> None:
    spans = [dict(params) for params in spans_of_a_run(UNTIL)]

    assert [span["service_type"] for span in spans] == [*["CBR"] * 7, "CTS", "FunctionGraph"]
    ends = [(int(span["from"]) + 1, int(span["to"])) for span in spans]
    begin, until = (int(moment.timestamp() * 1000) for moment in (instant("2026-11-17T00:00:00Z"), UNTIL))
    assert first_day(UNTIL) == instant("2026-11-17T00:00:00Z")
    assert (ends[0][0], ends[6][1], *ends[7:]) == (begin, until, (begin, until), (begin, until))
    assert all(one[1] == other[0] for one, other in pairwise(ends[:7]))


def test_a_list_without_a_single_answer_raises() -> None:
    receive, _ = answering(SourceRefusedError("no", status=403))
    found = TraceList(receive, spans_of_a_run(UNTIL))

    with pytest.raises(SourceRefusedError):
        list(found)

    assert found.reading().refused
    assert "traces: no" in found.reading().gaps


def test_a_time_that_the_cloud_does_not_accept_keeps_no_other_from_being_read() -> None:
    odd = SourceRefusedError("too old", status=400)
    found, asked = read([odd, *[traces()] * 7, odd], spans_of_a_run(UNTIL))

    assert len(asked) == 9
    reading = found.reading()
    assert (reading.pages, reading.refused, reading.gaps) == (7, False, ("traces: too old", "traces: too old"))


def test_a_time_that_is_the_only_one_and_is_not_accepted_raises() -> None:
    receive, asked = answering(*[SourceRefusedError("no", status=400)] * 9)

    with pytest.raises(SourceRefusedError):
        list(TraceList(receive, spans_of_a_run(UNTIL)))

    assert len(asked) == 9


def test_a_cloud_that_is_gone_after_the_first_answer_is_a_gap() -> None:
    found, asked = read([traces("a"), SourceUnreachableError("no answer")], spans_of_a_run(UNTIL))

    assert len(asked) == 2
    assert found.reading().gaps[-1] == "traces: no answer"
    assert not found.reading().complete


def test_a_list_that_was_not_read_to_its_end_says_so() -> None:
    receive, _ = answering(traces("a", marker="a"), traces("b"))
    found = TraceList(receive, ONE_SPAN)
    next(iter(found))

    assert found.reading().gaps == ("traces: reading was broken off",)


def test_an_answer_that_is_no_list_of_traces_is_refused() -> None:
    with pytest.raises(SourceAnswerError, match='no list "traces"'):
        a_page((), {"meta_data": {}})
