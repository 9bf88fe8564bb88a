"""Where the house is, and small files of it that are whole or not there."""

import json
import os
from pathlib import Path

from deploy.local.errors import refuse

SERVICES = ("registry", "planning", "monitoring")
PROJECT = Path(__file__).parents[2]
FOLDER = PROJECT / ".local"


def write_private(path: Path, content: str) -> None:
    """Write a file for its owner's eyes, whole or not at all."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(content)
    fresh.replace(path)


def read_kept(path: Path) -> dict[str, object]:
    if not path.exists():
        return {}
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except ValueError:
        refuse(f"{path} is damaged: restore it, or begin anew with `make reset`.")
