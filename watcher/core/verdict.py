"""Verdicts: whether an episode was a true alarm, as somebody says who has looked, and what that says about its rule."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

#: Fewer verdicts say nothing about a rule.
LEAST = 10
#: The quantile of the normal distribution that leaves 5 % outside, both sides together.
_Z = 1.959964


class Word(StrEnum):
    """What an episode was."""

    #: What it said had happened.
    TRUE = "true"
    #: It should not have fired.
    FALSE = "false"
    #: Nobody can say.
    UNCLEAR = "unclear"


class Verdict(NamedTuple):
    """One person's word on one episode; a later one takes its place."""

    fingerprint: str
    episode: int
    #: The rule's identity.
    rule: str
    word: Word
    at: datetime
    author: str
    note: str = ""


class Tally(NamedTuple):
    """The verdicts on a rule's episodes, counted."""

    true: int = 0
    false: int = 0
    unclear: int = 0

    @property
    def decided(self) -> int:
        """How many say something: an unclear one does not."""
        return self.true + self.false

    @property
    def precision(self) -> float | None:
        """The share of true alarms; None while there are too few verdicts to name one."""
        return self.true / self.decided if self.decided >= LEAST else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Where the share lies with 95 % confidence (Wilson's score interval); None where there is none."""
        share, n = self.precision, self.decided
        if share is None:
            return None
        middle = (share + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
        half = _Z / (1 + _Z**2 / n) * math.sqrt(share * (1 - share) / n + _Z**2 / (4 * n * n))
        return max(0.0, middle - half), min(1.0, middle + half)

    def __str__(self) -> str:
        if self.precision is None or self.interval is None:
            return f"{self.decided} verdict{'' if self.decided == 1 else 's'}, {LEAST} needed"
        low, high = (f"{each * 100:.0f}" for each in self.interval)
        return f"{self.precision * 100:.0f} % true ({self.true} of {self.decided}; {low}-{high} %)"


def tally(verdicts: Iterable[Verdict]) -> Tally:
    """Count verdicts, the oldest first: of several on one episode the last counts."""
    last = {(each.fingerprint, each.episode): each.word for each in verdicts}
    counts = Counter(last.values())
    return Tally(counts[Word.TRUE], counts[Word.FALSE], counts[Word.UNCLEAR])
