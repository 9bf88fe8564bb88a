"""Monitoring's command line."""

import importlib

import typer

from shared.terminal import run


def whole() -> typer.Typer:
    """Return all commands, those of the service itself included, which load all of it."""
    cli: typer.Typer = importlib.import_module("services.monitoring.commands").cli
    return cli


if __name__ == "__main__":
    run("monitoring", whole)
