import hashlib
import random
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial

import orjson
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from audit.errors import ChainError, SettingsError
from audit.evidence.chain import Digest, Ed25519Signer, Envelope, PublicKey, Signature, find_head
from audit.evidence.verify import Verification, proven, unproven, verify
from tests.builders import a_collection, a_reading
from tests.evidence.chains import HOUR, SCOPE, Shelf, a_chain, a_report, facts, publish
from tests.evidence.forging import edit, point_to

KEY = ed25519.Ed25519PrivateKey.generate()
SIGNER = Ed25519Signer(KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
PUBLIC = PublicKey(KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
OTHER = Ed25519Signer(
    ed25519.Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
)
CLEAN = a_chain(4, SIGNER)
SPARED = 11  # `make tamper` tries every bit


def checked(shelf: Shelf, **options: object) -> Verification:
    return verify(shelf, SCOPE, **options)  # type: ignore[arg-type]  # options of one call only


def problems(result: Verification) -> list[str]:
    return [f"{fault.object}: {fault.problem}" for fault in result.faults]


def keys(shelf: Shelf, part: str) -> list[str]:
    return [key for key in shelf.keys(f"{SCOPE}/") if part in key]


def head_of(shelf: Shelf) -> str:
    return hashlib.sha256(shelf.objects[keys(shelf, "/digest/")[-1]]).hexdigest()


def test_a_clean_chain_has_no_fault_and_says_what_it_proves() -> None:
    result = checked(CLEAN, key=PUBLIC, expected_head=head_of(CLEAN))

    assert problems(result) == []
    assert (result.digests, result.objects, result.signed, result.unchecked) == (4, 16, 4, 0)
    assert (result.head_sha256, result.notes) == (head_of(CLEAN), [])
    assert result.size == sum(len(data) for key, data in CLEAN.objects.items() if not key.endswith("latest.json"))
    assert [line.split()[0] for line in proven(result)] == ["4", "16", "Every"]
    assert next(proven(checked(a_chain(1)))).startswith("There is one digest, of the window that ended 2026-11-23T13:")
    assert [line.split()[0] for line in unproven(result, has_anchor=True)] == ["That", "That", "Anything"]


def test_a_chain_without_signatures_is_checked_by_its_hashes_and_says_so() -> None:
    result = checked(a_chain(2))

    assert problems(result) == []
    assert not result.signed
    assert any("not signed" in line for line in unproven(result, has_anchor=False))


def test_signatures_that_nobody_checked_are_counted() -> None:
    result = checked(CLEAN)

    assert (result.signed, result.unchecked) == (0, 4)
    assert any("--public-key" in line for line in unproven(result, has_anchor=False))


def test_a_store_without_a_chain_proves_nothing() -> None:
    result = checked(Shelf())

    assert (result.digests, result.head, list(proven(result))) == (0, None, [])


@pytest.mark.parametrize("seed", range(20))
def test_a_clean_chain_is_never_called_changed(seed: int) -> None:
    length = random.Random(seed).randrange(1, 8)  # noqa: S311  # repeatable

    assert problems(checked(a_chain(length, [SIGNER, None][seed % 2]))) == []


def flip(data: bytes, place: int, bit: int) -> bytes:
    return data[:place] + bytes([data[place] ^ (1 << bit)]) + data[place + 1 :]


@pytest.mark.parametrize("part", ["/digest/", "manifest.json"])
def test_a_flipped_bit_is_found_wherever_it_is(part: str) -> None:
    chance = random.Random(part)  # noqa: S311  # repeatable
    for key in keys(CLEAN, part):
        for place in range(chance.randrange(SPARED), len(CLEAN.objects[key]), SPARED):
            shelf = CLEAN.copy()
            shelf.objects[key] = flip(shelf.objects[key], place, chance.randrange(8))
            assert checked(shelf).faults, (key, place)


@pytest.mark.parametrize("part", ["report.json", "shared/"])
def test_a_flipped_bit_of_an_object_names_the_object(part: str) -> None:
    for key in keys(CLEAN, part):
        shelf = CLEAN.copy()
        shelf.objects[key] = flip(shelf.objects[key], 11, 3)
        (problem,) = problems(checked(shelf))
        assert problem.startswith(f"{key}: the object was changed")


def resealed(shelf: Shelf, key: str, change: Callable[[dict[str, object]], None], signer: Ed25519Signer) -> None:
    """Write a digest anew, signed, as somebody who has a key would."""
    values = orjson.loads(Envelope.load(shelf.objects[key]).payload)
    change(values)
    payload = orjson.dumps(values, option=orjson.OPT_SORT_KEYS)
    bare = Envelope("application/vnd.cbr-audit.digest.v1+json", payload)
    signature = Signature(signer.key_id, signer.sign(bare.signed))
    shelf.objects[key] = Envelope(bare.payload_type, payload, (signature,)).dump()


DIGESTS = keys(CLEAN, "/digest/")
NOWHERE = {"object": "nowhere", "sha256": "0" * 64, "signature": ""}


def truncate(shelf: Shelf) -> None:
    shelf.objects[DIGESTS[1]] = shelf.objects[DIGESTS[1]][:-9]


def delete_a_digest(shelf: Shelf) -> None:
    del shelf.objects[DIGESTS[1]]


def delete_the_first(shelf: Shelf) -> None:
    del shelf.objects[DIGESTS[0]]


def delete_an_object(shelf: Shelf) -> None:
    del shelf.objects[keys(shelf, "report.json")[2]]


def delete_a_manifest(shelf: Shelf) -> None:
    del shelf.objects[keys(shelf, "manifest.json")[2]]


def swap(shelf: Shelf) -> None:
    one, other = keys(shelf, "report.json")[:2]
    shelf.objects[one], shelf.objects[other] = shelf.objects[other], shelf.objects[one]


def reorder(shelf: Shelf) -> None:
    shelf.objects[DIGESTS[1]], shelf.objects[DIGESTS[2]] = shelf.objects[DIGESTS[2]], shelf.objects[DIGESTS[1]]


def add_an_object(shelf: Shelf) -> None:
    shelf.objects[f"{keys(shelf, 'manifest.json')[0].removesuffix('manifest.json')}extra.json"] = b"{}"


def add_beside(shelf: Shelf) -> None:
    shelf.objects[f"{SCOPE}/note.txt"] = b"hello"


def replay_an_old_digest(shelf: Shelf) -> None:
    shelf.objects[f"{SCOPE}/digest/0000000005-again.json"] = shelf.objects[DIGESTS[0]]


def sign_with_another_key(shelf: Shelf) -> None:
    resealed(shelf, DIGESTS[-1], lambda values: values.update(key_id=OTHER.key_id), OTHER)


def take_the_signature_away(shelf: Shelf) -> None:
    envelope = Envelope.load(shelf.objects[DIGESTS[-1]])
    shelf.objects[DIGESTS[-1]] = Envelope(envelope.payload_type, envelope.payload).dump()


def sign_twice(shelf: Shelf) -> None:
    envelope = Envelope.load(shelf.objects[DIGESTS[-1]])
    shelf.objects[DIGESTS[-1]] = Envelope(envelope.payload_type, envelope.payload, envelope.signatures * 2).dump()


def move_a_signature(shelf: Shelf) -> None:
    one, other = (Envelope.load(shelf.objects[key]) for key in DIGESTS[-2:])
    shelf.objects[DIGESTS[-1]] = Envelope(other.payload_type, other.payload, one.signatures).dump()


def change_the_conclusion(shelf: Shelf) -> None:
    resealed(shelf, DIGESTS[1], lambda values: values.update(conclusion="compliant"), SIGNER)


def skip_a_number(shelf: Shelf) -> None:
    key = f"{SCOPE}/digest/0000000006-{facts(4).id}.json"
    shelf.objects[key] = shelf.objects.pop(DIGESTS[-1])
    resealed(shelf, key, lambda values: values.update(seq=6, digest_object=key), SIGNER)


def begin_anew(shelf: Shelf) -> None:
    resealed(shelf, DIGESTS[-1], lambda values: values.update(previous=None), SIGNER)


def fork(shelf: Shelf) -> None:
    key = DIGESTS[-1].replace("000004", "999999")
    shelf.objects[key] = shelf.objects[DIGESTS[-1]]
    name = key.partition("-")[2].removesuffix(".json")
    resealed(shelf, key, lambda values: values.update(run=name, digest_object=key), SIGNER)


def point_elsewhere(shelf: Shelf) -> None:
    shelf.objects[f"{SCOPE}/latest.json"] = b'{"manifest_sha256": "0"}'


def damage_the_pointer(shelf: Shelf) -> None:
    shelf.objects[f"{SCOPE}/latest.json"] = b"[]"


def put_something_else(shelf: Shelf) -> None:
    shelf.objects[DIGESTS[1]] = Envelope("text/plain", b"digest").dump()


TAMPERING = [
    truncate,
    delete_a_digest,
    delete_the_first,
    delete_an_object,
    delete_a_manifest,
    swap,
    reorder,
    add_an_object,
    add_beside,
    replay_an_old_digest,
    sign_with_another_key,
    take_the_signature_away,
    sign_twice,
    move_a_signature,
    change_the_conclusion,
    skip_a_number,
    begin_anew,
    fork,
    point_elsewhere,
    damage_the_pointer,
    put_something_else,
]


@pytest.mark.parametrize("tamper", TAMPERING, ids=lambda each: each.__name__)
def test_tampering_is_found(tamper: Callable[[Shelf], None]) -> None:
    shelf = CLEAN.copy()
    tamper(shelf)

    result = checked(shelf, key=PUBLIC)

    assert result.faults
    assert list(proven(result)) == []


@pytest.mark.parametrize("options", [{}, {"key": PUBLIC}])
def test_a_signature_that_was_taken_away_is_missed_without_the_key_too(options: dict[str, object]) -> None:
    shelf = CLEAN.copy()
    take_the_signature_away(shelf)
    publish_pointer(shelf)

    (problem,) = problems(checked(shelf, **options))
    assert problem.startswith(DIGESTS[-1])
    assert "sign" in problem


def test_an_end_that_was_cut_off_shows_only_against_a_head_that_was_noted() -> None:
    shelf = a_chain(3, SIGNER)
    noted = head_of(shelf)
    for key in keys(shelf, facts(3).id):
        del shelf.objects[key]
    publish_pointer(shelf)

    assert problems(checked(shelf, key=PUBLIC)) == []
    assert any("cut off" in problem for problem in problems(checked(shelf, key=PUBLIC, expected_head=noted)))


def publish_pointer(shelf: Shelf) -> None:
    point_to(shelf, keys(shelf, "/digest/")[-1])


def test_a_whole_chain_that_was_forged_without_the_key_is_found() -> None:
    forged = a_chain(4, OTHER)

    assert len(problems(checked(forged, key=PUBLIC))) == 4


def test_a_manifest_that_fits_its_digest_and_makes_no_sense_is_a_fault() -> None:
    shelf = a_chain(1)
    manifest = keys(shelf, "manifest.json")[0]
    for odd in (b"{}", b"[]", b"no", b'{"pages": [], "objects": [5]}'):
        shelf.objects[manifest] = odd
        change = {"object": manifest, "sha256": hashlib.sha256(odd).hexdigest(), "signature": ""}
        resealed(shelf, keys(shelf, "/digest/")[0], partial(dict.update, manifest=change), OTHER)
        assert f"{manifest}: the manifest is damaged" in "".join(problems(checked(shelf)))


def with_origin(shelf: Shelf, number: int, **changed: str) -> str:
    """Write the manifest of the n-th run anew, with another origin, as somebody who has a key would; return its key."""
    manifest, digest = keys(shelf, "manifest.json")[number], keys(shelf, "/digest/")[number]
    values = orjson.loads(shelf.objects[manifest])
    values["origin"] = {**values["origin"], **changed}
    shelf.objects[manifest] = orjson.dumps(values)
    named = {"object": manifest, "sha256": hashlib.sha256(shelf.objects[manifest]).hexdigest(), "signature": ""}
    resealed(shelf, digest, lambda old: old.update(manifest=named), SIGNER)
    publish_pointer(shelf)
    return manifest


@pytest.mark.parametrize(
    "changed",
    [
        {"run": "20261123T130000Z-ffffffffffff"},
        {"prefix": f"{SCOPE}/elsewhere"},
        {"manifest_sha256": "0" * 64},
        {"run": facts(4).id, "prefix": f"{SCOPE}/2026/11/23/{facts(4).id}"},
    ],
    ids=["another run", "another place", "other bytes", "itself"],
)
def test_a_run_that_goes_on_from_none_of_the_chain_is_found(changed: dict[str, str]) -> None:
    shelf = CLEAN.copy()
    manifest = with_origin(shelf, 3, **changed)

    assert problems(checked(shelf, key=PUBLIC)) == [
        f"{manifest}: it continues a run that is not in the chain: {changed.get('run', facts(3).id)}"
    ]


def test_an_older_run_of_the_chain_may_be_gone_on_from() -> None:
    shelf = CLEAN.copy()
    older = Digest.open(Envelope.load(shelf.objects[DIGESTS[0]]))
    prefix = older.manifest.object.removesuffix("/manifest.json")
    with_origin(shelf, 3, run=older.run, prefix=prefix, manifest_sha256=older.manifest.sha256)

    assert problems(checked(shelf, key=PUBLIC)) == []


def test_an_answer_that_is_not_the_one_in_the_manifest_is_found() -> None:
    shelf = a_chain(1)
    manifest = keys(shelf, "manifest.json")[0]
    values = orjson.loads(shelf.objects[manifest])
    values["pages"][0]["sha256"] = "0" * 64
    shelf.objects[manifest] = orjson.dumps(values)
    change = {"object": manifest, "sha256": hashlib.sha256(shelf.objects[manifest]).hexdigest(), "signature": ""}
    resealed(shelf, keys(shelf, "/digest/")[0], lambda digest: digest.update(manifest=change), OTHER)
    publish_pointer(shelf)

    problem = f"the response inside is not the one that the manifest names; needed by {facts(1).id}"
    assert problems(checked(shelf)) == [f"{keys(shelf, 'shared/')[0]}: {problem}"]


def test_two_runs_that_overlapped_are_noted_until_a_later_one_records_it_and_after() -> None:
    shelf = a_chain(1, SIGNER)
    first = keys(shelf, "/digest/")[0]
    early = shelf.copy()
    publish(shelf, 2, SIGNER, on=first)
    publish(early, 3, SIGNER, on=first)
    shelf.objects = {**early.objects, **shelf.objects}

    result = checked(shelf, key=PUBLIC)
    assert problems(result) == []
    assert [note.partition(": ")[2][:35] for note in result.notes] == ["this run and another overlapped, so"] * 2

    publish(shelf, 4, SIGNER)
    result = checked(shelf, key=PUBLIC)
    assert problems(result) == []
    assert len(result.notes) == 1
    newest = Digest.open(Envelope.load(shelf.objects[keys(shelf, "/digest/")[-1]]))
    assert (newest.seq, len(newest.siblings)) == (3, 1)


def test_a_run_beside_the_chain_that_no_later_one_records_is_a_fault() -> None:
    late, apart = CLEAN.copy(), a_chain(1, SIGNER)
    publish(late, 5, SIGNER, on=DIGESTS[1])
    other = apart.copy()
    for number in (2, 3):
        publish(apart, number, SIGNER)
        publish(other, number + 2, SIGNER)
    apart.objects = {**other.objects, **apart.objects}

    for shelf, forks in ((late, 1), (apart, 2)):
        told = [problem for problem in problems(checked(shelf, key=PUBLIC)) if "a fork" in problem]
        assert len(told) == forks
        assert told[0].endswith("it was put there later, or its run ended only after the next one had begun")


def test_two_branches_that_were_both_gone_on_from_are_told_even_where_they_were_joined() -> None:
    shelf = a_chain(1, SIGNER)
    other = shelf.copy()
    for number in (2, 3):
        publish(shelf, number, SIGNER)
        publish(other, number + 2, SIGNER)
    shelf.objects = {**other.objects, **shelf.objects}
    publish(shelf, 6, SIGNER)

    result = checked(shelf, key=PUBLIC)
    assert problems(result) == []
    assert [note.partition(": ")[2] for note in result.notes] == [
        "a fork: several runs with this number were followed",
        "a fork: several runs with this number were followed",
        "this run and another followed the same digest; a later digest records that",
    ]


def test_a_run_that_was_broken_off_is_noted_and_no_fault() -> None:
    shelf = CLEAN.copy()
    shelf.objects[f"{SCOPE}/2026/11/23/broken/raw/00001-vaults.json.gz"] = b""

    result = checked(shelf)

    assert problems(result) == []
    assert result.notes == ["2026/11/23/broken: a run without a digest: it was interrupted and does not count"]


def test_objects_outside_the_asked_time_are_not_read() -> None:
    late = facts(3).as_of - timedelta(minutes=1)
    shelf = CLEAN.copy()
    shelf.objects[keys(shelf, "report.json")[0]] = b"changed"

    assert problems(checked(shelf, since=late)) == []
    assert problems(checked(shelf, until=late - HOUR)) != []
    assert checked(shelf, since=late).digests == 4
    told = next(line for line in proven(checked(shelf, since=late)) if "objects are as published" in line)
    assert told.endswith(", and the objects of 2 runs were not read.")
    assert any(line.endswith(", and there are no others.") for line in proven(checked(CLEAN)))


def test_runs_that_a_rule_of_the_bucket_removed_may_be_gone_before_the_asked_time() -> None:
    shelf = CLEAN.copy()
    for key in [key for number in (1, 2) for key in keys(shelf, f"/{facts(number).id}/")]:
        del shelf.objects[key]
    result = checked(shelf, key=PUBLIC, since=facts(3).as_of)

    assert (problems(result), result.signed) == ([], 4)
    [gone, left] = result.notes
    assert left.endswith(": no run needs 2 of these objects; they are left of interrupted or removed runs")
    assert gone == "2 runs before the given time were removed; their digests are still there"
    assert any(line.endswith(", and the objects of 2 runs were not read.") for line in proven(result))
    shelf.objects[keys(CLEAN, f"/{facts(2).id}/report.json")[0]] = b"planted"
    [left, *_] = checked(shelf, key=PUBLIC, since=facts(3).as_of).notes
    assert left.endswith("its manifest was removed, and 1 objects are left that nothing can be checked against")
    assert len(problems(checked(shelf, key=PUBLIC))) == 2
    assert len(problems(checked(shelf, key=PUBLIC, since=facts(2).as_of))) == 1
    resealed(shelf, DIGESTS[0], lambda values: values.update(manifest={**NOWHERE, "object": "manifest.json"}), SIGNER)
    assert "names objects outside of its project" in "".join(problems(checked(shelf, since=facts(3).as_of)))
    shelf.objects[keys(CLEAN, "manifest.json")[1]] = b"{}"
    assert "the manifest was changed" in "".join(problems(checked(shelf, key=PUBLIC, since=facts(3).as_of)))


def test_an_elliptic_key_as_kms_has_it_checks_signatures_too() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    public = PublicKey(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))

    class Kms:
        key_id = public.fingerprint
        algorithm = "ECDSA_SHA_256"

        def sign(self, data: bytes) -> bytes:
            return key.sign(data, ec.ECDSA(hashes.SHA256()))

    assert checked(a_chain(2, Kms()), key=public).signed == 2


@pytest.mark.parametrize("pem", [b"", b"no key", PUBLIC.fingerprint.encode()], ids=["empty", "text", "fingerprint"])
def test_what_is_no_key_is_refused(pem: bytes) -> None:
    with pytest.raises(SettingsError, match="not a private key in PEM"):
        Ed25519Signer(pem)
    with pytest.raises(SettingsError, match="not a public key in PEM"):
        PublicKey(pem)


def test_a_key_of_another_kind_is_refused() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    with pytest.raises(SettingsError, match="openssl genpkey -algorithm ed25519"):
        Ed25519Signer(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b"[]",
        b'{"payload": 1, "payloadType": "x", "signatures": []}',
        b'{"payload": "*", "payloadType": "x"}',
    ],
)
def test_what_is_no_envelope_is_refused(data: bytes) -> None:
    with pytest.raises(ChainError, match="not an envelope"):
        Envelope.load(data)


def test_an_envelope_is_taken_only_as_it_was_written() -> None:
    data = Envelope("x", b"y").dump()

    assert Envelope.load(data) == Envelope("x", b"y")
    with pytest.raises(ChainError, match="something was changed or added"):
        Envelope.load(data + b" ")


@pytest.mark.parametrize("payload", [b"", b"{}", b"[]"])
def test_an_envelope_may_hold_no_digest(payload: bytes) -> None:
    with pytest.raises(ChainError, match="no digest of a known form"):
        Digest.open(Envelope("application/vnd.cbr-audit.digest.v1+json", payload))


def test_a_digest_is_taken_only_as_digests_are_written() -> None:
    payload = Envelope.load(CLEAN.objects[DIGESTS[0]]).payload

    with pytest.raises(ChainError, match="not written as digests are"):
        Digest.open(Envelope("application/vnd.cbr-audit.digest.v1+json", payload + b" "))


@pytest.mark.parametrize("damage", [b"", b"{}", CLEAN.objects[DIGESTS[3]][:-5]])
def test_a_run_follows_a_damaged_digest_by_the_bytes_that_are_there(damage: bytes) -> None:
    shelf = CLEAN.copy()
    shelf.objects[DIGESTS[3]] = damage
    publish(shelf, 5, SIGNER)

    newest = Digest.open(Envelope.load(shelf.objects[keys(shelf, "/digest/")[-1]]))
    assert newest.seq == 5
    assert newest.previous is not None
    assert newest.previous.sha256 == hashlib.sha256(damage).hexdigest()
    assert DIGESTS[3] in {fault.object for fault in checked(shelf, key=PUBLIC).faults}


@pytest.mark.parametrize("pointer", [None, DIGESTS[3], DIGESTS[1], "p1/digest/gone.json", "elsewhere"])
def test_the_newest_digest_is_found_from_any_pointer(pointer: str | None) -> None:
    head = find_head(CLEAN, SCOPE, pointer)

    assert head is not None
    assert (head.seq, head.link.object) == (4, DIGESTS[3])


def test_what_lies_among_the_digests_and_is_none_is_no_head() -> None:
    assert find_head(Shelf({f"{SCOPE}/digest/readme.txt": b""}), SCOPE, None) is None


def test_a_window_that_ends_no_later_than_the_one_before_is_a_backfill() -> None:
    shelf = a_chain(2)
    publish(shelf, 3, judged=1)

    newest = Digest.open(Envelope.load(shelf.objects[keys(shelf, "/digest/")[-1]]))
    assert (newest.seq, newest.kind) == (3, "backfill")


def test_a_window_without_tasks_has_a_digest_of_its_own_kind() -> None:
    kinds = {Digest.open(Envelope.load(CLEAN.objects[key])).kind for key in DIGESTS}
    empty = Shelf()
    publish(empty, 1, report=replace(a_report(), collection=a_collection(readings=(a_reading(distinct=0),))))

    assert kinds == {"normal"}
    assert Digest.open(Envelope.load(empty.objects[keys(empty, "/digest/")[0]])).kind == "empty"


def test_without_cryptography_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.serialization", None)

    with pytest.raises(SettingsError, match="needs cryptography; install it with pip"):
        Ed25519Signer(b"")
    with pytest.raises(SettingsError, match="needs cryptography; install it with pip"):
        PublicKey(b"")


@pytest.mark.parametrize(
    "key",
    [rsa.generate_private_key(65537, 2048).public_key(), ec.generate_private_key(ec.SECP384R1()).public_key()],
    ids=["rsa", "another curve"],
)
def test_a_public_key_of_another_kind_is_refused(key: rsa.RSAPublicKey | ec.EllipticCurvePublicKey) -> None:
    with pytest.raises(SettingsError, match="neither an Ed25519 key nor one over P-256"):
        PublicKey(key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))


def test_a_shared_object_is_named_by_its_hash() -> None:
    shelf = a_chain(1)
    manifest, right = keys(shelf, "manifest.json")[0], keys(shelf, "shared/")[0]
    wrong = f"{SCOPE}/shared/2026-11/{'0' * 64}.json.gz"
    shelf.objects[wrong] = shelf.objects.pop(right)
    name, other = (key.removeprefix(f"{SCOPE}/").encode() for key in (right, wrong))
    shelf.objects[manifest] = shelf.objects[manifest].replace(name, other)
    change = {"object": manifest, "sha256": hashlib.sha256(shelf.objects[manifest]).hexdigest(), "signature": ""}
    resealed(shelf, keys(shelf, "/digest/")[0], lambda digest: digest.update(manifest=change), OTHER)
    publish_pointer(shelf)

    assert problems(checked(shelf)) == [f"{wrong}: its name is not its hash; needed by {facts(1).id}"]


def test_an_answer_that_is_not_gzipped_is_found() -> None:
    shelf = a_chain(1)
    manifest, raw = keys(shelf, "manifest.json")[0], f"{SCOPE}/shared/2026-11/{hashlib.sha256(b'plain').hexdigest()}.gz"
    values = orjson.loads(shelf.objects[manifest])
    shelf.objects[raw] = b"plain"
    del shelf.objects[keys(shelf, ".json.gz")[0]]
    name = values["pages"][0]["name"] = raw.removeprefix(f"{SCOPE}/")
    values["objects"] = [{"name": name, "size": 5, "sha256": hashlib.sha256(b"plain").hexdigest()}]
    del shelf.objects[keys(shelf, "report.json")[0]], shelf.objects[keys(shelf, "findings.ndjson.gz")[0]]
    shelf.objects[manifest] = orjson.dumps(values)
    change = {"object": manifest, "sha256": hashlib.sha256(shelf.objects[manifest]).hexdigest(), "signature": ""}
    resealed(shelf, keys(shelf, "/digest/")[0], lambda digest: digest.update(manifest=change), OTHER)
    del shelf.objects[f"{SCOPE}/latest.json"]

    assert problems(checked(shelf)) == [
        f"{raw}: the response inside is not the one that the manifest names; needed by {facts(1).id}"
    ]


@pytest.mark.parametrize("odd", [b"no", b"[]", b'{"a": 1}'])
def test_beside_a_manifest_that_makes_no_sense_the_pointer_is_checked_all_the_same(odd: bytes) -> None:
    shelf = a_chain(1)
    manifest = keys(shelf, "manifest.json")[0]
    shelf.objects[manifest] = odd
    change = {"object": manifest, "sha256": hashlib.sha256(odd).hexdigest(), "signature": ""}
    resealed(shelf, keys(shelf, "/digest/")[0], lambda digest: digest.update(manifest=change), OTHER)
    publish_pointer(shelf)

    assert f"{manifest}: the manifest is damaged or was written by a later version" in "".join(problems(checked(shelf)))


@pytest.mark.parametrize("odd", [["x"], {}, None, 5])
def test_a_pointer_to_no_key_is_damaged(odd: object) -> None:
    shelf = a_chain(1)
    pointer = orjson.loads(shelf.objects[f"{SCOPE}/latest.json"])
    shelf.objects[f"{SCOPE}/latest.json"] = orjson.dumps({**pointer, "digest": odd})

    (problem,) = problems(checked(shelf))
    assert problem.startswith(f"{SCOPE}/latest.json: the pointer to the latest run is damaged")


def test_a_pointer_that_lags_by_one_run_is_noted_and_by_more_is_a_fault() -> None:
    shelf = CLEAN.copy()
    point_to(shelf, DIGESTS[2])
    (note,) = checked(shelf).notes

    assert problems(checked(shelf)) == []
    assert note.endswith("is newer: that run was interrupted before it moved the pointer, or it was put back")
    point_to(shelf, DIGESTS[1])
    assert problems(checked(shelf)) == [
        f"{SCOPE}/latest.json: the pointer names {facts(2).id}, although {facts(4).id} is newer: it was put back"
    ]


def test_a_pointer_that_differs_from_its_digest_leads_to_no_run() -> None:
    for name, value in (
        ("run", "x"),
        ("as_of", "2026-11-22T00:00:00Z"),
        ("prefix", "p1/x"),
        ("conclusion", "compliant"),
    ):
        shelf = CLEAN.copy()
        edit(shelf, f"{SCOPE}/latest.json", lambda pointer: pointer.update({name: value}))  # noqa: B023  # called here
        assert [problem.partition(": ")[2] for problem in problems(checked(shelf))] == [
            "the pointer to the latest run leads to no run of the chain"
        ]


def test_a_pointer_that_is_missing_is_noted() -> None:
    shelf = CLEAN.copy()
    del shelf.objects[f"{SCOPE}/latest.json"]

    assert checked(shelf).notes == [
        f"{SCOPE}/latest.json: the pointer to the latest run is missing; the next run writes it again"
    ]
