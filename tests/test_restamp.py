"""A mass re-stamp: most records of a source carry a new stamp one day, and say nothing new. Nothing happens."""

from __future__ import annotations

import sqlite3

from tests.installation import Installation, installed

ROWS = [f"MOZ{n}  2020-05-{n + 1:02}  {3 if n % 2 else 0}  {'Palma' if n % 3 else 'Mueda'}" for n in range(1, 29)]


def versions(it: Installation) -> list[tuple[object, ...]]:
    with sqlite3.connect(str(it.app.store.path)) as store:
        return store.execute("select external_id, revision, known_from, known_to from event order by 1, 2").fetchall()


def test_nothing_changes_and_nothing_fires(tmp_path):
    with installed(tmp_path) as it:
        it.release("2020-06-01", *ROWS)
        it.turn("2020-06-01 06:00")
        before, transitions = versions(it), it.transitions()
        assert len(before) == len(ROWS)
        assert transitions
        it.told()
        it.release("2020-06-08", *ROWS[: len(ROWS) * 7 // 10])
        it.turn("2020-06-08 06:00")
        assert versions(it) == before
        assert it.told() == []
        # Time has passed, and the window with it; by what was known before, the same would have come.
        assert [each.reason for each in it.transitions()] == [each.reason for each in transitions]


def test_what_really_changed_among_them_is_not_lost(tmp_path):
    with installed(tmp_path) as it:
        it.release("2020-06-01", *ROWS)
        it.turn("2020-06-01 06:00")
        before = versions(it)
        it.release("2020-06-08", *ROWS[:19], "MOZ20  2020-05-21  30  Palma")
        it.turn("2020-06-08 06:00")
        assert [row[0] for row in versions(it) if row not in before] == ["MOZ20", "MOZ20"]
