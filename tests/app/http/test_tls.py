from __future__ import annotations

import datetime
import hashlib
import shutil
import ssl
import stat

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from vivavoce.app.http.tls import load, self_signed
from vivavoce.core.errors import BadInput


@pytest.fixture
def pair(tmp_path):
    with self_signed("localhost") as tls:
        return shutil.copy(tls.cert, tmp_path / "cert.pem"), shutil.copy(tls.key, tmp_path / "key.pem")


def test_a_self_signed_certificate_is_private_and_goes_away():
    with self_signed("voice.example") as tls:
        folder = tls.cert.parent
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert stat.S_IMODE(tls.key.stat().st_mode) == 0o600
        certificate = x509.load_pem_x509_certificate(tls.cert.read_bytes())
        assert certificate.public_key().curve.name == "secp256r1"
        der = certificate.public_bytes(serialization.Encoding.DER)
        assert tls.fingerprint.replace(":", "") == hashlib.sha256(der).hexdigest().upper()
        now = datetime.datetime.now(datetime.UTC)
        left = certificate.not_valid_after_utc - now
        assert datetime.timedelta(days=29) < left <= datetime.timedelta(days=30)
        assert certificate.not_valid_before_utc < now
    assert not folder.exists()


@pytest.mark.parametrize(
    ("host", "names", "addresses"),
    [
        ("localhost", ["localhost"], ["127.0.0.1", "::1"]),
        ("voice.example", ["localhost", "voice.example"], ["127.0.0.1", "::1"]),
        ("192.0.2.7", ["localhost"], ["127.0.0.1", "::1", "192.0.2.7"]),
        ("0.0.0.0", ["localhost"], ["127.0.0.1", "::1"]),
        ("", ["localhost"], ["127.0.0.1", "::1"]),
    ],
)
def test_whom_it_names(host, names, addresses):
    with self_signed(host) as tls:
        certificate = x509.load_pem_x509_certificate(tls.cert.read_bytes())
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        assert found.get_values_for_type(x509.DNSName) == names
        assert [str(address) for address in found.get_values_for_type(x509.IPAddress)] == addresses


def test_a_name_that_is_none_is_refused():
    with pytest.raises(BadInput, match="fix:"), self_signed("a" * 64 + ".example"):
        pass


def test_given_files_are_used(pair):
    tls = load(*pair)
    assert (tls.cert, tls.key) == pair
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(tls.cert, tls.key)
    assert len(tls.fingerprint) == 95
    assert load(None, None) is None


def test_what_is_wrong_with_given_files_is_named(pair, tmp_path):
    cert, key = pair
    with self_signed("localhost") as other, pytest.raises(BadInput, match="does not belong"):
        load(cert, other.key)
    with pytest.raises(BadInput, match="go together"):
        load(cert, None)
    with pytest.raises(BadInput, match=r"key .*gone.pem cannot be read"):
        load(cert, tmp_path / "gone.pem")
    with pytest.raises(BadInput, match="in PEM"):
        load(key, cert)
    plain = serialization.load_pem_private_key(key.read_bytes(), None)
    locked = serialization.BestAvailableEncryption(b"x")
    form = serialization.PrivateFormat.PKCS8
    key.write_bytes(plain.private_bytes(serialization.Encoding.PEM, form, locked))
    with pytest.raises(BadInput, match="passphrase"):
        load(cert, key)
