from datetime import timedelta
from typing import Any

import pytest

from audit.judging.witnesses import TOO_OLD, UNEXPLAINED, Attribution, Witnessed
from audit.records import Actor
from audit.report.contents import Report
from audit.subjects import SubjectKind
from tests.builders import a_trace
from tests.report.test_html_report import FAILING, NOW, failing, problem, text


def shown(*attributions: Attribution | None, **changes: Any) -> Report:
    """A page with alike problems, each with what is known of who did it."""
    problems = [problem(id=f"{FAILING}{number}", since="", **changes) for number in range(len(attributions))]
    pairs = zip(problems, attributions, strict=True)
    told = {("CBR-101", str(SubjectKind.RESOURCE), each.id): known for each, known in pairs if known}
    return failing(*problems, attributions=told)


def by(*actors: Actor, **changes: Any) -> Attribution:
    traces = (
        a_trace(f"t{number}", at=NOW - timedelta(hours=9 - number), actor=actor) for number, actor in enumerate(actors)
    )
    return Attribution(named=tuple(Witnessed(trace, "run-1") for trace in traces), **changes)


EVE = Actor(name="eve", account="acme", source_ip="192.0.2.7")


@pytest.mark.parametrize(
    ("attribution", "expected"),
    [
        (by(EVE), "By whom: eve (user, account acme) from 192.0.2.7 at 22 Nov 2026, 19:00 UTC, deleteVault"),
        (
            by(EVE, EVE),
            "between 22 Nov 2026, 19:00 UTC and 22 Nov 2026, 20:00 UTC, deleteVault (2 times)",
        ),
        (by(Actor(is_cloud=True)), "By whom: the cloud itself at 22 Nov 2026, 19:00 UTC, deleteVault"),
        (by(EVE, more=3), "deleteVault; 3 more"),
        (by(EVE, why_not="page 2 is missing"), "deleteVault; perhaps others, because page 2 is missing"),
        (Attribution(why_not=TOO_OLD), f"By whom: not known, because {TOO_OLD}"),
        (Attribution(why_not=UNEXPLAINED), f"By whom: not known, because {UNEXPLAINED}"),
    ],
)
def test_it_is_said_at_the_problem(attribution: Attribution, expected: str) -> None:
    assert expected in text(shown(attribution))


def test_more_than_two_are_folded_but_for_the_first() -> None:
    bob = Actor(name="bob")

    assert "2 more" in text(shown(by(EVE, bob, Actor())))
    assert "2 more" not in text(shown(by(EVE, bob)))
    assert "deleteVault; bob (user)" in text(shown(by(EVE, bob)))


def test_alike_problems_say_it_once_for_all() -> None:
    assert text(shown(by(EVE), by(EVE))).count("eve (user") == 1


def test_why_the_traces_were_not_read_is_said_once() -> None:
    unread = Attribution(why_not="cts:trace:list is not granted")
    page = text(shown(unread, unread))

    assert page.count("By whom is not known, because cts:trace:list is not granted.") == 1
    assert "By whom:" not in page


def test_where_nobody_is_looked_for_nothing_is_said() -> None:
    assert "By whom" not in text(shown(None))
