"""Mail goes to no server that cannot show who it is."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from entact.store import StoreError
from entact.store.mail import send


def certificate(folder: Path) -> Path:
    """A certificate of a server of this machine that it made itself, with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    both = folder / "both.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    both.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return both


@pytest.fixture
def impostor(tmp_path: Path) -> Iterator[int]:
    """A server with a certificate that it made itself; the port at which it listens."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate(tmp_path))
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            with suppress(OSError):
                peer, _ = listening.accept()
                with peer, context.wrap_socket(peer, server_side=True) as line:
                    line.sendall(b"220 here\r\n")

        server = threading.Thread(target=serve)
        server.start()
        yield listening.getsockname()[1]
        server.join()


def test_a_server_whose_certificate_nobody_vouches_for_gets_no_message(impostor: int) -> None:
    with pytest.raises(StoreError, match="certificate"):
        send(EmailMessage(), f"smtps://localhost:{impostor}")
