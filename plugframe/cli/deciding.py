"""What ``enable`` and ``disable`` do: a decision recorded in one scope, and what came of it."""

import os
import sys
import time

import click

from plugframe.cli import render
from plugframe.cli.app import environment_options
from plugframe.cli.facts import Facts, environment
from plugframe.cli.programs import host_option, reword, step
from plugframe.cli.selecting import select
from plugframe.policy.matching import spellings
from plugframe.policy.rules import quoted
from plugframe.policy.settings import writing
from plugframe.policy.settings.values import SCOPES, Ruling, Source, spelling
from plugframe.records import Plugin

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from plugframe.cli.facts import Row

EPILOG = """\b
Exit codes: 0 it is as asked; 1 it is recorded, and something else speaks against it; 2 NAME means nothing there or
several plugins, or it cannot be recorded.
"""
_SCOPES = {"env": "environment", "user": "user", "project": "project"}


def options(function: "Callable[..., None]") -> "Callable[..., None]":
    """Add NAME and the options that both commands have."""
    scope = click.option(
        "--scope",
        type=click.Choice(writing.SCOPES),
        default="user",
        show_default=True,
        help="For everybody who uses the environment, for you alone, or for whoever works in the project.",
    )
    as_json = click.option("--json", "as_json", is_flag=True, help="Tell the outcome as one JSON document.")
    name = click.argument("name", metavar="NAME")
    return name(host_option()(scope(as_json(environment_options(function)))))


class Decided:
    """The plugins that a command is about, and the file that it records its decision in."""

    def __init__(self, name: str, *, host: str | None, scope: str, python: str | None, static: bool) -> None:
        """Find both.

        Raises:
            SettingsError: there is no such scope here.
            UnknownNameError: the name means no plugin.
            UsageError: it means several that have nothing in common.
        """
        self._where = environment(python, static=static)
        self._facts = Facts(self._where)
        self._selection = (name, host)
        self.scope = scope
        self.plugins = [plugin for plugin in select(self._facts, name, host) if plugin.state != "missing"]
        _check_one(name, self.plugins)
        self.path = writing.file_of(scope, self._where.prefix)

    def record(self, *, enabled: bool, reason: str, until: str) -> None:
        """Record the decision; where nothing else disables a plugin, enabling it is saying nothing more about it.

        Raises:
            SettingsError: it cannot be recorded.
        """
        about = {"reason": " ".join(reason.split()), "until": until, "since": time.strftime("%Y-%m-%d"), "by": _user()}
        source = Source(scope=_SCOPES[self.scope], place=self.path)
        names = _names(self._selection[0], self.plugins, exactly=enabled)
        if enabled and not any(map(self._is_disabled_beyond, self.plugins)):
            names = []
        rulings = [Ruling(name=name, source=source, enabled=enabled, **about) for name in names]
        meant = {one for plugin in self.plugins for one in self._forgotten(plugin)}
        hosts = sorted({plugin.host for plugin in self.plugins})
        writing.record(self.path, hosts, rulings, forget=meant)

    def _forgotten(self, plugin: Plugin) -> tuple[str, ...]:
        """Return the names of which the file then says nothing else: what is said of a whole distribution stays."""
        name, key, both = spellings(plugin.entry_point)
        return (name, key, both) if spelling(self._selection[0]) == key else (name, both)

    def _is_disabled_beyond(self, plugin: Plugin) -> bool:
        """Return whether something disables a plugin that stands in this file's place or farther, and stays there."""
        gone = set(self._forgotten(plugin))
        today = time.strftime("%Y-%m-%d")
        for ruling in self._facts.of(plugin.host).settings.rulings(*spellings(plugin.entry_point)):
            nearer = SCOPES.index(ruling.source.scope) < SCOPES.index(_SCOPES[self.scope])
            replaced = ruling.source.place == self.path and spelling(ruling.name) in gone
            if not (nearer or replaced or ruling.has_ended(today)):
                return not ruling.enabled
        return False

    def now(self) -> tuple[Plugin, ...]:
        """Return the plugins with what is decided about them by the settings as they are now."""
        found = select(Facts(self._where), *self._selection)
        return tuple(plugin for plugin in found if plugin.state != "shadowed") or found

    def tell(self, *, enabled: bool, as_json: bool) -> None:
        """Write what was recorded and what the plugins' states are now, and exit with 1 where that was not asked."""
        plugins = self.now()
        if as_json:
            rows: list[Row] = [
                {
                    "host": plugin.host,
                    "name": plugin.name,
                    "distribution": plugin.distribution.name,
                    "state": plugin.state,
                    "reason": plugin.decision.reason,
                    "next": reword(plugin.decision.next_step),
                }
                for plugin in plugins
            ]
            render.show_json({"plugins": rows}, (), lines=False, scope=self.scope, recorded=self.path)
        else:
            for plugin in plugins:
                click.echo(f"{plugin.name} of {plugin.host} is {_state(plugin)}")
            click.echo(f"recorded in {self.path}")
        against = [plugin for plugin in plugins if not _is_as_asked(plugin, enabled=enabled)]
        for line in dict.fromkeys(map(_warning, against)):
            render.warn(line)
        if against:
            sys.exit(1)


def _warning(plugin: Plugin) -> str:
    advice = reword(plugin.decision.next_step) or step(f"why {quoted(plugin.name)}", plugin.host)
    return f"{plugin.name} of {plugin.host} is {plugin.state} all the same; next: {advice}"


def _is_as_asked(plugin: Plugin, *, enabled: bool) -> bool:
    return plugin.state in ("available", "shadowed") if enabled else not plugin.decision.allowed


def _state(plugin: Plugin) -> str:
    reason = plugin.decision.reason
    return render.printable(f"{plugin.state}: {reason}" if reason else plugin.state)


def _check_one(name: str, plugins: "Sequence[Plugin]") -> None:
    """Refuse a name that means plugins of which neither the name nor the distribution is what was written.

    Raises:
        UsageError: it does, or means none that is installed.
    """
    if not plugins:
        message = f"{name!r} is not installed"
        raise click.UsageError(message)
    whole = {plugin.distribution.key for plugin in plugins} == {spelling(name)}
    if whole or len({(plugin.host, plugin.name) for plugin in plugins}) == 1:
        return
    meant = [f"  {plugin.distribution.name}:{plugin.name} --host {plugin.host}   ({plugin})" for plugin in plugins]
    message = "\n".join((f"{name!r} means several plugins; name one of", *meant))
    raise click.UsageError(message)


def _names(name: str, plugins: "Sequence[Plugin]", *, exactly: bool) -> list[str]:
    """Return the names to write: the distribution's if that was named, else the plugin's.

    Args:
        name: as it was typed.
        plugins: what it means.
        exactly: write the plugin's with its distribution's, which counts before what is said of either.
    """
    first = plugins[0]
    mine, key, both = spellings(first.entry_point)
    if spelling(name) == key != mine:
        return [first.distribution.name]
    if exactly or spelling(name) == both:
        return list(dict.fromkeys(f"{plugin.distribution.name}:{plugin.name}" for plugin in plugins))
    return [first.name]


def _user() -> str:
    if hasattr(os, "geteuid"):
        import pwd

        try:
            return pwd.getpwuid(os.geteuid()).pw_name
        except KeyError:
            return str(os.geteuid())
    return os.environ.get("USERNAME", "")
