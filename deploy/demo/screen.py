"""What a person sees while the story is told: a bar for each chapter, plain lines without a terminal."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn


class Screen:
    """One line for each chapter."""

    def __init__(self) -> None:
        self.console = Console(highlight=False)
        if not self.console.is_terminal:
            self.console = Console(highlight=False, width=160, soft_wrap=True)
        self._since = time.monotonic()

    @contextmanager
    def chapter(self, title: str, total: int) -> Iterator[Callable[[], None]]:
        """Show how far a chapter is; call what is given after each part of it."""
        if not self.console.is_terminal:
            yield _nothing
            self.say(f"[{time.monotonic() - self._since:6.1f} s] {title}: {total}")
            return
        columns = (TextColumn(f"{escape(title):<34}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, console=self.console) as progress:
            task = progress.add_task("", total=total)
            yield lambda: progress.advance(task)

    def say(self, line: str) -> None:
        self.console.print(line, markup=False, soft_wrap=True)


def _nothing() -> None:
    """Draw no bar."""
