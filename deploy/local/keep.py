"""What is made once on the first start and kept: secrets, signing keys and the ports of the last time."""

import hashlib
import json
import secrets
from collections.abc import Mapping
from pathlib import Path

from cryptography.fernet import Fernet
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from deploy.local.places import SERVICES, read_kept, write_private
from deploy.local.ports import free_ports, is_free

INNER_PORTS = (
    "admin",
    "postgres",
    *(f"{service}{use}" for service in SERVICES for use in ("", "-metrics", "-worker-metrics")),
)


def kept_secrets(folder: Path) -> dict[str, str]:
    """Read the house's secrets; those that a newer version needs in addition are made now."""
    path = folder / "secrets.json"
    known = {name: str(value) for name, value in read_kept(path).items()}
    fresh = {
        **{f"{service}_hmac": secrets.token_hex(32) for service in SERVICES},
        "key_encryption": Fernet.generate_key().decode(),
        "personal_key": secrets.token_hex(32),
        "operator_password": secrets.token_urlsafe(15),
        "planning_client": secrets.token_urlsafe(32),
        "monitoring_client": secrets.token_urlsafe(32),
    }
    if fresh.keys() - known.keys():
        known = fresh | known
        write_private(path, json.dumps(known, indent=2))
    return known


def kept_key(folder: Path, service: str) -> Path:
    """Find the RSA key with which a service signs its journal's daily head."""
    path = folder / "keys" / f"{service}-head.pem"
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        write_private(path, key.private_bytes(*form).decode())
    return path


def fingerprint(root: Path, *, environments: Mapping[str, Mapping[str, str]], made: int) -> str:
    """Digest what decides how the databases look after preparation: code, accounts, and the cluster itself."""
    told = hashlib.sha256(str(made).encode())
    for part in ("services", "shared"):
        for path in sorted((root / part).rglob("*.py")):
            found = path.stat()
            told.update(f"{path}:{found.st_size}:{found.st_mtime_ns}".encode())
    for service, environment in sorted(environments.items()):
        own = {name: value for name, value in environment.items() if name.startswith(f"{service.upper()}_")}
        # Ports change from start to start without any trace in a database.
        lasting = {name: value for name, value in own.items() if not name.endswith(("_PORT", "_URL"))}
        told.update(json.dumps(lasting, sort_keys=True).encode())
    return told.hexdigest()


def kept_ports(folder: Path, *, wanted: Mapping[str, int]) -> dict[str, int]:
    """Every inner port: as asked for, else as last time, else any free one."""
    path = folder / "ports.json"
    last = {name: number for name, number in read_kept(path).items() if isinstance(number, int)}
    chosen = dict(wanted)
    for name, fresh in zip(INNER_PORTS, free_ports(len(INNER_PORTS)), strict=True):
        if name not in chosen:
            former = last.get(name, 0)
            chosen[name] = former if former and is_free(former) and former not in chosen.values() else fresh
    write_private(path, json.dumps(chosen, indent=2))
    return chosen
