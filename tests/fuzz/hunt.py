"""A hunt: many cases for one target, the same for the same seed."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.fuzz.target import Target


def hunt(target: Target, *, cases: int, start: int) -> int:
    """Throw so many cases at a target; return how many there were.

    :raises Exception: the fault of the smallest case that one was found for.
    """
    done = 0

    def throw(case: Any) -> None:
        nonlocal done
        done += 1
        survive(case)

    calm = settings(
        max_examples=cases,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    with target.stage() as survive:
        seed(start)(calm(given(target.cases)(throw)))()
    return done
