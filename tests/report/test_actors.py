from datetime import timedelta
from typing import Any

import orjson
import pytest

from audit.judging.attribution import MOST
from audit.judging.witnesses import TOO_OLD, UNEXPLAINED, Attribution, Witnessed
from audit.records import Actor, Trace
from audit.report.actors import actors_part, attribution_of, joined, told, told_if_named, unnamed
from tests.builders import HOUR, NOW, a_trace


def by(*traces: Trace, **changes: Any) -> Attribution:
    return Attribution(named=tuple(Witnessed(trace, "run-1") for trace in traces), **changes)


def words(actor: Actor) -> str:
    return told(actors_part(by(a_trace(actor=actor))))


@pytest.mark.parametrize(
    ("actor", "expected"),
    [
        (Actor(name="eve"), "eve (user)"),
        (Actor(id="u-1"), "u-1"),
        (Actor(name="ops/eve", urn="sts::a1:assumed-agency:ops/eve"), "ops/eve (session of an agency)"),
        (Actor(urn="iam::a1:user:eve"), "iam::a1:user:eve"),
        (Actor(access_key_id="AK"), "an unnamed user (access key AK)"),
        (Actor(name="eve", account_id="a1", invoked_by="obs"), "eve (user, account a1, through obs)"),
        (Actor(name="eve", account="acme", account_id="a1"), "eve (user, account acme)"),
        (Actor(source_ip="192.0.2.7"), "somebody whom the trace does not name from 192.0.2.7"),
        (Actor(is_cloud=True), "the cloud itself"),
        (Actor(name="{who}"), "{who} (user)"),
    ],
)
def test_an_actor_is_told_as_far_as_the_trace_says(actor: Actor, expected: str) -> None:
    assert words(actor) == f"{expected} at 2026-11-23T03:00:00Z, deleteVault"


def test_the_same_operation_by_the_same_actor_is_told_once() -> None:
    traces = [a_trace(f"t{age}", at=NOW - age * HOUR) for age in (3, 2, 1)]

    assert told(actors_part(by(*traces, more=2000))) == (
        "eve (user) from 192.0.2.7 between 2026-11-23T01:00:00Z and 2026-11-23T03:00:00Z, deleteVault (3 times);"
        " 2,000 more"
    )


def test_where_nobody_is_named_it_says_why() -> None:
    assert told(actors_part(Attribution(why_not=TOO_OLD))) == f"not known, because {TOO_OLD}"
    assert told(actors_part(by(a_trace(), why_not="cut off"))).endswith("; perhaps others, because cut off")
    assert told(None) == ""


def test_where_nobody_is_named_each_reason_is_told_once() -> None:
    refused, old, known = Attribution(why_not="not granted"), Attribution(why_not=TOO_OLD), by(a_trace())
    parts = [None, *map(actors_part, (refused, old, refused, known))]

    assert [*unnamed(parts)] == [
        "By whom is not known of 2 problems, because not granted.",
        f"By whom is not known of 1 problem, because {TOO_OLD}.",
    ]
    assert [bool(told_if_named(part)) for part in parts] == [False, False, False, False, True]


def test_what_is_written_is_read_again() -> None:
    user = Actor(
        name="n", id="i", account="a", account_id="ai", urn="u", access_key_id="k", invoked_by="s", source_ip="ip"
    )
    attribution = by(
        a_trace(actor=user, ids=frozenset(), recorded=None),
        a_trace("t2", actor=Actor(), ids=frozenset(), recorded=None, succeeded=None),
        more=1,
        why_not="w",
    )

    assert attribution_of(orjson.loads(orjson.dumps(actors_part(attribution)))) == attribution
    assert attribution_of(actors_part(Attribution())) == Attribution()


@pytest.mark.parametrize("damage", [{"named": [{}]}, {"named": None}, {"more": None}, {"more": "x"}])
def test_what_has_another_form_is_an_error(damage: dict[str, Any]) -> None:
    with pytest.raises((LookupError, TypeError, ValueError)):
        attribution_of({**actors_part(Attribution()), **damage})


def test_several_together_name_whom_any_names_and_each_trace_once() -> None:
    eve, bob = a_trace("eve"), a_trace("bob", at=NOW - MOST * timedelta(hours=1))

    assert joined([by(eve), by(bob, eve, more=3), Attribution(why_not=TOO_OLD)]) == by(bob, eve, more=3)
    assert joined([]) is None


@pytest.mark.parametrize(
    ("whys", "expected"),
    [((TOO_OLD, "not granted"), "not granted"), ((UNEXPLAINED, TOO_OLD), UNEXPLAINED), (("",), "")],
)
def test_of_several_reasons_what_holds_for_all_comes_first(whys: tuple[str, ...], expected: str) -> None:
    assert joined([Attribution(why_not=why) for why in whys]) == Attribution(why_not=expected)
