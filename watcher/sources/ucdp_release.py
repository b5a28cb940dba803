"""Releases of UCDP GED by their names, and which of two is to be believed.

``25.1`` is final and covers everything to December 2024; ``26.0.6`` holds the candidates of June 2026; ``26.01.26.06``
holds those from January to June 2026, revised.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from enum import IntEnum
from typing import NamedTuple, Self

_CENTURY = 2000
LAST_MONTH = 12
#: GED begins here.
FIRST_DAY = date(1989, 1, 1)
_FINAL = re.compile(r"(\d\d)\.1", re.ASCII)
_MONTH = re.compile(r"(\d\d)\.0\.(\d{1,2})", re.ASCII)
_CUMULATIVE = re.compile(r"(\d\d)\.01\.(\d\d)\.(\d\d)", re.ASCII)


class Kind(IntEnum):
    """What a release is; of two that end in the same month the later one here is believed."""

    CUMULATIVE = 0
    MONTH = 1
    FINAL = 2


class Release(NamedTuple):
    """A release; of two, the greater is believed: the one that goes on longer, then the one whose kind stands later."""

    #: The last month that it covers.
    year: int
    month: int
    kind: Kind

    @classmethod
    def final(cls, year: int) -> Self:
        """The final release that is named for a year and covers everything before it."""
        return cls(year - 1, LAST_MONTH, Kind.FINAL)

    @classmethod
    def read(cls, name: str) -> Self:
        """A release by its name.

        :raises ValueError: when it is none.
        """
        name = name.strip()
        if match := _FINAL.fullmatch(name):
            return cls.final(_CENTURY + int(match[1]))
        if match := _MONTH.fullmatch(name):
            return cls._checked(int(match[1]), int(match[2]), Kind.MONTH)
        if (match := _CUMULATIVE.fullmatch(name)) and match[1] == match[2]:
            return cls._checked(int(match[2]), int(match[3]), Kind.CUMULATIVE)
        msg = "is no release of UCDP (such as 25.1 or 26.0.6)"
        raise ValueError(msg)

    @classmethod
    def _checked(cls, year: int, month: int, kind: Kind) -> Self:
        if not 1 <= month <= LAST_MONTH:
            msg = "is no release of UCDP: it has no such month"
            raise ValueError(msg)
        return cls(_CENTURY + year, month, kind)

    @property
    def name(self) -> str:
        """As UCDP writes it."""
        short = self.year % 100
        if self.kind is Kind.FINAL:
            return f"{short + 1:02}.1"
        if self.kind is Kind.MONTH:
            return f"{short:02}.0.{self.month}"
        return f"{short:02}.01.{short:02}.{self.month:02}"

    @property
    def begins(self) -> date:
        """The first day that it covers."""
        if self.kind is Kind.FINAL:
            return FIRST_DAY
        return date(self.year, self.month if self.kind is Kind.MONTH else 1, 1)

    @property
    def ends(self) -> date:
        """The last day that it covers."""
        following = date(self.year, self.month, 28) + timedelta(days=4)
        return following - timedelta(days=following.day)

    @property
    def stamp(self) -> datetime:
        """A moment that stands for its rank: no release says when it came out, so it tells an order and no time."""
        return datetime.combine(self.ends, datetime.min.time(), UTC) + timedelta(minutes=self.kind)

    def replaces(self, other: Release) -> bool:
        """Whether it covers all that another one does, and is to be believed over it."""
        return self > other and self.begins <= other.begins and self.ends >= other.ends
