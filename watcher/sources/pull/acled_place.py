"""How far a pull from ACLED has come: what is left to ask, and what has come so far."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any, NamedTuple

from watcher.core.period import DAY, day_start
from watcher.sources.days import unix_stamp
from watcher.sources.pull.acled_answer import Answer

#: Pages of fewer rows than this make no difference to the server; then it is asked for fewer days.
_LEAST = 500
_SMALLER = 4


class Step(NamedTuple):
    """One question, asked page by page: the events of some days, or what was deleted."""

    #: None where it is about what was deleted.
    first: date | None
    #: None where there is no last day: then a slip of a pen that lies in the future comes along, and is seen.
    last: date | None = None

    @property
    def halves(self) -> tuple[Step, Step] | None:
        """The same question in two; None when that is not possible."""
        if self.first is None or self.last is None or self.first >= self.last:
            return None
        middle = self.first + (self.last - self.first) // 2
        return Step(self.first, middle), Step(middle + DAY, self.last)


DELETIONS = Step(None)


class Place(NamedTuple):
    """Where to go on."""

    #: The first of them is being asked.
    left: tuple[Step, ...]
    limit: int = 0
    #: The page that is asked next; the first is 1.
    page: int = 1
    #: How many rows the first page of this step had, where those were fewer than were asked for: it may be all there is,
    #: or all that it gives at a time, and only pages of that size tell which. 0 where it was full.
    given: int = 0
    #: How many rows of this step have come, each once.
    rows: int = 0
    #: How many the first page of this step said there are, where that was more than it had; else 0.
    total: int = 0
    #: How many events have come in all.
    brought: int = 0
    #: Only what was stamped since, in seconds since 1970; 0 for everything.
    stamped: int = 0
    deleted: int = 0
    #: The newest stamps that were seen.
    newest: int = 0
    newest_deleted: int = 0

    @classmethod
    def start(cls, cursor: str, begin: date, today: date, *, limit: int, question: str) -> Place:
        """Where a pull begins: behind the last one, where that was asked the same question."""
        known = _map(cursor)
        known = known if known.get("asked") == question and known.get("timestamp") else {}
        stamped, deleted = (int(known.get(name, 0)) for name in ("timestamp", "deleted"))
        steps = [Step(begin)] if stamped else list(_years(begin, today))
        deleted = deleted or int(day_start(begin).timestamp())
        return cls((*steps, DELETIONS), limit, stamped=stamped, deleted=deleted, newest=stamped, newest_deleted=deleted)

    @classmethod
    def read(cls, text: str) -> Place | None:
        """A place as it was written down; None when it is none."""
        known = _map(text)
        try:
            steps = tuple(
                Step(*(date.fromisoformat(day) if day else None for day in days)) for days in known.pop("left")
            )
            return cls(steps, **known)
        except (KeyError, TypeError, ValueError):
            return None

    @property
    def text(self) -> str:
        """The place, to be written down."""
        left = [[day.isoformat() if day else "" for day in step] for step in self.left]
        return json.dumps(self._asdict() | {"left": left}, sort_keys=True)

    def cursor(self, question: str) -> str:
        """Where the next pull begins when it is asked the same question."""
        return json.dumps({"asked": question, "timestamp": self.newest, "deleted": self.newest_deleted})

    @property
    def is_last_of_events(self) -> bool:
        """Whether what was deleted comes next."""
        return DELETIONS in self.left[1:2]

    def asked(self, overlap: timedelta) -> dict[str, str]:
        """What is asked, as the API has it."""
        first, last = self.left[0]
        span = int(overlap.total_seconds())
        paging = {"limit": str(self._size), "page": str(self.page)}
        if first is None:
            return {"deleted_timestamp": str(self.deleted - span), "deleted_timestamp_where": ">=", **paging}
        days = f"{first}|{last}" if last else str(first)
        asked = {"event_date": days, "event_date_where": "BETWEEN" if last else ">=", **paging}
        return asked | ({"timestamp": str(self.stamped - span), "timestamp_where": ">="} if self.stamped else {})

    def is_cut(self, answer: Answer) -> bool:
        """Whether a page behind the first has fewer rows than it says; of the first, the pages behind it tell."""
        rows, spoken_of = len(answer.rows), answer.spoken_of or 0
        return self.page > 1 and 0 < rows < spoken_of <= self._size and spoken_of != self.total

    def is_short(self, answer: Answer) -> bool:
        """Whether a step ends before all the rows have come that were spoken of."""
        return not answer.rows and max(self.total, answer.spoken_of or 0) > self.rows

    def behind(self, answer: Answer, *, new: int, now: datetime) -> Place:
        """The place behind a page: the next page, or the next step behind an empty one.

        :param new: how many of its rows had not come before.
        """
        if not answer.rows:
            return self.again()._replace(left=self.left[1:])
        is_about_events = self.left[0] != DELETIONS
        newest = max([_stamp(row, now, "timestamp") for row in answer.rows] if is_about_events else [0])
        deleted = max([0] if is_about_events else [_stamp(row, now, "deleted_timestamp") for row in answer.rows])
        rows, spoken_of = len(answer.rows), answer.spoken_of or 0
        is_first = self.page == 1
        return self._replace(
            page=self.page + 1,
            given=rows * (rows != self.limit) if is_first else self.given,
            total=spoken_of * (rows < spoken_of) if is_first else self.total,
            rows=self.rows + new,
            brought=self.brought + rows * is_about_events,
            newest=max(self.newest, newest),
            newest_deleted=max(self.newest_deleted, deleted),
        )

    def again(self) -> Place:
        """The beginning of the step."""
        return self._replace(page=1, given=0, rows=0, total=0)

    def smaller(self, today: date) -> Place | None:
        """The same place, asked for in smaller pieces; None where there are none."""
        if self.limit > _LEAST:
            limit = max(self.limit // _SMALLER, _LEAST)
            if 0 < self.given <= limit:
                return self._replace(limit=limit)
            # Rather some rows twice than one not at all.
            pages = (self.page - 1) * self._size // limit
            return self._replace(limit=limit, page=pages + 1, given=0, rows=min(self.rows, pages * limit))
        step = self.left[0]
        if step.first is not None and step.last is None and step.first < today:
            halves: tuple[Step, Step] | None = (Step(step.first, today), Step(today + DAY))
        else:
            halves = step.halves
        return self.again()._replace(left=(*halves, *self.left[1:])) if halves else None

    @property
    def _size(self) -> int:
        return self.given or self.limit


def _years(begin: date, today: date) -> Iterator[Step]:
    """The days from one to the last that there is, in calendar years."""
    starts = [begin, *(date(year, 1, 1) for year in range(begin.year + 1, today.year + 1))]
    for start, following in pairwise(starts):
        yield Step(start, following - DAY)
    yield Step(starts[-1])


def _stamp(row: Any, now: datetime, name: str) -> int:
    """A row's stamp, 0 where there is none that can be: one of the far future would blind us until then."""
    try:
        moment = unix_stamp(now.date())(str(row[name]))
    except (KeyError, TypeError, ValueError):
        return 0
    return min(int(moment.timestamp()), int(now.timestamp()))


def _map(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
