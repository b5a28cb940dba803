"""Figures that take long: kept in a file as they come, so that a run that was stopped goes on where it was."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, MutableMapping
from pathlib import Path
from typing import Any, NamedTuple


class Job(NamedTuple):
    """One figure that is to be measured."""

    #: Which it is: "recent|mean 3, scatter 2".
    key: str
    #: On so many made-up histories.
    number: int
    #: What gives it; its first field is that number.
    measure: Callable[[int], tuple[Any, ...]]

    def is_done(self, done: Mapping[str, Any]) -> bool:
        """Whether it is there already, on as many."""
        return self.key in done and done[self.key][0] == self.number


def load(path: Path) -> dict[str, Any]:
    """What was measured before."""
    return json.loads(path.read_text("utf-8")) if path.exists() else {}


def do(jobs: Iterable[Job], done: MutableMapping[str, Any], path: Path) -> None:
    """Measure what is not measured yet; each figure is printed and kept as it comes."""
    for job in jobs:
        if not job.is_done(done):
            found = job.measure(job.number)
            done[job.key] = list(found)
            print(f"{job.key:60} {found}", flush=True)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(done, indent=1) + "\n", encoding="utf-8")
