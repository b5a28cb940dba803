"""Which files are rules, and whether they are fit to be."""

from __future__ import annotations

import hashlib
import shlex
import stat
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from watcher.config.document import MAX_BYTES
from watcher.core.errors import ConfigError, Problem

SUFFIXES = (".yaml", ".yml")
#: Folders of test files, which are no rules.
TESTS = "tests"


class RuleFile(NamedTuple):
    """A file of the set."""

    #: What its facts are filed under: the path below the folder that was given, ``sahel/facts.yaml``.
    name: str
    path: Path


def find_rule_files(paths: Sequence[Path]) -> tuple[RuleFile, ...]:
    """The files of the set: those named, and those in the folders named, sorted within each.

    :raises ConfigError: for a path that does not exist, for two files that would have the same name, and for a file or
        folder that everybody may write to.
    """
    files: dict[Path, RuleFile] = {}
    folders: set[Path] = set()
    problems: list[Problem] = []
    for path in paths:
        try:
            found = _found(path, folders)
        except OSError as error:
            reason = "no such file or folder" if isinstance(error, FileNotFoundError) else error.strerror
            problems.append(Problem(str(path), 0, 0, f"cannot be read: {reason}", hint="check the setting 'rules'"))
            continue
        for file in found:
            files.setdefault(file.path.resolve(), file)
    problems += _namesakes(files.values())
    problems += _open_to_all([*sorted(folders), *(file.path for file in files.values())])
    if problems:
        raise ConfigError(problems)
    return tuple(files.values())


class Stamp(NamedTuple):
    """By what a file is known again without reading it."""

    path: Path
    size: int
    changed_ns: int
    inode: int
    mode: int


def stamps_of(paths: Sequence[Path]) -> tuple[Stamp, ...]:
    """How the files of the set lie there now; a path that cannot be looked at has no stamps, and is reported by loading."""
    return tuple(stamp for path in paths for stamp in _stamps(path))


def content_hash(paths: Sequence[Path]) -> str:
    """A short hash over the files of the set as they are: over what they say, and the stamps of those too large to read."""
    digest = hashlib.blake2b(digest_size=8)
    for stamp in stamps_of(paths):
        if not stamp.path.is_dir():
            digest.update(repr((stamp.path.name, _content(stamp) or stamp)).encode())
    return digest.hexdigest()


def _stamps(path: Path) -> Iterator[Stamp]:
    folders: set[Path] = set()
    try:
        found = _found(path, folders)
    except OSError:
        return
    yield from (_stamp(file.path) for file in found)
    # Of a folder only who may write to it: an editor's scratch file beside the rules is no change.
    yield from (Stamp(folder, 0, 0, 0, _stamp(folder).mode) for folder in sorted(folders))


def _stamp(path: Path) -> Stamp:
    try:
        found = path.stat()
    except OSError:
        return Stamp(path, 0, 0, 0, 0)
    return Stamp(path, found.st_size, found.st_mtime_ns, found.st_ino, found.st_mode)


def _content(stamp: Stamp) -> bytes:
    try:
        return stamp.path.read_bytes() if stamp.path.is_file() and stamp.size <= MAX_BYTES else b""
    except OSError:
        return b""


def _found(path: Path, folders: set[Path]) -> list[RuleFile]:
    """The files at a path; the folders that were looked into are noted."""
    if path.is_dir():
        seen: set[Path] = set()
        found = [RuleFile(str(each.relative_to(path)), each) for each in _in_folder(path, seen)]
        folders |= seen
        return found
    path.lstat()
    return [RuleFile(path.name, path)]


def _in_folder(folder: Path, seen: set[Path]) -> Iterator[Path]:
    # A link may lead back to a folder above it.
    if (real := folder.resolve()) in seen:
        return
    seen.add(real)
    for path in sorted(folder.iterdir()):
        if path.name.startswith("."):
            continue
        if path.is_dir():
            if path.name != TESTS:
                yield from _in_folder(path, seen)
        elif path.suffix in SUFFIXES:
            yield path


def _namesakes(files: Iterable[RuleFile]) -> Iterator[Problem]:
    first: dict[str, Path] = {}
    for name, path in files:
        other = first.setdefault(name, path)
        if other != path:
            summary = f"a second file is called {name!r}, and what a file says is filed under its name"
            yield Problem(str(path), 0, 0, summary, hint=f"rename it or {other}")


def _open_to_all(paths: Iterable[Path]) -> Iterator[Problem]:
    """Whoever may write a rule decides who is told what; a group that shares the rules may."""
    for path in paths:
        if _stamp(path).mode & stat.S_IWOTH:
            hint = f"chmod o-w {shlex.quote(str(path))}"
            yield Problem(str(path), 0, 0, "everybody on this machine may write to it", hint=hint)
