"""Runs that follow each other: what one takes over from the one before."""

import gzip
import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from msgspec.structs import replace

from audit.app.execute import execute
from audit.app.replay import replay
from audit.app.request import request_from_settings
from audit.app.run import Done
from audit.collection import Kind
from audit.errors import ChainError, StoreError
from audit.evidence.chain import Digest, Envelope, Link
from audit.evidence.layout import key_of
from audit.evidence.publish import newest
from audit.evidence.run_before import read_left, read_run_before, rebuild
from audit.evidence.store import Store, open_store
from audit.evidence.stored_runs import digest_of
from audit.evidence.verify import verify
from audit.history import History
from audit.judging.findings import Finding, Outcome
from audit.profile import build_profile
from audit.simulator import Simulator, serve
from audit.subjects import Memory
from audit.timestamps import instant, shown
from tests.builders import a_task
from tests.pretend import AS_OF, a_simulator, json_response, variables, without_waiting

DAY = timedelta(days=1)


def a_long_log(scenario: str = "mixed", days: int = 45) -> Simulator:
    return a_simulator(scenario, seed=3, days=days)


def audit_at(
    simulator: Simulator, folder: Path, *moments: datetime, since: str | None = None, **changed: str
) -> list[Done]:
    """Audit at each of several times, one after the other, into one store."""
    with serve(simulator) as served, without_waiting():
        settings = variables(simulator, served.url, folder, **changed)
        return [
            execute(request_from_settings(settings, as_of=shown(moment), since=since), lambda _progress: None)
            for moment in moments
        ]


def manifest_of(done: Done, folder: Path) -> Any:
    return orjson.loads((folder / done.prefix / "manifest.json").read_bytes())


def span(part: Any) -> tuple[datetime, datetime]:
    return instant(part["since"]), instant(part["until"])


def judgements(done: Done) -> list[Finding]:
    """What was said of the project; how many rows were read for it, and which run is compared with, may differ."""
    return [finding for finding in done.report.findings if finding.control not in {"CBR-114", "CBR-901", "CBR-903"}]


def continuity(done: Done) -> Outcome:
    (finding,) = (finding for finding in done.report.findings if finding.control == "CBR-903")
    return finding.outcome


def test_the_first_run_reads_thirty_days_and_follows_none(tmp_path: Path) -> None:
    (done,) = audit_at(a_long_log(), tmp_path, AS_OF)

    manifest = manifest_of(done, tmp_path)
    assert span(manifest["run"]["read"]) == span(manifest["run"]["window"]) == (AS_OF - 30 * DAY, AS_OF)
    assert manifest["origin"] is None
    assert span(manifest["covered"]) == (AS_OF - 30 * DAY, AS_OF)


def test_the_next_run_reads_on_and_judges_all_that_is_known(tmp_path: Path) -> None:
    simulator = a_long_log("healthy")
    first, second = audit_at(simulator, tmp_path, AS_OF - 10 * DAY, AS_OF)

    manifest = manifest_of(second, tmp_path)
    assert manifest["origin"]["run"] == first.report.run.id
    assert span(manifest["run"]["read"]) == (AS_OF - 11 * DAY, AS_OF)
    assert span(manifest["run"]["window"]) == span(manifest["covered"]) == (AS_OF - 40 * DAY, AS_OF)


def test_runs_in_steps_know_as_much_as_one_run_over_everything(tmp_path: Path) -> None:
    simulator = a_long_log()
    stepwise = audit_at(simulator, tmp_path / "steps", *(AS_OF - days * DAY for days in (9, 6, 3, 0)))[-1]
    (at_once,) = audit_at(simulator, tmp_path / "once", AS_OF, since=shown(AS_OF - 39 * DAY))

    assert stepwise.report.run.window == at_once.report.run.window
    silent = {each.id for each in judgements(at_once) if (each.control, each.outcome) == ("CBR-101", Outcome.UNKNOWN)}
    known, all_at_once = (
        [finding for finding in judgements(done) if finding.id not in silent] for done in (stepwise, at_once)
    )
    assert known == all_at_once
    assert {each.outcome for each in judgements(stepwise) if each.control == "CBR-101" and each.id in silent} == {
        Outcome.FAIL  # the first of the runs saw them in their vaults, and no backup came since
    }


def test_a_repeated_event_changes_nothing_and_both_runs_are_in_the_chain(tmp_path: Path) -> None:
    simulator = a_long_log()
    once, again = audit_at(simulator, tmp_path, AS_OF, AS_OF)

    assert judgements(once) == judgements(again)
    assert not verify(open_store(str(tmp_path)), simulator.project_id).faults


def test_an_open_task_is_read_again_until_it_ends(tmp_path: Path) -> None:
    simulator = a_long_log("healthy")
    row = next(row for row in simulator.tasks if instant(row["created_at"]) < AS_OF - 12 * DAY)
    simulator.tasks.replace({**row, "status": "running", "ended_at": None, "updated_at": row["created_at"]})
    first, second = (audit_at(simulator, tmp_path, AS_OF - 10 * DAY), None)
    simulator.tasks.replace(row)
    (second,) = audit_at(simulator, tmp_path, AS_OF)

    assert row["id"] in str(first[0].report.problems)
    assert row["id"] not in str(second.report.problems)
    assert span(manifest_of(second, tmp_path)["run"]["read"])[0] <= instant(row["created_at"])


def test_a_gap_in_the_log_is_read_again_by_the_next_run(tmp_path: Path) -> None:
    simulator = a_long_log("healthy")
    store = open_store(str(tmp_path))
    audit_at(simulator, tmp_path, AS_OF - 10 * DAY)
    short = json_response({"operation_logs": [], "count": 5})
    simulator.intercept = lambda request, _number: short if "operation-logs" in request.url else None
    (broken,) = audit_at(simulator, tmp_path, AS_OF - 5 * DAY)
    simulator.intercept = None
    (mended,) = audit_at(simulator, tmp_path, AS_OF)

    assert span(manifest_of(broken, tmp_path)["covered"])[1] == AS_OF - 10 * DAY
    assert span(manifest_of(mended, tmp_path)["run"]["read"])[0] == AS_OF - 11 * DAY
    assert span(manifest_of(mended, tmp_path)["covered"]) == (AS_OF - 40 * DAY, AS_OF)
    assert newest(store, simulator.project_id, None) is not None


@pytest.mark.parametrize(
    "unread", [("cbr:policies:list",), ("cbr:vaults:list",), ("cbr:policies:list", "cbr:vaults:list")]
)
def test_a_run_that_could_not_read_a_list_makes_nothing_forgotten(unread: tuple[str, ...], tmp_path: Path) -> None:
    simulator, store = a_long_log("healthy"), open_store(str(tmp_path))

    def left() -> Memory:
        head = newest(store, simulator.project_id, None)
        found = read_run_before(store, head, until=AS_OF, look_back=90 * DAY)
        assert found is not None
        assert found.memory is not None
        return found.memory

    audit_at(simulator, tmp_path, AS_OF - 10 * DAY)
    before = left()
    simulator.deny(*unread)
    *_, hidden, _last = audit_at(simulator, tmp_path, AS_OF - 6 * DAY, AS_OF - 5 * DAY, AS_OF - 4 * DAY)
    (tmp_path / hidden.prefix / "report.json").write_bytes(b"{}")
    after = left()

    assert before.plans
    assert before.resources
    assert (after.policies, after.plans) == (before.policies, before.plans)
    assert after.terms.keys() == before.terms.keys()
    assert after.resources.keys() == before.resources.keys()
    assert after.vaults.keys() == before.vaults.keys()


def test_after_a_pause_that_is_longer_than_cbr_remembers_coverage_begins_anew(tmp_path: Path) -> None:
    simulator = a_long_log("healthy", days=75)
    audit_at(simulator, tmp_path, AS_OF - 40 * DAY)
    (late,) = audit_at(simulator, tmp_path, AS_OF)

    manifest = manifest_of(late, tmp_path)
    assert span(manifest["run"]["read"])[0] == AS_OF - 31 * DAY
    assert span(manifest["covered"])[0] == AS_OF - 31 * DAY


def test_a_run_that_judges_an_earlier_time_takes_nothing_over(tmp_path: Path) -> None:
    _, earlier = audit_at(a_long_log("healthy"), tmp_path, AS_OF, AS_OF - 5 * DAY)

    assert manifest_of(earlier, tmp_path)["origin"] is None


def damage(part: str) -> Callable[[Path], None]:
    def apply(run: Path) -> None:
        for path in run.glob(part):
            path.write_bytes(b"damaged")

    return apply


def answers_of(done: Done, folder: Path, kind: Kind = Kind.TASKS) -> list[Path]:
    """The objects that hold the responses of one list."""
    names = {page["name"] for page in manifest_of(done, folder)["pages"] if page["kind"] == kind}
    return [folder / key_of(done.prefix, name) for name in sorted(names)]


def damage_answers(done: Done, folder: Path) -> None:
    for path in answers_of(done, folder):
        path.write_bytes(b"damaged")


def newest_segment(done: Done, folder: Path) -> Path:
    return folder / key_of(done.prefix, manifest_of(done, folder)["history"][-1])


def remove_history(done: Done, folder: Path) -> None:
    newest_segment(done, folder).unlink()


def damage_history(done: Done, folder: Path) -> None:
    newest_segment(done, folder).write_bytes(b"damaged")


@pytest.mark.parametrize("harm", [damage_history, remove_history])
def test_a_history_that_does_not_match_is_made_anew_from_the_answers(
    tmp_path: Path, harm: Callable[[Done, Path], None]
) -> None:
    simulator = a_long_log()
    store = open_store(str(tmp_path))
    *_, last = audit_at(simulator, tmp_path, AS_OF - 4 * DAY, AS_OF - 2 * DAY)
    head = newest(store, simulator.project_id, None)
    whole = read_run_before(store, head, until=AS_OF, look_back=90 * DAY)
    harm(last, tmp_path)
    anew = read_run_before(store, head, until=AS_OF, look_back=90 * DAY)

    assert whole is not None
    assert anew is not None
    assert (anew.history, whole.recalled.notes) == (whole.history, ())
    assert "made anew from the answers" in anew.recalled.notes[0]


def test_a_history_made_anew_is_told_by_verify(tmp_path: Path) -> None:
    simulator = a_long_log()
    first, last = audit_at(simulator, tmp_path, AS_OF - 4 * DAY, AS_OF - 2 * DAY)
    path = newest_segment(last, tmp_path)
    content = path.read_bytes()
    path.unlink()
    (after,) = audit_at(simulator, tmp_path, AS_OF)
    path.write_bytes(content)

    run = last.report.run.id
    told = (
        f"the history of the run before ({run}), {path.relative_to(tmp_path)}, is missing, was changed or is of "
        "another version; it was made anew from the answers"
    )
    assert [manifest_of(done, tmp_path)["run"]["previous"]["notes"] for done in (first, last, after)] == [
        [],
        [],
        [told],
    ]
    result = verify(open_store(str(tmp_path)), simulator.project_id)
    assert (result.faults, result.notes) == ([], [f"{after.prefix}/manifest.json: {told}"])


def test_a_history_made_anew_goes_back_no_further_than_the_chain_is_whole(tmp_path: Path) -> None:
    simulator = a_long_log()
    store = open_store(str(tmp_path))
    first, second = audit_at(simulator, tmp_path, AS_OF - 4 * DAY, AS_OF)
    digest = digest_of(store, simulator.project_id, second.report.run.id)
    everything, was_whole = rebuild(store, digest, AS_OF - 90 * DAY)
    path = next((tmp_path / simulator.project_id / "digest").glob(f"*-{first.report.run.id}.json"))
    content = path.read_bytes()

    for changed in (b"", content + b" ", Envelope("text/plain", b"").dump()):
        path.write_bytes(changed)
        history, is_whole = rebuild(store, digest, AS_OF - 90 * DAY)
        assert (len(history) < len(everything), is_whole) == (True, False)
    path.write_bytes(content)
    (tmp_path / first.prefix / "manifest.json").write_bytes(b"{}")
    history, is_whole = rebuild(store, digest, AS_OF - 90 * DAY)
    assert (len(history) < len(everything), is_whole, was_whole) == (True, False, True)


def test_answers_that_are_damaged_are_left_out_when_a_history_is_made_anew(tmp_path: Path) -> None:
    simulator = a_long_log()
    store = open_store(str(tmp_path))
    (done,) = audit_at(simulator, tmp_path, AS_OF)
    digest = digest_of(store, simulator.project_id, done.report.run.id)
    answers = answers_of(done, tmp_path)
    other = answers_of(done, tmp_path, Kind.VAULTS)[0].read_bytes()
    altered = gzip.compress(gzip.decompress(answers[0].read_bytes()).replace(b"success", b"failed"))

    for changed in (b"", b"no gzip", other, altered):
        for answer in answers:
            answer.write_bytes(changed)
        history, is_whole = rebuild(store, digest, AS_OF - 90 * DAY)
        assert (len(history), is_whole) == (0, False)


def test_a_report_that_was_changed_is_said_and_stops_no_run(tmp_path: Path) -> None:
    simulator = a_long_log()
    (done,) = audit_at(simulator, tmp_path, AS_OF - DAY)
    (tmp_path / done.prefix / "report.json").write_bytes(b"{}")
    previous = read_run_before(
        open_store(str(tmp_path)),
        newest(open_store(str(tmp_path)), simulator.project_id, None),
        until=AS_OF,
        look_back=90 * DAY,
    )

    assert previous is not None
    assert (previous.report, previous.memory, previous.recalled.notes) == (None, None, ())
    assert previous.recalled.trouble == f"{done.prefix}/report.json is missing or was changed"
    assert continuity(*audit_at(simulator, tmp_path, AS_OF)) is Outcome.UNKNOWN


def test_a_report_of_another_version_is_said_and_stops_no_run(tmp_path: Path) -> None:
    simulator = a_long_log()
    store = open_store(str(tmp_path))
    (done,) = audit_at(simulator, tmp_path, AS_OF - DAY)
    digest = rewritten(store, tmp_path, done, "report.json", b'{"schema_version": 0}')

    before = read_left(store, digest, AS_OF - 90 * DAY)

    assert before is not None
    assert (before.report, before.memory) == (None, None)
    assert before.recalled.trouble == f"{done.prefix}/report.json is of another version"


def rewritten(store: Store, folder: Path, done: Done, name: str, content: bytes) -> Digest:
    """Put another object in the place of one of a run, as another version would have written it; return its digest."""
    manifest = manifest_of(done, folder)
    for listed in manifest["objects"]:
        if listed["name"] == name:
            listed["sha256"] = hashlib.sha256(content).hexdigest()
    (folder / key_of(done.prefix, name)).write_bytes(content)
    path = folder / done.prefix / "manifest.json"
    path.write_bytes(orjson.dumps(manifest))
    link = Link(object=f"{done.prefix}/manifest.json", sha256=hashlib.sha256(path.read_bytes()).hexdigest())
    digest = digest_of(store, done.report.run.project_id, done.report.run.id)
    return digest.model_copy(update={"manifest": link})


def test_a_run_whose_manifest_was_changed_is_not_continued(tmp_path: Path) -> None:
    simulator = a_long_log()
    (done,) = audit_at(simulator, tmp_path, AS_OF - DAY)
    damage("manifest.json")(tmp_path / done.prefix)
    (again,) = audit_at(simulator, tmp_path, AS_OF)

    assert manifest_of(again, tmp_path)["origin"] is None
    assert again.report.run.previous.trouble == f"{done.prefix}/manifest.json is missing or was changed"
    assert continuity(again) is Outcome.UNKNOWN


def test_a_history_of_another_version_is_made_anew(tmp_path: Path) -> None:
    simulator = a_long_log()
    store = open_store(str(tmp_path))
    (done,) = audit_at(simulator, tmp_path, AS_OF - DAY)
    (name,) = manifest_of(done, tmp_path)["history"]
    digest = rewritten(store, tmp_path, done, name, gzip.compress(b'{"a field of tomorrow": 1}\n'))

    before = read_left(store, digest, AS_OF - 90 * DAY)

    assert before is not None
    assert len(before.history) > 0
    assert "of another version" in before.recalled.notes[0]


@pytest.mark.parametrize("content", [b"no JSON", b"[]", b'{"run": {}}'])
def test_a_manifest_of_another_form_is_continued_by_nobody(content: bytes, tmp_path: Path) -> None:
    simulator = a_long_log()
    (done,) = audit_at(simulator, tmp_path, AS_OF - DAY)
    (tmp_path / done.prefix / "manifest.json").write_bytes(content)
    link = Link(object=f"{done.prefix}/manifest.json", sha256=hashlib.sha256(content).hexdigest())
    store = open_store(str(tmp_path))
    digest = digest_of(store, simulator.project_id, done.report.run.id).model_copy(update={"manifest": link})

    assert read_left(store, digest, AS_OF - 90 * DAY) is None


def test_where_the_way_back_breaks_off_is_said(tmp_path: Path) -> None:
    simulator = a_long_log()
    audit_at(simulator, tmp_path, AS_OF - 3 * DAY, AS_OF)
    (broken, _) = sorted((tmp_path / simulator.project_id / "digest").iterdir())
    broken.write_bytes(b"damaged")
    (late,) = audit_at(simulator, tmp_path, AS_OF - DAY)

    name = broken.relative_to(tmp_path)
    assert late.report.run.previous.trouble == f"the digest {name} is missing or was changed"
    assert continuity(late) is Outcome.UNKNOWN


def test_a_damaged_digest_is_followed_and_said_but_nothing_is_taken_from_it(tmp_path: Path) -> None:
    simulator = a_long_log()
    store = open_store(str(tmp_path))
    audit_at(simulator, tmp_path, AS_OF - DAY)
    (path,) = (tmp_path / simulator.project_id / "digest").iterdir()
    path.write_bytes(b"damaged")
    (again,) = audit_at(simulator, tmp_path, AS_OF)
    digest = digest_of(store, simulator.project_id, again.report.run.id)

    assert manifest_of(again, tmp_path)["origin"] is None
    assert again.report.run.previous.trouble == f"the newest digest, {path.relative_to(tmp_path)}, is damaged"
    assert continuity(again) is Outcome.UNKNOWN
    assert digest.previous is not None
    assert digest.previous.sha256 == hashlib.sha256(b"damaged").hexdigest()
    assert rebuild(store, digest, AS_OF - 90 * DAY)[1] is False


def test_a_pointer_that_is_damaged_does_not_hide_the_chain(tmp_path: Path) -> None:
    simulator = a_long_log()
    audit_at(simulator, tmp_path, AS_OF - DAY)
    for damaged in (b"", b"[]", b'{"digest": 5}', b'{"digest": "elsewhere"}'):
        (tmp_path / simulator.project_id / "latest.json").write_bytes(damaged)
        head = newest(open_store(str(tmp_path)), simulator.project_id, None)
        assert head is not None
        assert head.seq == 1


class TestReplay:
    def test_a_page_in_chinese_is_recomputed_too(self, tmp_path: Path) -> None:
        simulator = a_long_log("healthy")
        (done,) = audit_at(simulator, tmp_path, AS_OF, CBR_AUDIT_PROFILE="language: zh")

        assert b'<html lang="zh-Hans">' in (tmp_path / done.prefix / "report.html").read_bytes()
        result = replay(open_store(str(tmp_path)), simulator.project_id, done.report.run.id)
        assert (result.differing, result.reasons) == ((), ())

    @pytest.mark.parametrize("scenario", ["healthy", "mixed", "drifting", "gapped"])
    def test_a_report_is_recomputed_to_the_same_bytes(self, scenario: str, tmp_path: Path) -> None:
        simulator = a_long_log(scenario)
        runs = audit_at(simulator, tmp_path, AS_OF - 3 * DAY, AS_OF)

        for done in runs:
            result = replay(open_store(str(tmp_path)), simulator.project_id, done.report.run.id)
            assert (result.differing, result.reasons, result.is_what_if) == ((), (), False)
            assert set(result.identical) >= {
                *manifest_of(done, tmp_path)["history"],
                "report.json",
                "report.html",
                "findings.ndjson.gz",
            }

    def test_what_the_run_before_said_is_needed_again(self, tmp_path: Path) -> None:
        simulator = a_long_log()
        before, done = audit_at(simulator, tmp_path, AS_OF - DAY, AS_OF)
        (tmp_path / before.prefix / "report.json").write_bytes(b"{}")

        with pytest.raises(ChainError, match=r"report\.json is missing or was changed; the run took over what it said"):
            replay(open_store(str(tmp_path)), simulator.project_id, done.report.run.id)

    def test_another_profile_gives_a_what_if(self, tmp_path: Path) -> None:
        simulator = a_long_log("healthy")
        (done,) = audit_at(simulator, tmp_path, AS_OF)
        strict = build_profile({"limits": {"max_backup_age_hours": 1, "grace_hours": 0}}, "p")

        result = replay(open_store(str(tmp_path)), simulator.project_id, done.report.run.id, strict)

        assert (result.is_what_if, result.identical, result.report.conclusion) == (True, (), "non_compliant")

    def test_another_version_is_named_as_the_reason(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        simulator = a_long_log("healthy")
        (done,) = audit_at(simulator, tmp_path, AS_OF)
        monkeypatch.setattr("audit.app.replay.FORMATS", {"report.html": lambda _report: [b"other"]})
        store = open_store(str(tmp_path))

        *_, reason = replay(store, simulator.project_id, done.report.run.id).reasons
        assert reason.endswith("the same version gave other bytes: please report this")
        monkeypatch.setattr("audit.app.replay.__version__", "9.9.9")
        result = replay(store, simulator.project_id, done.report.run.id)
        assert result.differing == ("report.html",)
        assert "and this is 9.9.9" in result.reasons[-1]

    def test_evidence_that_is_missing_or_changed_is_refused(self, tmp_path: Path) -> None:
        simulator = a_long_log("healthy")
        first, second = audit_at(simulator, tmp_path, AS_OF - DAY, AS_OF)
        store = open_store(str(tmp_path))

        def refused(run: str, words: str, error: type[StoreError] = ChainError) -> None:
            with pytest.raises(error, match=words):
                replay(store, simulator.project_id, run)

        refused("no-such-run", "holds no run", StoreError)
        damage_answers(second, tmp_path)
        refused(second.report.run.id, "stored answers are missing or were changed")
        damage("manifest.json")(tmp_path / first.prefix)
        refused(second.report.run.id, "the run before .* is missing or was changed")
        refused(first.report.run.id, "manifest.json was changed")
        damage("profile.json")(tmp_path / second.prefix)
        refused(second.report.run.id, "profile.json is missing or was changed")


def test_a_history_is_pruned_but_never_of_what_is_open() -> None:
    old, open_task = a_task("old", created_at=AS_OF - 99 * DAY), a_task("open", status="running")
    history = History([old, replace(open_task, created_at=AS_OF - 99 * DAY), a_task("new", created_at=AS_OF)])

    assert {task.id for task in History.load(history.dump(since=AS_OF - 90 * DAY))} == {"open", "new"}
