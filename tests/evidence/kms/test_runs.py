"""Whole runs whose digests a key in KMS signs, over a socket."""

import base64
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import utils

from audit import log
from audit.app.execute import execute
from audit.app.replay import replay
from audit.app.request import request_from_event
from audit.cli.commands import main
from audit.errors import SigningError, SigningRefusedError, SourceError
from audit.evidence.chain import Digest, Envelope, PublicKey
from audit.evidence.store import open_store
from audit.evidence.verify import verify
from audit.simulator import Request, Response, Simulator, serve
from tests.evidence.kms.without_cryptography import hide_cryptography
from tests.pretend import AS_OF, Context, a_simulator, audit, files_of, json_response, variables, without_waiting


def signed_run(simulator: Simulator, store: Path, *, hours: int = 0, **changed: str) -> None:
    with serve(simulator) as served:
        settings = {"CBR_AUDIT_SIGNING_KMS_KEY": simulator.key.id, "CBR_AUDIT_KMS_ENDPOINT": served.url, **changed}
        audit(simulator, store, as_of=AS_OF + timedelta(hours=hours), **settings)


def path_of(request: Request) -> str:
    return request.split().path.rpartition("/")[2]


def public_key(simulator: Simulator) -> PublicKey:
    return PublicKey(simulator.key.pem.encode())


def test_every_digest_is_signed_by_the_key_in_kms(tmp_path: Path) -> None:
    simulator = a_simulator()
    keys = {"HUAWEICLOUD_SDK_AK": simulator.ak, "HUAWEICLOUD_SDK_SK": simulator.sk}
    signed_run(simulator, tmp_path)
    signed_run(simulator, tmp_path, hours=1, **keys)
    store = open_store(str(tmp_path))
    result = verify(store, simulator.project_id, key=public_key(simulator))

    assert (result.signed, result.faults, result.notes) == (2, [], [])
    assert result.head is not None
    assert (result.head.algorithm, result.head.key_id) == ("ECDSA_SHA_256", public_key(simulator).fingerprint)
    assert replay(store, simulator.project_id, result.head.run).differing == ()


def test_the_function_signs_as_its_agency(tmp_path: Path) -> None:
    simulator = a_simulator()
    pair = simulator.temporary_keys()
    with serve(simulator) as served, without_waiting():
        settings = variables(simulator, served.url, tmp_path, CBR_AUDIT_USER="", CBR_AUDIT_PASSWORD="")
        settings |= {"CBR_AUDIT_SIGNING_KMS_KEY": simulator.key.id, "CBR_AUDIT_KMS_ENDPOINT": served.url}
        context = Context(settings, keys=(pair.ak, pair.sk, pair.token))
        execute(request_from_event({}, context, {}), lambda _progress: None)

    assert verify(open_store(str(tmp_path)), simulator.project_id, key=public_key(simulator)).signed == 1


def test_another_key_does_not_check_the_chain(tmp_path: Path) -> None:
    simulator = a_simulator()
    signed_run(simulator, tmp_path)
    simulator.key.id = "0d0466b0-e727-4d9c-b35d-f84bb474a37f"

    (fault,) = verify(open_store(str(tmp_path)), simulator.project_id, key=public_key(simulator)).faults
    assert "signed with another key" in fault.problem


def deny(*actions: str) -> Callable[[Simulator], None]:
    return lambda simulator: simulator.deny(*actions)


def change(**changed: str) -> Callable[[Simulator], None]:
    def make(simulator: Simulator) -> None:
        for name, value in changed.items():
            setattr(simulator.key, name, value)

    return make


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (deny("kms:cmk:sign"), r"answered 403 .*allow .* the action kms:cmk:sign \(deploy/iam/kms-sign.json\)"),
        (deny("kms:cmk:getPublicKey"), r"the action kms:cmk:getPublicKey \(deploy/iam/kms-sign.json\)"),
        (change(state="disabled"), "KMS.0209 .*enable the key CBR_AUDIT_SIGNING_KMS_KEY"),
        (change(state="pending deletion"), "KMS.0210 .*cancel the deletion of the key"),
        (change(usage="ENCRYPT_DECRYPT"), "answered 400 .*of the kind EC_P256, and made for SIGN_VERIFY"),
    ],
    ids=["may not sign", "may not see the key", "disabled", "to be deleted", "not for signing"],
)
def test_a_key_that_cannot_sign_is_told_before_anything_is_read(
    make: Callable[[Simulator], None], words: str, tmp_path: Path
) -> None:
    simulator = a_simulator()
    make(simulator)
    asked: list[str] = []
    simulator.intercept = lambda request, _number: asked.append(path_of(request))

    with pytest.raises(SigningRefusedError, match=words) as caught:
        signed_run(simulator, tmp_path)

    assert caught.value.exit_code == 2
    assert {*asked} <= {"tokens", "get-publickey", "sign"}
    assert files_of(tmp_path) == {}


def test_a_key_of_another_kind_or_an_unknown_one_is_told(tmp_path: Path) -> None:
    simulator = a_simulator()
    simulator.key.spec = "EC_P384"
    with pytest.raises(
        SigningError, match="not a key over P-256; CBR_AUDIT_SIGNING_KMS_KEY must name a key of the kind"
    ):
        signed_run(simulator, tmp_path)
    with pytest.raises(
        SigningError, match=r"KMS.0205 .*check CBR_AUDIT_SIGNING_KMS_KEY: the key must be in this project"
    ):
        signed_run(simulator, tmp_path, CBR_AUDIT_SIGNING_KMS_KEY="0d0466b0-e727-4d9c-b35d-f84bb474a37f")


def test_a_key_that_is_no_point_of_its_curve_is_told(tmp_path: Path) -> None:
    simulator = a_simulator()
    begin, *lines, end = simulator.key.pem.splitlines()
    der = base64.b64decode("".join(lines))
    odd = base64.b64encode(der[:-1] + bytes([der[-1] ^ 1])).decode()
    answer = json_response({"public_key": f"{begin}\n{odd}\n{end}"})
    simulator.intercept = lambda request, _number: answer if path_of(request) == "get-publickey" else None

    with pytest.raises(SigningError, match="KMS sent cannot be used: the file is not a public key in PEM"):
        signed_run(simulator, tmp_path)


def at_the_end(simulator: Simulator, odd: Callable[[], Response | None]) -> None:
    """Let the trial of the key pass, and answer the signing of the digest oddly."""
    signatures: list[str] = []

    def intercept(request: Request, _number: int) -> Response | None:
        signatures.extend(path_of(request) for _ in "x" if path_of(request) == "sign")
        return odd() if path_of(request) == "sign" and len(signatures) > 1 else None

    simulator.intercept = intercept


def test_a_key_that_is_disabled_during_a_run_loses_nothing(tmp_path: Path) -> None:
    simulator = a_simulator()
    signed_run(simulator, tmp_path)
    at_the_end(simulator, lambda: json_response({"error": {"error_code": "KMS.0209", "error_msg": "disabled"}}, 400))

    with pytest.raises(SigningRefusedError) as caught:
        signed_run(simulator, tmp_path, hours=1)

    told = str(caught.value)
    assert "enable the key CBR_AUDIT_SIGNING_KMS_KEY, which is disabled" in told
    assert f"the reports are stored under {tmp_path.as_uri()}/{simulator.project_id}/2026/11/23/20261123T13" in told
    assert told.endswith("and the next one reads everything again (signed in with user and password)")
    left = [name for name in files_of(tmp_path) if "/20261123T13" in name]
    assert {"report.json", "report.html", "manifest.json"} <= {Path(name).name for name in left}
    assert not [name for name in left if "/digest/" in name]

    simulator.intercept = None
    signed_run(simulator, tmp_path, hours=2)
    result = verify(open_store(str(tmp_path)), simulator.project_id, key=public_key(simulator))
    assert (result.signed, result.faults) == (2, [])
    assert [note.partition(": ")[2] for note in result.notes] == [
        "a run without a digest: it was interrupted and does not count"
    ]


def test_a_service_that_is_busy_is_asked_again(tmp_path: Path) -> None:
    simulator = a_simulator()
    answers = iter([Response(503), Response(429, {"Retry-After": "1"}), None, None])
    at_the_end(simulator, lambda: next(answers))
    signed_run(simulator, tmp_path)

    assert verify(open_store(str(tmp_path)), simulator.project_id, key=public_key(simulator)).signed == 1


def test_a_service_that_stays_away_is_told(tmp_path: Path) -> None:
    simulator = a_simulator()
    at_the_end(simulator, lambda: Response(503))

    with pytest.raises(SigningError, match="kms/sign answered 503; the evidence and the reports are stored") as caught:
        signed_run(simulator, tmp_path)

    assert caught.value.exit_code == 3
    assert not isinstance(caught.value, SourceError)


def test_an_endpoint_that_does_not_exist_is_told(tmp_path: Path) -> None:
    with pytest.raises(SigningError, match=r"127.0.0.1:1/.* did not answer: no connection"):
        signed_run(a_simulator(), tmp_path, CBR_AUDIT_KMS_ENDPOINT="http://127.0.0.1:1")


def signature(data: bytes) -> Response:
    return json_response({"key_id": "k", "signature": base64.b64encode(data).decode()})


@pytest.mark.parametrize(
    ("odd", "words"),
    [
        (Response(302, {"Location": "https://elsewhere.example/"}), "a redirect, which is not followed"),
        (Response(200, {}, b"<html>"), "kms/sign answered without signature; check CBR_AUDIT_KMS_ENDPOINT"),
        (json_response([]), "answered without signature"),
        (json_response({"signature": 5}), "answered without signature"),
        (json_response({"signature": "no base64"}), "what KMS sent is no signature"),
        (signature(b"x" * 63), "no signature: 63 bytes, neither DER nor r and s"),
        (signature(b"x" * 64), "no signature of its key sha256:[0-9a-f]{64}: nobody could check it"),
        (json_response({"error_code": "APIG.9", "error_msg": "odd"}, 418), "APIG.9 odd.; see the error codes of KMS"),
    ],
    ids=["redirect", "html", "list", "number", "text", "short", "of nobody", "teapot"],
)
def test_what_is_no_signature_is_not_written(odd: Response, words: str, tmp_path: Path) -> None:
    simulator = a_simulator()
    at_the_end(simulator, lambda: odd)

    with pytest.raises(SigningError, match=words):
        signed_run(simulator, tmp_path)

    assert not [name for name in files_of(tmp_path) if "/digest/" in name]


def hashed_again(simulator: Simulator) -> Callable[[Request, int], Response | None]:
    """As a service signs that hashes the digest once more."""

    def answer(request: Request, _number: int) -> Response | None:
        if path_of(request) != "sign":
            return None
        hashed = hashes.Hash(hashes.SHA256())
        hashed.update(base64.b64decode(orjson.loads(request.body)["message"]))
        return signature(simulator.key.sign(hashed.finalize()))

    return answer


def test_a_signature_over_other_bytes_is_not_written(tmp_path: Path) -> None:
    simulator = a_simulator()
    simulator.intercept = hashed_again(simulator)

    with pytest.raises(SigningError, match="nobody could check it"):
        signed_run(simulator, tmp_path)


@pytest.mark.parametrize("is_good", [True, False])
def test_without_cryptography_verify_is_what_checks_the_signature_and_the_log_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *, is_good: bool
) -> None:
    simulator, store, key = a_simulator(), tmp_path / "store", tmp_path / "key.pem"
    key.write_text(simulator.key.pem)
    simulator.intercept = None if is_good else hashed_again(simulator)
    log.set_up()
    with monkeypatch.context() as patch:
        hide_cryptography(patch, simulator)
        signed_run(simulator, store)
        refused = CliRunner().invoke(main, ["verify", str(store), "--public-key", str(key)])
    unchecked = CliRunner().invoke(main, ["verify", str(store)])
    checked = CliRunner().invoke(main, ["verify", str(store), "--public-key", str(key)])

    (line,) = (json.loads(line) for line in capsys.readouterr().out.splitlines() if "signature.unchecked" in line)
    assert line["remedy"].endswith("check the digests with cbr-audit verify --public-key")
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert "checking signatures needs cryptography; install" in refused.stderr
    assert unchecked.stdout.startswith("VERIFIED (signatures: not checked): everything is as published, unless ")
    assert checked.exit_code == (0 if is_good else 10)
    assert ("as published and signed with the given key.\n" in checked.stdout) is is_good
    assert ("the signature does not fit this key and these bytes" in checked.stdout) is not is_good


def test_plain_numbers_are_stored_as_openssl_reads_them(tmp_path: Path) -> None:
    simulator = a_simulator()

    def plain(request: Request, _number: int) -> Response | None:
        if path_of(request) != "sign":
            return None
        r, s = utils.decode_dss_signature(simulator.key.sign(base64.b64decode(orjson.loads(request.body)["message"])))
        return signature(r.to_bytes(32) + s.to_bytes(32))

    simulator.intercept = plain
    signed_run(simulator, tmp_path)
    assert verify(open_store(str(tmp_path)), simulator.project_id, key=public_key(simulator)).signed == 1


def test_what_is_asked_is_what_is_documented(tmp_path: Path) -> None:
    simulator = a_simulator()
    asked: list[Request] = []
    simulator.intercept = lambda request, _number: asked.append(request)
    signed_run(simulator, tmp_path)

    bodies = [(path_of(request), orjson.loads(request.body)) for request in asked if "/kms/" in request.url]
    assert [path for path, _ in bodies] == ["get-publickey", "sign", "sign"]
    assert bodies[0][1] == {"key_id": simulator.key.id}
    trial, last = (body.pop("message") for _, body in bodies[1:])
    form = {"key_id": simulator.key.id, "signing_algorithm": "ECDSA_SHA_256", "message_type": "DIGEST"}
    assert bodies[1][1] == bodies[2][1] == form
    assert trial != last
    (digest,) = (data for name, data in files_of(tmp_path).items() if "/digest/" in name)
    hashed = hashes.Hash(hashes.SHA256())
    hashed.update(Envelope.load(digest).signed)
    assert base64.b64decode(last) == hashed.finalize()
    assert Digest.open(Envelope.load(digest)).algorithm == "ECDSA_SHA_256"


def test_the_trial_of_a_key_can_never_be_taken_for_a_digest(tmp_path: Path) -> None:
    simulator = a_simulator()
    messages: set[bytes] = set()

    def remember(request: Request, _number: int) -> None:
        if path_of(request) == "sign":
            messages.add(request.body)

    for hours in (0, 1):
        simulator.intercept = remember
        signed_run(simulator, tmp_path, hours=hours)
    assert len(messages) == 3, "the trial is the same each time"
