"""A certificate authority for one machine: gRPC clients of the platforms speak TLS only, so the sandbox must too."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import NamedTuple

import certifi
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

LIFETIME = timedelta(days=3650)


class Certificates(NamedTuple):
    """PEM files. `bundle` holds the public roots too, since a roots file replaces the whole trust of a process."""

    ca: Path
    bundle: Path
    leaf: Path
    key: Path


def certificates(folder: Path) -> Certificates:
    """The files in `folder`, minted on first use; reused afterwards so that running clients keep their trust."""
    found = Certificates(folder / "ca.pem", folder / "bundle.pem", folder / "leaf.pem", folder / "leaf.key")
    if not all(path.exists() for path in found):
        folder.mkdir(parents=True, exist_ok=True)
        _mint(found)
    return found


def _mint(files: Certificates) -> None:
    ca_key, leaf_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca = _builder("mops sandbox CA", "mops sandbox CA", ca_key.public_key())
    ca = ca.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    leaf = _builder("localhost", "mops sandbox CA", leaf_key.public_key())
    leaf = leaf.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    names = [x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))]
    leaf = leaf.add_extension(x509.SubjectAlternativeName(names), critical=False)
    leaf = leaf.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    ca_pem = ca.sign(ca_key, hashes.SHA256()).public_bytes(Encoding.PEM)
    files.key.touch(mode=0o600)
    files.key.write_bytes(leaf_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    files.leaf.write_bytes(leaf.sign(ca_key, hashes.SHA256()).public_bytes(Encoding.PEM))
    files.ca.write_bytes(ca_pem)
    files.bundle.write_bytes(Path(certifi.where()).read_bytes() + b"\n" + ca_pem)


def _builder(subject: str, issuer: str, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + LIFETIME)
    )
