"""The account and the places for PostgreSQL when the house is started as root, which PostgreSQL refuses to be."""

import hashlib
import os
import pwd
import shutil
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from deploy.local.errors import refuse

ELSEWHERE = Path("/var/lib/tridaya")
ORIGIN = "origin"
POINTER = "data-lie-at"
DISPOSABLE = "disposable"


@dataclass(frozen=True, slots=True)
class Account:
    uid: int
    gid: int

    def can_enter(self, folder: Path) -> bool:
        """Whether every folder on the way may be passed through, judged by owner, group and others alone."""
        return all(self._allowed(step, stat.S_IXOTH) for step in (folder, *folder.parents) if step.exists())

    def can_run(self, program: Path) -> bool:
        return self.can_enter(program.parent) and self._allowed(program, stat.S_IXOTH | stat.S_IROTH)

    def _allowed(self, path: Path, bits: int) -> bool:
        found = path.stat()
        if found.st_uid == self.uid:
            bits <<= 6
        elif found.st_gid == self.gid:
            bits <<= 3
        return found.st_mode & bits == bits


def account() -> Account | None:
    """`nobody` when started as root, otherwise nothing: whoever started it is unprivileged already."""
    if os.geteuid() != 0:
        return None
    try:
        found = pwd.getpwnam("nobody")
    except KeyError:
        refuse("PostgreSQL refuses to run as root and there is no account `nobody`: start as another user.")
    return Account(found.pw_uid, found.pw_gid)


def digest(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:16]


def elsewhere(folder: Path) -> Path | None:
    """Where the data of a folder were put, also after the folder was moved."""
    pointer = folder / POINTER
    if not pointer.exists():
        return None
    place = Path(pointer.read_text(encoding="utf-8").strip())
    owner = _origin(place)
    if owner is None or (owner != folder and owner.exists()):
        # Gone, or the folder is a copy of one that still uses them.
        return None
    return place


def place_elsewhere(folder: Path, *, disposable: bool) -> Path:
    """Make a folder that `nobody` can reach, for data that it cannot; parents are never opened up for it."""
    _sweep()
    place, number = elsewhere(folder) or ELSEWHERE / _digest(folder), 1
    while _origin(place) not in {None, folder} and place != elsewhere(folder):
        place, number = ELSEWHERE / f"{_digest(folder)}-{number}", number + 1
    place.mkdir(mode=0o711, parents=True, exist_ok=True)
    for opened in (ELSEWHERE, place):
        opened.chmod(0o711)
    (place / ORIGIN).write_text(f"{folder}\n", encoding="utf-8")
    if disposable:
        (place / DISPOSABLE).touch()
    (folder / POINTER).write_text(f"{place}\n", encoding="utf-8")
    return place


def remove_elsewhere(folder: Path) -> None:
    if (place := elsewhere(folder)) is not None:
        shutil.rmtree(place)
    (folder / POINTER).unlink(missing_ok=True)


def _digest(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:16]


def _origin(place: Path) -> Path | None:
    try:
        return Path((place / ORIGIN).read_text(encoding="utf-8").strip())
    except OSError:
        return None


def _sweep() -> None:
    """Remove what belonged to folders that are gone; data that somebody may have moved stay."""
    for mark in ELSEWHERE.glob(f"*/{DISPOSABLE}"):
        origin = _origin(mark.parent)
        if origin is not None and not origin.exists():
            shutil.rmtree(mark.parent, ignore_errors=True)


def programs_for(account: Account | None, programs: Path, *, carry: tuple[Path, ...]) -> Path:
    """Return the programs themselves when the account can run them, otherwise a copy, made once, that it can."""
    if account is None or account.can_run(programs / "postgres"):
        return programs
    root = carry[0].parent
    copy = ELSEWHERE / f"programs-{_digest(Path(f'{root}:{programs.stat().st_mtime_ns}'))}"
    if not copy.exists():
        ELSEWHERE.mkdir(mode=0o711, parents=True, exist_ok=True)
        ELSEWHERE.chmod(0o711)
        fresh = Path(tempfile.mkdtemp(prefix="programs.", dir=ELSEWHERE))
        # The wheel carries an older server as well.
        unused = shutil.ignore_patterns("pginstall", "__pycache__")
        for folder in carry:
            shutil.copytree(folder, fresh / folder.name, symlinks=True, ignore=unused)
        (fresh / ORIGIN).write_text(f"{programs}\n", encoding="utf-8")
        (fresh / DISPOSABLE).touch()
        fresh.chmod(0o755)
        try:
            fresh.rename(copy)
        except OSError:
            # Somebody else finished the same copy first.
            shutil.rmtree(fresh)
    return copy / programs.relative_to(root)
