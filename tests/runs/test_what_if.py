"""Runs by a profile other than the configured one: stored beside, proven like all others, and never the verdict."""

import gzip
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from audit.app.execute import execute
from audit.app.replay import replay
from audit.app.request import request_from_event, request_from_settings
from audit.app.run import Done
from audit.app.summary import summary
from audit.cli.screen import summary_lines
from audit.errors import AuditError
from audit.evidence.store import open_store
from audit.evidence.verify import verify
from audit.profile import Profile, build_profile, parse_profile, profile_changes
from audit.simulator import serve
from audit.timestamps import instant, shown
from tests.pretend import AS_OF, Context, a_simulator, files_of, variables, whole_report, without_waiting

HOUR = timedelta(hours=1)
FEW = "controls: [CBR-113]"
STRICTER = "limits: {grace_hours: 1, max_backup_age_hours: 1}"


class Place:
    """A simulator, a store, and channels that people are told through."""

    def __init__(self, folder: Path, scenario: str = "failing") -> None:
        self.folder = folder
        self.simulator = a_simulator(scenario)
        self.project = self.simulator.project_id

    def audit(self, hours: int = 0, profile: str | None = None, *, official: bool = False, **changed: str) -> Done:
        """Carry out a run so many hours after the first, by the configured profile or one that is given by hand."""
        given = parse_profile(profile, "by hand") if profile else None
        with serve(self.simulator) as served, without_waiting():
            values = {
                **variables(self.simulator, served.url, self.folder),
                "CBR_AUDIT_SMN_TOPIC": self.simulator.topic,
                "CBR_AUDIT_SMN_ENDPOINT": served.url,
                "CBR_AUDIT_PING_URL": f"{served.url}/ping/1",
                **changed,
            }
            made = request_from_settings(values, as_of=shown(AS_OF + hours * HOUR), profile=given, official=official)
            return execute(made, lambda _progress: None)

    def report(self, done: Done) -> Any:
        return whole_report(self.folder / done.prefix)

    def moving(self) -> dict[str, bytes]:
        return {name: (self.folder / self.project / name).read_bytes() for name in ("latest.json", "index.html")}

    def told(self) -> list[str]:
        return [message.subject for message in self.simulator.inbox.messages]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_another_profile_by_hand_is_stored_beside_and_nobody_is_told(place: Place) -> None:
    place.audit()
    before, told, pings = place.moving(), place.told(), list(place.simulator.inbox.pings)
    done = place.audit(1, FEW)

    assert (place.moving(), place.told(), place.simulator.inbox.pings) == (before, told, pings)
    assert place.report(done)["run"]["what_if"] is True
    assert summary(done)["what_if"] is True
    assert orjson.loads((place.folder / done.prefix / "manifest.json").read_bytes())["run"]["what_if"] is True


def test_a_what_if_is_chained_verified_and_replayed_like_every_run(place: Place) -> None:
    place.audit()
    done = place.audit(1, FEW)
    place.audit(2)
    store = open_store(str(place.folder))

    found = verify(store, place.project)
    assert (found.faults, found.digests) == ([], 3)
    assert replay(store, place.project, done.report.run.id).differing == ()


def test_the_next_run_goes_on_from_the_last_verdict_and_keeps_since_when(place: Place) -> None:
    first = place.audit()
    place.audit(1, FEW)
    third = place.audit(2)

    changes = third.report.changes
    assert changes is not None
    assert (changes.against, changes.new, changes.not_compared) == (first.report.run.id, (), ())
    assert {change.since for change in changes.still} == {AS_OF}
    assert [line.run for line in third.report.trend] == [first.report.run.id, third.report.run.id]
    assert third.report.run.profile_changes == ()


def test_two_what_ifs_in_a_row_both_stand_beside_the_same_run(place: Place) -> None:
    first = place.audit()
    place.audit(1, FEW)
    third = place.audit(2, STRICTER)

    assert third.report.run.previous.run == first.report.run.id


def test_a_run_of_a_time_before_that_of_a_what_if_is_the_latest_all_the_same(place: Place) -> None:
    place.audit()
    place.audit(2, FEW)
    done = place.audit(1)
    last = place.audit(3)

    assert last.report.run.previous.run == done.report.run.id


def test_runs_that_judge_an_earlier_time_again_never_become_the_latest(place: Place) -> None:
    first = place.audit(10)
    again = [place.audit(hours) for hours in (5, 7)]
    last = place.audit(11)

    assert last.report.run.previous.run == first.report.run.id
    assert not {done.report.run.id for done in again} & {line.run for line in last.report.trend}


def test_official_makes_it_the_verdict_and_tells_that_the_profile_is_another_one(place: Place) -> None:
    place.audit()
    done = place.audit(1, STRICTER, official=True)

    pointer = orjson.loads(place.moving()["latest.json"])
    message = place.simulator.inbox.messages[-1].text
    assert pointer["run"] == done.report.run.id
    assert done.report.run.profile_changes == ("limits.grace_hours", "limits.max_backup_age_hours")
    assert message.startswith(
        "OTHER PROFILE than that of the run before (limits.grace_hours, limits.max_backup_age_hours): "
        "only what both judge is compared.\n"
    )
    assert b"A profile other than that of the run before" in (place.folder / done.prefix / "report.html").read_bytes()
    assert b"other profile than before" in place.moving()["index.html"]


def test_a_configured_profile_that_changes_compares_only_what_both_judge_and_keeps_since_when(place: Place) -> None:
    first = place.audit()
    few = place.audit(1, CBR_AUDIT_PROFILE=FEW)
    back = place.audit(2)

    assert not few.report.run.is_what_if
    assert few.report.run.profile_changes == ("controls",)
    assert few.report.changes is not None
    assert (few.report.changes.new, few.report.changes.disappeared) == ((), ())
    failed = {(each.control, each.id) for each in first.report.findings if each.outcome == "fail"}
    assert {(each.control, each.id) for each in few.report.changes.not_compared} == {
        pair for pair in failed if pair[0] != "CBR-113"
    }
    assert back.report.changes is not None
    assert back.report.changes.new == ()
    assert {change.since for change in back.report.changes.still} == {AS_OF}


def test_a_few_controls_are_never_summed_up_as_every_backup(place: Place) -> None:
    done = Place(place.folder, "healthy").audit(0, FEW)

    assert done.report.conclusion == "compliant"
    told = place.report(done)
    left_out = len(told["summary"]["controls_left_out"])
    verdict = f"COMPLIANT BY 1 CONTROL ONLY: the profile leaves out {left_out} of the usual ones."
    assert next(summary_lines(told)) == verdict
    page = (place.folder / done.prefix / "report.html").read_text()
    assert f"Only 1 control judged; the profile leaves out {left_out} of the usual ones." in page
    assert (summary(done)["controls"], summary(done)["controls_left_out"]) == (1, left_out)


@pytest.mark.parametrize(
    ("configured", "by_hand", "is_what_if"),
    [
        (None, FEW, False),
        ("default", FEW, True),
        (FEW, FEW, False),
        ("/not/there.yaml", FEW, True),
        ("default", None, False),
    ],
)
def test_a_first_run_counts_unless_another_profile_is_configured(
    place: Place, configured: str | None, by_hand: str | None, *, is_what_if: bool
) -> None:
    done = place.audit(0, by_hand, CBR_AUDIT_PROFILE=configured or "")

    assert done.report.run.is_what_if is is_what_if


def test_without_a_configured_profile_that_of_the_last_run_stands_for_it(place: Place) -> None:
    place.audit(0, FEW)

    assert not place.audit(1, FEW).report.run.is_what_if
    assert place.audit(2, STRICTER).report.run.is_what_if


@pytest.mark.parametrize(("by_hand", "is_what_if"), [(STRICTER, True), ("skip: [CBR-113]", True), ("{}", False)])
def test_after_an_upgrade_the_profile_of_the_last_run_still_stands_for_the_configured_one(
    place: Place, monkeypatch: pytest.MonkeyPatch, by_hand: str, *, is_what_if: bool
) -> None:
    place.audit(0, "controls: [CBR-113, CBR-101]")  # as if the version of then had known no others
    monkeypatch.setattr("audit.app.prepare.__version__", "9.9")

    assert place.audit(1, by_hand).report.run.is_what_if is is_what_if


def test_an_event_can_ask_for_a_what_if_or_make_it_official(tmp_path: Path) -> None:
    settings = {
        "HUAWEICLOUD_SDK_PROJECT_ID": "p",
        "CBR_AUDIT_STORE": str(tmp_path),
        "HUAWEICLOUD_SDK_REGION": "eu-west-101",
    }
    settings |= {"CBR_AUDIT_TOKEN": "t"}
    event = {"profile": {"controls": ["CBR-113"]}}

    assert request_from_event(event, Context(), settings).may_be_what_if
    assert not request_from_event({**event, "official": True}, Context(), settings).may_be_what_if
    assert not request_from_event({}, Context(), settings).may_be_what_if


def test_a_what_if_that_breaks_off_does_not_ring_the_dead_man(place: Place) -> None:
    place.audit()
    pings = list(place.simulator.inbox.pings)
    with pytest.raises(AuditError):
        place.audit(1, FEW, CBR_AUDIT_PASSWORD="wrong")

    assert place.simulator.inbox.pings == pings


def test_the_formats_for_machines_tell_a_what_if(place: Place) -> None:
    formats = "formats: [findings.ocsf.ndjson, metrics.prom]"
    place.audit(0, formats)
    done = place.audit(1, f"{formats}\n{STRICTER}")
    stored = files_of(place.folder / done.prefix)

    events = [orjson.loads(line) for line in gzip.decompress(stored["findings.ocsf.ndjson.gz"]).splitlines()]
    assert {tuple(event["metadata"]["labels"]) for event in events} == {("what-if", "profile-changed")}
    uids = [event["finding_info"]["uid"] for event in events]
    assert all(uid.startswith(f"{place.project}/what-if/{done.report.run.id}/") for uid in uids)
    assert b"\ncbr_audit_what_if{" in stored["metrics.prom"]
    values = [line for line in stored["metrics.prom"].splitlines() if line.startswith(b"cbr_audit_what_if{")]
    assert [line[-2:] for line in values] == [b" 1"]


class TestProfileChanges:
    def test_equal_profiles_differ_in_nothing_however_they_were_written(self) -> None:
        written = orjson.loads(Profile().canonical)
        del written["limits"]["grace_hours"]  # as if an earlier version had not known it

        assert profile_changes(written, parse_profile("limits: {grace_hours: 6}", "p")) == ()

    def test_controls_that_another_version_could_not_know_are_no_change_but_others_are(self) -> None:
        fewer = orjson.loads(Profile().canonical)
        fewer["controls"].remove("CBR-114")
        chosen = parse_profile("controls: [all]", "p")

        assert profile_changes(fewer, Profile()) == ("controls",)
        assert profile_changes(fewer, Profile(), is_of_this_version=False) == ()
        assert profile_changes(fewer, chosen, is_of_this_version=False) == ("controls",)
        assert profile_changes(fewer, parse_profile(FEW, "p"), is_of_this_version=False) == ("controls",)

    def test_every_key_that_differs_is_named(self) -> None:
        now = parse_profile("skip: [CBR-107]\nlimits: {grace_hours: 1}\nlanguage: zh", "p")

        assert profile_changes(orjson.loads(Profile().canonical), now) == ("language", "limits.grace_hours", "skip")

    @pytest.mark.parametrize("before", [None, {"limits": {"no_such": 1}}])
    def test_a_profile_that_cannot_be_read_counts_as_another_one(self, before: Any) -> None:
        assert profile_changes(before, Profile()) == ("the profile of the run before cannot be read",)


def test_a_damaged_profile_of_the_run_before_is_no_profile(place: Place) -> None:
    first = place.audit()
    (place.folder / first.prefix / "profile.json").write_bytes(b"{")
    done = place.audit(1)

    assert done.report.run.profile_changes == ("the profile of the run before cannot be read",)
    assert instant(place.report(done)["run"]["as_of"]) == AS_OF + HOUR


def test_replaying_a_run_by_another_profile_is_a_what_if(place: Place) -> None:
    done = place.audit()
    again = replay(
        open_store(str(place.folder)), place.project, done.report.run.id, build_profile({"skip": ["CBR-107"]}, "p")
    )

    assert again.is_what_if
    assert again.report.run.is_what_if


def test_a_run_by_hand_that_counts_and_breaks_off_rings_the_dead_man(place: Place) -> None:
    with pytest.raises(AuditError):
        place.audit(0, FEW, CBR_AUDIT_PASSWORD="wrong")

    assert [signal for signal, _ in place.simulator.inbox.pings] == ["start", "fail"]
