"""Changes on the command line: ``verify`` checks their chain, and ``changes`` lists them."""

from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from audit.cli.commands import main
from audit.evidence.chain import Ed25519Signer, Unsigned, commit
from audit.evidence.store import ProbedStore, open_store
from audit.judging.findings import Outcome
from audit.watch.change_store import StoredChange
from tests.builders import NOW
from tests.evidence.chains import SCOPE, a_chain
from tests.watch.stored import EVENT, PROJECT, judged

OF_PROJECT = ("--project-id", PROJECT)


def invoke(*arguments: str | Path) -> Result:
    return CliRunner(env={"COLUMNS": "120"}).invoke(main, [*map(str, arguments)])


@pytest.fixture
def store(tmp_path: Path) -> ProbedStore:
    """Three changes: one that people were told of, one that they were not told of, and a harmless one."""
    store = open_store(str(tmp_path / "store"))
    judged(store, "t-1").mark_told(NOW)
    judged(store, "t-2", judged_at=NOW + timedelta(days=1))
    judged(store, "t-3", outcome=Outcome.PASS, judged_at=NOW + timedelta(days=2))
    return store


def test_the_newest_changes_are_listed_first(store: ProbedStore) -> None:
    lines = invoke("changes", store.url, *OF_PROJECT).stdout.splitlines()
    rows = [line.split() for line in lines if line.startswith("2026")]

    assert lines[0].split() == ["WHEN", "SEVERITY", "OUTCOME", "WHAT", "OF", "TOLD", "BY", "WHOM"]
    assert [row[1:6] for row in rows] == [
        ["-", "pass", "deleteVault", "blue", "-"],
        ["high", "fail", "deleteVault", "blue", "no"],
        ["high", "fail", "deleteVault", "blue", "yes"],
    ]
    assert [row[-1] for row in rows] == ["eve"] * 3
    assert [line for line in lines if line.startswith("  protection was taken away") and line.endswith("/changes/t-2")]
    assert len(lines) == 6


def test_a_change_that_was_committed_twice_is_listed_once(store: ProbedStore) -> None:
    digest = StoredChange(store, PROJECT, "t-2").digest()
    assert digest is not None
    again = {"seq": 4, "digest_object": f"{PROJECT}/changes/digest/0000000004-t-2.json"}
    commit(store, digest.model_copy(update=again), Unsigned())

    lines = invoke("changes", store.url, *OF_PROJECT).stdout.splitlines()
    assert len(lines) == 6


def test_programs_get_the_changes_as_they_are_stored(store: ProbedStore) -> None:
    (newest,) = orjson.loads(invoke("changes", store.url, *OF_PROJECT, "--last", "1", "--json").stdout)

    assert newest["change"] == orjson.loads(StoredChange(store, PROJECT, "t-3").report().dump())
    assert (newest["told"], newest["url"]) == (False, f"{store.url}/{PROJECT}/changes/t-3")


def test_a_store_without_changes_says_so(tmp_path: Path) -> None:
    told = invoke("changes", tmp_path / "store", *OF_PROJECT)

    assert (told.exit_code, told.stdout) == (0, "No changes: no event of Cloud Trace Service was judged here.\n")


def test_a_chain_of_changes_is_verified_beside_that_of_the_runs(store: ProbedStore) -> None:
    key = max(store.keys(f"{PROJECT}/changes/digest/"))
    head = sha256(store.read(key) or b"").hexdigest()
    plain = invoke("verify", store.url, *OF_PROJECT)
    anchored = invoke("verify", store.url, *OF_PROJECT, "--expect-head", head)

    assert (plain.exit_code, anchored.exit_code) == (0, 0)
    assert "  Changes: 3 digests, the newest judged at 2026-11-25T04:00:00Z; 15 objects as published (" in plain.stdout
    assert plain.stdout.endswith(f"Head     none\nChanges  {head}\n")
    assert "no change was cut off" in plain.stdout
    assert "no change was cut off" not in anchored.stdout
    assert "nothing was cut off" in anchored.stdout
    assert "That changes follow from the evidence: --replay" in plain.stdout


def test_a_changed_change_ends_with_ten(store: ProbedStore) -> None:
    store.replace(f"{PROJECT}/changes/t-2/event.json", b"{}")
    told = invoke("verify", store.url, *OF_PROJECT)

    assert told.exit_code == 10
    assert f"  {PROJECT}/changes/t-2/event.json: the object is missing or was changed\n" in told.stdout
    assert "Changes: " not in told.stdout


def test_a_digest_of_a_change_that_was_expected_and_is_not_there_is_a_fault(store: ProbedStore) -> None:
    assert invoke("verify", store.url, *OF_PROJECT, "--expect-head", "0" * 64).exit_code == 10


def test_every_change_must_be_signed_with_the_given_key(store: ProbedStore, tmp_path: Path) -> None:
    key = Ed25519PrivateKey.generate()
    (tmp_path / "key.pem").write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    judged(open_store(str(tmp_path / "signed")), "t-1", Ed25519Signer(private))
    given = (*OF_PROJECT, "--public-key", tmp_path / "key.pem", "--json")
    good, bad = (invoke("verify", url, *given) for url in (tmp_path / "signed", store.url))

    assert (good.exit_code, orjson.loads(good.stdout)["changes"]["signed"]) == (0, 1)
    assert (bad.exit_code, len(orjson.loads(bad.stdout)["faults"])) == (10, 3)


def test_the_times_of_changes_limit_what_is_read(store: ProbedStore) -> None:
    told = invoke("verify", store.url, *OF_PROJECT, "--from", "2026-11-24")

    assert (told.exit_code, "bytes read); those of 1 were not read." in told.stdout) == (0, True)


def test_an_event_that_nothing_confirmed_is_a_note(store: ProbedStore) -> None:
    StoredChange(store, PROJECT, "t-9").begin(EVENT)
    told = invoke("verify", store.url, *OF_PROJECT)

    assert (told.exit_code, "Note: project-1/changes/t-9: an event that was not confirmed" in told.stdout) == (0, True)


def test_a_good_verification_of_both_chains_is_noted_and_gone_on_from(tmp_path: Path) -> None:
    store, note = open_store(str(tmp_path / "store")), tmp_path / "note.json"
    for key, data in a_chain(1).objects.items():
        store.replace(key, data)
    options = (store.url, "--since-last", note)
    without = invoke("verify", *options)
    judged(store, "t-1", project_id=SCOPE)
    first = invoke("verify", *options)
    judged(store, "t-2", project_id=SCOPE, judged_at=NOW + timedelta(days=1))
    store.replace(f"{SCOPE}/changes/t-1/event.json", b"{}")
    second = invoke("verify", *options)
    for key in store.keys(f"{SCOPE}/changes/"):
        store.remove(key)
    third = invoke("verify", *options)

    before = "Changes verified before, and not read again: 1."
    assert (without.exit_code, "hanges" in without.stdout) == (0, False)
    assert (first.exit_code, "  Changes: 1 digest, " in first.stdout, before in first.stdout) == (0, True, False)
    assert (second.exit_code, before in second.stdout) == (0, True)
    assert (third.exit_code, "it is not there any more, nor is any change" in third.stdout) == (10, True)
