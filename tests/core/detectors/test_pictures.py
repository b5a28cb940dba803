"""Detectors that tell of single occurrences, of silence or of other alerts draw what they saw as well."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

from tests.core.detectors import test_absence, test_combine, test_first_seen, test_match, test_resumption
from watcher.core.picture import Picture, SeriesPicture, Span, StatePicture


def series(picture: Picture | None) -> SeriesPicture:
    assert isinstance(picture, SeriesPicture)
    return picture


def seen(picture: Picture | None) -> list[tuple[str, float, bool]]:
    """(last day, number, whether it is what is told) of the bars that are not empty."""
    return [(f"{bar.last}", bar.observed, bar.alarm) for bar in series(picture).bars if bar.observed]


def test_a_cluster_shows_its_events_by_day_and_the_quiet_before():
    clash, read, snapshot = test_match.clash, test_match.read, test_match.snapshot
    (reading,) = read(snapshot(clash(1, "2020-11-12"), clash(2, "2020-11-12"), clash(3, "2020-11-13")))
    drawn = reading.telling.picture
    assert seen(drawn) == [("2020-11-12", 2, True), ("2020-11-13", 1, True)]
    assert (series(drawn).bars[0].first, series(drawn).bars[-1].last) == (date(2020, 10, 15), date(2020, 11, 30))
    assert series(drawn).unit == "events that match"


def test_records_of_one_event_are_one_in_the_picture():
    clash, read, snapshot = test_match.clash, test_match.read, test_match.snapshot
    twice = [clash(number, "2020-11-12", 3, location="Palma") for number in (1, 2)]
    (reading,) = read(snapshot(*twice), dedupe_by=["location", "date"])
    assert seen(reading.telling.picture) == [("2020-11-12", 1, True)]


def test_a_newcomer_shows_its_events_after_the_lookback_without_any():
    clash, read, snapshot = test_first_seen.clash, test_first_seen.read, test_first_seen.snapshot
    (reading,) = read(snapshot(clash(1, "2020-11-12", "Bambara"), clash(2, "2020-11-20", "Bambara")))
    drawn = series(reading.telling.picture)
    assert sum(bar.observed for bar in drawn.bars) == 2
    assert [bar.alarm for bar in drawn.bars if bar.observed] == [True] * sum(bar.observed > 0 for bar in drawn.bars)
    assert drawn.bars[-1].last >= date(2020, 11, 20)


def test_a_silent_source_shows_its_arrivals_and_the_silence():
    last = test_absence.FIRST.toordinal() + 7 * 29
    (reading,) = test_absence.read(test_absence.weekly(30), date.fromordinal(last + 30))
    drawn = series(reading.telling.picture)
    assert (drawn.unit, drawn.bars[-1].last) == ("days with arrivals", date.fromordinal(last + 30))
    days = [bar.last for bar in drawn.bars if bar.observed]
    assert days[-1] == reading.values["last_seen"]
    assert {(later - earlier).days for earlier, later in pairwise(days)} == {7}


def test_a_resumption_shows_the_lull_and_what_came_after_it():
    read, snapshot = test_resumption.read, test_resumption.snapshot
    (reading,) = read(snapshot(*test_resumption.RESUMED))[:1]
    found = seen(reading.telling.picture)
    assert [alarm for _, _, alarm in found] == sorted(alarm for _, _, alarm in found)
    assert sum(total for _, total, alarm in found if alarm) == 3


def test_no_resumption_is_drawn_without_an_alarm():
    read, snapshot, on = test_resumption.read, test_resumption.snapshot, test_resumption.on
    drawn = read(snapshot(*on("2020-02-20", "2020-03-05", "2020-03-06")))[0].telling.picture
    assert seen(drawn) != []
    assert not any(alarm for _, _, alarm in seen(drawn))


def test_a_combination_shows_when_the_alerts_of_each_member_went_on():
    drawn = test_combine.read(test_combine.DEATHS | test_combine.ABROAD, **test_combine.ANY).telling.picture
    assert isinstance(drawn, StatePicture)
    lanes = {lane.name: lane.spans for lane in drawn.lanes}
    assert lanes["Drones seen"] == ()
    assert lanes["Deaths above pace"] == (Span("warning", date(2020, 4, 28), None),)
    assert drawn.first <= date(2020, 4, 28)
