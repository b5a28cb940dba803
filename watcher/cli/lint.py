"""`watcher lint`: check rules, settings and routes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import click

from watcher import clock
from watcher.cli.opening import config_option, open_settings
from watcher.cli.progress import progress
from watcher.cli.table import Column, format_option, paint, print_json, print_rows, safe
from watcher.config.render import render
from watcher.core.detectors.frame import counted
from watcher.core.errors import ConfigError, Problem, ProblemSeverity, UsageError
from watcher.lint.check import Fetch
from watcher.lint.formats import github, relative, sarif
from watcher.lint.run import Linted, lint_rules

_EXIT_CODES = {None: 0, ProblemSeverity.INFORMATION: 0, ProblemSeverity.WARNING: 1, ProblemSeverity.ERROR: 2}
_FIELDS = ("path", "line", "column", "severity", "check", "key", "summary", "hint")


@click.command()
@config_option
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@format_option("text", "json", "github", "sarif")
@click.option(
    "--level",
    type=click.Choice([severity.value for severity in ProblemSeverity]),
    default=ProblemSeverity.WARNING.value,
    show_default=True,
    help="Show what is at least this bad.",
)
@click.option("--online", is_flag=True, help="Also ask whether cited addresses still answer.")
def command(config: Path | None, *, paths: tuple[Path, ...], style: str, level: str, online: bool) -> int:
    r"""Check settings, routes, channels, secrets and rules; with PATHS, only these rule files and folders.

    What such a file names may stand in any other file of its set: that of the settings, where it belongs to it.

    Every mistake is shown at its place, with what was probably meant; nothing is sent or stored. Where there is a store,
    its records are read: whether names in it exist, and how often each rule would have fired in the last stored year.
    Run it before each commit of the rules, and before a reload.

    \b
    watcher lint
    watcher lint rules/mozambique.yaml
    watcher lint --level information
    watcher lint --format sarif > lint.sarif

    \b
    Exit codes: 0 nothing is wrong   1 warnings only   2 errors: it would not load
    """
    found = _lint(config, paths, online=online)
    shown = found.at_least(ProblemSeverity(level))
    match style:
        case "json":
            rows = (asdict(problem) | {"path": relative(problem.path)} for problem in shown)
            print_rows(rows, [Column(name) for name in _FIELDS], "json")
        case "github":
            print("\n".join(github(shown)), end="\n" if shown else "")
        case "sarif":
            from importlib import metadata

            print_json(sarif(shown, version=metadata.version("watcher")))
        case _:
            _print(found, shown, whole=not paths)
    return max((_EXIT_CODES[problem.severity] for problem in shown), default=0)


def _lint(config: Path | None, paths: tuple[Path, ...], *, online: bool) -> Linted:
    today = clock.wall().date()
    if paths:
        found = lint_rules(_set_of(config, paths), today=today, fetch=_fetcher() if online else None)
        return _only(found, paths)
    # Rule files alone are looked at in less time than this takes to import.
    from watcher.lint.installation import lint_installation

    try:
        settings = open_settings(config)
    except ConfigError as error:
        # Without settings there is nothing else to look at.
        return Linted(error.problems, rules=0)
    with progress() as line:
        return lint_installation(settings, today=today, fetch=_fetcher() if online else None, progress=line)


def _set_of(config: Path | None, paths: Sequence[Path]) -> Sequence[Path]:
    """The files that the named ones are one set with: all those of the settings, where the named ones are among them."""
    try:
        rules = open_settings(config).rules
    except (ConfigError, UsageError):
        return paths
    return rules if all(_lies_in(path, rules) for path in paths) else paths


def _only(found: Linted, paths: Sequence[Path]) -> Linted:
    """What is wrong with the named files alone."""
    return replace(found, problems=tuple(each for each in found.problems if _lies_in(Path(each.path), paths)))


def _lies_in(path: Path, places: Iterable[Path]) -> bool:
    return any(path.resolve().is_relative_to(place.resolve()) for place in places)


def _fetcher() -> Fetch:
    from watcher.lint.web import fetcher

    return fetcher()


def _print(found: Linted, shown: Sequence[Problem], *, whole: bool) -> None:
    for problem in (replace(each, path=relative(each.path)) for each in shown):
        level = paint(problem.severity.value, problem.severity.value)
        first, *rest = render(problem).removeprefix(f"{problem.place}: ").splitlines()
        print(f"{safe(problem.place)}: {level}: {safe(first)}{_name(problem)}")
        for line in rest:
            print(safe(line))
        print()
    print(_summary(found, shown, whole=whole))
    for line in _notes(found, shown):
        print(f"information: {safe(line)}")


def _notes(found: Linted, shown: Sequence[Problem]) -> Iterator[str]:
    """What was not looked at, or not shown."""
    hidden = len(found.problems) - len(shown)
    if hidden:
        yield f"{counted(hidden, 'remarks')} not shown (--level information)"
    if found.ignored:
        yield f"{counted(found.ignored, 'problems')} ignored by comments"
    if found.note:
        yield found.note


def _name(problem: Problem) -> str:
    """The check's name, for those that a comment may silence."""
    return "" if problem.check.endswith("/syntax") else f" [{problem.check}]"


def _summary(found: Linted, shown: Sequence[Problem], *, whole: bool) -> str:
    counts = Counter(problem.severity for problem in shown)
    words = {ProblemSeverity.INFORMATION: "remark"}
    told = [counted(number, f"{words.get(level, level.value)}s") for level, number in counts.items()]
    seen = [counted(found.rules, "rules")]
    if whole:
        seen += [counted(found.receivers, "receivers"), counted(found.sources, "sources")]
    first = ", ".join(told) or "nothing is wrong"
    return first if counts[ProblemSeverity.ERROR] else f"{first}; {', '.join(seen)}"
