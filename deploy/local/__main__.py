"""The command line behind `make run`, `stop`, `start`, `status` and `reset`."""

import sys
from collections.abc import Callable

import typer

from deploy.local.control import Desk
from deploy.local.errors import RefusedError, reason
from deploy.local.places import FOLDER

app = typer.Typer(
    add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, help="The whole house on this machine."
)


@app.command()
def run() -> None:
    """Start everything and keep it running until Ctrl-C."""
    from deploy.local import supervisor  # noqa: PLC0415 - asking a running house need not load what runs one

    supervisor.run()


@app.command()
def stop(service: str = typer.Argument("", help="One service and its worker; everything when left out")) -> None:
    """Stop the running house, or one service of it."""
    desk = Desk(FOLDER)
    if service:
        desk.ask(service, halted=True)
    else:
        desk.stop()
    typer.echo(f"{service or 'Everything'} has stopped.")


@app.command()
def start(service: str) -> None:
    """Start a stopped service of the running house again."""
    Desk(FOLDER).ask(service, halted=False)
    typer.echo(f"{service} runs again.")


@app.command()
def status() -> None:
    """Tell what runs."""
    address, parts = Desk(FOLDER).status()
    typer.echo(f"{address or 'starting'}")
    for name, state in parts.items():
        typer.echo(f"  {name:<18} {state}")


@app.command()
def reset() -> None:
    """Remove data, keys and secrets, so that the next start begins anew."""
    from deploy.local import supervisor  # noqa: PLC0415

    typer.echo(supervisor.reset())


def main(command: Callable[[], object] = app) -> int:
    """Whatever the machine refuses is one line, never a traceback."""
    try:
        command()
    except RefusedError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except OSError as error:
        sys.stderr.write(f"{error.filename or FOLDER}: {reason(error)}.\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
