"""Silence through whole turns: a source that stops and comes back, an area that is quiet, and one that only seems so."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tests.installation import installed

SOURCE = """\
rules:
  - alert: A source brings nothing new
    absence: {of: records, by: [source], longer_than: 9d}
    no_data: alert
"""
AREA = """\
rules:
  - alert: A place has gone quiet
    absence: {of: events, by: [location], longer_than: 20d}
"""
FIRST = date(2020, 1, 6)


@pytest.fixture
def sources(tmp_path):
    with installed(tmp_path, rules=SOURCE) as installation:
        yield installation


@pytest.fixture
def areas(tmp_path):
    with installed(tmp_path, rules=AREA) as installation:
        yield installation


def week(number: int) -> date:
    return FIRST + timedelta(days=7 * number)


def publish(installation, number: int, *more: str) -> None:
    """The weekly release: one record of the day before, from Palma."""
    day = week(number)
    row = f"MOZ{number}  {day - timedelta(days=1):%d %B %Y}  1       Palma"
    installation.release(day.isoformat(), row, *more)


def release(installation, number: int, *more: str) -> None:
    """The weekly release, and a turn on its day."""
    publish(installation, number, *more)
    installation.turn(week(number).isoformat())


def states(installation) -> dict[str, str]:
    return {group: alert.state.value for group, alert in installation.alerts().items()}


def test_a_source_that_misses_its_release_is_told_and_its_return_ends_it(sources):
    for number in range(3):
        release(sources, number)
    last = week(2)
    sources.turn((last + timedelta(days=9)).isoformat())
    assert states(sources) == {}
    sources.turn((last + timedelta(days=10)).isoformat())
    assert states(sources) == {"acled": "firing"}
    [subject] = sources.subjects()
    assert "Nothing new from acled for 10 days" in subject
    sources.turn((last + timedelta(days=12)).isoformat())
    release(sources, 4)
    assert states(sources) == {"acled": "resolved"}
    [_, ended] = [each.reason.value for each in sources.transitions()]
    assert ended == "the condition ceased"


def test_a_store_without_any_record_is_told_where_no_data_is_an_alert(sources):
    sources.turn("2020-01-06")
    assert states(sources) == {"": "firing"}
    assert "No record of any source is stored" in str(sources.told())
    release(sources, 1)
    assert states(sources) == {"": "resolved"}


def test_a_late_record_takes_a_quiet_area_back_with_the_difference(areas):
    release(areas, 0, f"MOZ900  {FIRST - timedelta(days=1):%d %B %Y}  1       Quiet")
    for number in range(1, 4):
        release(areas, number)
    assert states(areas) == {"Quiet": "firing"}
    release(areas, 4, f"MOZ901  {week(2):%d %B %Y}  3       Quiet")
    assert states(areas) == {"Quiet": "retracted"}
    difference = areas.transitions()[-1].evidence["difference"]
    assert difference["text"] == "the source added 1 record: 1 → 2 events"


def test_an_area_where_something_happens_again_is_over_and_not_taken_back(areas):
    release(areas, 0, f"MOZ900  {FIRST - timedelta(days=1):%d %B %Y}  1       Quiet")
    for number in range(1, 4):
        release(areas, number)
    release(areas, 4, f"MOZ901  {week(4) - timedelta(days=1):%d %B %Y}  3       Quiet")
    assert states(areas) == {"Quiet": "resolved"}


@pytest.mark.parametrize(
    ("days", "found"),
    [
        pytest.param(0, {"Quiet": "firing"}, id="the source is well, and the area is quiet"),
        pytest.param(21, {"Quiet": "firing"}, id="the source is as late as it may be"),
        pytest.param(22, {}, id="the source is silent, and nobody can tell"),
    ],
)
def test_no_area_is_announced_while_the_source_is_silent(areas, days, found):
    publish(areas, 0, f"MOZ900  {FIRST - timedelta(days=1):%d %B %Y}  1       Quiet")
    for number in range(1, 25):
        publish(areas, number)
    areas.turn((week(24) + timedelta(days=days)).isoformat())
    assert states(areas) == found
    assert bool(areas.told()) is bool(found)


def test_what_was_quiet_before_the_source_fell_silent_is_kept(areas):
    release(areas, 0, f"MOZ900  {FIRST - timedelta(days=1):%d %B %Y}  1       Quiet")
    for number in range(1, 25):
        release(areas, number)
    assert states(areas) == {"Quiet": "firing"}
    areas.turn((week(24) + timedelta(days=40)).isoformat())
    assert states(areas) == {"Quiet": "firing"}
