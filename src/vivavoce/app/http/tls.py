"""Certificates: those that are given, or one of our own for this machine."""

from __future__ import annotations

import datetime
import hashlib
import ipaddress
import os
import ssl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ...core.errors import BadInput

if TYPE_CHECKING:
    from cryptography import x509

_DAYS = 30
_PEM_BEGIN, _PEM_END = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"


@dataclass(frozen=True, slots=True)
class Tls:
    """A certificate and its key, as PEM files."""

    cert: Path
    """Clients that trust only this file trust the server, as with NODE_EXTRA_CA_CERTS and SSL_CERT_FILE, if the
    certificate is self-signed."""
    key: Path
    fingerprint: str
    """SHA-256 of the certificate: pairs of hexadecimal digits with colons."""


def load(cert: Path | None, key: Path | None) -> Tls | None:
    """The files of `--tls-cert` and `--tls-key`; None when neither is given. Raises BadInput when they are unusable."""
    if cert is None and key is None:
        return None
    if cert is None or key is None:
        raise BadInput("--tls-cert and --tls-key go together; fix: give both")
    for path, what in ((cert, "certificate"), (key, "key")):
        try:
            path.read_bytes()
        except OSError as error:
            raise BadInput(f"the TLS {what} {path} cannot be read: {error.strerror}; fix: name a PEM file") from error
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(cert, key, password=lambda: "")
    except (ssl.SSLError, ValueError) as error:
        raise BadInput(_why(cert, key, error)) from error
    return Tls(cert, key, _fingerprint(cert))


@contextmanager
def self_signed(host: str) -> Iterator[Tls]:
    """A certificate for this machine and `host`, in a private folder that is removed at the end. Raises BadInput."""
    cert_pem, key_pem = _generate(host)
    with tempfile.TemporaryDirectory(prefix="vivavoce-tls-") as folder:
        cert, key = Path(folder, "cert.pem"), Path(folder, "key.pem")
        for path, data in ((cert, cert_pem), (key, key_pem)):
            with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(data)
        yield Tls(cert, key, _fingerprint(cert))


def _generate(host: str) -> tuple[bytes, bytes]:
    """The certificate and the key, as PEM."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "vivavoce self-signed")])
    now = datetime.datetime.now(datetime.UTC)
    usage = x509.KeyUsage(True, False, False, False, False, False, False, False, False)
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=_DAYS))
        .add_extension(x509.SubjectAlternativeName(_names(host)), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(identifier, critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), critical=False)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    return (
        certificate.public_bytes(serialization.Encoding.PEM),
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain),
    )


def _names(host: str) -> list[x509.GeneralName]:
    from cryptography import x509

    names: list[x509.GeneralName] = [x509.DNSName("localhost")]
    addresses = [ipaddress.ip_address("127.0.0.1"), ipaddress.ip_address("::1")]
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        if host and host != "localhost":
            try:
                names.append(x509.DNSName(host.encode("idna").decode()))
            except UnicodeError as error:
                raise BadInput(f"{host!r} cannot be put into a certificate; fix: give a host name") from error
    else:
        if address not in addresses and not address.is_unspecified:
            addresses.append(address)
    return [*names, *(x509.IPAddress(address) for address in addresses)]


def _fingerprint(cert: Path) -> str:
    """Of the first certificate of the file."""
    text = cert.read_text(encoding="ascii", errors="replace")
    pem = _PEM_BEGIN + text.partition(_PEM_BEGIN)[2].partition(_PEM_END)[0] + _PEM_END
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).digest().hex(":").upper()


def _why(cert: Path, key: Path, error: Exception) -> str:
    text = key.read_text(encoding="ascii", errors="replace")
    if "ENCRYPTED" in text:
        return f"the TLS key {key} has a passphrase; fix: name a key without one"
    if getattr(error, "reason", "") == "KEY_VALUES_MISMATCH":
        return f"the TLS key {key} does not belong to the certificate {cert}; fix: name a pair"
    return f"{cert} and {key} are no certificate and key in PEM; fix: name PEM files"
