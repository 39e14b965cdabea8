"""The same promises over TLS, where the socket is another kind of object."""

from __future__ import annotations

import ipaddress
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from connectors.errors import OutcomeUnknown, Unreachable
from connectors.http.session import HttpSession, Request
from tests.unit.connectors.http.loopback import Loopback, Peer, Script, WallClock, answer, answering, serving

OK = answer("200 OK", b"{}")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with a key and its self-signed certificate for 127.0.0.1."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "loopback")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "loopback.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return file


@dataclass(frozen=True)
class Encrypted:
    """A server that speaks TLS, and a session that trusts its certificate."""

    server: Loopback
    session: HttpSession

    def post(self, *, deadline_s: float = 5.0) -> Request:
        return Request("POST", self.server.url.replace("http:", "https:"), body=b"{}", deadline_s=deadline_s)


@contextmanager
def encrypted(certificate: Path, script: Script) -> Iterator[Encrypted]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    def behind_tls(peer: Peer) -> None:
        with context.wrap_socket(peer.connection, server_side=True) as secured:
            script(Peer(secured, peer.requests))

    session = HttpSession(WallClock())
    session._session.verify = str(certificate)
    with serving(behind_tls) as server:
        yield Encrypted(server, session)
        session.close()


class TestOverTls:
    def test_answers_come_back_and_the_connection_is_kept(self, certificate: Path) -> None:
        with encrypted(certificate, answering(OK)) as tls:
            assert [tls.session.send(tls.post()).body for _ in range(3)] == [b"{}"] * 3

            assert tls.server.ended.acquire(blocking=False) is False

    def test_a_drip_is_cut_at_the_deadline(self, certificate: Path) -> None:
        def drip(peer: Peer) -> None:
            peer.read_request()
            peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n")
            for _ in range(200):
                peer.send(b"a")
                threading.Event().wait(0.02)

        began = time.monotonic()
        with encrypted(certificate, drip) as tls, pytest.raises(OutcomeUnknown):
            tls.session.send(tls.post(deadline_s=0.3))

        assert time.monotonic() - began < 2

    def test_a_lease_that_ran_out_sends_nothing(self, certificate: Path) -> None:
        with encrypted(certificate, answering(OK)) as tls:
            with pytest.raises(Unreachable):
                tls.session.send(tls.post(), not_after=time.monotonic() - 1)
            assert tls.server.requests == []

    def test_a_lost_answer_is_unknown(self, certificate: Path) -> None:
        def drop(peer: Peer) -> None:
            peer.read_request()

        with encrypted(certificate, drop) as tls, pytest.raises(OutcomeUnknown):
            tls.session.send(tls.post())
