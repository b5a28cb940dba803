"""Another version of the rules: a file, a folder, or a revision in git."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from watcher.config.rules import find_rule_files, load_rules
from watcher.core.errors import ConfigError, UsageError
from watcher.core.rule import RuleSet

_TIMEOUT_S = 60
_NAME_ONE = "name a file, a folder or a revision of git"


def load_version(text: str, paths: Sequence[Path]) -> RuleSet:
    """The rules of another version.

    :param text: a folder of rules; a file, which stands in place of the one of its name at ``paths``; else a revision,
        of which the files at ``paths`` are read.
    :raises UsageError: when it is neither, or there is no git.
    :raises ConfigError: when that version does not load.
    """
    if text.startswith("-"):
        raise UsageError(f"{text!r} is no revision", todo=_NAME_ONE)
    if Path(text).is_dir():
        return load_rules([Path(text)])
    if Path(text).exists():
        return _in_place_of(Path(text), paths)
    with TemporaryDirectory(prefix="watcher-") as folder:
        return load_rules([_checked_out(text, path.absolute(), Path(folder) / str(n)) for n, path in enumerate(paths)])


def _in_place_of(file: Path, paths: Sequence[Path]) -> RuleSet:
    """The rules with a file in place of the one of the same name; by itself, where it speaks of nothing outside."""
    others = [each.path for each in find_rule_files(paths) if each.path.name != file.name]
    try:
        return load_rules([file])
    except ConfigError:
        return load_rules([*others, file])


def _checked_out(revision: str, path: Path, target: Path) -> Path:
    """What stood at a path at a revision, in a folder of its own."""
    place = path if path.is_dir() else path.parent
    neither = f"there is no file {revision!r} here, and no such revision in git"
    found = _git(
        place, "rev-parse", "--show-toplevel", why=f"there is no file {revision!r} here, and {place} is not in git"
    )
    top = Path(found.decode().strip())
    inside = path.resolve().relative_to(top.resolve()).as_posix()
    _git(top, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}", why=neither)
    names = _git(top, "ls-tree", "-r", "-z", "--name-only", "--full-tree", revision, "--", inside).decode().split("\0")
    files = [name for name in names if name]
    if not files:
        raise UsageError(f"{inside} is not in the revision {revision!r}", todo="name a revision that has these rules")
    for name in files:
        file = target / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(_git(top, "show", f"{revision}:{name}"))
    return target / inside


def _git(folder: Path, *arguments: str, why: str = "") -> bytes:
    """What git says."""
    command = ["git", "-C", str(folder), *arguments]
    try:
        # No shell, and a revision that begins with a dash is refused: what a person typed stays one argument.
        done = subprocess.run(  # noqa: S603 - see above
            command, capture_output=True, check=False, timeout=_TIMEOUT_S, stdin=subprocess.DEVNULL
        )
    except FileNotFoundError:
        raise UsageError(
            "a revision is read through git, and there is no git on this machine",
            todo="install git, or name a file or a folder of rules",
        ) from None
    except subprocess.TimeoutExpired:
        raise UsageError(f"git does not answer in {folder}", todo="name a file or a folder of rules") from None
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        what = why or f"git cannot read {folder}: {said[-1] if said else 'no reason given'}"
        raise UsageError(what, todo=_NAME_ONE)
    return done.stdout
