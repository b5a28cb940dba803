"""Answers of ReliefWeb's API: pages of rows, where to go on behind them, and what is said of a fault."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, NamedTuple

from watcher.net import Reply
from watcher.sources.pull.asking import in_a_line


class Answer(NamedTuple):
    """A page of what was asked for."""

    rows: list[Any]
    #: How many there are on all pages.
    total: int

    @property
    def stamps(self) -> list[datetime]:
        """When its rows were changed, those that say so."""
        return [stamp for row in self.rows if (stamp := _stamp_of(row)) is not None]


class Place(NamedTuple):
    """Where to go on: changes since a moment, and how many of them are passed over."""

    since: datetime
    offset: int = 0
    #: The id of the last row that came, which must come first on the next page; empty where no row is passed over.
    last: str = ""

    @classmethod
    def read(cls, text: str) -> Place | None:
        """A place as it was written down; None when it is none."""
        try:
            known = json.loads(text)
            return cls(datetime.fromisoformat(known["since"]), int(known["offset"]), str(known["last"]))
        except (KeyError, TypeError, ValueError):
            return None

    @property
    def text(self) -> str:
        """The place, to be written down."""
        return json.dumps(self._asdict() | {"since": self.since.isoformat()}, sort_keys=True)

    def has_shifted(self, answer: Answer) -> bool:
        """Whether a row that was passed over has changed meanwhile, so that another has slipped through."""
        return bool(self.last) and (not answer.rows or _id_of(answer.rows[0]) != self.last)

    def behind(self, answer: Answer) -> Place | None:
        """The place behind a page; None behind the last."""
        if self.offset + len(answer.rows) >= answer.total:
            return None
        newest = max(answer.stamps, default=self.since)
        if newest > self.since:
            return Place(newest)
        return Place(self.since, self.offset + len(answer.rows) - 1, _id_of(answer.rows[-1]))


def message_of(reply: Reply) -> str:
    """What an answer says of a fault, in one line."""
    try:
        found: Any = json.loads(reply.body)
    except (ValueError, RecursionError):
        return in_a_line(reply.body[:4_000].decode("utf-8", "replace"))
    for key in ("error", "message"):
        found = found.get(key, found) if isinstance(found, dict) else found
    return in_a_line(found if isinstance(found, str) else "")


def whole_number(value: object) -> int:
    """A number that may stand there as text; -1 where there is none."""
    text = str(value)
    return int(text[:18]) if text.isascii() and text.isdigit() else -1


def fields_of(row: object) -> dict[str, Any]:
    """What a row says."""
    fields = row.get("fields") if isinstance(row, dict) else None
    return fields if isinstance(fields, dict) else {}


def _id_of(row: object) -> str:
    return str(row.get("id")) if isinstance(row, dict) else ""


def _stamp_of(row: object) -> datetime | None:
    dates = fields_of(row).get("date")
    try:
        stamp = datetime.fromisoformat(dates["changed"]) if isinstance(dates, dict) else None
    except (KeyError, TypeError, ValueError):
        return None
    return None if stamp is None else stamp.astimezone(UTC) if stamp.tzinfo else stamp.replace(tzinfo=UTC)


def code_of(row: object) -> str:
    """The code of the country that a row is about first of all; empty where it names none."""
    where = fields_of(row).get("primary_country")
    code = where.get("iso3") if isinstance(where, dict) else ""
    return code.strip().lower() if isinstance(code, str) else ""
