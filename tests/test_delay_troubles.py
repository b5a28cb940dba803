"""An alert about ourselves when the records of a source come later, or sooner, than they did."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from tests.installation import RULES, Installation, at, installed
from watcher.core.alert import State
from watcher.store.schema import source as sources

FIRST = date(2020, 1, 2)
KNOWN = "id    date        deaths  place  known"


def rows(first: int, last: int, *, delay: int) -> Iterator[str]:
    """Two attacks on each of some days, known so many days later."""
    for number in range(first, last):
        day = FIRST + timedelta(days=number)
        for which, place in enumerate(("Palma", "Mueda")):
            yield f"MOZ{number:03}{which}  {day}  0  {place}  {day + timedelta(days=delay)} 06:00"


def standing(it: Installation) -> list[str]:
    return [each.rule for each in it.alerts().values() if each.state is State.FIRING]


@pytest.fixture
def begun(tmp_path):
    with installed(tmp_path, rules=RULES) as it:
        it.release("2020-01-01 12:00", "MOZ9  2019-12-20  0  Palma")
        it.turn("2020-01-01 13:00")
        yield it


@pytest.mark.parametrize(
    ("later", "said"),
    [
        pytest.param(
            20,
            "Later: of the events of the last 91 days 0 % were known 3 days after they happened; of those of the 91 days "
            "before it were 100 %.",
            id="later",
        ),
        pytest.param(
            0,
            "Sooner: of the events of the last 91 days 100 % were known on the day on which they happened; of those of the 91 days "
            "before it were 0 %.",
            id="sooner",
        ),
    ],
)
def test_it_begins_when_the_curve_has_moved_and_is_told_once(begun, later, said):
    begun.release("2020-10-10 12:00", *rows(0, 190, delay=3), *rows(190, 270, delay=later), header=KNOWN)
    begun.turn("2020-10-11 13:00")
    assert standing(begun) == ["watcher:WatcherDelayMoved"]
    [message] = begun.told()
    assert message["watcher"]["subject"] == "[WARNING] acled: its records come otherwise than before"
    assert said in " ".join(message["watcher"]["text"].split())
    assert message["commonLabels"]["source"] == "acled"
    begun.turn("2020-10-11 14:00")
    assert begun.told() == []


def test_it_ends_when_both_halves_are_alike_again(begun):
    begun.release("2020-10-10 12:00", *rows(0, 190, delay=3), *rows(190, 270, delay=20), header=KNOWN)
    begun.turn("2020-10-11 13:00")
    begun.release("2021-04-02 12:00", *rows(270, 440, delay=20), header=KNOWN)
    begun.turn("2021-04-02 13:00")
    assert standing(begun) == []


def test_a_source_whose_delay_is_what_it_was_is_not_spoken_of(begun):
    begun.release("2020-10-10 12:00", *rows(0, 260, delay=3), header=KNOWN)
    begun.turn("2020-10-11 13:00")
    assert standing(begun) == []


def test_it_is_looked_at_once_a_week(begun):
    def seen() -> list[date]:
        with begun.app.store.reading() as tx:
            return list(tx.execute(select(sources.c.delay_seen)).scalars())

    assert seen() == [date(2020, 1, 1)]
    begun.release("2020-01-08 08:00", *rows(0, 6, delay=0), header=KNOWN)
    begun.turn("2020-01-08 09:00")
    # Before noon the reports of the day are still to come.
    assert seen() == [date(2020, 1, 1)]
    begun.release("2020-01-08 13:00", *rows(6, 7, delay=0), header=KNOWN)
    begun.turn("2020-01-08 14:00")
    assert seen() == [date(2020, 1, 8)]
    assert at("2020-01-08 14:00") == begun.now
