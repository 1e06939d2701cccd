import base64
import hashlib
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from audit.simulator import Request, Response, Simulator
from tests.simulator.asking import a_simulator, body_of

KMS = "https://kms.sim-1.myhuaweicloud.com"
DIGEST = hashlib.sha256(b"signed").digest()


def ask(simulator: Simulator, path: str, body: Any, **headers: str) -> Response:
    named = {"X-Auth-Token": simulator.token, **{name.replace("_", "-"): value for name, value in headers.items()}}
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return simulator.dispatch(Request("POST", f"{KMS}/v1.0/{simulator.project_id}/kms/{path}", named, content))


def a_request(simulator: Simulator, content: bytes = DIGEST, **changed: Any) -> dict[str, Any]:
    return {
        "key_id": simulator.key.id,
        "message": base64.b64encode(content).decode(),
        "signing_algorithm": "ECDSA_SHA_256",
        **changed,
    }


def verified(simulator: Simulator, answer: Response, kind: hashes.HashAlgorithm) -> None:
    """Check a signature with the public key, both as they were answered."""
    told = body_of(ask(simulator, "get-publickey", {"key_id": simulator.key.id}))
    key = load_pem_public_key(told["public_key"].encode())
    assert isinstance(key, ec.EllipticCurvePublicKey)
    assert (told["key_id"], body_of(answer)["key_id"]) == (simulator.key.id, simulator.key.id)
    key.verify(base64.b64decode(body_of(answer)["signature"]), b"signed", ec.ECDSA(kind))


def test_a_digest_is_signed_and_the_public_key_checks_it() -> None:
    simulator = a_simulator(resources=1)

    verified(simulator, ask(simulator, "sign", a_request(simulator)), hashes.SHA256())
    verified(simulator, ask(simulator, "sign", a_request(simulator, b"signed", message_type="RAW")), hashes.SHA256())


def test_a_key_of_another_kind_signs_by_its_own_algorithm() -> None:
    simulator = a_simulator(resources=1)
    simulator.key.spec = "EC_P384"
    asked = a_request(simulator, b"signed", message_type="RAW", signing_algorithm="ECDSA_SHA_384")

    verified(simulator, ask(simulator, "sign", asked), hashes.SHA384())
    assert ask(simulator, "sign", a_request(simulator)).status == 400


def test_the_same_project_has_the_same_key() -> None:
    one, other = a_simulator(resources=1), a_simulator(resources=1)
    assert (one.key.id, one.key.pem) == (other.key.id, other.key.pem)
    assert one.key.pem.startswith("-----BEGIN PUBLIC KEY-----\r\n")


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"key_id": "0d0466b0-e727-4d9c-b35d-f84bb474a37f"}, "KMS.0205"),
        ({"message": "no base64"}, "KMS.0204"),
        ({"message": ""}, "KMS.0203"),
        ({"message": base64.b64encode(bytes(4096)).decode()}, "KMS.0203"),
        ({"message": base64.b64encode(bytes(31)).decode()}, "KMS.0204"),
        ({"message_type": "TEXT"}, "KMS.0204"),
        ({"signing_algorithm": "RSASSA_PSS_SHA_256"}, "KMS.0204"),
        ({"colour": "red"}, "KMS.0204"),
    ],
)
def test_what_kms_does_not_sign_is_refused(changed: dict[str, Any], code: str) -> None:
    simulator = a_simulator(resources=1)
    answer = ask(simulator, "sign", a_request(simulator, **changed))

    assert (answer.status, body_of(answer)["error_code"]) == (400, code)


@pytest.mark.parametrize("body", [b"no JSON", [], {}, 5])
def test_what_is_no_request_is_refused(body: Any) -> None:
    answer = ask(a_simulator(resources=1), "get-publickey", body)
    assert (answer.status, body_of(answer)["error_code"]) == (400, "KMS.0202")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"state": "disabled"}, "KMS.0209"),
        ({"state": "pending deletion"}, "KMS.0210"),
        ({"usage": "ENCRYPT_DECRYPT"}, "KMS.0401"),
    ],
)
def test_a_key_that_may_not_sign_does_not(change: dict[str, str], code: str) -> None:
    simulator = a_simulator(resources=1)
    for name, value in change.items():
        setattr(simulator.key, name, value)

    assert body_of(ask(simulator, "sign", a_request(simulator)))["error_code"] == code


@pytest.mark.parametrize(("path", "action"), [("sign", "kms:cmk:sign"), ("get-publickey", "kms:cmk:getPublicKey")])
def test_a_permission_can_be_taken_away_and_strangers_are_refused(path: str, action: str) -> None:
    simulator = a_simulator(resources=1)
    simulator.deny(action)

    assert ask(simulator, path, a_request(simulator)).status == 403
    assert ask(simulator, path, a_request(simulator), X_Auth_Token="wrong").status == 401
