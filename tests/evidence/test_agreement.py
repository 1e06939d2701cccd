"""What contradicts itself is found without a head that somebody noted, even if the whole chain was hashed anew."""

import gzip
from collections.abc import Iterator
from typing import Any

import pytest

from audit.evidence.verify import verify
from audit.report.formats import findings_report
from tests.evidence.chains import SCOPE, Shelf, a_chain, a_report, facts, of_run, publish
from tests.evidence.forging import Change, forge

CHAIN = a_chain(3)
SEGMENT = f"shared/2026-11/{'0' * 64}.history"


def found(shelf: Shelf) -> list[str]:
    return [f"{fault.object.rpartition('/')[2]}: {fault.problem}" for fault in verify(shelf, SCOPE).faults]


def test_a_chain_that_was_hashed_anew_and_changed_nowhere_agrees() -> None:
    assert found(forge(CHAIN.copy(), 2)) == []


def put(*path: str | int, value: Any) -> Change:
    """Change one value."""

    def change(values: Any) -> None:
        for step in path[:-1]:
            values = values[step]
        values[path[-1]] = value

    return change


@pytest.mark.parametrize(
    ("what", "name", "value"),
    [
        ("conclusion", "conclusion", "compliant"),
        ("complete", "complete", True),
        ("what-if", "kind", "what_if"),
        ("kind", "kind", "empty"),
        ("window", "digest_start_time", 5),
        ("window", "digest_end_time", 1_796_000_000),
    ],
)
def test_a_digest_that_says_something_else_than_its_manifest_is_found(what: str, name: str, value: Any) -> None:
    assert f"manifest.json: {what}: digest says " in "\n".join(
        found(forge(CHAIN.copy(), 2, digest=put(name, value=value)))
    )


@pytest.mark.parametrize(
    ("path", "value", "problem"),
    [
        (("run", "project_id"), "p2", "manifest.json: project: digest says p1, manifest says p2"),
        (("run", "id"), "20260101T000000Z-000000000002", "manifest.json: date of the id: digest says 20261123T14"),
        (("run", "as_of"), "2026-11-22T14:00:00Z", "manifest.json: time of judgement: run says 2026-11-22"),
        (("conclusion",), "compliant", "report.json: conclusion: manifest says compliant, report says incomplete"),
        (("complete",), True, "report.json: complete: manifest says True, report says False"),
        (("rejected",), 4, "report.json: rejected rows: manifest says 4, report says 0"),
        (("run", "region"), "elsewhere", "report.json: region: manifest says elsewhere, report says eu-west-101"),
        (("readings", 0, "distinct"), 4, "report.json: its readings are not those of the manifest"),
        (("pages",), [], "manifest.json: answers with operation_logs: readings says 1, pages says 0"),
    ],
)
def test_a_manifest_that_agrees_with_nothing_else_is_found(
    path: tuple[str | int, ...], value: Any, problem: str
) -> None:
    assert problem in "\n".join(found(forge(CHAIN.copy(), 2, manifest=put(*path, value=value))))


def test_a_run_that_is_complete_in_spite_of_a_gap_is_found() -> None:
    def change(values: Any) -> None:
        values["complete"] = True
        values["readings"][0]["gaps"] = ["a page is missing"]

    assert "manifest.json: complete: the manifest says that it is, and that the task log has gaps" in found(
        forge(CHAIN.copy(), 2, manifest=change)
    )


def test_a_profile_that_is_not_the_one_of_the_run_is_found() -> None:
    other = {"name": "profile.json", "size": 1, "sha256": "0" * 64}

    shelf = forge(CHAIN.copy(), 2, manifest=lambda values: values["objects"].append(other))

    assert "manifest.json: profile: run says " in "\n".join(found(shelf))


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda values: values["objects"].append(values["objects"][0]), "is named twice"),
        (
            lambda values: values["objects"].append({"name": SEGMENT, "size": 1, "sha256": "0" * 64}),
            f"the run needs {SEGMENT} for nothing, which is among its objects",
        ),
        (put("rejected", value=None), "it does not say how many rows were rejected"),
        (put("schema_version", value=1), "form: it says that it is of an earlier version, which shared no objects"),
        (put("pages", 0, "size", value=1), "the response inside is not the one that the manifest names"),
    ],
)
def test_what_no_run_says_of_its_objects_is_found(change: Change, problem: str) -> None:
    assert problem in "\n".join(found(forge(CHAIN.copy(), 2, manifest=change)))


def test_a_run_of_an_earlier_version_is_not_held_to_what_it_did_not_say() -> None:
    def earlier(values: Any) -> None:
        page, name = values["pages"][0], "raw/00001-operation_logs.json.gz"
        listed = next(each for each in values["objects"] if each["name"] == page["name"])
        listed.update(name=name)
        page.update(name=name, number=7)
        values.update(schema_version=1, rejected=None)

    assert [problem for problem in found(forge(CHAIN.copy(), 2, manifest=earlier)) if "manifest.json" in problem] == []


@pytest.mark.parametrize("path", [("pages", 0, "name"), ("history",)])
def test_a_run_that_needs_what_it_does_not_list_is_found(path: tuple[str | int, ...]) -> None:
    forged = forge(CHAIN.copy(), 2, manifest=put(*path, value=SEGMENT if "name" in path else [SEGMENT]))

    assert f"manifest.json: the run needs {SEGMENT}, which is not among its objects" in found(forged)


def test_a_run_whose_conclusion_was_flipped_everywhere_but_in_its_findings_is_found() -> None:
    flip = put("conclusion", value="compliant")

    shelf = forge(CHAIN.copy(), 3, report=flip, manifest=flip, digest=flip)

    assert found(shelf) == [
        "report.json: its conclusion is compliant, and not everything could be read",
        "report.json: its conclusion is compliant, and a finding is unknown",
        "report.json: its conclusion is compliant, and no resource passed",
        "report.json: the last line of its trend says something else about this run",
    ]


def test_a_run_that_lies_at_another_date_is_found() -> None:
    shelf = forge(a_chain(1), 1)
    moved = {key.replace("/2026/11/23/", "/2026/11/22/"): data for key, data in shelf.objects.items() if "0001/" in key}
    shelf.objects.update(moved)
    place = next(key for key in moved if key.endswith("manifest.json"))

    forged = forge(shelf, 1, digest=lambda values: values["manifest"].update(object=place))

    assert f"manifest.json: place: digest says {place}" in "\n".join(found(forged))


def values_of(report: Any) -> Iterator[tuple[str, Any]]:
    yield "findings", report["findings"][1:]
    yield "problems", [{}]
    yield "waived", [{}]
    yield "trend", []
    yield "summary", {**report["summary"], "resources_failing": 7}
    yield "summary", {**report["summary"], "outcomes": {"pass": 9_000}}
    yield "controls", []


@pytest.mark.parametrize("number", range(7))
def test_a_report_that_contradicts_itself_is_found(number: int) -> None:
    def change(report: Any) -> None:
        report.update([list(values_of(report))[number]])

    assert any(problem.startswith("report.json: ") for problem in found(forge(CHAIN.copy(), 2, report=change)))


@pytest.mark.parametrize("deep", [None, [[[[]]]]])
def test_a_report_of_no_known_form_is_found(deep: Any) -> None:
    (problem, *_) = found(forge(CHAIN.copy(), 2, report=put("findings", value=deep)))

    assert problem.startswith("report.json: not a report of a known form: ")


@pytest.mark.parametrize(
    ("cut", "words"),
    [
        (lambda lines: lines, []),
        (lambda lines: lines[:-1], ["1 findings are missing"]),
        (lambda _: [b"[]"], ["it has a line that is no finding: "]),
        (lambda _: None, ["gzipped file"]),
    ],
)
@pytest.mark.parametrize("is_reversed", [False, True])
def test_findings_that_are_not_those_that_the_report_counts_are_found(
    cut: Any, words: list[str], *, is_reversed: bool
) -> None:
    lines = cut(findings_report.render(of_run(a_report(), facts(1))).splitlines())
    data = b"no" if lines is None else gzip.compress(b"\n".join(lines))
    shelf = Shelf()
    publish(shelf, 1, more={"findings.ndjson.gz": data})
    if is_reversed:
        forge(shelf, 1, manifest=lambda values: values["objects"].reverse())

    problems = found(shelf)
    assert len(problems) == len(words)
    assert all(word in problem for word, problem in zip(words, problems, strict=True))
