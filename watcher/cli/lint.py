"""`watcher lint`: check rules, settings and routes."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from pathlib import Path

import click

from watcher.cli.opening import config_option, open_settings
from watcher.cli.table import Column, format_option, paint, print_rows, safe
from watcher.config.render import render
from watcher.core.errors import ConfigError, ProblemSeverity
from watcher.core.message.phrase import counted
from watcher.lint import Linted, lint_installation, lint_rules

_EXIT_CODES = {None: 0, ProblemSeverity.INFORMATION: 0, ProblemSeverity.WARNING: 1, ProblemSeverity.ERROR: 2}
_FIELDS = ("path", "line", "column", "severity", "check", "key", "summary", "hint")


@click.command()
@config_option
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@format_option("text", "json")
def command(config: Path | None, *, paths: tuple[Path, ...], style: str) -> int:
    r"""Check settings, routes, channels, secrets and rules; with PATHS, only these rule files and folders.

    Every mistake is shown at its place, with what was probably meant; nothing is opened, sent or stored. Run it before
    each commit of the rules, and before a reload.

    \b
    watcher lint
    watcher lint rules/mozambique.yaml
    watcher lint --format json | jq -r '.[].summary'

    \b
    Exit codes: 0 nothing is wrong   1 warnings only   2 errors: it would not load
    """
    found = _lint(config, paths)
    if style == "json":
        print_rows((asdict(problem) for problem in found.problems), [Column(name) for name in _FIELDS], "json")
    else:
        _print(found, whole=not paths)
    return _EXIT_CODES[found.worst]


def _lint(config: Path | None, paths: tuple[Path, ...]) -> Linted:
    if paths:
        return lint_rules(paths)
    try:
        return lint_installation(open_settings(config))
    except ConfigError as error:
        # Without settings there is nothing else to look at.
        return Linted(error.problems, rules=0)


def _print(found: Linted, *, whole: bool) -> None:
    for problem in found.problems:
        level = paint(problem.severity.value, problem.severity.value)
        first, *rest = render(problem).removeprefix(f"{problem.place}: ").splitlines()
        print(f"{safe(problem.place)}: {level}: {safe(first)}")
        for line in rest:
            print(safe(line))
        print()
    counts = Counter(problem.severity.value for problem in found.problems)
    told = ", ".join(counted(number, level) for level, number in counts.items()) or "nothing is wrong"
    seen = [counted(found.rules, "rule")]
    if whole:
        seen += [counted(found.receivers, "receiver"), counted(found.sources, "source")]
    print(f"{told}; {', '.join(seen)}" if found.worst is not ProblemSeverity.ERROR else told)
