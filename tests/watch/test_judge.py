from datetime import timedelta
from typing import Any

import pytest

from audit.collection import Kind, Page
from audit.judging.findings import Outcome, Severity
from audit.profile import parse_profile
from audit.records import Deed
from audit.watch.change_forms import ChangeReport, FormerReport
from audit.watch.judge import ReadForChange, judge_change, trace_in
from audit.watch.undo import NOTHING_TO_UNDO, UNDO
from tests.builders import HOUR, NOW, a_page, a_policy_row, a_trace_row, a_vault_row

FORMER = FormerReport(run="run-1", as_of="2026-11-23T00:00:00Z", sha256="1" * 64)
LINE = {"id": "server-1", "name": "web-1", "type": "OS::Nova::Server", "presence": "protected"}
REPORT: dict[str, Any] = {"resources": [LINE | {"vaults": ["blue"], "follows": ["policy-1"]}], "out_of_scope": []}


def at(hours: float) -> int:
    return int((NOW - hours * HOUR).timestamp() * 1000)


def pages(*rows: dict[str, Any], vaults: Any = (), policies: Any = ()) -> tuple[Page, ...]:
    return (
        a_page(*rows, kind=Kind.TRACES),
        a_page(*vaults, kind=Kind.VAULTS),
        a_page(*policies, kind=Kind.POLICIES),
    )


def judged(*rows: dict[str, Any], profile: str = "{}", inventory: Any = None, **changes: Any) -> ChangeReport:
    values: dict[str, Any] = {
        "project_id": "project-1",
        "region": "eu-west-101",
        "trace_id": "trace-1",
        "judged_at": NOW,
        "profile": parse_profile(profile, "a test"),
        "pages": pages(*(rows or [a_trace_row()]), **(inventory or {})),
        "report": REPORT,
        "compared_with": FORMER,
    }
    return judge_change(ReadForChange(**(values | changes)))


def test_what_nobody_trusted_took_away_is_an_alarm_that_names_what_is_unprotected_and_how_to_undo_it() -> None:
    change = judged()

    assert (change.outcome, change.severity) == (Outcome.FAIL, Severity.HIGH)
    assert change.reason == "protection was taken away by somebody whom the profile does not trust"
    assert [(each.name, each.lacks) for each in change.unprotected] == [("web-1", "vault")]
    assert change.undo == UNDO[Deed.DELETE_VAULT]
    assert change.trace.actor.name == "eve"
    assert (change.recent, change.doubts, change.compared_with) == (0, (), FORMER)


def test_what_is_still_protected_is_not_named() -> None:
    inventory = {"vaults": [a_vault_row()], "policies": [a_policy_row()]}
    held = [line["id"] for vault in inventory["vaults"] for line in vault["resources"]]
    report = REPORT | {"resources": [REPORT["resources"][0] | {"id": held[0]}]}

    assert not judged(inventory=inventory, report=report).unprotected


@pytest.mark.parametrize(
    ("row", "profile", "outcome", "reason"),
    [
        ({}, "limits: {trusted_actors: [acme/eve]}", Outcome.PASS, "somebody whom the profile trusts did it"),
        ({}, "limits: {trusted_actors: [other/eve]}", Outcome.FAIL, "protection was taken away by somebody"),
        (
            {"service_type": "FunctionGraph", "trace_name": "deleteFunction", "resource_name": "thumbnails"},
            "{}",
            Outcome.NOT_APPLICABLE,
            "the profile leaves out what it was done to",
        ),
        (
            {"service_type": "FunctionGraph", "trace_name": "deleteFunction", "resource_name": "thumbnails"},
            "limits: {watched_functions: [thumb]}",
            Outcome.FAIL,
            "protection was taken away by somebody",
        ),
        (
            {"trace_name": "deleteBackup", "trace_type": "SystemAction", "user": None},
            "{}",
            Outcome.PASS,
            "the cloud itself deleted what had expired",
        ),
        (
            {},
            "maintenance: [{name: night, start: '2026-11-23T02:00', end: '2026-11-23T04:00'}]",
            Outcome.PASS,
            "it was done in a maintenance window",
        ),
        ({"code": "403", "trace_rating": "warning"}, "{}", Outcome.NOT_APPLICABLE, "the operation failed"),
        ({"trace_name": "createVault"}, "{}", Outcome.NOT_APPLICABLE, "the operation takes no backup"),
        ({"code": "403"}, "{}", Outcome.FAIL, "protection was taken away"),
        ({"user": None}, "{}", Outcome.FAIL, "protection was taken away"),
    ],
)
def test_what_excuses_a_change_is_said(row: dict[str, Any], profile: str, outcome: Outcome, reason: str) -> None:
    change = judged(a_trace_row(**row), profile=profile)

    assert change.outcome == outcome
    assert change.reason.startswith(reason)
    if outcome != Outcome.FAIL:
        assert (change.severity, change.unprotected, change.undo) == (Severity.LOW, (), NOTHING_TO_UNDO)


def test_what_the_profile_leaves_out_is_no_alarm_whether_it_is_still_there_or_not() -> None:
    scope = "scope: {exclude: [{vaults: [blue]}]}"
    there = {"vaults": [a_vault_row(id="vault-1", name="blue")]}
    gone = REPORT | {"out_of_scope": [{"kind": "vault", "id": "VAULT-1", "name": "blue"}]}

    assert judged(profile=scope, inventory=there).outcome == Outcome.NOT_APPLICABLE
    assert judged(report=gone).outcome == Outcome.NOT_APPLICABLE
    assert judged(profile=scope).outcome == Outcome.FAIL
    assert judged(a_trace_row(resource_id=None), report=gone).outcome == Outcome.FAIL


def test_many_deletions_by_one_actor_within_an_hour_are_critical() -> None:
    def deletion(number: int, hours: float, **changes: Any) -> dict[str, Any]:
        return a_trace_row(trace_id=f"trace-{number}", time=at(hours), **changes)

    spree = [deletion(number, 1 + number / 10) for number in range(1, 6)]
    others = [deletion(number, 1.3, user={"id": "user-2", "name": "bob"}) for number in range(7, 12)]
    later, earlier = [deletion(12, 0.5)], [deletion(number, 3) for number in range(13, 18)]

    change = judged(*spree, *others, *later, *earlier)
    assert (change.severity, change.recent) == (Severity.CRITICAL, 4)
    assert judged(*spree[:4], *others, *later, *earlier).severity == Severity.HIGH


def test_a_lock_that_is_switched_off_is_critical() -> None:
    change = judged(a_trace_row(trace_name="updateVault", request={"vault": {"locked": False}}))

    assert (change.severity, change.trace.deed) == (Severity.CRITICAL, Deed.UNLOCK_VAULT)


def test_without_a_report_it_is_not_known_what_is_unprotected() -> None:
    change = judged(report=None, compared_with=None)

    assert not change.unprotected
    assert change.doubts == ("no report was made before this change, so what it left unprotected is not known",)


@pytest.mark.parametrize("kind", [Kind.VAULTS, Kind.POLICIES])
def test_an_inventory_that_was_not_read_proves_nobody_unprotected(kind: Kind) -> None:
    change = judged(unread=frozenset({kind}))

    assert not change.unprotected
    assert change.unread == (kind,)
    assert change.doubts == (f"the {kind.words} could not be read completely, so what is unprotected now is not known",)


def test_a_row_that_cannot_be_used_leaves_a_doubt() -> None:
    change = judged(inventory={"vaults": [a_vault_row(id=5)]})

    assert not change.unprotected
    assert change.doubts[0].startswith("the vaults could not be read")


def test_traces_that_were_not_read_may_be_of_a_spree() -> None:
    assert judged(unread=frozenset({Kind.TRACES})).doubts == (
        "the traces of the hour before could not be read completely, so there may be more by the same actor",
    )


def test_equal_evidence_gives_equal_bytes_whatever_the_order() -> None:
    rows = [a_trace_row(), a_trace_row(trace_id="trace-2", time=at(1.2))]

    assert judged(*rows).dump() == judged(*reversed(rows)).dump()


def test_the_trace_must_be_there() -> None:
    assert trace_in(pages(a_trace_row()), "other") is None
    with pytest.raises(KeyError):
        judged(a_trace_row(trace_id="other"))


def test_nothing_is_judged_by_the_clock() -> None:
    assert judged(judged_at=NOW + timedelta(days=2)).judged_at == NOW + timedelta(days=2)
