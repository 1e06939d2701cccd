"""What ``cbr-audit doctor`` says of the key that signs digests."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from audit.cli.commands import main
from audit.evidence.chain import Ed25519Signer, PublicKey
from audit.simulator import Simulator, serve
from tests.evidence.kms.without_cryptography import hide_cryptography
from tests.pretend import a_simulator, variables, without_waiting


def said(simulator: Simulator, folder: Path, **changed: str) -> dict[str, str]:
    """What is said of each key, by what was tried."""
    with serve(simulator) as served, without_waiting():
        settings = variables(simulator, served.url, folder)
        settings |= {"CBR_AUDIT_SIGNING_KMS_KEY": simulator.key.id, "CBR_AUDIT_KMS_ENDPOINT": served.url, **changed}
        lines = CliRunner().invoke(main, ["doctor"], env=settings).stdout.splitlines()
    return {line[:15].strip(): line[16:] for line in lines if line.startswith(("public key", "signature"))}


def test_a_key_that_signs_is_named_as_digests_name_it(tmp_path: Path) -> None:
    simulator = a_simulator(resources=1)
    name = PublicKey(simulator.key.pem.encode()).fingerprint

    assert said(simulator, tmp_path) == {
        "public key": f"ok         {name}",
        "signature": f"ok         ECDSA_SHA_256 {name}",
    }


def test_a_signature_that_nothing_checked_is_not_called_good(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    simulator = a_simulator(resources=1)
    hide_cryptography(monkeypatch, simulator)
    lines = said(simulator, tmp_path)

    assert lines["public key"].startswith("ok")
    assert lines["signature"].startswith("MISSING    KMS signed, but nothing could check the signature: install")


def test_each_permission_that_is_missing_is_named(tmp_path: Path) -> None:
    simulator = a_simulator(resources=1)
    simulator.deny("kms:cmk:sign")
    lines = said(simulator, tmp_path)
    assert lines["public key"].startswith("ok")
    assert "MISSING" in lines["signature"]
    assert "the action kms:cmk:sign (deploy/iam/kms-sign.json)" in lines["signature"]

    simulator.deny("kms:cmk:getPublicKey")
    lines = said(simulator, tmp_path)
    assert "the action kms:cmk:getPublicKey (deploy/iam/kms-sign.json)" in lines["public key"]
    assert lines["signature"] == "not tried  the public key could not be read"


def test_a_password_that_was_refused_is_not_tried_for_the_key(tmp_path: Path) -> None:
    simulator = a_simulator(resources=1)
    lines = said(simulator, tmp_path, CBR_AUDIT_PASSWORD="wrong-pass-of-somebody")

    assert lines == dict.fromkeys(("public key", "signature"), "not tried  not signed in")
    assert simulator.requests == 2, "one for the time"


@pytest.mark.parametrize("is_there", [True, False])
def test_a_key_file_is_tried_too(tmp_path: Path, *, is_there: bool) -> None:
    key = ed25519.Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file = tmp_path / "key.pem"
    if is_there:
        file.write_bytes(key)
    changed = {"CBR_AUDIT_SIGNING_KMS_KEY": "", "CBR_AUDIT_KMS_ENDPOINT": "", "CBR_AUDIT_SIGNING_KEY": str(file)}
    (name, line), *others = said(a_simulator(resources=1), tmp_path / "store", **changed).items()

    assert (name, others) == ("signature", [])
    assert (
        line == f"ok         Ed25519 {Ed25519Signer(key).key_id}"
        if is_there
        else line.startswith("MISSING    cannot read the key")
    )
