"""Whole audits that judge who took backups away, and whether the watch saw it."""

import json
from pathlib import Path
from typing import Any

import pytest
import time_machine

from audit.app.replay import replay
from audit.app.run import Done
from audit.errors import ChainError
from audit.evidence.chain import Digest, DigestKind, Link, Unsigned, commit, digest_key
from audit.evidence.store import open_store
from audit.evidence.verify import verify
from audit.judging.findings import Finding, Outcome, Severity
from audit.profile import load_profile
from audit.simulator import Estate, Simulator, build_estate
from tests.pretend import AS_OF, audit

PROFILE = "{controls: [default, CBR-115, CBR-117]}"


def an_estate(scenario: str) -> Estate:
    return build_estate(scenario, resources=12, days=5, as_of=AS_OF)


def a_run(folder: Path, scenario: str = "mixed", profile: str = PROFILE) -> tuple[Done, Simulator]:
    return a_run_of(an_estate(scenario), folder, profile)


def a_run_of(estate: Estate, folder: Path, profile: str) -> tuple[Done, Simulator]:
    simulator = Simulator(estate, clock=lambda: AS_OF)
    with time_machine.travel(AS_OF, tick=False):
        return audit(simulator, folder, CBR_AUDIT_PROFILE=profile), simulator


def who_took_away(estate: Estate) -> list[str]:
    """Return the ids of the people, some more than once; empty where the trace names nobody."""
    taking = ("delete", "remove", "dissociate")
    done = [row for row in estate.traces if row["trace_rating"] == "normal" and row["trace_type"] != "SystemAction"]
    took = [row for row in done if row["trace_name"].startswith(taking) or '"locked": false' in row["request"]]
    return [row["user"]["id"] if row["user"] else "" for row in took]


def finding(done: Done, control: str) -> Finding:
    (found,) = [each for each in done.report.findings if each.control == control]
    return found


def the_watch_saw(folder: Path, estate: Estate) -> None:
    """Commit an event of every trace of the estate."""
    scope = f"{estate.project_id}/changes"
    for number, row in enumerate(estate.traces, 1):
        trace = row["trace_id"]
        values: dict[str, Any] = {"digest_start_time": 1, "digest_end_time": 2, "conclusion": "compliant"}
        digest = Digest(
            scope=scope,
            seq=number,
            kind=DigestKind.NORMAL,
            run=trace,
            digest_object=digest_key(scope, number, trace),
            complete=True,
            manifest=Link(object=f"{scope}/{trace}/manifest.json", sha256="0" * 64),
            previous=None,
            **values,
        )
        commit(open_store(str(folder)), digest, Unsigned())


def test_who_took_backups_away_is_found_and_that_the_watch_was_off(tmp_path: Path) -> None:
    done, simulator = a_run(tmp_path)
    change = finding(done, "CBR-115")

    assert (change.outcome, change.severity) == (Outcome.FAIL, Severity.CRITICAL)
    assert change.facts["actors"] == len(set(who_took_away(an_estate("mixed"))))
    assert finding(done, "CBR-117").outcome is Outcome.FAIL
    assert not verify(open_store(str(tmp_path)), simulator.project_id).faults


def test_in_a_healthy_project_there_is_nothing_to_find_or_to_see(tmp_path: Path) -> None:
    done, _ = a_run(tmp_path, "healthy")

    assert [finding(done, each).outcome for each in ("CBR-115", "CBR-117")] == [Outcome.PASS, Outcome.NOT_APPLICABLE]


def test_whom_the_profile_trusts_may_do_it(tmp_path: Path) -> None:
    estate = an_estate("mixed")
    estate.traces[:] = [row for row in estate.traces if row["user"]]
    ids = who_took_away(estate)
    for number, trusted in enumerate([["company/operator", *ids], [each for each in ids if each != "id-of-mallory"]]):
        profile = f"{{controls: [default, CBR-115], limits: {{trusted_actors: {json.dumps(trusted)}}}}}"
        done, _ = a_run_of(estate, tmp_path / str(number), profile)

        assert finding(done, "CBR-115").outcome is (Outcome.FAIL if number else Outcome.PASS)


def test_what_the_watch_saw_is_stored_and_judged_again_to_the_same_bytes(tmp_path: Path) -> None:
    the_watch_saw(tmp_path, an_estate("mixed"))
    done, simulator = a_run(tmp_path)
    store, run = open_store(str(tmp_path)), done.report.run.id

    assert finding(done, "CBR-117").outcome is Outcome.PASS
    for digest in (tmp_path / simulator.project_id / "changes").rglob("*.json"):
        digest.unlink()  # a replay does not look again
    result = replay(store, simulator.project_id, run)
    assert (result.differing, result.reasons) == ((), ())
    (watched,) = tmp_path.rglob("watched.json")
    watched.write_bytes(b"{}")
    with pytest.raises(ChainError, match=r"watched\.json is missing or was changed"):
        replay(store, simulator.project_id, run)


def test_a_run_that_did_not_look_cannot_be_judged_as_if_it_had(tmp_path: Path) -> None:
    done, simulator = a_run(tmp_path, profile="default")
    result = replay(open_store(str(tmp_path)), simulator.project_id, done.report.run.id, load_profile(PROFILE))
    (found,) = [each for each in result.report.findings if each.control == "CBR-117"]

    assert not [*tmp_path.rglob("watched.json")]
    assert (found.outcome, found.reason) == (Outcome.UNKNOWN, "the events of the watch could not be listed")
