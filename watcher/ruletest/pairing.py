"""Pairing: which expectation is met by what was found, and what comes nearest to one that is not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple


class Pairing(NamedTuple):
    """The partners of expectations, by their positions."""

    #: Those that are met, with what meets them; nothing meets two.
    met: Mapping[int, int]
    #: Those that are not, with what comes nearest; some have nothing.
    nearest: Mapping[int, int]

    @property
    def taken(self) -> frozenset[int]:
        """What was found and has a partner."""
        return frozenset((*self.met.values(), *self.nearest.values()))


def pair(scores: Sequence[Sequence[float]]) -> Pairing:
    """Meet as many expectations as can be met; each row is an expectation, each score of 1 would meet it."""
    holder: dict[int, int] = {}
    for row in range(len(scores)):
        _find(scores, row, holder, set())
    met = {row: column for column, row in holder.items()}
    return Pairing(met, _nearest(scores, met))


def _find(scores: Sequence[Sequence[float]], row: int, holder: dict[int, int], tried: set[int]) -> bool:
    """Give the row a column that meets it, moving others to another one where that helps."""
    for column, score in enumerate(scores[row]):
        if score >= 1 and column not in tried:
            tried.add(column)
            if column not in holder or _find(scores, holder[column], holder, tried):
                holder[column] = row
                return True
    return False


def _nearest(scores: Sequence[Sequence[float]], met: Mapping[int, int]) -> dict[int, int]:
    """For each row that is not met, the best of the columns that are left."""
    free = set(range(len(scores[0]) if scores else 0)) - set(met.values())
    nearest: dict[int, int] = {}
    for row in range(len(scores)):
        if row not in met and free:
            # The first of the best: ties are decided by the order in which things were found.
            best = min(free, key=lambda column: (-scores[row][column], column))
            nearest[row] = best
            free.remove(best)
    return nearest
