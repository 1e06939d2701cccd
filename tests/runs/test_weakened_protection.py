"""Runs that follow each other over HTTP: what somebody weakened between them is found, and is not forgotten."""

from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from audit.app.execute import execute
from audit.app.replay import replay
from audit.app.request import request_from_settings
from audit.app.run import Done
from audit.collection import Kind
from audit.evidence.store import open_store
from audit.simulator import Estate, Simulator, serve
from audit.timestamps import shown
from tests.pretend import AS_OF, an_estate, json_response, variables, whole_report, without_waiting
from tests.runs.test_history_across_runs import answers_of

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
SHORT = 9
Row = dict[str, Any]
Change = Callable[["World"], None]


@dataclass
class World:
    """A project over time: what happens between two runs changes what the next one sees.

    Its policy keeps backups for days, and its vault is one that the policy is applied to.
    """

    folder: Path
    estate: Estate = field(default_factory=lambda: an_estate("healthy", seed=3, resources=8, days=16))
    now: datetime = AS_OF
    intercept: Any = None
    is_replayed: bool = False
    policy: Row = field(init=False)
    vault: Row = field(init=False)

    def audit(self, *changes: Change, after: timedelta = HOUR / 2, **settings: str) -> Any:
        """Let something happen, and audit a while later; returns the report."""
        done = self.run(*changes, after=after, **settings)
        if self.is_replayed:
            again = replay(open_store(str(self.folder)), self.estate.project_id, done.report.run.id)
            assert again.differing == ()
        return whole_report(self.folder / done.prefix)

    def run(self, *changes: Change, after: timedelta = HOUR / 2, **settings: str) -> Done:
        self.now += after
        for change in changes:
            change(self)
        simulator = Simulator(self.estate, clock=lambda: self.now)
        simulator.intercept = self.intercept
        with serve(simulator) as served, without_waiting():
            known = variables(simulator, served.url, self.folder, **settings)
            return execute(request_from_settings(known, as_of=shown(self.now)), lambda _progress: None)

    def __post_init__(self) -> None:
        held = {vault["id"] for vault in self.estate.vaults if vault["resources"]}
        self.policy = next(
            row
            for row in self.estate.policies
            if row["operation_type"] == "backup"
            and row["operation_definition"]["retention_duration_days"] > SHORT
            and held & {vault["vault_id"] for vault in row["associated_vaults"]}
        )
        vault_id = self.policy["associated_vaults"][0]["vault_id"]
        self.vault = next(row for row in self.estate.vaults if row["id"] == vault_id)

    def whole_backups(self) -> list[Row]:
        """The backups that the policy made in its vault, newest first, but for the newest of each resource."""
        rows = [row for row in self.estate.backups if row["vault_id"] == self.vault["id"] and row["expired_at"]]
        whole = [row for row in rows if row["parent_id"] is None]
        newest = {row["resource_id"]: row["id"] for row in reversed(whole)}
        return [row for row in whole if row["id"] not in newest.values()]

    def delete(self, rows: Sequence[Row], *, with_tasks: bool) -> None:
        gone = {row["id"] for row in rows}
        self.estate.backups[:] = [row for row in self.estate.backups if not gone & {row["id"], row["parent_id"]}]
        if with_tasks:
            self.estate.tasks[:0] = [self.task("delete", row, {"delete": {"backup_id": row["id"]}}) for row in rows]

    def task(self, operation: str, about: Row, extra: Row) -> Row:
        at = (self.now - timedelta(minutes=5)).strftime("%Y-%m-%dT%H:%M:%S.000000")
        sample = next(row for row in self.estate.tasks if row["operation_type"] == "backup")
        common = {"common": {"progress": 100, "request_id": "r", "task_id": "t"}}
        named = {name: about[f"resource_{name}"] for name in ("id", "name", "type")}
        return sample | {
            "id": f"{operation}-{about['id']}",
            "operation_type": operation,
            "status": "success",
            "policy_id": None,
            "vault_id": self.vault["id"],
            "vault_name": self.vault["name"],
            **dict.fromkeys(("created_at", "started_at", "ended_at", "updated_at"), at),
            "extra_info": common | ({"resource": named} if named["id"] else {}) | extra,
        }


def hidden(url: str) -> bool:
    return "/backups" in url or "/policies" in url


def keep_for(days: int) -> Change:
    def change(world: World) -> None:
        world.policy["operation_definition"]["retention_duration_days"] = days

    return change


def failing(report: Any) -> set[tuple[str, str, str]]:
    return {
        (each["control"], each["subject"]["kind"], each["subject"]["id"])
        for each in report["findings"]
        if each["outcome"] == "fail"
    }


def outcomes(report: Any) -> set[str]:
    return {each["outcome"] for each in report["findings"] if each["control"] == "CBR-114"}


def finding(report: Any, control: str, subject_id: str) -> Any:
    return next(
        each for each in report["findings"] if each["control"] == control and each["subject"]["id"] == subject_id
    )


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_a_first_run_has_nothing_to_compare_with_and_the_next_one_finds_nothing_changed(world: World) -> None:
    first, second = world.audit(), world.audit()

    outcomes = [
        {each["outcome"] for each in report["findings"] if each["control"] == "CBR-114"} for report in (first, second)
    ]
    assert outcomes == [{"not_applicable"}, {"pass"}]
    assert (first["changes"], second["changes"]["protection"]) == (None, {"weakened": [], "strengthened": []})
    assert (first["conclusion"], second["conclusion"]) == ("compliant", "compliant")


def test_a_shortened_retention_fails_until_it_is_restored(world: World) -> None:
    world.is_replayed = True
    policy_id = world.policy["id"]
    days = world.policy["operation_definition"]["retention_duration_days"]
    world.audit()
    weakened = {("CBR-114", "policy", policy_id)}
    second, third = world.audit(keep_for(SHORT)), world.audit()
    restored = world.audit(keep_for(days))

    assert failing(second) == failing(third) == weakened
    for report in (second, third):
        facts = finding(report, "CBR-114", policy_id)["facts"]
        assert (facts["retention_days_before"], facts["retention_days_after"]) == (days, 9)
        assert facts["since"] == second["run"]["as_of"]
    assert [each["what"] for each in second["changes"]["protection"]["weakened"]] == ["retention_days"]
    assert third["changes"]["protection"]["weakened"] == []
    assert failing(restored) == set()
    assert [each["after"] for each in restored["changes"]["protection"]["strengthened"]] == [days]


def test_a_shortened_retention_counts_as_accepted_after_days(world: World) -> None:
    world.audit(CBR_AUDIT_PROFILE="{controls: [CBR-114, CBR-201]}")
    policy_id = world.policy["id"]
    reports = [
        world.audit(*change, after=age, CBR_AUDIT_PROFILE="{controls: [CBR-114, CBR-201]}")
        for change, age in (((keep_for(SHORT),), HOUR), ((), 7 * DAY), ((), HOUR))
    ]

    assert [bool(failing(report)) for report in reports] == [True, True, False]
    assert finding(reports[2], "CBR-114", policy_id)["outcome"] == "pass"


def test_a_weakened_policy_that_is_created_again_under_another_id_restores_nothing(world: World) -> None:
    policy_id, days = world.policy["id"], world.policy["operation_definition"]["retention_duration_days"]
    vaults = {("CBR-114", "vault", each["vault_id"]) for each in world.policy["associated_vaults"]}
    only: Any = {"CBR_AUDIT_PROFILE": "{controls: [CBR-114]}"}
    world.audit(**only)
    weakened = world.audit(keep_for(SHORT), **only)
    again = world.audit(lambda world: world.policy.update(id="created-again"), **only)
    later = world.audit(**only)
    restored = world.audit(keep_for(days), **only)

    assert failing(weakened) == {("CBR-114", "policy", policy_id)}
    assert failing(again) == failing(later) == vaults
    facts = finding(later, "CBR-114", world.vault["id"])["facts"]
    assert (facts["retention_days_before"], facts["retention_days_after"]) == (days, SHORT)
    assert facts["since"] == weakened["run"]["as_of"]
    assert failing(restored) == set()


@pytest.mark.parametrize("with_tasks", [True, False])
def test_lowering_the_retention_does_not_hide_backups_that_are_deleted_by_hand(world: World, with_tasks: bool) -> None:  # noqa: FBT001
    policy_id, vault_id, rows = world.policy["id"], world.vault["id"], world.whole_backups()
    world.audit()

    def sabotage(world: World) -> None:
        keep_for(SHORT)(world)
        world.delete(rows, with_tasks=with_tasks)

    reports = [world.audit(sabotage), world.audit(), world.audit()]

    for report in reports:
        assert failing(report) == {("CBR-111", "vault", vault_id), ("CBR-114", "policy", policy_id)}
        facts = finding(report, "CBR-111", vault_id)["facts"]
        found = ("early_deletions", "gone_without_task")[:: 1 if with_tasks else -1]
        assert [facts[name] for name in found] == [len(rows), 0]


def test_an_unreadable_list_hides_no_sabotage_from_the_run_after_it(world: World) -> None:
    world.is_replayed = True
    vault_id, rows = world.vault["id"], world.whole_backups()
    world.audit()
    refused = json_response({"error_code": "Forbidden", "error_msg": "No."}, 403)
    world.intercept = lambda request, _number: refused if hidden(request.url) else None
    blind = world.audit(keep_for(SHORT), lambda world: world.delete(rows, with_tasks=False))
    world.intercept = None
    seeing = world.audit()

    assert {control for control, _kind, _id in failing(blind)} == set()
    assert {("CBR-111", "vault", vault_id), ("CBR-114", "policy", world.policy["id"])} == failing(seeing)


def unreadable(world: World, name: str) -> None:
    refused = json_response({"error_code": "Forbidden", "error_msg": "No."}, 403)
    world.intercept = lambda request, _number: refused if name in request.url else None


def test_what_moved_while_policies_could_not_be_read_is_held_to_what_it_was_promised_before(world: World) -> None:
    only: Any = {"CBR_AUDIT_PROFILE": "{controls: [CBR-114]}"}
    moved = world.vault["resources"][0]
    other = {**deepcopy(world.vault), "id": "without-policy", "name": "without policy", "resources": []}
    world.estate.vaults.append(other)

    def move(world: World) -> None:
        world.vault["resources"].remove(moved)
        other["resources"].append(moved)

    world.audit(**only)
    unreadable(world, "/policies")
    blind = [world.audit(move, **only), world.audit(**only)]
    world.intercept = None
    seeing, later = world.audit(**only), world.audit(**only)

    assert finding(blind[0], "CBR-114", moved["id"])["outcome"] == "unknown"
    assert failing(blind[1]) == set()
    for report in (seeing, later):
        told = finding(report, "CBR-114", moved["id"])
        assert told["facts"]["backup_policy_before"] is True
        assert (told["outcome"], told["facts"]["since"]) == ("fail", seeing["run"]["as_of"])


def test_policies_and_vaults_that_no_run_read_together_for_long_leave_a_doubt(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("audit.evidence.former_lists.MOST_LOOKED_BACK", 2)
    only: Any = {"CBR_AUDIT_PROFILE": "{controls: [CBR-114]}"}
    for name in ("/vaults", "/policies", "/vaults", "/policies"):
        unreadable(world, name)
        world.audit(**only)
    world.intercept = None
    report = world.audit(**only)

    told = [each for each in report["findings"] if each["subject"]["kind"] == "vault"]
    assert {each["outcome"] for each in told} == {"unknown"}
    assert {"could not read all policies" in each["reason"] for each in told} == {True}


def test_what_no_run_could_read_for_long_is_not_looked_for_for_ever(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("audit.evidence.former_lists.MOST_LOOKED_BACK", 1)
    world.audit()
    refused = json_response({"error_code": "Forbidden", "error_msg": "No."}, 403)
    world.intercept = lambda request, _number: refused if hidden(request.url) else None
    world.audit(keep_for(SHORT))
    world.intercept = None
    report = world.audit()

    assert failing(report) == set()
    assert finding(report, "CBR-114", world.policy["id"])["outcome"] == "unknown"
    assert report["conclusion"] == "incomplete"


def test_a_run_that_is_shown_less_than_the_one_before_misses_nothing(world: World) -> None:
    world.audit()
    refused = json_response({"error_code": "BackupService.9900", "error_msg": "No."}, 400)
    world.intercept = lambda request, _number: refused if "all_granted_eps" in request.url else None
    report = world.audit(lambda world: world.estate.vaults.remove(world.vault))

    assert failing(report) & {(each["control"], "vault", world.vault["id"]) for each in report["findings"]} == set()
    assert outcomes(report) == {"unknown", "pass"}


def test_a_list_is_not_taken_from_a_run_of_another_scope(world: World) -> None:
    world.audit(CBR_AUDIT_ENTERPRISE_PROJECT_ID="0")
    refused = json_response({"error_code": "Forbidden", "error_msg": "No."}, 403)
    world.intercept = lambda request, _number: refused if "/vaults" in request.url else None
    world.audit()
    world.intercept = None
    report = world.audit()

    vaults = {
        each["outcome"]
        for each in report["findings"]
        if (each["control"], each["subject"]["kind"]) == ("CBR-114", "vault")
    }
    assert vaults == {"unknown"}


def test_a_vault_that_was_hidden_from_the_run_before_is_compared_with_what_it_was_earlier(world: World) -> None:
    world.audit()
    hiding = world.audit(lambda world: world.estate.vaults.remove(world.vault))
    showing = world.audit(lambda world: world.estate.vaults.append(world.vault))

    assert hiding["collection"]["hidden_vaults"] == [world.vault["id"]]
    assert failing(hiding) == failing(showing) == set()
    assert finding(showing, "CBR-114", world.vault["id"])["outcome"] == "pass"


def test_raising_the_retention_makes_no_lawful_deletion_an_early_one(world: World) -> None:
    world.audit()
    reports = [world.audit(keep_for(999)), world.audit()]

    for report in reports:
        assert failing(report) == set()
        assert report["conclusion"] == "compliant"


def test_a_manual_backup_may_go_at_its_own_end(world: World) -> None:
    row = world.whole_backups()[0]

    def end_soon(world: World) -> None:
        row["extend_info"] = row["extend_info"] | {"auto_trigger": False}
        row["expired_at"] = (world.now + HOUR / 2).strftime("%Y-%m-%dT%H:%M:%S.000000")

    world.audit(end_soon)
    reports = [world.audit(lambda world: world.delete([row], with_tasks=False), after=HOUR), world.audit(after=2 * DAY)]

    for report in reports:
        assert not {control for control, _kind, _id in failing(report)} & {"CBR-111", "CBR-404"}


def test_ends_that_were_moved_nearer_are_found_with_the_task_that_asked(world: World) -> None:
    world.is_replayed = True
    vault_id, rows = world.vault["id"], world.whole_backups()
    tomorrow = (AS_OF + 2 * DAY).strftime("%Y-%m-%dT00:00:00.000000")
    world.audit()

    def move(world: World) -> None:
        nobody = {"id": "ends", "resource_id": None, "resource_name": None, "resource_type": None}
        extra = {"update_expiration_time": {"affected_backups_count": len(rows), "expiration_day": tomorrow[:10]}}
        world.estate.tasks.insert(0, world.task("unpublished", nobody, extra))
        for row in rows:
            row["expired_at"] = tomorrow

    reports = [world.audit(move), world.audit()]

    for report in reports:
        told = finding(report, "CBR-114", vault_id)
        assert (told["outcome"], told["tasks"]) == ("fail", ["unpublished-ends"])
        assert told["facts"]["weakened"] == len(rows)
        resources = {row["resource_id"] for row in rows}
        assert {each for control, _kind, each in failing(report) if control == "CBR-403"} == resources


def test_a_resource_that_leaves_without_a_task_is_missed(world: World) -> None:
    world.audit()
    (gone, *rest) = world.vault["resources"]
    reports = [world.audit(lambda world: world.vault.update(resources=rest)), world.audit()]

    for report in reports:
        assert ("CBR-114", "resource", gone["id"]) in failing(report)
        assert finding(report, "CBR-114", gone["id"])["subject"]["name"] == gone["name"]


def test_a_loosened_profile_is_a_finding_of_the_project(world: World) -> None:
    world.audit()
    loose = world.audit(CBR_AUDIT_PROFILE="{limits: {min_retention_days: 1}}")

    told = finding(loose, "CBR-114", world.estate.project_id)
    assert (told["outcome"], told["subject"]["kind"]) == ("fail", "collection")
    assert (told["facts"]["min_retention_days_before"], told["facts"]["min_retention_days_after"]) == (7, 1)


def test_a_profile_that_cannot_be_read_any_more_leaves_a_doubt(world: World) -> None:
    done = world.run()
    for path in (world.folder / done.prefix).glob("profile.json"):
        path.write_text("{}")
    report = whole_report(world.folder / world.run().prefix)

    told = finding(report, "CBR-114", world.estate.project_id)
    assert (told["outcome"], "what the run before demanded cannot be read" in told["reason"]) == ("unknown", True)


def test_stored_answers_that_are_gone_leave_a_doubt(world: World) -> None:
    done = world.run()
    for path in answers_of(done, world.folder, Kind.VAULTS):
        path.unlink()
    changed = world.run(lambda world: world.vault.update(name="renamed"))  # or else the new answer replaces the old one
    report = whole_report(world.folder / changed.prefix)

    again = world.estate.vaults[-1]  # the last page repeats the last row, and came again in the same bytes
    known = {again["id"], *(resource["id"] for resource in again["resources"])}
    told = [each for each in report["findings"] if each["control"] == "CBR-114"]
    outcomes = {(each["subject"]["kind"], each["outcome"]) for each in told if each["subject"]["id"] not in known}
    assert outcomes == {("resource", "unknown"), ("vault", "unknown"), ("policy", "pass"), ("collection", "pass")}
    assert {each["outcome"] for each in told if each["subject"]["id"] in known} == {"pass"}


def test_a_row_that_could_not_be_used_then_leaves_a_doubt(world: World) -> None:
    world.is_replayed = True
    extra = {**deepcopy(world.policy), "id": "odd", "trigger": {}}
    world.estate.policies.append(extra)
    world.audit()
    world.estate.policies[-1] = {**deepcopy(world.policy), "id": "odd", "associated_vaults": []}
    report = world.audit()

    assert finding(report, "CBR-114", "odd")["outcome"] == "unknown"
