"""Verifying a fleet: what is not as published is named, and the roll-up must follow from what it rests on."""

import hashlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from shutil import copytree
from typing import Any

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from audit.errors import ChainError
from audit.evidence.chain import Digest, DigestKind, Ed25519Signer, Envelope, Link, PublicKey, Signer, Unsigned, commit
from audit.evidence.store import ProbedStore, open_store
from audit.fleet import verify
from audit.fleet.forms import Caller, Discovery, FleetPlan, Receipt, Target
from audit.fleet.publication import FleetRun, begin, previous_run
from audit.fleet.roll_up import FleetReport, roll_up
from audit.fleet.target_run import audit_target
from audit.fleet.verify import targets_of, verify_fleet
from audit.profile import load_profile
from audit.simulator import serve
from tests.fleet.builders import AS_OF, PROFILES, SHA, a_plan, a_receipt, a_target, what_was_found
from tests.fleet.test_publication import FOUND, RESPONSE, rendered
from tests.pretend import a_simulator, variables, without_waiting

UNSIGNED = Unsigned()
STRICT = load_profile("strict")
ELSEWHERE = "its audit was in another region, or by another profile, than the plan says"
COUNTS = "its receipt has other counts than its report"


def audited(store: ProbedStore, target: Target, run: str, as_of: datetime) -> Link:
    """Store the digest of an audit, and return the link to it."""
    key = f"{target.project_id}/digest/0000000001-{run}.json"
    digest = Digest(
        scope=target.project_id,
        seq=1,
        kind=DigestKind.NORMAL,
        run=run,
        digest_object=key,
        digest_start_time=0,
        digest_end_time=int(as_of.timestamp()),
        conclusion="compliant",
        complete=True,
        manifest=Link(object=f"{target.project_id}/2026/11/23/{run}/manifest.json", sha256=SHA),
        previous=None,
    )
    return Link(object=key, sha256=commit(store, digest, Unsigned()))


def rolled_up(store: ProbedStore, plan: FleetPlan, signer: Signer = UNSIGNED) -> FleetRun:
    run = begin(store, plan, PROFILES, {FOUND.name: RESPONSE})
    for number, target in enumerate(plan.targets):
        name = f"{plan.run}-{number}"
        found = what_was_found(
            target,
            digest=audited(store, target, name, plan.as_of),
            run=name,
            prefix=f"{target.project_id}/2026/11/23/{name}",
        )
        run.leave(a_receipt(target, fleet_run=plan.run, audited=found, caller=Caller(way="own")))
    run.roll_up(signer, rendered)
    return run


@pytest.fixture
def store(tmp_path: Path) -> ProbedStore:
    """Two days of a fleet."""
    store = open_store(str(tmp_path / "store"))
    for run in days(store):
        rolled_up(store, run)
    return store


def days(store: ProbedStore) -> Iterator[FleetPlan]:
    for number in range(2):
        as_of = AS_OF + timedelta(days=number)
        yield a_plan(
            *(a_target(each, project_id=f"p-{each}-{number}") for each in (1, 2)),
            as_of=as_of,
            deadline=as_of + timedelta(hours=1),
            run=f"run-{number}",
            discovery=Discovery(accounts=2, evidence=(FOUND,)),
            previous=previous_run(store, "all", as_of).link,
        )


def test_a_fleet_as_published_is_verified(store: ProbedStore) -> None:
    result = verify_fleet(store, "all")

    assert (result.faults, result.notes, result.digests) == ([], [], 2)
    assert [digest.run for digest in result.runs] == ["run-0", "run-1"]
    assert result.head is not None
    assert targets_of(store, result.head) == ("p-1-1", "p-2-1")


def test_every_object_that_is_changed_or_gone_is_named(store: ProbedStore) -> None:
    keys = [key for key in store.keys("fleet-all/") if not key.endswith(("latest.json", "index.html"))]
    digests = [key for key in store.keys("p-") if "/digest/" in key]
    unseen = []
    for key in (*keys, *digests):
        data = store.read(key)
        assert data is not None
        for change in (data[:-1] + bytes([data[-1] ^ 1]), b"", None):
            store.remove(key)
            if change is not None:
                store.create(key, change)
            named = {fault.object for fault in verify_fleet(store, "all").faults}
            unseen += [] if any(key.startswith(each) for each in named) else [(key, change)]
            store.replace(key, data)

    assert len(keys) + len(digests) > 20
    assert unseen == [(keys[-1], None)] or not unseen


def test_what_nobody_listed_is_a_fault_and_what_came_late_is_a_note(store: ProbedStore) -> None:
    prefix = "fleet-all/2026/11/23/run-0"
    store.create(f"{prefix}/receipts/somebody.eu-west-101.else.json", b"{}")
    store.create(f"{prefix}/strange.json", b"{}")
    store.create("fleet-all/2026/11/25/run-9/plan.json", b"{}")
    result = verify_fleet(store, "all")

    assert [(fault.object, fault.problem) for fault in result.faults] == [
        (f"{prefix}/strange.json", "no manifest lists this object")
    ]
    assert len(result.notes) == 2
    assert "does not count" in result.notes[0]
    assert "is not rolled up" in result.notes[1]


def forged(store: ProbedStore, change: dict[str, object], of: str) -> None:
    """Change an object of the last run, and write manifest and digest again as if that were right."""
    prefix = "fleet-all/2026/11/24/run-1"
    digest_key = "fleet-all/digest/0000000002-run-1.json"
    digest = Digest.open(Envelope.load(store.read(digest_key) or b""))
    data = orjson.dumps({**orjson.loads(store.read(f"{prefix}/{of}") or b""), **change}, option=orjson.OPT_SORT_KEYS)
    store.replace(f"{prefix}/{of}", data)
    manifest = orjson.loads(store.read(f"{prefix}/manifest.json") or b"")
    for listed in manifest["objects"]:
        if listed["name"] == of:
            listed.update(size=len(data), sha256=hashlib.sha256(data).hexdigest())
    if of == "fleet.json":
        manifest.update({key: value for key, value in change.items() if key in {"conclusion", "complete"}})
    written = orjson.dumps(manifest, option=orjson.OPT_SORT_KEYS)
    store.replace(f"{prefix}/manifest.json", written)
    link = Link(object=f"{prefix}/manifest.json", sha256=hashlib.sha256(written).hexdigest())
    said = {key: value for key, value in change.items() if key in {"conclusion", "complete"}}
    store.remove(digest_key)
    commit(store, digest.model_copy(update={"manifest": link, **said}), Unsigned())


@pytest.mark.parametrize(
    ("of", "change", "problem"),
    [
        ("fleet.json", {"conclusion": "non_compliant"}, "does not follow from plan and receipts"),
        ("fleet.json", {"gone": []}, "does not follow from plan and receipts"),
        ("plan.json", {"targets": []}, "its plan is that of another run"),
        ("receipts.json", {"receipts": {}}, "does not follow from plan and receipts"),
        ("receipts.json", {"receipts": {"a.b.c": SHA}}, "does not list the receipts of a.b.c"),
    ],
)
def test_a_chain_that_was_written_again_still_has_to_agree_with_itself(
    of: str, change: dict[str, object], problem: str, store: ProbedStore
) -> None:
    forged(store, change, of)

    assert problem in " ".join(fault.problem for fault in verify_fleet(store, "all").faults)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"digest_start_time": 1}, "leads to no run of the chain"),
        ({"digest_end_time": int(AS_OF.timestamp()) - 1}, "something else of the run than its digest"),
    ],
)
def test_an_unsigned_head_that_was_changed_is_not_the_one_that_the_pointer_names(
    changes: dict[str, object], problem: str, store: ProbedStore
) -> None:
    key = "fleet-all/digest/0000000002-run-1.json"
    digest = Digest.open(Envelope.load(store.read(key) or b""))
    store.remove(key)
    commit(store, digest.model_copy(update=changes), Unsigned())

    assert problem in " ".join(fault.problem for fault in verify_fleet(store, "all").faults)


@pytest.fixture(scope="module")
def a_real_audit(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Receipt]:
    """A store in which a target was audited, and its receipt."""
    folder, simulator = tmp_path_factory.mktemp("real"), a_simulator("healthy", resources=1)
    target = a_target(region="eu-west-101", project_id=simulator.project_id)
    run = begin(open_store(str(folder)), a_plan(target), PROFILES)
    with serve(simulator) as served, without_waiting():
        return folder, audit_target(run, target, variables(simulator, served.url, folder))


@pytest.mark.parametrize(
    ("of_target", "of_plan", "of_audit", "problem"),
    [
        ({}, {}, {}, ""),
        ({"region": "eu-west-0"}, {}, {}, ELSEWHERE),
        ({"profile_sha256": STRICT.sha256}, {}, {}, ELSEWHERE),
        ({}, {"as_of": AS_OF + timedelta(days=1)}, {}, "its audit judged another time than the plan says"),
        ({}, {}, {"resources": 7}, COUNTS),
        ({}, {}, {"problems": 1}, COUNTS),
        ({}, {}, {"findings": {"pass": 1}}, COUNTS),
    ],
)
def test_an_audit_is_the_one_that_was_planned_and_has_the_counts_of_its_receipt(
    a_real_audit: tuple[Path, Receipt],
    of_target: dict[str, object],
    of_plan: dict[str, object],
    of_audit: dict[str, object],
    problem: str,
    tmp_path: Path,
) -> None:
    folder, receipt = a_real_audit
    assert receipt.audited is not None
    copytree(folder, tmp_path / "copy")
    project = receipt.audited.prefix.partition("/")[0]
    target = a_target(region="eu-west-101", project_id=project).model_copy(update=of_target)
    plan = a_plan(target, run="another", **of_plan)
    store = open_store(str(tmp_path / "copy"))
    run = begin(store, plan, {**PROFILES, STRICT.sha256: STRICT.canonical})
    audited = receipt.audited.model_copy(update=of_audit)
    run.leave(a_receipt(target, fleet_run="another", audited=audited, caller=None))
    run.roll_up(UNSIGNED, rendered)

    told = [fault.problem.partition(": ")[2] for fault in verify_fleet(store, "all").faults]
    assert told == ([problem] if problem else [])
    store.remove(f"{audited.prefix}/report.json")
    assert bool(verify_fleet(store, "all").faults) == (bool(problem) and problem != COUNTS)


def test_a_head_that_was_noted_elsewhere_must_be_there(store: ProbedStore) -> None:
    head = verify_fleet(store, "all").head_sha256

    assert not verify_fleet(store, "all", expected_head=head).faults
    assert "cut off" in verify_fleet(store, "all", expected_head=SHA).faults[0].problem


def test_signatures_are_checked_with_a_key(tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "signed"))
    plan = next(days(store))
    private = Ed25519PrivateKey.generate()
    public = PublicKey(private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    rolled_up(store, plan, Ed25519Signer(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())))
    result = verify_fleet(store, "all", key=public)

    assert (result.signed, result.faults) == (1, [])


def test_targets_of_a_roll_up_that_is_gone_are_not_known(store: ProbedStore) -> None:
    head = verify_fleet(store, "all").head
    assert head is not None
    store.remove("fleet-all/2026/11/24/run-1/fleet.json")

    with pytest.raises(ChainError, match=r"fleet\.json is missing"):
        targets_of(store, head)


def emptied(store: ProbedStore, prefix: str) -> None:
    for key in store.keys(prefix):
        store.remove(key)


def test_runs_before_a_given_time_may_be_gone_and_what_follows_is_checked_all_the_same(store: ProbedStore) -> None:
    emptied(store, "fleet-all/2026/11/23/")
    result = verify_fleet(store, "all", since=AS_OF + timedelta(hours=1))

    assert (result.faults, result.unread) == ([], 1)
    assert "1 run before the given time removed" in result.notes[-1]
    assert verify_fleet(store, "all").faults
    forged(store, {"conclusion": "non_compliant"}, "fleet.json")
    problems = [fault.problem for fault in verify_fleet(store, "all", since=AS_OF + timedelta(hours=1)).faults]
    assert any("does not follow" in problem for problem in problems)


@pytest.mark.parametrize(
    ("change", "is_fault"),
    [({"doubts": ["said in other words"]}, True), ({"left_out": []}, False), ({"complete": False}, True)],
)
def test_another_version_may_word_reasons_differently_but_not_conclude_differently(
    change: dict[str, object], store: ProbedStore, monkeypatch: pytest.MonkeyPatch, *, is_fault: bool
) -> None:
    monkeypatch.setattr("audit.fleet.verify.__version__", "9.9")
    reworded(monkeypatch)
    forged(store, change, "fleet.json")
    result = verify_fleet(store, "all")

    assert any("does not follow" in fault.problem for fault in result.faults) == is_fault
    assert is_fault or "in other words" in " ".join(result.notes)


def reworded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the roll-up of this version word reasons in another way than the stored one."""

    def other(*arguments: Any) -> FleetReport:
        report = roll_up(*arguments)
        lines = tuple(line.model_copy(update={"reason": f"{line.reason}!"}) for line in report.targets)
        return report.model_copy(update={"targets": lines})

    monkeypatch.setattr(verify, "roll_up", other)
