"""Loading rule files: as many files as asked for, read by libyaml alone, by its loader, and by us with everything checked."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

import yaml

from watcher.config.rules import load_rules

_FILE = """\
version: 1
indicators:
  - indicator: deaths_{n}
    title: Deaths in region {n}
    sum: fatalities
    where: {{country: Mali, admin1: Region {n}, event_type: [Battles, Violence against civilians]}}
rules:
  - alert: Deaths in region {n} exceed the pace of 2019
    pace: {{indicator: deaths_{n}, above: 2019}}
    condition: [ratio > 1.2, observed >= 20]
    severity: {{critical: evidence = strong, otherwise: warning}}
    labels: {{team: north}}
    summary: '{{observed}} deaths, {{ratio:.1f}} times'
    author: the desk
    falsepositives: [none known]
"""
_TRIES = 5


def write(folder: Path, files: int) -> list[Path]:
    """Write rule files of one rule each."""
    paths = [folder / f"rule_{number:05}.yaml" for number in range(files)]
    for number, path in enumerate(paths):
        path.write_text(_FILE.format(n=number), encoding="utf-8")
    return paths


def times(folder: Path, paths: Sequence[Path]) -> tuple[float, float, float]:
    """Seconds, the best of five: the bare event stream, CSafeLoader, and a rule set."""
    return (
        _best(lambda: [_events(path) for path in paths]),
        _best(lambda: [yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader) for path in paths]),
        _best(lambda: load_rules([folder])),
    )


def _events(path: Path) -> int:
    """Go through the events of a file; how many there are."""
    loader = yaml.CSafeLoader(path.read_bytes())
    seen = 0
    while loader.check_event():
        loader.get_event()
        seen += 1
    return seen


def _best(work: Callable[[], object]) -> float:
    def once() -> float:
        begun = time.perf_counter()
        work()
        return time.perf_counter() - begun

    return min(once() for _ in range(_TRIES))
