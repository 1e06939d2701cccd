"""A store that somebody else can write to: nothing in it is believed, whatever hashes were written again."""

import hashlib
from pathlib import Path

import pytest
from isal import isal_zlib

from audit.errors import ChainError, StoreError
from audit.evidence.chain import Digest, Envelope, Link, Unsigned, commit
from audit.evidence.store import ProbedStore, open_store
from audit.fleet.forms import FleetManifest, FleetObject
from audit.fleet.publication import FleetRun, begin, begun_run
from audit.fleet.verify import verify_fleet
from tests.fleet.builders import AS_OF, PROFILE, PROFILES, a_plan, a_receipt, a_target, what_was_found
from tests.fleet.test_publication import FOUND, RESPONSE, KilledError, killing, rendered
from tests.fleet.test_verify import audited, days, rolled_up

PREFIX = "fleet-all/2026/11/23/run-0"
DIGEST = "fleet-all/digest/0000000001-run-0.json"
ONE = a_target(1)


@pytest.fixture
def store(tmp_path: Path) -> ProbedStore:
    store = open_store(str(tmp_path / "store"))
    rolled_up(store, next(days(store)))
    return store


def rehashed(store: ProbedStore, name: str, data: bytes | None) -> None:
    """Change an object of the run, or drop it; and write manifest and digest again as if that were right."""
    manifest = FleetManifest.load(store.read(f"{PREFIX}/manifest.json") or b"", "manifest.json")
    listed = [each for each in manifest.objects if each.name != name]
    if data is None:
        store.remove(f"{PREFIX}/{name}")
    else:
        store.replace(f"{PREFIX}/{name}", data)
        listed.append(FleetObject(name=name, size=len(data), sha256=hashlib.sha256(data).hexdigest()))
    written = manifest.model_copy(update={"objects": tuple(listed)}).dump()
    store.replace(f"{PREFIX}/manifest.json", written)
    digest = Digest.open(Envelope.load(store.read(DIGEST) or b""))
    store.remove(DIGEST)
    link = Link(object=f"{PREFIX}/manifest.json", sha256=hashlib.sha256(written).hexdigest())
    commit(store, digest.model_copy(update={"manifest": link}), Unsigned())


def problems(store: ProbedStore) -> str:
    """Say what is wrong, but for the pointer: that names another digest as soon as one is written again."""
    found = verify_fleet(store, "all").faults
    return " ".join(fault.problem for fault in found if "pointer" not in fault.problem)


@pytest.mark.parametrize(
    ("name", "data", "problem"),
    [
        (f"profiles/{PROFILE.sha256}.json", b"{}", "not the profile that the plan names"),
        (FOUND.name, b"", "not the one that the plan names"),
        (FOUND.name, isal_zlib.compress(b'{"accounts": [1]}', 1, 31), "not the one that the plan names"),
        ("fleet.json", None, "its manifest does not list fleet.json"),
        ("plan.json", None, "its manifest does not list plan.json"),
        ("receipts.json", None, "its manifest does not list receipts.json"),
    ],
)
def test_what_the_plan_rests_on_is_what_it_names(
    name: str, data: bytes | None, problem: str, store: ProbedStore
) -> None:
    rehashed(store, name, data)

    assert problem in problems(store)


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b"null", b"\xff", b"[" * 100_000, b'{"schema_version": 2}'])
def test_another_form_is_a_fault_and_never_an_error(data: bytes, store: ProbedStore) -> None:
    for name in ("plan.json", "receipts.json", "fleet.json", "receipts/account-1.eu-west-101.p-1-0.json"):
        stored = store.read(f"{PREFIX}/{name}")
        rehashed(store, name, data)
        assert problems(store), name
        rehashed(store, name, stored)
    assert not problems(store)
    store.replace(f"{PREFIX}/manifest.json", data)
    assert "is missing or was changed" in problems(store)
    store.replace(DIGEST, data)
    assert problems(store)


def test_a_receipt_that_flatters_its_audit_is_found(tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "store"))
    run = begin(store, a_plan(ONE), PROFILES)
    link = audited(store, ONE, "a-run", AS_OF)  # which is compliant
    found = what_was_found(ONE, digest=link, run="a-run", conclusion="non_compliant")
    run.leave(a_receipt(ONE, audited=found))
    run.roll_up(Unsigned(), rendered)

    assert "its receipt says something else than its audit" in problems(store)


def test_something_that_is_no_digest_proves_no_audit(tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "store"))
    run = begin(store, a_plan(ONE), PROFILES)
    link = Link(object=f"{ONE.project_id}/digest/0000000001-a-run.json", sha256=hashlib.sha256(b"{}").hexdigest())
    store.create(link.object, b"{}")
    run.leave(a_receipt(ONE, audited=what_was_found(ONE, digest=link)))
    run.roll_up(Unsigned(), rendered)

    assert "the digest of its audit is missing or was changed" in problems(store)


def test_what_is_no_object_is_a_fault_and_what_a_killed_process_left_is_a_note(
    store: ProbedStore, tmp_path: Path
) -> None:
    (tmp_path / "store" / PREFIX / "a-link").symlink_to("/etc/passwd")
    (tmp_path / "store" / PREFIX / ".0123456789abcdef").write_bytes(b"half")
    result = verify_fleet(store, "all")

    assert [fault.object for fault in result.faults] == [f"{PREFIX}/a-link"]
    assert "the rest of an interrupted write" in result.notes[0]


def begun(store: ProbedStore) -> FleetRun:
    return begin(store, a_plan(ONE), PROFILES, {FOUND.name: RESPONSE})


def test_a_profile_that_was_changed_judges_nothing(tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "store"))
    run = begun(store)
    store.replace(f"{run.plan.prefix}/profiles/{PROFILE.sha256}.json", b"{}")

    with pytest.raises(ChainError, match="is missing or was changed"):
        run.profile(PROFILE.sha256)
    with pytest.raises(ValueError, match="profiles of the plan are missing"):
        begin(store, a_plan(ONE), {})


def test_a_roll_up_that_was_changed_is_not_shown(store: ProbedStore) -> None:
    store.replace(f"{PREFIX}/fleet.json", b"{}")
    run = begun_run(store, PREFIX)

    assert run is not None
    with pytest.raises(ChainError, match=r"fleet\.json is missing or was changed"):
        run.report()


@pytest.mark.parametrize("data", [None, b"{}"])
def test_what_changes_while_it_is_rolled_up_is_not_committed(
    data: bytes | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_store(str(tmp_path / "store"))
    run = begun(store)
    run.leave(a_receipt(ONE))
    with monkeypatch.context() as patched:
        killing(store, 3, patched)  # the seal and both files are written, and no manifest
        with pytest.raises(KilledError):
            run.roll_up(Unsigned(), rendered)
    key = f"{run.plan.prefix}/profiles/{PROFILE.sha256}.json"
    store.remove(key)
    if data is not None:
        store.create(key, data)

    with pytest.raises(StoreError, match=r"is not there any more|was changed"):
        run.roll_up(Unsigned(), rendered)
    assert not run.is_rolled_up


def test_every_flipped_bit_of_a_small_fleet_is_found(store: ProbedStore) -> None:
    """One bit of each byte of what binds the others, and of every 40th byte of the rest."""
    unseen = []
    for key in store.keys("fleet-all/"):
        data = store.read(key) or b""
        if key == "fleet-all/index.html":
            continue
        for place in range(0, len(data), 1 if "/digest/" in key else 40):
            store.replace(key, data[:place] + bytes([data[place] ^ 1 << place % 8]) + data[place + 1 :])
            unseen += [] if verify_fleet(store, "all").faults else [(key, place)]
        store.replace(key, data)

    assert unseen == []


def test_a_pointer_whose_text_is_no_text_is_a_fault_and_no_error(store: ProbedStore) -> None:
    data = store.read("fleet-all/latest.json") or b""
    store.replace("fleet-all/latest.json", data.replace(b'"run": "run', b'"run": "r\xadn'))

    assert [fault.object for fault in verify_fleet(store, "all").faults] == ["fleet-all/latest.json"]
