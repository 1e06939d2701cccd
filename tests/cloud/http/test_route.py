"""Requests through a proxy, to a host whose certificate is of an authority of one's own."""

import socket
import ssl
import threading
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from audit.cloud.http.transport import Transport
from audit.errors import SourceUnreachableError
from audit.settings import Route
from tests.pretend import Clock, by_token

HOST = "cbr.private.example"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with a certificate for HOST, which is its own authority, and its key."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("authority") / "certificate.pem"
    plain = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file.write_bytes(made.public_bytes(serialization.Encoding.PEM) + key.private_bytes(*plain))
    return file


@contextmanager
def a_proxy(certificate: Path, answer: bytes = b"200 OK") -> Iterator[tuple[str, list[bytes]]]:
    """A proxy that lets one request through to a server that it is itself; it remembers what it was asked."""
    heads: list[bytes] = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    def serve(listening: socket.socket) -> None:
        connection, _ = listening.accept()
        heads.append(_head(connection))
        connection.sendall(b"HTTP/1.1 %b\r\n\r\n" % answer)
        try:
            with context.wrap_socket(connection, server_side=True) as encrypted:
                heads.append(_head(encrypted))
                encrypted.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
        except OSError:
            connection.close()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(10)
        thread = threading.Thread(target=serve, args=(listening,))
        thread.start()
        yield f"127.0.0.1:{listening.getsockname()[1]}", heads
        thread.join(10)


def _head(connection: socket.socket) -> bytes:
    head = b""
    while not head.endswith(b"\r\n\r\n") and (byte := connection.recv(1)):
        head += byte
    return head


def transport(proxy: str, bundle: Path | None) -> Transport:
    waits = Clock()
    return Transport(
        route=Route(f"http://user:pass@{proxy}", str(bundle) if bundle else None), sleep=waits.sleep, clock=waits
    )


def test_a_request_goes_through_the_proxy_and_trusts_the_given_authority(certificate: Path) -> None:
    with a_proxy(certificate) as (place, heads):
        answer = transport(place, certificate).get(f"https://{HOST}/v3/vaults", (), by_token("a-token"))

    assert answer.body == b"{}"
    assert heads[0].startswith(b"CONNECT cbr.private.example:443 ")
    assert b"Proxy-Authorization: Basic " + b64encode(b"user:pass") in heads[0]
    assert heads[1].startswith(b"GET /v3/vaults ")
    assert b"Proxy-Authorization" not in heads[1]


def test_without_its_authority_the_certificate_is_not_trusted(certificate: Path) -> None:
    with (
        a_proxy(certificate) as (place, _),
        pytest.raises(SourceUnreachableError, match=r"trusted.*CA_BUNDLE"),
    ):
        transport(place, None).probe(f"https://{HOST}/")


def test_a_proxy_that_refuses_is_named_without_its_password(certificate: Path) -> None:
    refused = pytest.raises(SourceUnreachableError, match="the proxy of CBR_AUDIT_PROXY did not let it")
    with a_proxy(certificate, b"407 Proxy Authentication Required") as (place, _), refused as refusal:
        transport(place, certificate).probe(f"https://{HOST}/")

    assert "pass" not in str(refusal.value)
