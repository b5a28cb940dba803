"""What a person would write instead, and the least that any program must do: ``python -m tests.bench.floors FLOOR ...``.

Nothing but the standard library, each in a process of its own.
"""

from __future__ import annotations

import csv
import hashlib
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from datetime import date, datetime, timedelta
from itertools import islice
from pathlib import Path

from tests.bench.measure import Figures, tell, timed
from tests.bench.rules import BASELINE, BOUND, WINDOW, scopes

#: The baseline's year and the current one.
YEARS = (2024, 2025)
_SLICE = 1_000
_SUMS = "select coalesce(sum(events), 0), coalesce(sum(deaths), 0) from bucket where scope = ? and day >= ? and day < ?"

#: Day → (events, deaths), of one scope.
Buckets = dict[date, tuple[int, int]]


# --- reading a file ---------------------------------------------------------------------------------------------------


def read_only(file: str) -> Figures:
    """csv.reader over the file: the floor of any ingest."""
    seconds, answer = timed(lambda: _rows_and_deaths(Path(file)))
    return {"seconds": seconds, "answer": answer}


def _rows_and_deaths(file: Path) -> list[int]:
    with file.open(newline="", encoding="utf-8") as stream:
        reader = csv.reader(stream)
        deaths = next(reader).index("fatalities")
        rows = total = 0
        for row in reader:
            rows += 1
            total += int(row[deaths])
    return [rows, total]


def plain_sqlite(file: str, database: str) -> Figures:
    """What a script would do: every row as text into one table of SQLite, by its id, in slices."""
    seconds, _ = timed(lambda: _load(Path(file), database))
    with closing(sqlite3.connect(database)) as db:
        answer = list(db.execute("select count(*), sum(cast(fatalities as integer)) from event").fetchone())
    return {"seconds": seconds, "answer": answer}


def _load(file: Path, database: str) -> None:
    with (
        closing(sqlite3.connect(database, isolation_level=None)) as db,
        file.open(newline="", encoding="utf-8") as stream,
    ):
        db.execute("pragma journal_mode=wal").close()
        reader = csv.reader(stream)
        names = next(reader)
        columns, marks = ", ".join(names), ", ".join("?" * len(names))
        updates = ", ".join(f"{name} = excluded.{name}" for name in names[1:])
        db.execute(f"create table event ({columns}, primary key (event_id_cnty))")
        statement = f"insert into event values ({marks}) on conflict (event_id_cnty) do update set {updates}"
        while rows := list(islice(reader, _SLICE)):
            db.execute("begin")
            db.executemany(statement, rows)
            db.execute("commit")


def hash_only(file: str) -> Figures:
    """SHA-256 of the file: the floor of seeing that it is the same as before."""
    seconds, _ = timed(lambda: _digest(Path(file)))
    return {"seconds": seconds, "answer": None}


def _digest(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


# --- judging rules ----------------------------------------------------------------------------------------------------


def dicts(file: str, rules: str) -> Figures:
    """The daily buckets of every scope are dicts in a warm process, and are added up."""
    buckets = _buckets(Path(file), int(rules))
    seconds, answer = timed(lambda: [_deaths_of(buckets, year) for year in YEARS])
    return {"seconds": seconds, "answer": answer}


def _deaths_of(buckets: list[Buckets], year: int) -> int:
    first, last = date(year, 1, 1), date(year, 12, 31)
    return sum(sum(deaths for day, (_, deaths) in days.items() if first <= day <= last) for days in buckets)


def buckets_in_sqlite(file: str, rules: str, database: str) -> Figures:
    """The daily buckets of every scope are one table of SQLite, and each rule asks for two sums."""
    with closing(sqlite3.connect(database)) as db:
        db.execute("create table bucket (scope, day, events, deaths, primary key (scope, day)) without rowid").close()
        for scope, days in enumerate(_buckets(Path(file), int(rules))):
            rows = [(scope, day.isoformat(), *sums) for day, sums in days.items()]
            db.executemany("insert into bucket values (?, ?, ?, ?)", rows)
        db.commit()
        seconds, answer = timed(lambda: _add_up(db, int(rules)))
    return {"seconds": seconds, "answer": answer}


def _add_up(db: sqlite3.Connection, rules: int) -> list[int]:
    sums = [0, 0]
    for scope in range(rules):
        for side, year in enumerate(YEARS):
            sums[side] += db.execute(_SUMS, (scope, f"{year}-01-01", f"{year + 1}-01-01")).fetchone()[1]
    return sums


def _buckets(file: Path, rules: int) -> list[Buckets]:
    by_scope: dict[tuple[str, str, str], Buckets] = defaultdict(dict)
    for key, day, deaths in _events(file):
        events, total = by_scope[key].get(day, (0, 0))
        by_scope[key][day] = (events + 1, total + deaths)
    return [by_scope[scope] for scope in scopes(rules)]


def windows(file: str, country: str, first: str, last: str) -> Figures:
    """What a script would do for a backtest by hindsight: a moving sum of 30 days in each province, day by day."""
    by_area: dict[str, Buckets] = defaultdict(lambda: defaultdict(lambda: (0, 0)))
    for (where, area, _), day, deaths in _events(Path(file)):
        if where == country:
            events, total = by_area[area][day]
            by_area[area][day] = (events + 1, total + deaths)
    seconds, answer = timed(lambda: _days_over(by_area, date.fromisoformat(first), date.fromisoformat(last)))
    return {"seconds": seconds, "answer": answer}


def _days_over(by_area: Mapping[str, Buckets], first: date, last: date) -> int:
    """On how many days, over all provinces, the 30 days before it have at least BOUND deaths."""
    found = 0
    for buckets in by_area.values():
        for number in range((last - first).days + 1):
            today = first + timedelta(days=number)
            total = sum(buckets[day][1] for n in range(1, WINDOW + 1) if (day := today - timedelta(days=n)) in buckets)
            found += total >= BOUND
    return found


def paces(file: str, country: str, first: str, last: str) -> Figures:
    """The same of the headline rule: a running total of each year against a year's pace, day by day."""
    days: dict[date, int] = defaultdict(int)
    for (where, _, _), day, deaths in _events(Path(file)):
        if where == country:
            days[day] += deaths
    seconds, answer = timed(lambda: _days_above(days, date.fromisoformat(first), date.fromisoformat(last)))
    return {"seconds": seconds, "answer": answer}


def _days_above(days: Mapping[date, int], first: date, last: date) -> int:
    """On how many days it fires: above the pace with 25 deaths in four weeks, until it falls under 0.95 or the year ends."""
    per_day = sum(total for day, total in days.items() if day.year == BASELINE) / 365
    found, fires, since, total = 0, False, first, 0
    for number in range((last - first).days + 1):
        today = first + timedelta(days=number) - timedelta(days=1)
        begin = date(today.year, 1, 1)
        if since != begin:
            since, fires, total = (
                begin,
                False,
                sum(days.get(begin + timedelta(days=n), 0) for n in range((today - begin).days)),
            )
        total += days.get(today, 0)
        gone = (today - begin).days + 1
        ratio = total / (per_day * gone)
        fires = ratio >= 0.95 if fires else ratio > 1 and gone >= 28 and total >= 25
        found += fires
    return found


def _events(file: Path) -> Iterator[tuple[tuple[str, str, str], date, int]]:
    days: dict[str, date] = {}
    with file.open(newline="", encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            text = row["event_date"]
            if text not in days:
                days[text] = datetime.strptime(text, "%d %B %Y").date()
            yield (row["country"], row["admin1"], row["event_type"]), days[text], int(row["fatalities"])


FLOORS: Mapping[str, Callable[..., Figures]] = {
    floor.__name__: floor for floor in (read_only, plain_sqlite, hash_only, dicts, buckets_in_sqlite, windows, paces)
}

if __name__ == "__main__":
    tell(FLOORS)
