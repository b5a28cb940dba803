"""What may stand on the command line: each command ends soon, with a code of the contract and a line that says why.

Whatever a command is given, one that reads leaves the store as it was.
"""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import signal
import sqlite3
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import click
import pytest
from hypothesis import strategies as st

from tests.cli.conftest import INSTALLATION
from tests.cli.records import raid, write
from tests.fuzz.target import Survive, Target
from tests.installation import empty_store
from watcher import cli, clock
from watcher.core.errors import ExitCode

#: Of `status --format nagios`, whose codes are Nagios's.
_UNKNOWN = 3
_CODES = frozenset({*ExitCode, _UNKNOWN, 130}) - {ExitCode.BUG, ExitCode.TIMEOUT, ExitCode.TERMINATED}
#: Nothing that is asked of so small a store may take longer, seconds.
_PATIENCE_S = 30
_NOW = datetime(2020, 7, 20, 9, tzinfo=UTC)
#: These do not end, or would ask the network.
_LEFT_OUT = frozenset({"run", "demo", "--watch", "--online"})
_CHANGING = frozenset({
    "ack", "assert", "backup", "check", "confirm", "drill", "ingest", "init", "migrate", "migrate-store", "outbox cancel",
    "outbox enable", "outbox replay", "prune", "quarantine dismiss", "quarantine retry", "release", "restore", "silence add",
    "silence expire", "source add", "source pull", "verdict", "withdraw",
})  # fmt: skip


def _commands(group: click.Group, path: Sequence[str] = ()) -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        found = group.get_command(context, name)
        if isinstance(found, click.Group):
            yield from _commands(found, [*path, name])
        elif found is not None and name not in _LEFT_OUT:
            yield " ".join([*path, name]), found


_ALL = dict(_commands(cli.doors))

# --- arguments --------------------------------------------------------------------------------------------------------

_KNOWN = (
    "acled",
    "log",
    "desk",
    "test",
    "desk/file/1",
    "mozambique",
    "MOZ",
    "BFO",
    "BFO1",
    "rivalry",
    "location=Nowhere",
)
_TIMES = (
    "2020-07-07",
    "2020-07-07T03:00:00Z",
    "2020",
    "2020-W10-1",
    "9999-12-31",
    "0001-01-01",
    "2020-02-30",
    "7d",
    "-1d",
    "99999999999d",
    "1d1h",
    "now",
)
_SHAPES = (
    "447/188d",
    "1/0d",
    "0/1d",
    "-1/1d",
    "1e400/1d",
    "value > 1",
    'country = "MOZ"',
    "a=~(",
    "a=b=c",
    "columns.id=x",
    "(",
    "country: [",
)
_ODD = (
    "",
    " ",
    "-",
    "--",
    "\x1b[2J",
    "\u202e",
    "é",
    "\udcff",
    "x" * 3_000,
    "%s",
    "{0}",
    "9" * 5_000,
    "nan",
    "*",
    "'",
    '"',
)
_FILES = (
    "watcher.yaml",
    "notify.yaml",
    "rules",
    "inbox",
    "inbox/june.csv",
    "nowhere",
    "nowhere/x",
    ".",
    "state",
    "state/watcher.db",
    "new.bin",
    "a\nb",
)
_URLS = ("sqlite:///new.db", "sqlite://", "mysql://x", "://", "file.db")
_NUMBERS = ("0", "1", "2", "7", "-1", "1.5", "1e3", "inf", "nan", "9" * 30, "٣", "")
#: No system hands over a NUL, nor half a character.
_SAYABLE = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
_ANYTHING = st.sampled_from([*_KNOWN, *_TIMES, *_SHAPES, *_ODD, *_FILES, *_URLS, *_NUMBERS]) | st.text(
    _SAYABLE, max_size=8
)


def _values(parameter: click.Parameter) -> st.SearchStrategy[str]:
    kind = parameter.type
    if isinstance(kind, click.Choice):
        return st.sampled_from([str(each) for each in kind.choices]) | _ANYTHING
    if isinstance(kind, click.Path):
        return st.sampled_from(_FILES) | _ANYTHING
    if kind.name.startswith(("integer", "float")):
        return st.sampled_from(_NUMBERS)
    return _ANYTHING


@st.composite
def _cases(draw: st.DrawFn) -> tuple[str, list[str]]:
    name = draw(st.sampled_from(sorted(_ALL)))
    arguments: list[str] = []
    for parameter in _ALL[name].params:
        is_wanted = parameter.required or not draw(st.integers(0, 3))
        if not is_wanted or not _LEFT_OUT.isdisjoint(parameter.opts):
            continue
        spelling = [draw(st.sampled_from(parameter.opts))] if isinstance(parameter, click.Option) else []
        if isinstance(parameter, click.Option) and parameter.is_flag:
            arguments += spelling
            continue
        for value in draw(st.lists(_values(parameter), min_size=1, max_size=1 if parameter.nargs == 1 else 2)):
            arguments += [*spelling, value]
    if not draw(st.integers(0, 9)):
        arguments.insert(draw(st.integers(0, len(arguments))), draw(_ANYTHING | st.just("--nonsense")))
    return name, [each for each in arguments if not each.startswith(("/", "~")) and ".." not in each]


# --- running ----------------------------------------------------------------------------------------------------------


class _Stopped:
    """A clock that stands still."""

    @staticmethod
    def now(_zone: tzinfo) -> datetime:
        return _NOW


class _Said(NamedTuple):
    code: int
    out: str
    err: str


def _run(arguments: Sequence[str]) -> _Said:
    out, err = io.BytesIO(), io.BytesIO()
    before, sys.stdin = sys.stdin, io.StringIO()
    try:
        with redirect_stdout(_text(out)) as told, redirect_stderr(_text(err)) as complained:
            code = cli.main(arguments)
    finally:
        sys.stdin = before
    said = _Said(code, out.getvalue().decode(), err.getvalue().decode())
    told.detach()
    complained.detach()
    return said


def _text(stream: io.BytesIO) -> io.TextIOWrapper:
    return io.TextIOWrapper(stream, encoding="utf-8", write_through=True)


def _prepare(home: Path) -> None:
    shutil.copytree(INSTALLATION, home)
    (home / "state").mkdir(mode=0o700)
    (home / "state" / "watcher.db").touch(mode=0o600)
    (home / "state" / "watcher.db").write_bytes(empty_store())
    (home / "inbox").mkdir()
    write(
        home / "inbox" / "june.csv",
        [raid(1, "2020-06-25", 80), raid(2, "2020-06-28", 9), raid(3, "2020-07-01", "many")],
    )
    os.chdir(home)
    assert _run(["check"]).code in {ExitCode.OK, ExitCode.DATA}


def _content(home: Path) -> str:
    """All that the store holds, as a hash; and which files there are, but for those by which processes wait for each other."""
    with sqlite3.connect(home / "state" / "watcher.db") as tx:
        tables = [name for (name,) in tx.execute("select name from sqlite_master where type = 'table' order by name")]
        rows = [(name, tx.execute(f'select * from "{name}"').fetchall()) for name in tables]
    tx.close()
    return hashlib.sha256(repr(rows).encode("utf-8", "surrogatepass")).hexdigest()


@contextmanager
def _stage() -> Iterator[Survive]:
    before = Path.cwd()
    # The function itself is bound in many places; what it asks is not.
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as changed:
        changed.setattr(clock, "datetime", _Stopped)
        good, home = Path(folder, "good"), Path(folder, "home")
        try:
            _prepare(good)
            yield lambda case: _survive(case, good, home)
        finally:
            os.chdir(before)


def _survive(case: tuple[str, list[str]], good: Path, home: Path) -> None:
    name, arguments = case
    shutil.rmtree(home, ignore_errors=True)
    shutil.copytree(good, home)
    os.chdir(home)
    signal.signal(signal.SIGALRM, _too_long)
    signal.alarm(_PATIENCE_S)
    try:
        said = _run([*name.split(), *arguments])
    finally:
        signal.alarm(0)
    assert said.code in _CODES, (said.code, said.err)
    assert "Traceback" not in said.out + said.err
    assert said.code == ExitCode.OK or said.out or said.err, "it says why"
    if name not in _CHANGING:
        assert _content(home) == _content(good), "who only reads changes nothing"


def _too_long(*_: object) -> None:
    raise AssertionError(f"it takes longer than {_PATIENCE_S} seconds")


TARGETS = (Target("arguments of commands", _cases(), _stage),)
