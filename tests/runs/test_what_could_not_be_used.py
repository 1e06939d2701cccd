"""Rows that could not be used, over HTTP: what they spoil in their own run, and in the runs after it."""

import gzip
import hashlib
from collections.abc import Callable, Collection
from datetime import datetime
from pathlib import Path
from threading import local
from typing import Any

import orjson
import pytest
from click.testing import CliRunner

from audit.app.replay import replay
from audit.app.run import Done
from audit.cli.commands import main
from audit.collection import Kind, Rejected
from audit.evidence.chain import PAYLOAD_TYPE, Envelope, Link
from audit.evidence.layout import key_of
from audit.evidence.store import open_store
from audit.evidence.stored_runs import digest_of
from audit.evidence.verify import verify
from audit.history import History
from audit.history.lines import line_of
from audit.judging.findings import Finding, Outcome
from audit.simulator import Estate, Request, Response, Simulator
from audit.timestamps import instant, shown
from tests.builders import HOUR
from tests.pretend import AS_OF, an_estate, json_response, whole_report
from tests.runs.test_history_across_runs import DAY, audit_at, damage_answers, manifest_of, remove_history

Row = dict[str, Any]
EARLIER = AS_OF - 8 * DAY
NAMELESS = "5c0a1b7e-8d53-4b0e-9c55-0f0000000001"


def a_healthy_estate(days: int = 45) -> Estate:
    return an_estate("healthy", seed=3, days=days)


def a_cloud() -> Simulator:
    return Simulator(a_healthy_estate())


def backups_of(simulator: Simulator, until: datetime = AS_OF) -> list[Row]:
    """The backup tasks of one resource, newest first."""
    rows = [row for row in simulator.tasks if row["operation_type"] == "backup" and instant(row["created_at"]) < until]
    first = rows[0]["extra_info"]["resource"]["id"]
    return [row for row in rows if row["extra_info"]["resource"]["id"] == first]


def nameless(row: Row, number: int = 1, **changes: Any) -> Row:
    """A backup that never began, as CBR writes it: it names its vault and no resource."""
    extra = {**row["extra_info"], "resource": None, "backup": None}
    error = {"code": "BackupService.0001", "message": "No resource is available for backup."}
    own = {"id": f"{NAMELESS[:-1]}{number}", "status": "skipped", "extra_info": extra, "error_info": error}
    return {**row, **own, **changes}


def found(done: Done, control: str, subject: str | None = None) -> list[Finding]:
    return [each for each in done.report.findings if each.control == control and subject in {None, each.id}]


def outcomes(done: Done, control: str, subject: str | None = None) -> set[Outcome]:
    return {each.outcome for each in found(done, control, subject)}


def rejected(done: Done) -> list[Rejected]:
    return list(done.report.collection.rejected)


def failed_for_hours(simulator: Simulator, number: int = 6) -> list[Row]:
    """Let backups fail shortly before the earlier run, whose rows name no resource."""
    sample = backups_of(simulator, EARLIER)[0]
    times = [shown(EARLIER - (each + 26) * HOUR).removesuffix("Z") for each in range(1, number + 1)]
    rows = [
        nameless(sample, each, status="failed", created_at=at, updated_at=at, started_at=at, ended_at=at)
        for each, at in enumerate(times)
    ]
    for row in rows:
        simulator.tasks.add(row)
    return rows


def spoil(simulator: Simulator, kind: Kind, change: Callable[[Row], Any], ids: Collection[str]) -> None:
    """Answer with some rows of a list changed."""
    inside = local()

    def changed(request: Request, _number: int) -> Response | None:
        path = request.url.partition("?")[0]
        is_of_kind = f"/{kind.value.replace('_', '-')}" in path and not path.endswith("/members")
        if getattr(inside, "asked", False) or not is_of_kind:
            return None
        if request.url.endswith("/members") or "/members?" in request.url:
            return None
        inside.asked = True
        answer = orjson.loads(simulator.dispatch(request).body)
        inside.asked = False
        answer[kind.key] = [change(row) if row["id"] in ids else row for row in answer[kind.key]]
        return json_response(answer)

    simulator.intercept = changed


def forget(simulator: Simulator, rows: list[Row]) -> None:
    """Show some tasks no longer."""
    for row in rows:
        simulator.tasks.remove(row["id"])


class TestTheNextRun:
    def test_it_is_not_compliant_and_names_what_the_one_before_could_not_use(self, tmp_path: Path) -> None:
        simulator = a_cloud()
        rows = failed_for_hours(simulator)
        (first,) = audit_at(simulator, tmp_path, EARLIER)
        forget(simulator, rows)
        (second,) = audit_at(simulator, tmp_path, AS_OF)

        assert second.report.run.read.since > max(instant(row["created_at"]) for row in rows)
        assert second.report.conclusion == "incomplete"
        assert {row.id for row in rejected(second)} == {row["id"] for row in rows}
        assert {row.run for row in rejected(second)} == {first.report.run.id}
        assert outcomes(second, "CBR-902") == {Outcome.UNKNOWN}
        held = {each.id for each in second.report.resources if rows[0]["vault_name"] in each.vaults}
        assert {each.id for each in found(second, "CBR-103") if each.outcome is Outcome.UNKNOWN} == held
        (verdict,) = found(second, "CBR-902")
        assert "and 3 more" in str(verdict.facts["rejected_rows"])

    def test_its_coverage_goes_on_so_that_one_row_costs_no_reading(self, tmp_path: Path) -> None:
        simulator = a_cloud()
        failed_for_hours(simulator)
        first, second = audit_at(simulator, tmp_path, EARLIER, AS_OF)

        assert first.report.collection.covered is not None
        assert first.report.collection.covered.until == EARLIER
        assert second.report.run.read.since == EARLIER - DAY
        assert second.report.run.window.since == first.report.run.window.since

    def test_a_task_that_is_whole_later_is_in_doubt_no_longer(self, tmp_path: Path) -> None:
        simulator = a_cloud()
        whole = backups_of(simulator, EARLIER)[0]
        simulator.tasks.replace({**whole, "status": None})
        (first,) = audit_at(simulator, tmp_path, EARLIER)
        simulator.tasks.replace(whole)
        (second,) = audit_at(simulator, tmp_path, AS_OF)

        assert [row.id for row in rejected(first)] == [whole["id"]]
        assert (rejected(second), second.report.conclusion) == ([], "compliant")

    def test_a_row_that_is_older_than_the_look_back_is_forgotten(self, tmp_path: Path) -> None:
        simulator = a_cloud()
        rows = failed_for_hours(simulator)
        profile = "look_back: 5d\nskip: [CBR-601]"
        moments = [EARLIER, EARLIER + DAY, EARLIER + 3 * DAY, EARLIER + 5 * DAY, AS_OF]
        audit_at(simulator, tmp_path, moments[0], CBR_AUDIT_PROFILE=profile)
        forget(simulator, rows)
        runs = audit_at(simulator, tmp_path, *moments[1:], CBR_AUDIT_PROFILE=profile)

        assert [len(rejected(done)) for done in runs] == [6, 6, 0, 0]

    def test_what_was_rejected_survives_where_the_history_is_made_anew(self, tmp_path: Path) -> None:
        simulator = a_cloud()
        rows = failed_for_hours(simulator)
        (first,) = audit_at(simulator, tmp_path, EARLIER)
        forget(simulator, rows)
        remove_history(first, tmp_path)
        (second,) = audit_at(simulator, tmp_path, AS_OF)

        assert [(row.id, row.run, row.page) for row in rejected(second)] == [
            (row.id, row.run, row.page) for row in rejected(first)
        ]
        assert second.report.conclusion == "incomplete"

    def test_nothing_is_covered_where_the_answer_that_held_it_is_damaged(self, tmp_path: Path) -> None:
        simulator = a_cloud()
        rows = failed_for_hours(simulator)
        (first,) = audit_at(simulator, tmp_path, EARLIER)
        forget(simulator, rows)
        remove_history(first, tmp_path)
        damage_answers(first, tmp_path)
        (second,) = audit_at(simulator, tmp_path, AS_OF)

        assert second.report.run.window.since == second.report.run.read.since == AS_OF - 31 * DAY
        assert "some of which are missing" in second.report.run.previous.notes[0]

    def test_both_runs_are_recomputed_to_the_same_bytes(self, tmp_path: Path) -> None:
        simulator = a_cloud()
        rows = failed_for_hours(simulator)
        runs = audit_at(simulator, tmp_path, EARLIER)
        forget(simulator, rows)
        runs += audit_at(simulator, tmp_path, AS_OF)

        for done in runs:
            result = replay(open_store(str(tmp_path)), simulator.project_id, done.report.run.id)
            assert (result.differing, result.reasons) == ((), ())
            assert manifest_of(done, tmp_path)["rejected"] == 6
        assert not verify(open_store(str(tmp_path)), simulator.project_id).faults


def by_version_0_1(folder: Path, done: Done) -> None:
    """Write a run as version 0.1 wrote it: neither history nor manifest nor report remembers a row."""
    place = folder / done.prefix
    manifest = orjson.loads((place / "manifest.json").read_bytes())
    segments = [(folder / key_of(done.prefix, name)).read_bytes() for name in manifest["history"]]
    lines = map(line_of, History.load(*segments))
    (place / "history.ndjson.gz").write_bytes(gzip.compress(b"".join(lines)))
    report = orjson.loads((place / "report.json").read_bytes())
    fields = ("kind", "page", "row", "id", "path", "message")
    known = report["collection"]["rejected_rows"]
    report["collection"]["rejected_rows"] = [{name: row[name] for name in fields} for row in known]
    (place / "report.json").write_bytes(orjson.dumps(report))
    kept = [listed for listed in manifest["objects"] if listed["name"] not in manifest["history"]]
    manifest["objects"] = [*kept, {"name": "history.ndjson.gz", "size": 1}]
    del manifest["rejected"], manifest["history"]
    for listed in manifest["objects"]:
        listed["sha256"] = hashlib.sha256((folder / key_of(done.prefix, listed["name"])).read_bytes()).hexdigest()
    (place / "manifest.json").write_bytes(orjson.dumps(manifest))
    digest = digest_of(open_store(str(folder)), done.report.run.project_id, done.report.run.id)
    sha256 = hashlib.sha256((place / "manifest.json").read_bytes()).hexdigest()
    changed = digest.model_copy(update={"manifest": Link(object=f"{done.prefix}/manifest.json", sha256=sha256)})
    (folder / digest.digest_object).write_bytes(Envelope(PAYLOAD_TYPE, changed.dump()).dump())
    (folder / done.report.run.project_id / "latest.json").unlink()


class TestAStoreOfVersion01:
    def test_it_is_continued_and_nothing_that_it_could_not_use_is_forgotten(self, tmp_path: Path) -> None:
        simulator = a_cloud()
        rows = failed_for_hours(simulator)
        (first,) = audit_at(simulator, tmp_path, EARLIER)
        forget(simulator, rows)
        by_version_0_1(tmp_path, first)
        (second,) = audit_at(simulator, tmp_path, AS_OF)

        assert rejected(second) == rejected(first)
        assert second.report.run.previous.notes == ()
        assert second.report.run.window.since == first.report.run.window.since
        result = replay(open_store(str(tmp_path)), simulator.project_id, second.report.run.id)
        assert result.differing == ()

    def test_rows_of_a_run_before_the_last_one_are_found_too(self, tmp_path: Path) -> None:
        simulator = a_cloud()
        rows = failed_for_hours(simulator)
        (first,) = audit_at(simulator, tmp_path, EARLIER)
        by_version_0_1(tmp_path, first)
        forget(simulator, rows)
        (second,) = audit_at(simulator, tmp_path, EARLIER + 4 * DAY)
        by_version_0_1(tmp_path, second)
        _relink(tmp_path, first, second)
        (third,) = audit_at(simulator, tmp_path, AS_OF)

        assert rejected(third) == rejected(first)

    def test_nothing_is_covered_where_an_answer_that_may_hold_one_is_missing(self, tmp_path: Path) -> None:
        simulator = a_cloud()
        rows = failed_for_hours(simulator)
        (first,) = audit_at(simulator, tmp_path, EARLIER)
        forget(simulator, rows)
        by_version_0_1(tmp_path, first)
        damage_answers(first, tmp_path)
        (second,) = audit_at(simulator, tmp_path, AS_OF)

        assert second.report.run.window.since == AS_OF - 31 * DAY
        (note,) = second.report.run.previous.notes
        assert "does not remember which rows could not be used" in note


def _relink(folder: Path, first: Done, second: Done) -> None:
    """Let a digest name the one before it again, after that one was written anew."""
    store = open_store(str(folder))
    before = digest_of(store, first.report.run.project_id, first.report.run.id)
    digest = digest_of(store, second.report.run.project_id, second.report.run.id)
    sha256 = hashlib.sha256((folder / before.digest_object).read_bytes()).hexdigest()
    changed = digest.model_copy(update={"previous": Link(object=before.digest_object, sha256=sha256)})
    (folder / digest.digest_object).write_bytes(Envelope(PAYLOAD_TYPE, changed.dump()).dump())


class TestWithinOneRun:
    def audited(
        self, estate: Estate, folder: Path, kind: Kind, ids: Collection[str], change: Callable[[Row], Any]
    ) -> Done:
        """Audit an estate, some rows of which cannot be used."""
        simulator = Simulator(estate)
        spoil(simulator, kind, change, ids)
        (done,) = audit_at(simulator, folder, AS_OF, CBR_AUDIT_PROFILE="preset: strict")
        assert {row.id for row in rejected(done)} == set(ids)
        assert done.report.collection.gaps == ()
        return done

    def test_successes_that_cannot_be_used_make_no_failure(self, tmp_path: Path) -> None:
        estate = a_healthy_estate()
        own = [row for row in backups_of(Simulator(estate)) if instant(row["created_at"]) > AS_OF - 29 * DAY]
        resource = own[0]["extra_info"]["resource"]["id"]
        done = self.audited(estate, tmp_path, Kind.TASKS, {row["id"] for row in own}, lambda row: {**row, "status": 5})

        assert outcomes(done, "CBR-101", resource) == {Outcome.UNKNOWN}
        others = {each.id for each in done.report.resources} - {resource}
        assert all(outcomes(done, "CBR-101", other) == {Outcome.PASS} for other in others)

    def test_a_policy_that_cannot_be_used_is_neither_missing_nor_without_work(self, tmp_path: Path) -> None:
        estate = a_healthy_estate()
        policy = next(row for row in estate.policies if row["operation_type"] == "backup")
        vaults = {each["vault_id"] for each in policy["associated_vaults"]}
        done = self.audited(estate, tmp_path, Kind.POLICIES, {policy["id"]}, lambda row: {**row, "enabled": None})

        for vault in vaults:
            assert outcomes(done, "CBR-301", vault) == {Outcome.UNKNOWN}
        for resource in held_by(estate, vaults):
            assert outcomes(done, "CBR-102", resource) == {Outcome.UNKNOWN}
        others = {row["id"] for row in estate.vaults} - vaults
        assert all(outcomes(done, "CBR-301", other) == {Outcome.PASS} for other in others)

    def test_backups_that_cannot_be_used_are_neither_there_nor_gone(self, tmp_path: Path) -> None:
        estate = a_healthy_estate()
        row = estate.backups[0]
        done = self.audited(estate, tmp_path, Kind.BACKUPS, {row["id"]}, lambda row: {**row, "created_at": None})

        for control in ("CBR-401", "CBR-402", "CBR-404"):
            assert outcomes(done, control, row["resource_id"]) == {Outcome.UNKNOWN}
        others = {each.id for each in done.report.resources} - {row["resource_id"]}
        assert all(outcomes(done, "CBR-404", other) == {Outcome.PASS} for other in others)

    def test_a_vault_that_cannot_be_used_may_hold_what_no_other_holds(self, tmp_path: Path) -> None:
        estate = a_healthy_estate()
        vault = estate.vaults[0]["id"]
        done = self.audited(estate, tmp_path, Kind.VAULTS, {vault}, lambda row: {**row, "billing": None})

        held = held_by(estate, {vault})
        for resource in held:
            assert outcomes(done, "CBR-503", resource) == {Outcome.UNKNOWN}
            assert outcomes(done, "CBR-101", resource) == {Outcome.UNKNOWN}
        assert outcomes(done, "CBR-304", vault) == {Outcome.UNKNOWN}
        others = {each.id for each in done.report.resources} - held
        assert all(outcomes(done, "CBR-503", other) == {Outcome.PASS} for other in others)

    def test_a_resource_that_cannot_be_used_is_not_judged_by_the_list_of_them(self, tmp_path: Path) -> None:
        estate = a_healthy_estate()
        row = next(rows for kind, rows in estate.protectables.items() if kind == "server" and rows)[0]
        vault = next(vault for vault in estate.vaults if any(each["id"] == row["id"] for each in vault["resources"]))
        vault["resources"] = [each for each in vault["resources"] if each["id"] != row["id"]]
        done = self.audited(estate, tmp_path, Kind.PROTECTABLES, {row["id"]}, lambda row: {**row, "protectable": None})

        assert outcomes(done, "CBR-503", row["id"]) == {Outcome.UNKNOWN}

    def test_one_skipped_backup_without_a_resource_spoils_what_counts_skipped_ones(self, tmp_path: Path) -> None:
        simulator = a_cloud()
        row = nameless(backups_of(simulator, AS_OF - 2 * DAY)[0])
        simulator.tasks.add(row)
        (done,) = audit_at(simulator, tmp_path, AS_OF)

        held = {each.id for each in done.report.resources if row["vault_name"] in each.vaults}
        spoilt = {(each.control, each.id) for each in done.report.findings if each.outcome is Outcome.UNKNOWN}
        of_the_audit = {("CBR-902", simulator.project_id)}
        assert spoilt == {("CBR-107", resource) for resource in held} | of_the_audit
        assert done.report.conclusion == "incomplete"


def held_by(estate: Estate, vaults: Collection[str]) -> set[str]:
    """The ids of what some vaults hold, which is something."""
    held = {each["id"] for row in estate.vaults if row["id"] in vaults for each in row["resources"]}
    assert held
    return held


WAIVER = "waivers: [{{control: CBR-902, subject: {name}, owner: Ana Silva, reason: never whole, until: {until}}}]"


class TestAccepted:
    def accepted(self, folder: Path, name: str, until: str = "2026-12-31", *, skip: str = "") -> Done:
        simulator = a_cloud()
        simulator.tasks.add(nameless(backups_of(simulator, AS_OF - 2 * DAY)[0]))
        profile = f"{skip}{WAIVER.format(name=name, until=until)}"
        (done,) = audit_at(simulator, folder, AS_OF, CBR_AUDIT_PROFILE=profile)
        return done

    def test_a_row_that_somebody_accepts_spoils_nothing_and_stays_listed(self, tmp_path: Path) -> None:
        done = self.accepted(tmp_path, NAMELESS)

        assert (done.report.conclusion, done.report.collection.complete) == ("compliant", True)
        assert (outcomes(done, "CBR-902"), outcomes(done, "CBR-904")) == ({Outcome.PASS}, {Outcome.PASS})
        assert Outcome.UNKNOWN not in outcomes(done, "CBR-107")
        report = orjson.loads((tmp_path / done.prefix / "report.json").read_bytes())
        (row,) = report["collection"]["rejected_rows"]
        assert row["id"] == NAMELESS
        assert (row["waiver"]["owner"], row["waiver"]["reason"]) == ("Ana Silva", "never whole")
        page = (tmp_path / done.prefix / "report.html").read_text()
        assert "or somebody accepts that it could not" in page
        shown_there = page[page.index(NAMELESS) :]
        assert "Ana Silva" in shown_there
        assert "never whole" in shown_there
        (waived,) = (each for each in whole_report(tmp_path / done.prefix)["findings"] if each["control"] == "CBR-902")
        assert NAMELESS in str(waived["facts"])

    def test_the_terminal_says_who_accepts_it(self, tmp_path: Path) -> None:
        self.accepted(tmp_path, NAMELESS)
        told = CliRunner().invoke(main, ["show", str(tmp_path)]).output

        assert "Rejected 1 row could not be used" in told
        assert "accepted by Ana Silva until 2027-01-01T00:00:00Z: never whole" in told

    def test_a_row_may_be_named_by_its_mark(self, tmp_path: Path) -> None:
        first = self.accepted(tmp_path / "first", "something-else")
        (row,) = rejected(first)
        done = self.accepted(tmp_path / "second", row.mark)

        assert (done.report.conclusion, first.report.conclusion) == ("compliant", "incomplete")

    def test_a_waiver_that_has_expired_has_no_effect(self, tmp_path: Path) -> None:
        done = self.accepted(tmp_path, NAMELESS, "2026-11-20", skip="skip: [CBR-904]\n")

        assert (done.report.conclusion, outcomes(done, "CBR-902")) == ("incomplete", {Outcome.UNKNOWN})
        assert done.report.collection.accepted == {}

    def test_a_pattern_accepts_no_row(self, tmp_path: Path) -> None:
        done = self.accepted(tmp_path, f"'{NAMELESS[:-3]}*'", skip="skip: [CBR-904]\n")

        assert outcomes(done, "CBR-902") == {Outcome.UNKNOWN}

    def test_a_waiver_of_a_row_that_is_not_there_is_not_used(self, tmp_path: Path) -> None:
        (done,) = audit_at(
            a_cloud(), tmp_path, AS_OF, CBR_AUDIT_PROFILE=WAIVER.format(name=NAMELESS, until="2026-12-31")
        )

        (verdict,) = found(done, "CBR-904")
        assert (verdict.outcome, verdict.verdict.reason) == (Outcome.FAIL, "it is not used: no finding needs it")

    def test_it_is_accepted_in_the_run_after_as_well(self, tmp_path: Path) -> None:
        simulator = a_cloud()
        rows = failed_for_hours(simulator, 1)
        profile = WAIVER.format(name=rows[0]["id"], until="2026-12-31")
        audit_at(simulator, tmp_path, EARLIER, CBR_AUDIT_PROFILE=profile)
        forget(simulator, rows)
        (second,) = audit_at(simulator, tmp_path, AS_OF, CBR_AUDIT_PROFILE=profile)

        assert (second.report.conclusion, len(rejected(second))) == ("compliant", 1)


NEEDED = {
    Kind.TASKS: ("id", "status", "operation_type", "created_at", "updated_at"),
    Kind.POLICIES: ("id", "enabled", "operation_type", "trigger"),
    Kind.VAULTS: ("id", "name", "resources", "billing"),
    Kind.BACKUPS: ("id", "resource_id", "vault_id", "status", "created_at", "image_type"),
}


def without(field: str) -> Callable[[Row], Row]:
    return lambda row: {name: value for name, value in row.items() if name != field}


@pytest.mark.parametrize("kind", NEEDED)
@pytest.mark.no_cover
def test_no_row_that_is_lost_lets_a_run_be_compliant(kind: Kind, tmp_path: Path) -> None:
    estate = a_healthy_estate(days=16)
    rows = {Kind.TASKS: estate.tasks, Kind.POLICIES: estate.policies, Kind.VAULTS: estate.vaults}
    ids = {rows.get(kind, estate.backups)[0]["id"]}
    (whole,) = audit_at(Simulator(estate), tmp_path / "whole", AS_OF)
    assert whole.report.conclusion == "compliant"

    ways: list[Callable[[Row], Any]] = [*map(without, NEEDED[kind]), lambda _row: {}, lambda _row: None]
    for number, change in enumerate(ways):
        simulator = Simulator(a_healthy_estate(days=16))
        spoil(simulator, kind, change, ids)
        (done,) = audit_at(simulator, tmp_path / str(number), AS_OF)

        assert done.report.conclusion in {"incomplete", "non_compliant"}
        assert {row.kind for row in rejected(done)} == {kind}
        assert outcomes(done, "CBR-902") == {Outcome.UNKNOWN}
