"""``plugframe cache``: the index on disk."""

import time

import click

from plugframe.discovery import storage


@click.group("cache")
def command() -> None:
    """Show or delete the index of what is installed."""


@command.command("info")
@click.option("--json", "as_json", is_flag=True, help="As one JSON document.")
def info(*, as_json: bool) -> None:
    """Show where the index is kept and what is there."""
    where = storage.folder()
    files = [
        {"path": path, "bytes": status.st_size, "age_seconds": round(time.time() - status.st_mtime, 1)}
        for path, status in storage.files()
    ]
    if as_json:
        import json

        document = {"schema": 1, "folder": where, "problem": storage.problem(), "files": files}
        click.echo(json.dumps(document, indent=2))
        return
    click.echo(f"folder: {where or 'none'}")
    if storage.problem():
        click.echo(f"no index is kept: {storage.problem()}")
    for file in files:
        click.echo(f"{file['path']}  {file['bytes']} bytes, {file['age_seconds']} s old")
    click.echo(f"{len(files)} file{'s' * (len(files) != 1)}")


@command.command("clear")
def clear() -> None:
    """Delete the index of every environment; it is made anew when it is needed."""
    deleted = storage.clear()
    left = [path for path, _ in storage.files()]
    click.echo(f"deleted {len(deleted)} file{'s' * (len(deleted) != 1)}")
    for path in left:
        click.echo(f"cannot delete {path}", err=True)
    if left:
        raise click.exceptions.Exit(1)
