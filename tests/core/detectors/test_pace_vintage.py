"""``pace`` with a baseline of the same age: as known when it was as old as the current period is now."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from pydantic import ValidationError

from tests.core.detectors.snapshot import MemorySnapshot, at, known, spread, stated
from tests.core.detectors.test_pace import EVENTS_2019, IN_2019, THE_ARTICLE, only, parameters
from watcher.core.baseline import Baseline
from watcher.core.event import EventVersion
from watcher.core.reading import Reading, Status

SAME_AGE: dict[str, Any] = {"compare": "same_period", "vintage": "same_age", "indicator": "moz_attacks"}


def two_years(*, begun: str | None = "2019-06-01", as_known: str = "2020-07-07T06:00", **others) -> MemorySnapshot:
    """Attacks known the day after, and forty of the spring of 2019 that became known in the autumn."""
    late = known(spread(date(2019, 3, 1), date(2019, 5, 31), events=40, deaths=0, number=5000), on=at("2019-10-01"))
    events = [*EVENTS_2019, *spread(date(2020, 1, 1), date(2020, 7, 6), events=180, deaths=0, number=9000)]
    versions = [*known(events), *(version._replace(version=10_000 + version.version) for version in late)]
    return MemorySnapshot(at(as_known), tuple(versions), begun=at(begun) if begun else None, **others)


def revised(version: EventVersion, day: str) -> tuple[EventVersion, EventVersion]:
    """A record whose deaths were corrected to none."""
    return version._replace(known_to=at(day)), version._replace(
        version=20_000 + version.version, known_from=at(day), revision=2, event=version.event._replace(fatalities=0)
    )


def by_then(reading: Reading) -> object:
    return reading.values["baseline_total"]


def test_what_became_known_later_does_not_count():
    latest = only(two_years(), compare="same_period", indicator="moz_attacks")
    same_age = only(two_years(), **SAME_AGE)
    # The event of 6 July 2019 became known at midnight, six hours before the moment that is as old.
    first_half = sum(event.date_end <= date(2019, 7, 6) for event in EVENTS_2019)
    assert (by_then(latest), by_then(same_age)) == (first_half + 40, first_half)
    assert latest.values["observed"] == same_age.values["observed"] == 180
    assert latest.values["ratio"] == pytest.approx(180 / 188 / ((first_half + 40) / 187))
    assert same_age.values["ratio"] == pytest.approx(180 / 188 / (first_half / 187))


def test_what_was_taken_back_later_counts_as_it_was_known_then():
    versions = known(spread(date(2019, 1, 1), date(2019, 12, 31), events=100, deaths=1_000))
    corrected = [each for version in versions for each in revised(version, "2020-02-01")]
    this_year = known(spread(date(2020, 1, 1), date(2020, 7, 6), events=50, deaths=500, number=9000))
    snapshot = MemorySnapshot(at("2020-07-07"), (*corrected, *this_year), begun=at("2019-01-01"))
    assert by_then(only(snapshot, compare="same_period")) == 0
    assert by_then(only(snapshot, compare="same_period", vintage="same_age")) == pytest.approx(510, abs=10)


def test_it_says_as_known_when():
    assert (
        "Both periods are counted as known at the same age: 1 Jan 2019 to 6 Jul 2019 as known on 7 Jul 2019."
        in only(two_years(), **SAME_AGE).telling.unknown
    )


def test_the_picture_shows_the_same_numbers():
    reading = only(two_years(), **SAME_AGE)
    assert reading.telling.chart[-1][2] == pytest.approx(reading.values["expected"])


def test_a_period_that_is_read_again_is_as_old_on_both_sides():
    # Read in December up to 6 July: what was known of 2019 in December 2019 counts, the forty among it.
    later = replace(two_years(as_known="2020-12-01"), horizon=date(2020, 7, 6))
    assert by_then(only(later, **SAME_AGE)) == by_then(only(later, compare="same_period", indicator="moz_attacks"))


NOT_TOLD = "what was known of 1 Jan 2019 to 6 Jul 2019 on 7 Jul 2019 cannot be told"


@pytest.mark.parametrize(
    ("snapshot", "reason"),
    [
        (two_years(begun="2019-07-08"), f"{NOT_TOLD}: records are kept as they came only since 8 Jul 2019"),
        (two_years(begun=None), f"{NOT_TOLD}: no source has been loaded to its end yet"),
        (
            two_years(begun=None, basis="not all records have a stamp (acled: a lag)"),
            f"{NOT_TOLD}: not all records have a stamp (acled: a lag)",
        ),
    ],
    ids=["the first load came later", "no load is done", "the knowledge is assumed"],
)
def test_what_was_known_then_must_have_been_kept(snapshot, reason):
    reading = only(snapshot, **SAME_AGE)
    assert (reading.status, reading.reason, reading.period) == (Status.NO_DATA, reason, date(2020, 1, 1))


def test_a_load_just_at_that_moment_is_early_enough():
    assert only(two_years(begun="2019-07-07T06:00"), **SAME_AGE).status is Status.OK


def test_a_stated_number_has_no_age():
    article = replace(THE_ARTICLE, versions=known(EVENTS_2019))
    reading = only(article, compare="same_period", vintage="same_age")
    assert reading.reason == (
        "the number for 1 Jan 2020 to 6 Jul 2020 is stated, and nobody can say what was known at an age"
    )
    first_half = Baseline.model_validate(
        {**IN_2019.model_dump(by_alias=True), "period": {"from": "2019-01-01", "to": "2019-07-06"}}
    )
    records = known(spread(date(2020, 1, 1), date(2020, 7, 6), events=50, deaths=80))
    half_stated = MemorySnapshot(at("2020-07-08"), records, stated=stated(first_half, on="2020-01-05"))
    reading = only(half_stated, compare="same_period", vintage="same_age")
    assert reading.reason == (
        "the number for 1 Jan 2019 to 6 Jul 2019 is stated, and nobody can say what was known at an age"
    )


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"vintage": "same_age"}, "it goes with 'compare: same_period'"),
        ({"vintage": "same_age", "compare": "same_period", "delay": "estimated"}, "leave 'delay: estimated' out"),
    ],
    ids=["a whole year has no age", "nothing is corrected twice"],
)
def test_what_does_not_go_together_is_refused(given, said):
    with pytest.raises(ValidationError, match=said):
        parameters(**given)


def test_by_default_the_latest_knowledge_counts():
    assert parameters().vintage == "latest"
