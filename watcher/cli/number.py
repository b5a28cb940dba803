"""Numbers on the command line."""

from __future__ import annotations

import math
from typing import Any

import click

#: The largest number of a row, or of rows, in PostgreSQL.
LARGEST = 2**31 - 1


class Within(click.FloatRange):
    """A number between two others: no infinity, and not ``nan``, which is between all of them."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The number; a usage error for anything else."""
        number: float = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value!r} is not a number.", param, ctx)
        return number


class Whole(click.IntRange):
    """A whole number that every store can hold."""

    def __init__(self, least: int = 1) -> None:
        super().__init__(least, LARGEST)
