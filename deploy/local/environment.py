"""The environment that each service gets: the same names an operator sets in production."""

import os
from collections.abc import Mapping
from pathlib import Path

from deploy.local.keep import kept_key
from deploy.local.places import SERVICES
from deploy.local.ports import LOOPBACK

OPERATOR = "operator"


def given_databases() -> dict[str, str]:
    """Find the databases that the environment names instead of the embedded ones."""
    named = {service: os.environ.get(f"{service.upper()}_DATABASE_URL", "") for service in SERVICES}
    return {service: url for service, url in named.items() if url}


def url(ports: Mapping[str, int], service: str) -> str:
    return f"http://{LOOPBACK}:{ports[service]}"


def for_service(
    service: str,
    *,
    state: Path,
    ports: Mapping[str, int],
    secrets: Mapping[str, str],
    database_url: str,
    issuer: str,
) -> dict[str, str]:
    """Everything of the surrounding environment except what is meant for another service, and the service's own settings."""
    strangers = tuple(f"{other.upper()}_" for other in SERVICES if other != service)
    around = {name: value for name, value in os.environ.items() if not name.startswith(strangers)}
    own = {
        "DATABASE_URL": database_url,
        "HOST": LOOPBACK,
        "PORT": str(ports[service]),
        "METRICS_PORT": str(ports[f"{service}-metrics"]),
        "WORKER_METRICS_PORT": str(ports[f"{service}-worker-metrics"]),
        "HMAC_SECRET": secrets[f"{service}_hmac"],
        "HEAD_KEY_FILE": str(kept_key(state, service)),
        "STATE_FOLDER": str(_folder(state / "state" / service)),
        "STORAGE_URL": _folder(state / "files" / service).resolve().as_uri(),
        "ISSUER": issuer,
        "JWKS_URL": f"{url(ports, 'registry')}/.well-known/jwks.json",
        **_particular(service, ports=ports, secrets=secrets),
    }
    return around | {"PYTHONUNBUFFERED": "1"} | {f"{service.upper()}_{name}": value for name, value in own.items()}


def _particular(service: str, *, ports: Mapping[str, int], secrets: Mapping[str, str]) -> dict[str, str]:
    if service == "registry":
        return {
            "KEY_ENCRYPTION_SECRET": secrets["key_encryption"],
            "PERSONAL_KEY_SECRETS": secrets["personal_key"],
            "OPERATOR_USERNAME": OPERATOR,
            "OPERATOR_PASSWORD": secrets["operator_password"],
            "PLANNING_CLIENT_SECRET": secrets["planning_client"],
            "MONITORING_CLIENT_SECRET": secrets["monitoring_client"],
        }
    common = {
        "REGISTRY_URL": url(ports, "registry"),
        "CLIENT_ID": service,
        "CLIENT_SECRET": secrets[f"{service}_client"],
    }
    return common if service == "planning" else common | {"PLANNING_URL": url(ports, "planning")}


def _folder(path: Path) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    return path
