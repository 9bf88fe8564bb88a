"""What a person sees while the house starts and runs: progress in a terminal, plain lines elsewhere."""

import time
from collections.abc import Iterable

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

NARROW = 120


class Screen:
    """Lines and one progress bar, which makes room for whoever else draws."""

    def __init__(self, *, steps: int) -> None:
        self.console = Console(highlight=False)
        if not self.console.is_terminal:
            self.console = Console(highlight=False, width=NARROW, soft_wrap=True)
        self._progress: Progress | None = None
        self._steps = steps
        self._done = -1
        self._since = time.monotonic()

    def step(self, what: str) -> None:
        self._done += 1
        if not self.console.is_terminal:
            self.console.print(f"[{time.monotonic() - self._since:6.1f} s] {what}", markup=False)
            return
        if self._progress is None:
            columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
            self._progress = Progress(*columns, console=self.console, transient=True)
            self._progress.add_task("", total=self._steps)
            self._progress.start()
        self._progress.update(self._progress.task_ids[0], description=escape(what), completed=self._done)

    def clear(self) -> None:
        """Take the bar away."""
        if self._progress is not None:
            self._progress.stop()
            self._progress = None

    def say(self, line: str) -> None:
        self.console.print(line, markup=False, soft_wrap=True)

    def table(self, groups: Iterable[tuple[str, Iterable[tuple[str, str]]]]) -> None:
        """Show the one table at the end: what, and where or how."""
        self.clear()
        table = Table(title="Tridaya", title_justify="left", show_header=False)
        table.add_column(no_wrap=True)
        table.add_column(overflow="fold")
        for title, rows in groups:
            table.add_section()
            table.add_row(f"[bold]{escape(title)}[/bold]", "")
            for name, value in rows:
                table.add_row(escape(name), escape(value))
        self.console.print(table)
