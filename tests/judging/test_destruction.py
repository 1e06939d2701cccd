from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from audit.judging.destruction import AT_ONCE, Destruction, is_in_scope, is_trusted, most_at_once, weigh
from audit.judging.findings import Severity
from audit.records import DESTRUCTIVE, Actor, Deed, Trace
from tests.builders import a_trace

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
CLOUD = Actor(is_cloud=True)
SESSION = Actor(
    name="keeper/nightly", id="r1:nightly", account="acme", urn="sts::a1:assumed-agency:keeper/nightly", account_id="a1"
)


def weighed(*traces: Trace, trusted: frozenset[str] = frozenset(), mass: int = 3, **rules: Any) -> Destruction:
    rules = {"in_scope": lambda _trace: True, "in_maintenance": lambda _moment: "", **rules}
    return weigh(traces, trusted, rules["in_scope"], rules["in_maintenance"], mass)


def deletions(*minutes: int, **changes: Any) -> list[Trace]:
    at = [NOON + timedelta(minutes=each) for each in minutes]
    return [a_trace(f"trace-{number}", at=each, **changes) for number, each in enumerate(at)]


def named(destruction: Destruction) -> dict[str, list[str]]:
    places = {name: getattr(destruction, name) for name in Destruction.__struct_fields__ if name != "severity"}
    return {name: [trace.id for trace in traces] for name, traces in places.items() if traces}


@pytest.mark.parametrize("deed", sorted(DESTRUCTIVE))
@pytest.mark.parametrize("succeeded", [True, None])
def test_what_takes_something_away_is_alarming_unless_it_surely_failed(deed: Deed, succeeded: Any) -> None:
    assert named(weighed(a_trace(deed=deed, succeeded=succeeded))) == {"alarming": ["trace-1"]}


@pytest.mark.parametrize("changes", [{"succeeded": False}, *({"deed": each} for each in sorted({*Deed} - DESTRUCTIVE))])
def test_what_failed_or_is_harmless_is_nowhere(changes: dict[str, Any]) -> None:
    assert named(weighed(a_trace(**changes))) == {}
    assert weighed(a_trace(**changes)).severity is None


def test_each_trace_has_the_first_excuse_that_holds() -> None:
    traces = [
        a_trace("1", resource_id="left-out", actor=CLOUD, deed=Deed.DELETE_BACKUP),
        a_trace("2", at=NOON, actor=CLOUD, deed=Deed.DELETE_BACKUP),
        a_trace("3", at=NOON),
        a_trace("4"),
        a_trace("5", actor=Actor(name="mallory")),
        a_trace("6", actor=CLOUD),
    ]
    found = weighed(
        *traces,
        trusted=frozenset({"eve"}),
        in_scope=lambda trace: trace.resource_id != "left-out",
        in_maintenance=lambda moment: moment == NOON,
    )

    assert named(found) == {
        "out_of_scope": ["1"],
        "by_cloud": ["2"],
        "in_maintenance": ["3"],
        "trusted": ["4"],
        "alarming": ["5", "6"],
    }
    assert found.severity == Severity.HIGH


@pytest.mark.parametrize(
    ("changes", "is_meant"),
    [
        ({}, True),
        ({"resource_id": "LEFT-OUT"}, False),
        ({"resource_id": None, "resource_name": "left-out"}, True),
        ({"deed": Deed.TOUCH_WATCH, "resource_name": "thumbnails"}, False),
        ({"deed": Deed.TOUCH_WATCH, "resource_name": "urn:fss:r:p:function:default:CBR-Audit:latest"}, True),
        ({"deed": Deed.TOUCH_WATCH, "resource_name": "nightly-auditor"}, True),
        ({"deed": Deed.TOUCH_WATCH, "resource_name": None}, True),
        ({"deed": Deed.TOUCH_WATCH, "resource_name": "thumbnails", "operation": "deleteTrigger"}, True),
        ({"deed": Deed.TOUCH_WATCH, "resource_name": "thumbnails", "resource_type": "Triggers"}, True),
        ({"deed": Deed.TOUCH_TRAIL, "resource_name": "system"}, True),
    ],
)
def test_only_what_is_known_to_be_none_of_the_profile_s_business_is_out_of_scope(
    changes: dict[str, Any], is_meant: object
) -> None:
    trace = a_trace(**{"operation": "updateFunctionCode" if "deed" in changes else "deleteVault", **changes})

    assert is_in_scope(trace, {"left-out"}, {"cbr-audit", "Auditor"}) is is_meant


@pytest.mark.parametrize("deed", [Deed.UNLOCK_VAULT, Deed.TOUCH_TRAIL, Deed.TOUCH_WATCH])
def test_who_blinds_the_guards_is_critical_unless_trusted(deed: Deed) -> None:
    assert weighed(a_trace(deed=deed)).severity == Severity.CRITICAL
    assert weighed(a_trace(deed=deed), trusted=frozenset({"eve"})).severity is None


@pytest.mark.parametrize(
    ("traces", "most"),
    [
        ([], 0),
        (deletions(0, 30, 60), 3),
        (deletions(0, 30, 61), 2),
        (deletions(61, 0, 90, 70), 3),
        (deletions(0, 1, 2, deed=Deed.DISSOCIATE_POLICY), 0),
        (deletions(0, 1, 2, actor=Actor()), 3),
        ([*deletions(0, 1), *deletions(2, actor=Actor(name="mallory"))], 2),
    ],
)
def test_deletions_by_one_actor_within_an_hour_are_many_at_once(traces: list[Trace], most: int) -> None:
    assert timedelta(minutes=60) == AT_ONCE
    assert most_at_once(traces) == most
    assert weighed(*traces).severity == (Severity.CRITICAL if most >= 3 else Severity.HIGH if traces else None)


@pytest.mark.parametrize(
    ("actor", "handle"),
    [
        (Actor(name="eve"), "eve"),
        (Actor(name="eve", account="acme"), "acme/eve"),
        (Actor(name="eve", account_id="a1"), "a1/eve"),
        (Actor(id="user-1"), "user-1"),
        (Actor(urn="iam::a1:user:eve"), "iam::a1:user:eve"),
        (SESSION, "sts::a1:assumed-agency:keeper/nightly"),
        (SESSION, "sts::a1:assumed-agency:keeper"),
        (SESSION, "r1:nightly"),
    ],
)
def test_an_actor_is_trusted_by_each_of_its_names(actor: Actor, handle: str) -> None:
    assert is_trusted(actor, {"somebody else", handle})


@pytest.mark.parametrize(
    ("actor", "handle"),
    [
        (Actor(), ""),
        (Actor(access_key_id="AK1"), "AK1"),
        (Actor(name="eve", account="other"), "acme/eve"),
        (Actor(name="eve", account="acme"), "acme"),
        (Actor(name="Eve"), "eve"),
        (SESSION, "keeper/nightly"),
        (SESSION, "acme/keeper"),
        (Actor(name="acme/eve"), "acme/eve"),
        (Actor(name="iam::a1:user:eve"), "iam::a1:user:eve"),
        (Actor(name="0123456789abcdef0123456789ABCDEF"), "0123456789abcdef0123456789ABCDEF"),
        (Actor(urn="iam::a1:user:eve/nightly"), "iam::a1:user:eve"),
    ],
)
def test_nobody_is_trusted_for_a_name_that_is_another_s(actor: Actor, handle: str) -> None:
    assert not is_trusted(actor, {handle})
