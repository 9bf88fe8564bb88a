"""Which schema a service's code needs, told without loading the tool that makes it."""

from pathlib import Path


def head_revision(folder: Path) -> str:
    """Return the newest revision of a service's history, whose files are numbered."""
    numbers = [path.name.partition("_")[0] for path in (folder / "versions").glob("[0-9]*.py")]
    if not numbers:
        message = f"{folder} has no migration"
        raise LookupError(message)
    return max(numbers)
