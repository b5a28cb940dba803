"""What works and floors have in common: how they are timed, and what they say."""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

#: When the newest release of the made-up records is known.
NOW = datetime(2026, 1, 10, tzinfo=UTC)

#: Seconds, the answer, and whatever else there is to say.
Figures = Mapping[str, Any]


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """How long it takes, in seconds, and what it answers."""
    started = time.perf_counter()
    answer = work()
    return time.perf_counter() - started, answer


def spent(work: Callable[[], Any]) -> tuple[float, Any]:
    """How much of the processor's time it takes, in seconds, and what it answers: what else runs does not count."""
    started = time.process_time()
    answer = work()
    return time.process_time() - started, answer


def tell(works: Mapping[str, Callable[..., Figures]]) -> None:
    """Do the work that the command line names, and print its figures and this process's peak memory as JSON."""
    _, work, *arguments = sys.argv
    figures = works[work](*arguments)
    print(json.dumps({**figures, "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024}))
