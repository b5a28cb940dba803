"""`watcher support-bundle`: what whoever helps needs to know, without secrets and without records."""

from __future__ import annotations

import io
import os
import platform
import re
import sqlite3
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import redirect_stderr, redirect_stdout, suppress
from importlib.metadata import distributions
from pathlib import Path

import click

from watcher import clock
from watcher.cli.opening import config_option, open_settings
from watcher.config.settings import Settings
from watcher.core.errors import UsageError
from watcher.log import redacted

#: Commands whose answers are part of it, by the name of the file.
_ASKED: Mapping[str, tuple[str, ...]] = {
    "doctor.txt": ("doctor",),
    "status.json": ("status", "--format", "json"),
    "sources.json": ("source", "list", "--format", "json"),
    "held.json": ("release", "--format", "json"),
    "outbox.json": ("outbox", "list", "--format", "json"),
    "rules.txt": ("rules",),
    "lint.txt": ("lint",),
}
#: An address may be a secret, and names people.
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^\s'\",}\]]+")
_MAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+")
#: What stands behind such a key is hidden even where no secret may stand.
_KEY = re.compile(
    r"(?im)^(\s*(?:- *)?[\w-]*(?:password|passwd|token|secret|api_?key|routing_key)[\w-]*\s*:\s*)(?!\{)(\S.*)$"
)
_LARGEST = 1 << 20


@click.command()
@config_option
@click.argument("target", type=click.Path(path_type=Path, dir_okay=False), required=False)
def command(config: Path | None, target: Path | None) -> int:
    r"""Write TARGET, an archive with what whoever helps needs to know: settings, routes, rules, versions, how things stand.

    Addresses, mail addresses and everything that is kept as a secret are blotted out; no record, fact, alert text or message
    is in it. Look into it before you send it: the settings and rules are yours.

    \b
    watcher support-bundle
    tar tzf watcher-support-*.tar.gz
    """
    settings = open_settings(config)
    target = target or Path(f"watcher-support-{clock.wall():%Y%m%dT%H%M%SZ}.tar.gz")
    if target.exists():
        raise UsageError("there is a file of this name already", where=str(target), todo="name another")
    names = []
    with _private(target) as stream, tarfile.open(fileobj=stream, mode="w:gz") as archive:
        for name, text in _parts(settings, config):
            data = blotted(text).encode()[:_LARGEST]
            info = tarfile.TarInfo(f"watcher-support/{name}")
            info.size, info.mtime, info.mode = len(data), int(clock.wall().timestamp()), 0o600
            archive.addfile(info, io.BytesIO(data))
            names.append(name)
    print(f"{target}: {', '.join(names)}")
    return 0


def blotted(text: str) -> str:
    """A text without addresses and without anything that is kept as a secret."""
    text = _KEY.sub(r"\1<hidden>", redacted(text))
    return _MAIL.sub("<mail>", _ADDRESS.sub("<address>", text))


def _private(target: Path) -> io.BufferedWriter:
    return os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def _parts(settings: Settings, config: Path | None) -> Iterator[tuple[str, str]]:
    yield "machine.txt", _machine()
    for path in (settings.path, settings.notify):
        with suppress(OSError):
            yield path.name, path.read_text(encoding="utf-8", errors="replace")
    for path in _rule_files(settings):
        with suppress(OSError):
            yield f"rules/{path.name}", path.read_text(encoding="utf-8", errors="replace")
    for name, arguments in _ASKED.items():
        yield name, _answer(arguments, config)


def _rule_files(settings: Settings) -> list[Path]:
    found: set[Path] = set()
    for path in settings.rules:
        found.update([path] if path.is_file() else path.glob("*.y*ml"))
    return sorted(found)


def _answer(arguments: tuple[str, ...], config: Path | None) -> str:
    """What a command says; one that fails says why."""
    from watcher.cli import main

    said = io.StringIO()
    chosen = [] if config is None else ["--config", str(config)]
    with redirect_stdout(said), redirect_stderr(said):
        code = main([*arguments, *chosen])
    return f"{said.getvalue()}\n(exit code {int(code or 0)})\n"


def _machine() -> str:
    lines = [
        f"python {platform.python_version()} on {platform.platform()}",
        f"sqlite {sqlite3.sqlite_version}",
        f"time {clock.wall():%Y-%m-%d %H:%M:%S} UTC",
        f"user {os.geteuid()}, {len(os.sched_getaffinity(0))} processors",
        f"variables: {', '.join(sorted(name for name in os.environ if name.startswith('WATCHER_'))) or 'none'}",
        *sorted(f"{each.name} {each.version}" for each in distributions()),
    ]
    return "\n".join(lines) + "\n"
