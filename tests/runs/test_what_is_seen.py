"""Which enterprise projects an audit asks for, what it says of that, and what it notices that nobody shows it."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from audit.answers.intake import Intake
from audit.app.execute import execute
from audit.app.replay import replay
from audit.app.request import request_from_settings
from audit.app.run import Done, assess
from audit.cloud.cbr.enterprise_projects import Asked
from audit.collection import ALL_GRANTED, Window
from audit.errors import SourceRefusedError
from audit.evidence.run_before import RunBefore, rebuild
from audit.evidence.store import open_store
from audit.evidence.stored_runs import digest_of
from audit.history import History
from audit.profile import Profile
from audit.profile.applied import lists_of
from audit.report.baseline import Baseline
from audit.simulator import Simulator, build_estate, serve
from audit.subjects import Memory, VaultTrace
from audit.timestamps import shown
from tests.builders import NOW, a_reading, a_task, run_facts
from tests.pretend import AS_OF, a_simulator, audit, json_response, variables, whole_report, without_waiting

DAY = timedelta(days=1)
REFUSED = "asked for without an enterprise project: the API does not accept that parameter"
BY_PROJECT = ("operation_logs", "vaults", "backups")


def report_of(done: Done, folder: Path) -> Any:
    return whole_report(folder / done.prefix)


def manifest_of(done: Done, folder: Path) -> Any:
    return orjson.loads((folder / done.prefix / "manifest.json").read_bytes())


def page_of(done: Done, folder: Path) -> str:
    return (folder / done.prefix / "report.html").read_text(encoding="utf-8")


def asked(manifest: Any) -> dict[str, set[str | None]]:
    found: dict[str, set[str | None]] = {}
    for page in manifest["pages"]:
        found.setdefault(page["kind"], set()).add(page["params"].get("enterprise_project_id"))
    return found


def private_project() -> str:
    """The other enterprise project of the healthy estate."""
    vaults = build_estate("healthy", resources=6, days=5, as_of=AS_OF).vaults
    return next(str(vault["enterprise_project_id"]) for vault in vaults if vault["enterprise_project_id"] != "0")


class TestWhatIsAskedFor:
    def test_everything_that_is_granted_is_asked_for_by_name_and_said(self, tmp_path: Path) -> None:
        done = audit(a_simulator("healthy"), tmp_path)

        report, manifest = report_of(done, tmp_path), manifest_of(done, tmp_path)
        assert asked(manifest) == {**{kind: {ALL_GRANTED} for kind in BY_PROJECT}, "policies": {None}, "traces": {None}}
        assert report["run"]["enterprise_project_id"] == manifest["run"]["enterprise_project_id"] == ALL_GRANTED
        told = {part["kind"]: part["enterprise_project_id"] for part in report["collection"]["readings"]}
        assert told == {**dict.fromkeys(BY_PROJECT, ALL_GRANTED), "policies": None, "traces": None}
        assert report["collection"]["notes"] == []

    def test_a_cloud_that_lists_the_default_one_without_a_word_is_read_completely(self, tmp_path: Path) -> None:
        simulator = a_simulator("healthy")
        simulator.quirks.shows_default_project = True

        report = report_of(audit(simulator, tmp_path), tmp_path)

        assert report["conclusion"] == "compliant"
        assert len({vault["enterprise_project_id"] for vault in report["vaults"]}) == 2

    def test_a_cloud_that_refuses_the_parameter_is_asked_without_and_that_is_said_everywhere(
        self, tmp_path: Path
    ) -> None:
        simulator = a_simulator("healthy")
        simulator.quirks.knows_enterprise_projects = False

        done = audit(simulator, tmp_path)

        report, manifest = report_of(done, tmp_path), manifest_of(done, tmp_path)
        assert report["conclusion"] == "compliant"
        assert asked(manifest) == {kind: {None} for kind in (*BY_PROJECT, "policies", "traces")}
        lists = ("task log", "running tasks", "waiting tasks", "vaults", "backups")
        assert report["collection"]["notes"] == [f"{each}: {REFUSED}" for each in lists]
        notes = {part["kind"]: part["notes"] for part in manifest["readings"]}
        assert notes == {**{kind: [REFUSED] for kind in BY_PROJECT}, "policies": [], "traces": []}
        assert f"Vaults: {REFUSED}" in page_of(done, tmp_path)
        assert replay(open_store(str(tmp_path)), simulator.project_id, report["run"]["id"]).differing == ()

    def test_where_only_the_default_one_is_shown_then_the_rest_is_noticed(self, tmp_path: Path) -> None:
        simulator = a_simulator("healthy")
        simulator.quirks.shows_default_project = True
        simulator.intercept = lambda request, _number: (
            json_response({"error_code": "BackupService.9900", "error_msg": "No."}, 400)
            if ALL_GRANTED in request.url
            else None
        )

        report = report_of(audit(simulator, tmp_path), tmp_path)

        assert report["conclusion"] == "incomplete"
        assert report["collection"]["hidden_vaults"]

    def test_one_that_was_chosen_is_never_left_out(self, tmp_path: Path) -> None:
        simulator = a_simulator("healthy")
        simulator.quirks.knows_enterprise_projects = False

        with pytest.raises(SourceRefusedError, match="check CBR_AUDIT_ENTERPRISE_PROJECT_ID, too"):
            audit(simulator, tmp_path, CBR_AUDIT_ENTERPRISE_PROJECT_ID="0")

    def test_one_that_was_chosen_limits_what_is_judged_and_what_lies_outside_is_counted(self, tmp_path: Path) -> None:
        simulator = a_simulator("healthy")
        private = private_project()

        done = audit(simulator, tmp_path, CBR_AUDIT_ENTERPRISE_PROJECT_ID=private)

        report = report_of(done, tmp_path)
        assert report["conclusion"] == "compliant"
        assert {vault["enterprise_project_id"] for vault in report["vaults"]} == {private}
        assert all(resource["enterprise_projects"] == [private] for resource in report["resources"])
        (note,) = report["collection"]["notes"]
        assert note.endswith(f"2 vaults lie outside of the enterprise project {private}")
        assert note[1:] in page_of(done, tmp_path)


def refuse(status: int, *, only: bool) -> Any:
    """Refuse whatever is asked for, or only what names an enterprise project."""

    def ask(params: tuple[tuple[str, str], ...]) -> str:
        if params or not only:
            raise SourceRefusedError("no", status=status)
        return "answer"

    return ask


class TestGivingWay:
    def test_a_refusal_that_has_another_cause_is_told_as_it_is(self) -> None:
        with pytest.raises(SourceRefusedError, match=r"^no$"):
            Asked(ALL_GRANTED).once(refuse(404, only=True))
        with pytest.raises(SourceRefusedError, match=r"^no$"):
            Asked(ALL_GRANTED).once(refuse(400, only=False))
        with pytest.raises(SourceRefusedError, match=r"^no$"):
            Asked().once(refuse(400, only=False))

    def test_where_all_of_them_are_forbidden_it_asks_without_and_says_so(self) -> None:
        asked = Asked(ALL_GRANTED)

        assert asked.once(refuse(403, only=True)) == "answer"
        assert asked.enterprise_project_id is None
        assert asked.notes == ("asked for without an enterprise project: asking for all of them is refused",)

    def test_where_asking_without_is_forbidden_too_the_second_refusal_is_told(self) -> None:
        refusals = iter(("first", "second"))

        def ask(_params: tuple[tuple[str, str], ...]) -> str:
            raise SourceRefusedError(next(refusals), status=403)

        with pytest.raises(SourceRefusedError, match=r"^second$"):
            Asked(ALL_GRANTED).once(ask)

    def test_what_was_taken_once_is_not_left_out_later(self) -> None:
        taken = Asked(ALL_GRANTED)
        assert taken.once(lambda params: params) == (("enterprise_project_id", ALL_GRANTED),)

        with pytest.raises(SourceRefusedError):
            taken.once(refuse(400, only=True))
        assert taken.enterprise_project_id == ALL_GRANTED

    def test_what_was_left_out_once_is_left_out_for_good(self) -> None:
        left = Asked(ALL_GRANTED, status="running")
        assert Asked(ALL_GRANTED).once(refuse(400, only=True)) == "answer"

        def ask(params: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
            if dict(params).get("enterprise_project_id"):
                raise SourceRefusedError("no", status=400)
            return params

        assert left.once(ask) == left.once(ask) == (("status", "running"),)
        assert left.notes == (REFUSED,)


class TestWhatIsHidden:
    @pytest.mark.parametrize("seed", [1, 2, 3])
    def test_vaults_that_only_policies_name_keep_a_run_from_being_complete(self, seed: int, tmp_path: Path) -> None:
        estate = build_estate("partial", seed=seed, resources=18, days=30, as_of=AS_OF)
        listed = {vault["id"] for vault in estate.vaults}
        named = {
            link["vault_id"]: policy["name"] for policy in estate.policies for link in policy["associated_vaults"] or ()
        }

        report = report_of(audit(Simulator(estate), tmp_path), tmp_path)

        hidden = sorted(named.keys() - listed)
        assert report["conclusion"] == estate.truth()["conclusion"] == "incomplete"
        assert report["collection"]["hidden_vaults"] == hidden
        (gap,) = report["collection"]["gaps"]
        assert all(f"{each} (" in gap and f"policy {named[each]}" in gap for each in hidden)
        assert "cbr:vaults:list in every enterprise project" in gap
        assert report["summary"]["outcomes"]["fail"] == 0

    def test_they_stay_hidden_in_the_next_run(self, tmp_path: Path) -> None:
        simulator = Simulator(build_estate("partial", resources=6, days=5, as_of=AS_OF))
        first = audit(simulator, tmp_path, as_of=AS_OF - DAY)
        second = audit(simulator, tmp_path)

        assert first.report.collection.unlisted.ids == second.report.collection.unlisted.ids != ()


class TestTheRunBefore:
    def test_one_of_another_enterprise_project_is_not_continued(self, tmp_path: Path) -> None:
        simulator = a_simulator("healthy")
        private = private_project()
        audit(simulator, tmp_path, as_of=AS_OF - DAY, CBR_AUDIT_ENTERPRISE_PROJECT_ID=private)
        done = audit(simulator, tmp_path)
        back = audit(simulator, tmp_path, as_of=AS_OF + DAY / 2, CBR_AUDIT_ENTERPRISE_PROJECT_ID="0")

        assert manifest_of(done, tmp_path)["origin"] is None
        assert done.report.run.previous.trouble is not None
        assert f"audited the enterprise project {private}, and this one begins anew" in done.report.run.previous.trouble
        assert back.report.run.previous.trouble is not None
        assert "audited every enterprise project that is granted, and" in back.report.run.previous.trouble
        store = open_store(str(tmp_path))
        for each in (done, back):
            assert replay(store, simulator.project_id, each.report.run.id).differing == ()

    def test_one_of_another_enterprise_project_in_between_is_passed_over(self, tmp_path: Path) -> None:
        simulator = a_simulator("healthy")
        first = audit(simulator, tmp_path, as_of=AS_OF - DAY)
        audit(simulator, tmp_path, as_of=AS_OF - DAY / 2, CBR_AUDIT_ENTERPRISE_PROJECT_ID=private_project())
        third = audit(simulator, tmp_path)

        assert manifest_of(third, tmp_path)["origin"]["run"] == first.report.run.id
        assert third.report.run.previous.trouble is None
        assert replay(open_store(str(tmp_path)), simulator.project_id, third.report.run.id).differing == ()

    def test_a_history_is_made_anew_from_runs_of_the_same_enterprise_project(self, tmp_path: Path) -> None:
        simulator = a_simulator("healthy")
        private = audit(simulator, tmp_path, as_of=AS_OF - DAY, CBR_AUDIT_ENTERPRISE_PROJECT_ID=private_project())
        done = audit(simulator, tmp_path)
        (tmp_path / private.prefix / "manifest.json").rename(tmp_path / "kept")
        store = open_store(str(tmp_path))
        digest = digest_of(store, simulator.project_id, done.report.run.id)

        assert rebuild(store, digest, AS_OF - 30 * DAY)[1] is False
        (tmp_path / "kept").rename(tmp_path / private.prefix / "manifest.json")
        for page in (tmp_path / private.prefix).rglob("*.gz"):
            page.unlink()
        assert rebuild(store, digest, AS_OF - 30 * DAY)[1] is True

    def test_one_that_saw_another_part_covers_only_what_is_read_again(self, tmp_path: Path) -> None:
        """The API begins to take the parameter: what it hid until then, no run has read."""
        simulator = a_simulator("healthy", days=40)
        simulator.quirks.knows_enterprise_projects = False
        with serve(simulator) as served, without_waiting():
            settings = variables(simulator, served.url, tmp_path)
            for at in (AS_OF - 2 * DAY, AS_OF - DAY):
                before = execute(
                    request_from_settings(settings, as_of=shown(at)), lambda _progress: None
                ).report.collection.covered
            simulator.quirks.knows_enterprise_projects = True
            done = execute(request_from_settings(settings, as_of=shown(AS_OF)), lambda _progress: None)
            after = execute(request_from_settings(settings, as_of=shown(AS_OF + DAY / 2)), lambda _progress: None)

        covered = done.report.collection.covered
        assert before is not None
        assert before.since < AS_OF - 25 * DAY
        assert covered == Window(AS_OF - 2 * DAY, AS_OF)
        assert after.report.collection.covered == Window(AS_OF - 2 * DAY, AS_OF + DAY / 2)

    @pytest.mark.parametrize(("asked_for", "complete"), [(ALL_GRANTED, True), (None, False)])
    def test_what_one_saw_and_this_one_may_not_be_shown_is_not_taken_for_gone(
        self,
        asked_for: str | None,
        complete: bool,  # noqa: FBT001  # the expectation
    ) -> None:
        trace = VaultTrace(id="vault-9", name="grey", enterprise_project_id="e1", listed=True, last_seen=NOW - DAY)
        memory = Memory(run="r0", until=NOW - DAY, policies={}, resources={}, vaults={"vault-9": trace})
        intake = Intake(History([a_task(vault_id="vault-9", created_at=NOW - 2 * DAY)]))
        readings = tuple(a_reading(kind, enterprise_project_id=asked_for) for kind in lists_of(Profile()))

        report = assess(
            run_facts(), Profile(), intake, readings, a_predecessor(until=NOW - DAY, seen=ALL_GRANTED, memory=memory)
        )

        assert (report.collection.gaps == ()) is complete

    @pytest.mark.parametrize(("asked_for", "since"), [(ALL_GRANTED, AS_OF - DAY), (None, AS_OF - 31 * DAY)])
    def test_one_that_left_it_open_is_read_again(self, asked_for: str | None, since: Any) -> None:
        covered = Window(AS_OF - 90 * DAY, AS_OF)
        before = a_predecessor(asked_for=asked_for, seen=asked_for, covered=covered)

        assert before.scope == ALL_GRANTED
        assert before.reading_from(AS_OF) == since
        assert before.proven(since, asked_for) == covered
        assert before.proven(since, "another") == Window(since, AS_OF)
        assert before.proven(AS_OF + DAY, asked_for) is None
        assert a_predecessor(covered=None).proven(since, None) is None


def a_predecessor(**changes: Any) -> RunBefore:
    values: Mapping[str, Any] = {
        "run": "r0",
        "prefix": "p/r0",
        "manifest_sha256": "0" * 64,
        "until": AS_OF,
        "asked_for": None,
        "seen": None,
        "covered": None,
        "history": History(),
        "report": None,
        "recalled": Baseline(),
        "profile": None,
        "tool_version": "0",
        "requests": (),
        "answers": {},
        "packed": {},
        "segments": (),
        "read_former": lambda _readings, _backups: None,
        "memory": None,
    }
    return RunBefore(**{**values, **changes})
