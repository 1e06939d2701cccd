"""The commands of docs/verify-by-hand.md, run as they stand there."""

import ast
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from uuid import UUID

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from audit.evidence.chain import Ed25519Signer, PublicKey
from audit.history import History
from audit.simulator import serve
from tests.builders import NOW, TICK, a_rejected, a_task
from tests.docs.pages import code_of
from tests.evidence.chains import SCOPE, Shelf, a_chain
from tests.pretend import a_simulator, audit

PAGE = "verify-by-hand.md"
TOOLS = ("bash", "jq", "sha256sum", "gzip", "base64", "openssl")
MISSING = [tool for tool in TOOLS if shutil.which(tool) is None]
pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"the page uses {', '.join(MISSING)}, which this machine lacks")

KEY = ed25519.Ed25519PrivateKey.generate()
SIGNER = Ed25519Signer(
    KEY.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
)


def pem(key: ed25519.Ed25519PublicKey | ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def on_disk(shelf: Shelf, folder: Path) -> Path:
    for key, data in shelf.objects.items():
        path = folder / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder / SCOPE


def bash(script: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["bash", "-c", script], cwd=folder, capture_output=True, text=True, check=False)  # noqa: S607  # the page is for a shell


CHAIN = "1. Every digest names the previous one"
OBJECTS = "2. Every digest names its manifest, and every manifest its objects"
ADDED = "3. Nothing was added"


def test_a_clean_store_gives_the_head_and_nothing_else(tmp_path: Path) -> None:
    folder = on_disk(a_chain(3), tmp_path)

    done = bash("\n".join(code_of(PAGE, part) for part in (CHAIN, OBJECTS, ADDED)), folder)

    assert re.fullmatch(r"head: [0-9a-f]{64}\n", done.stdout)
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("heading", "target"),
    [
        (CHAIN, "digest/0000000002-*.json"),
        (OBJECTS, "2026/*/*/*/report.json"),
        (OBJECTS, "2026/*/*/*/manifest.json"),
        (OBJECTS, "shared/*/*.gz"),
        (ADDED, "2026/*/*/*/report.json"),
        (ADDED, "shared/*/*.gz"),
    ],
)
def test_what_was_changed_or_added_shows(heading: str, target: str, tmp_path: Path) -> None:
    folder = on_disk(a_chain(3), tmp_path)
    path = min(folder.glob(target))
    if heading == ADDED:
        path.with_name("extra.json").write_bytes(b"{}")
    elif heading == CHAIN:
        path.unlink()
    else:
        path.write_bytes(path.read_bytes().replace(b"1", b"2") + b" ")

    done = bash(code_of(PAGE, heading), folder)

    assert done.stdout.replace("head: ", "").strip() + done.stderr
    assert len((done.stdout + done.stderr).splitlines()) >= 1 + (heading == CHAIN)


def test_the_history_is_read_in_a_few_lines(tmp_path: Path) -> None:
    tasks = [
        a_task(str(UUID(int=1)), started_at=NOW, backup_id=str(UUID(int=3))),
        a_task(str(UUID(int=2)), created_at=NOW + TICK, backup_id=None),
        a_task("odd", backup_id=None),
    ]
    (tmp_path / "history").write_bytes(History(tasks, [a_rejected(id="lost")]).dump())
    program = code_of(PAGE, "5. Read the history")

    command = [sys.executable, "-c", program, str(tmp_path / "history")]
    rows, *lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()

    assert json.loads(rows)["rejected"][0]["id"] == "lost"
    for line, task in zip(lines, tasks, strict=True):
        *own, alike = line.split("  ")
        odd = ast.literal_eval(alike)
        times = (task.created_at, task.updated_at, task.started_at, task.ended_at)
        assert [odd.pop("id", own[0]), *own[1:5]] == [task.id, *(str(at and at.replace(tzinfo=None)) for at in times)]
        assert own[5] == (task.backup_id or str(UUID(int=0)))
        assert odd == {name: getattr(task, name) for name in odd}
        assert odd.keys() >= {"operation", "status", "resource_id", "vault_name"}


def signature_of(folder: Path, key: bytes, check: str) -> subprocess.CompletedProcess[str]:
    (folder / "key.pem").write_bytes(key)
    lines = code_of(PAGE, "4. Signatures").split("\n")
    prepare = [line for line in lines if not line.startswith("openssl")]
    return bash("\n".join([*prepare, next(line for line in lines if line.startswith(check))]), folder)


def test_an_ed25519_signature_is_checked_with_openssl(tmp_path: Path) -> None:
    folder = on_disk(a_chain(2, SIGNER), tmp_path)

    good = signature_of(folder, pem(KEY.public_key()), "openssl pkeyutl")
    bad = signature_of(folder, pem(ed25519.Ed25519PrivateKey.generate().public_key()), "openssl pkeyutl")

    assert (good.returncode, good.stdout) == (0, "Signature Verified Successfully\n")
    assert bad.returncode != 0


@pytest.mark.skipif(shutil.which("curl") is None, reason="the page uses curl, which this machine lacks")
def test_a_signature_of_kms_is_checked_with_openssl_and_the_key_that_kms_shows(tmp_path: Path) -> None:
    simulator = a_simulator(resources=1)
    with serve(simulator) as served:
        audit(simulator, tmp_path, CBR_AUDIT_SIGNING_KMS_KEY=simulator.key.id, CBR_AUDIT_KMS_ENDPOINT=served.url)
        folder = tmp_path / simulator.project_id
        named = {"TOKEN": simulator.token, "PROJECT": simulator.project_id, "KEY": simulator.key.id}
        script = re.sub(
            r"https://kms\.\$REGION\.myhuaweicloud\.com", served.url, code_of("deploy.md", "Sign the digests")
        )
        told = bash("".join(f"{name}={value}\n" for name, value in named.items()) + script, folder)

    key = (folder / "key.pem").read_bytes()
    assert f"sha256:{told.stdout.split()[0]}" == PublicKey(key).fingerprint
    assert signature_of(folder, key, "openssl dgst").stdout == "Verified OK\n"
    other = pem(ec.generate_private_key(ec.SECP256R1()).public_key())
    assert "Verification failure" in signature_of(folder, other, "openssl dgst").stdout


def test_the_id_of_a_key_is_the_hash_of_its_der_form(tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_bytes(pem(KEY.public_key()))

    done = bash(next(line for line in code_of(PAGE, "4. Signatures").split("\n") if "sha256sum" in line), tmp_path)

    assert f"sha256:{done.stdout.split()[0]}" == SIGNER.key_id
