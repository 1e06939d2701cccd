"""What a run knew is not lost while later runs cannot see it: it is there, or found to be gone, or carried on."""

from collections import Counter
from datetime import datetime, timedelta
from typing import Any, ClassVar

import orjson
import pytest

from audit.app.run import Done
from audit.collection import Kind
from audit.evidence.chain import DigestKind
from audit.evidence.run_before import _look_for_rejected, rebuild
from audit.evidence.stored_runs import digest_of
from audit.history import History
from audit.report.changes import compare
from audit.timestamps import shown
from tests.builders import a_backup_row, a_policy_row, a_task_row, a_vault_row
from tests.evidence.chains import Shelf
from tests.runs.in_memory import HOUR, PROJECT, START, Project, Row, failing, outcome

DAY = timedelta(days=1)
OTHER = "7c9e6679-7425-40de-944b-e07fc1f90ae7"


@pytest.fixture
def project() -> Project:
    return Project()


def unusable(kind: Kind, row: Row) -> Row:
    """The same row, in which something is missing that no audit can do without."""
    field = {Kind.BACKUPS: "created_at", Kind.POLICIES: "enabled", Kind.VAULTS: "billing"}[kind]
    return {**row, field: None}


def accepting(*names: str) -> str:
    waivers = [
        f"{{control: CBR-902, subject: {name}, owner: Ana, reason: never whole, until: 2026-03-01}}" for name in names
    ]
    return f"waivers: [{', '.join(waivers)}]"


def kept_for(days: int, **changes: Any) -> Row:
    row = a_policy_row(**changes)
    return {**row, "operation_definition": {**row["operation_definition"], "retention_duration_days": days}}


class TestARowThatCannotBeUsed:
    @pytest.mark.parametrize("runs", [1, 3])
    def test_a_backup_that_goes_meanwhile_is_missed(self, runs: int, project: Project) -> None:
        project.run()
        project.rows[Kind.BACKUPS] = [unusable(Kind.BACKUPS, a_backup_row())]
        hiding = [project.audit() for _ in range(runs)]
        project.rows[Kind.BACKUPS] = []
        after, later = project.audit(), project.audit()

        assert [failing(report, "CBR-111") for report in hiding] == [set()] * runs
        assert failing(after, "CBR-111") == failing(later, "CBR-111") == {("CBR-111", "vault-1")}

    def test_a_policy_that_is_weakened_meanwhile_is_found(self, project: Project) -> None:
        project.run()
        project.rows[Kind.POLICIES] = [unusable(Kind.POLICIES, a_policy_row())]
        project.run()
        project.rows[Kind.POLICIES] = [kept_for(3)]
        report = project.audit()

        assert ("CBR-114", "policy-1") in failing(report)

    def test_a_vault_that_goes_meanwhile_is_missed_with_what_it_held(self, project: Project) -> None:
        project.run()
        project.rows[Kind.VAULTS] = [unusable(Kind.VAULTS, a_vault_row())]
        project.run()
        project.rows[Kind.VAULTS], project.rows[Kind.BACKUPS] = [], []
        project.rows[Kind.POLICIES] = [a_policy_row(associated_vaults=[])]
        report = project.audit()

        assert {("CBR-114", "vault-1"), ("CBR-114", "server-1")} <= failing(report)

    def test_what_is_whole_again_and_as_it_was_leaves_no_doubt(self, project: Project) -> None:
        whole = dict(project.rows)
        project.run()
        for kind in (Kind.POLICIES, Kind.VAULTS, Kind.BACKUPS):
            project.rows = {**project.rows, kind: [unusable(kind, whole[kind][0])]}
        project.run()
        project.rows = whole
        report = project.audit()

        assert {outcome(report, "CBR-114", each) for each in ("policy-1", "vault-1", "server-1")} == {"pass"}

    def test_what_no_run_could_use_stays_in_doubt(self, project: Project) -> None:
        odd = a_policy_row(id="policy-2")
        project.run()
        project.rows[Kind.POLICIES].append(unusable(Kind.POLICIES, odd))
        project.run()
        project.rows[Kind.POLICIES][1] = odd
        report = project.audit()

        assert outcome(report, "CBR-114", "policy-2") == "unknown"

    def test_it_is_not_looked_for_for_ever(self, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("audit.evidence.former_lists.MOST_LOOKED_BACK", 2)
        project.run()
        project.rows[Kind.POLICIES] = [unusable(Kind.POLICIES, a_policy_row())]
        project.run()
        project.run()
        project.rows[Kind.POLICIES] = [kept_for(3)]
        report = project.audit()

        assert outcome(report, "CBR-114", "policy-1") == "unknown"

    def test_a_backup_is_missed_that_was_in_a_hidden_vault_and_did_not_name_it_before_that(
        self, project: Project
    ) -> None:
        whole = dict(project.rows)
        project.run()
        project.rows[Kind.BACKUPS] = [{**a_backup_row(), "vault_id": None}]
        project.run()
        project.rows = {**whole, Kind.VAULTS: [], Kind.BACKUPS: []}
        hiding = project.audit()
        project.rows = {**whole, Kind.BACKUPS: []}
        report = project.audit()

        assert hiding["collection"]["hidden_vaults"] == ["vault-1"]
        assert failing(report, "CBR-111") == {("CBR-111", "vault-1")}

    def test_of_two_rows_of_one_id_neither_is_compared_with(self, project: Project) -> None:
        project.run()
        project.rows[Kind.POLICIES] = [kept_for(90), kept_for(91)]
        project.run()
        project.rows[Kind.POLICIES] = [kept_for(30)]
        report = project.audit()

        assert outcome(report, "CBR-114", "policy-1") == "pass"

    def test_what_goes_beside_it_is_missed_at_once(self, project: Project) -> None:
        gone = a_backup_row(id="point-2", checkpoint_id="checkpoint-2")
        project.rows[Kind.BACKUPS].append(gone)
        project.rows[Kind.VAULTS].append(a_vault_row(id="vault-2", name="red"))
        project.run()
        project.rows[Kind.BACKUPS] = [unusable(Kind.BACKUPS, a_backup_row())]
        project.rows[Kind.VAULTS] = [unusable(Kind.VAULTS, a_vault_row())]
        first = project.audit()
        project.rows[Kind.BACKUPS], project.rows[Kind.VAULTS] = [a_backup_row()], [a_vault_row()]
        second = project.audit()

        for report in (first, second):
            assert {("CBR-111", "vault-1"), ("CBR-114", "vault-2")} <= failing(report)

    def test_a_resource_that_leaves_its_vault_meanwhile_is_missed(self, project: Project) -> None:
        project.rows[Kind.VAULTS].append(a_vault_row(id="vault-2", name="red", resources=[]))
        project.run()
        project.rows[Kind.VAULTS] = [
            a_vault_row(resources=[]),
            unusable(Kind.VAULTS, a_vault_row(id="vault-2", name="red")),
        ]
        hiding = project.audit()
        project.rows[Kind.VAULTS][1] = a_vault_row(id="vault-2", name="red", resources=[])
        report = project.audit()

        assert outcome(hiding, "CBR-114", "server-1") == "unknown"
        assert ("CBR-114", "server-1") in failing(report)

    @pytest.mark.parametrize("is_refused", [True, False])
    def test_what_a_task_took_out_meanwhile_is_not_missed(self, is_refused: bool, project: Project) -> None:  # noqa: FBT001
        project.run()
        at = shown(project.now + HOUR).removesuffix("Z")
        extra = {"remove_resources": {"fail_count": 0, "total_count": 1, "resources": [{"id": "server-1"}]}}
        times = dict.fromkeys(("created_at", "started_at", "ended_at", "updated_at"), at)
        removal = a_task_row(id="removal", operation_type="remove_resource", extra_info=extra, **times)
        project.rows[Kind.TASKS].insert(0, removal)
        project.unread = {Kind.VAULTS} if is_refused else set()
        project.rows[Kind.VAULTS] = [unusable(Kind.VAULTS, a_vault_row())]
        project.run(4 * HOUR)
        project.unread, project.rows[Kind.VAULTS] = set(), [a_vault_row(resources=[])]
        report = project.audit()

        assert ("CBR-114", "server-1") not in failing(report)
        assert ("CBR-111", "vault-1") in failing(report)

    @pytest.mark.parametrize("is_deleted", [True, False])
    def test_a_policy_that_is_taken_off_its_vault_meanwhile_is_missed(
        self,
        is_deleted: bool,  # noqa: FBT001
        project: Project,
    ) -> None:
        other = kept_for(10, id="policy-2")
        project.rows[Kind.POLICIES].append(other)
        project.run()
        left = [] if is_deleted else [a_policy_row(associated_vaults=[])]
        project.rows[Kind.POLICIES] = [*left, unusable(Kind.POLICIES, other)]
        hiding = project.audit()
        project.rows[Kind.POLICIES] = [*left, other]
        report, later = project.audit(), project.audit()

        assert outcome(hiding, "CBR-114", "vault-1") == "unknown"
        assert ("CBR-114", "vault-1") in failing(report)
        facts = [
            each["facts"]
            for each in later["findings"]
            if (each["control"], each["subject"]["id"]) == ("CBR-114", "vault-1")
        ]
        assert [each["since"] for each in facts] == [report["run"]["as_of"]]

    def test_what_was_weaker_before_is_so_afterwards_also_where_somebody_accepts_the_row(
        self, project: Project
    ) -> None:
        profile = accepting("policy-1", "vault-1")
        project.run(CBR_AUDIT_PROFILE=profile)
        project.rows[Kind.POLICIES] = [kept_for(3)]
        since = shown(project.run(CBR_AUDIT_PROFILE=profile).report.run.as_of)
        project.rows[Kind.POLICIES] = [unusable(Kind.POLICIES, kept_for(3))]
        project.run(CBR_AUDIT_PROFILE=profile)
        project.rows[Kind.POLICIES] = [kept_for(3)]
        report = project.audit(CBR_AUDIT_PROFILE=profile)

        (told,) = (each for each in report["findings"] if (each["control"], each["outcome"]) == ("CBR-114", "fail"))
        assert (told["subject"]["id"], told["facts"]["since"]) == ("policy-1", since)

    def test_a_plan_is_known_from_before_also_where_somebody_accepts_the_row(self, project: Project) -> None:
        profile = accepting("policy-1")
        first = project.audit(CBR_AUDIT_PROFILE=profile)
        project.rows[Kind.POLICIES] = [unusable(Kind.POLICIES, a_policy_row())]
        project.run(CBR_AUDIT_PROFILE=profile)
        project.rows[Kind.POLICIES] = [a_policy_row()]
        report = project.audit(CBR_AUDIT_PROFILE=profile)

        assert report["policies"][0]["plans"] == first["policies"][0]["plans"]
        assert report["policies"][0]["known_since"] == first["policies"][0]["known_since"]


LOST = {**a_backup_row(), "id": None}
ALWAYS = {**LOST, "name": "was never whole"}


class TestARowWithoutAnId:
    def mark(self, report: Any) -> str:
        (row,) = report["collection"]["rejected_rows"]
        return str(row["mark"])

    def test_it_may_be_what_is_missing_whether_somebody_accepts_it_or_not(self, project: Project) -> None:
        project.run()
        project.rows[Kind.BACKUPS] = [LOST]
        unaccepted = project.audit()
        accepted, again = (project.audit(CBR_AUDIT_PROFILE=accepting(self.mark(unaccepted))) for _ in range(2))
        project.rows[Kind.BACKUPS] = []
        gone = project.audit()

        for report in (unaccepted, accepted, again):
            assert failing(report, "CBR-111") == set()
        assert failing(gone, "CBR-111") == {("CBR-111", "vault-1")}

    @pytest.mark.parametrize("kind", [Kind.POLICIES, Kind.VAULTS])
    def test_an_accepted_one_may_be_a_policy_or_a_vault_that_is_missing(self, kind: Kind, project: Project) -> None:
        whole = project.rows[kind]
        project.run()
        project.rows[kind] = [{**whole[0], "id": None}]
        profile = accepting(self.mark(project.audit()))
        accepted = project.audit(CBR_AUDIT_PROFILE=profile)
        project.rows[kind] = whole
        back = project.audit(CBR_AUDIT_PROFILE=profile)

        assert failing(accepted, "CBR-114") == failing(back, "CBR-114") == {("CBR-114", PROJECT)}  # for the waiver

    def test_one_that_stood_beside_it_is_not_it(self, project: Project) -> None:
        project.rows[Kind.BACKUPS].append(ALWAYS)
        project.run()
        project.rows[Kind.BACKUPS] = [ALWAYS]
        report, later = project.audit(), project.audit()

        assert failing(report, "CBR-111") == failing(later, "CBR-111") == {("CBR-111", "vault-1")}


class TestFailuresThatAreHidden:
    def hidden(self, project: Project, kind: Kind, *, is_refused: bool) -> tuple[Any, Any, str]:
        project.rows[Kind.POLICIES] = [kept_for(3)]
        since = shown(project.run().report.run.as_of)
        whole = project.rows[kind]
        project.unread = {kind} if is_refused else set()
        project.rows = {**project.rows, kind: [unusable(kind, whole[0])]}
        hiding = project.audit(CBR_AUDIT_PROFILE=accepting("policy-1"))
        project.unread, project.rows[kind] = set(), whole
        return hiding, project.audit(CBR_AUDIT_PROFILE=accepting("policy-1")), since

    @pytest.mark.parametrize("is_refused", [True, False])
    def test_they_neither_disappear_nor_come_anew(self, is_refused: bool, project: Project) -> None:  # noqa: FBT001
        hiding, report, since = self.hidden(project, Kind.POLICIES, is_refused=is_refused)

        pair = ("CBR-203", "policy-1")
        told = {name: _pairs(hiding["changes"][name]) for name in ("disappeared", "not_compared")}
        assert (pair in told["disappeared"], pair in told["not_compared"]) == (False, True)
        assert _pairs(report["changes"]["still"])[pair] == since
        assert pair not in _pairs(report["changes"]["new"])

    def test_two_reports_are_compared_in_the_same_way(self, project: Project) -> None:
        hiding, _, _ = self.hidden(project, Kind.POLICIES, is_refused=True)
        (first, *_) = (data for name, data in project.shelf.objects.items() if name.endswith("/report.json"))
        found = compare(orjson.loads(first), hiding, hiding["findings"])

        assert ("CBR-203", "policy-1") in {(each.control, each.id) for each in found.not_compared}

    def test_what_is_not_there_in_a_list_that_is_whole_has_disappeared(self, project: Project) -> None:
        project.rows[Kind.POLICIES] = [kept_for(3)]
        project.run()
        project.rows[Kind.POLICIES] = []
        report = project.audit()

        assert ("CBR-203", "policy-1") in _pairs(report["changes"]["disappeared"])


def _pairs(changes: Any) -> dict[tuple[str, str], str]:
    return {(each["control"], each["subject"]["id"]): each["since"] for each in changes}


class TestRunsThatStandBeside:
    def test_a_what_if_is_no_run_that_a_list_is_taken_from(self, project: Project) -> None:
        project.run()
        project.rows[Kind.POLICIES] = [kept_for(3)]
        project.run(by_hand="controls: [CBR-113]", CBR_AUDIT_PROFILE="default")
        project.unread = {Kind.POLICIES}
        project.run()
        project.unread = set()
        report = project.audit()

        assert ("CBR-114", "policy-1") in failing(report)

    def test_one_of_an_earlier_time_ends_no_way_back(self, project: Project) -> None:
        first = project.run()
        late = project.run(at=START - 80 * DAY)
        project.rows[Kind.TASKS] = []
        last = project.run()
        digest = digest_of(project.shelf, PROJECT, last.report.run.id)

        assert digest_of(project.shelf, PROJECT, late.report.run.id).kind == DigestKind.BACKFILL
        assert digest_of(project.shelf, PROJECT, first.report.run.id).kind == DigestKind.NORMAL
        history, is_whole = rebuild(project.shelf, digest, START - 30 * DAY)
        assert ([task.id for task in history], is_whole) == (["task-1"], True)


class TestScopes:
    def test_runs_of_two_that_take_turns_each_go_on_from_their_own(self, project: Project) -> None:
        scopes: list[dict[str, Any]] = [{}, {"CBR_AUDIT_ENTERPRISE_PROJECT_ID": OTHER}]
        at = [START + each * HOUR for each in range(3)]
        runs = [[project.run(at=moment, **scope) for scope in scopes] for moment in at]

        for number, scope in enumerate(scopes):
            own = [done[number] for done in runs]
            kinds = [digest_of(project.shelf, PROJECT, done.report.run.id).kind for done in own]
            assert kinds == [DigestKind.NORMAL] * 3, scope
            origins = [done.report.run.origin for done in own]
            assert [origin and origin.run for origin in origins] == [None, *(done.report.run.id for done in own[:2])]

    @pytest.mark.parametrize(
        "between",
        [{"CBR_AUDIT_ENTERPRISE_PROJECT_ID": OTHER}, {"by_hand": "controls: [CBR-201]"}],
        ids=["of another", "what-ifs"],
    )
    def test_no_run_goes_back_for_ever_and_what_lies_behind_is_lost_rather_than_new(
        self, between: dict[str, Any], project: Project, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("audit.evidence.run_before.MOST_PASSED_OVER", 2)
        project.run()
        for _ in range(2):
            project.run(**between)
        report = project.audit()

        previous = report["run"]["previous"]
        assert ("older ones were not looked at" in previous["trouble"], previous["is_lost"]) == (True, True)
        assert {each["outcome"] for each in report["findings"] if each["control"] == "CBR-114"} == {"unknown"}

    def test_what_is_written_once_is_read_once(self, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
        for _ in range(3):
            project.run()
        reads = Counter[str]()
        read = Shelf.read

        def count(shelf: Shelf, key: str) -> bytes | None:
            reads[key] += 1
            return read(shelf, key)

        monkeypatch.setattr(Shelf, "read", count)
        done = project.run()

        origin = done.report.run.origin
        assert origin is not None
        assert reads[f"{origin.prefix}/manifest.json"] == reads[f"{origin.prefix}/report.json"] == 1

    def test_one_is_judged_again_only_by_its_own_runs(self, project: Project) -> None:
        project.run(at=START + 9 * HOUR)
        first = project.run(at=START + 5 * HOUR, CBR_AUDIT_ENTERPRISE_PROJECT_ID=OTHER)
        again = project.run(at=START + 5 * HOUR, CBR_AUDIT_ENTERPRISE_PROJECT_ID=OTHER)

        kinds = [digest_of(project.shelf, PROJECT, done.report.run.id).kind for done in (first, again)]
        assert kinds == [DigestKind.NORMAL, DigestKind.BACKFILL]

    def test_an_old_run_of_another_ends_no_way_back_and_adds_nothing(self, project: Project) -> None:
        project.run()
        project.rows[Kind.TASKS] = [a_task_row(id="elsewhere")]
        project.run(at=START - 80 * DAY, CBR_AUDIT_ENTERPRISE_PROJECT_ID=OTHER)
        project.run(CBR_AUDIT_ENTERPRISE_PROJECT_ID=OTHER)
        project.rows[Kind.TASKS] = []
        last = project.run()
        digest = digest_of(project.shelf, PROJECT, last.report.run.id)

        history, is_whole = rebuild(project.shelf, digest, START - 30 * DAY)
        assert ([task.id for task in history], is_whole) == (["task-1"], True)

    def test_a_list_that_was_asked_for_otherwise_once_is_taken_from_before(self, project: Project) -> None:
        project.run()
        project.asked = None
        project.run()
        project.asked, project.rows[Kind.BACKUPS] = "all_granted_eps", []
        report = project.audit()

        assert failing(report, "CBR-111") == {("CBR-111", "vault-1")}


class TestAHistoryOfVersion01:
    ODD: ClassVar = {**a_task_row(), "status": None}

    def looked_for(self, project: Project, done: Done, since: datetime = START - 30 * DAY) -> tuple[list[str], bool]:
        history = History()
        digest = digest_of(project.shelf, PROJECT, done.report.run.id)
        is_whole = _look_for_rejected(project.shelf, digest, since, history)
        return [row.id for row in history.rejected], is_whole

    def test_rows_are_looked_for_in_incomplete_runs_of_the_same_scope(self, project: Project) -> None:
        project.rows[Kind.TASKS] = [{**self.ODD, "id": "own"}]
        project.run()
        project.rows[Kind.TASKS] = [{**self.ODD, "id": "elsewhere"}]
        elsewhere = project.run(CBR_AUDIT_ENTERPRISE_PROJECT_ID=OTHER)
        project.rows[Kind.TASKS] = [a_task_row()]
        last = project.run()

        assert [self.looked_for(project, done) for done in (last, elsewhere)] == [
            (["own"], True),
            (["elsewhere"], True),
        ]

    def test_a_complete_run_holds_none_and_an_old_one_none_that_counts(self, project: Project) -> None:
        project.rows[Kind.TASKS] = [{**self.ODD, "id": "old"}]
        project.run()
        project.rows[Kind.TASKS] = [a_task_row()]
        project.run(at=START + 2 * DAY, CBR_AUDIT_PROFILE=accepting("old"))
        last = project.run(CBR_AUDIT_PROFILE=accepting("old"))

        assert self.looked_for(project, last) == (["old"], True)
        assert self.looked_for(project, last, START + DAY) == ([], True)


class TestWhatIsDamaged:
    def test_a_run_that_is_gone_ends_the_way_back_and_that_is_said(self, project: Project) -> None:
        first = project.run()
        second = project.run()
        digest = digest_of(project.shelf, PROJECT, second.report.run.id)
        del project.shelf.objects[digest_of(project.shelf, PROJECT, first.report.run.id).digest_object]

        assert rebuild(project.shelf, digest, START - 30 * DAY)[1] is False

    def test_what_no_run_could_use_is_found_past_a_run_whose_report_is_gone(self, project: Project) -> None:
        project.run()
        project.rows[Kind.BACKUPS] = [unusable(Kind.BACKUPS, a_backup_row())]
        project.forget(project.run(), "report.json")
        project.run()
        project.rows[Kind.BACKUPS] = []

        assert failing(project.audit(), "CBR-111") == {("CBR-111", "vault-1")}

    @pytest.mark.parametrize("name", ["report.json", "manifest.json"])
    def test_a_run_that_is_damaged_makes_nothing_forgotten_that_the_one_before_knew(
        self, name: str, project: Project
    ) -> None:
        project.run()
        project.rows[Kind.POLICIES], project.rows[Kind.BACKUPS] = [kept_for(3)], []
        lost = project.run()
        project.forget(lost, name)
        report, later = project.audit(), project.audit()

        for each in (report, later):
            assert {("CBR-114", "policy-1"), ("CBR-111", "vault-1")} <= failing(each)
        assert report["run"]["previous"]["trouble"] == f"{lost.prefix}/{name} is missing or was changed"
        assert outcome(report, "CBR-903", PROJECT) == "unknown"
        assert later["run"]["previous"]["trouble"] is None


class TestRunsThatOverlap:
    def test_of_two_scopes_at_the_same_moment_neither_is_lost(self, project: Project) -> None:
        own = [project.run()]
        for _ in range(2):
            head = dict(project.shelf.objects)
            own.append(project.run())
            mine = dict(project.shelf.objects)
            project.shelf.objects = head
            project.run(0 * HOUR, CBR_AUDIT_ENTERPRISE_PROJECT_ID=OTHER)
            project.shelf.objects = {**mine, **project.shelf.objects}
        last = project.run()

        origins = [done.report.run.origin for done in (*own[1:], last)]
        assert [origin and origin.run for origin in origins] == [done.report.run.id for done in own]
