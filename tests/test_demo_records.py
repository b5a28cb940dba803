"""The demo's hand-made records carry the article's totals, and make the headline rule fire once, in spring, as a warning."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from importlib.resources import files
from math import log
from typing import NamedTuple

import pytest

ASSUMED_DISPERSION = 5.0
STRONG = 4.75
FIRST_LOOK = 28
CUT_OFF = date(2020, 7, 6)


class Attack(NamedTuple):
    day: date
    deaths: int
    released: datetime


@pytest.fixture(scope="module")
def rows() -> list[dict[str, str]]:
    text = (files("watcher.demo") / "records.csv").read_text(encoding="ascii")
    return list(csv.DictReader(text.splitlines(), strict=True))


@pytest.fixture(scope="module")
def attacks(rows) -> list[Attack]:
    return [
        Attack(
            datetime.strptime(row["event_date"], "%d %B %Y").replace(tzinfo=UTC).date(),
            int(row["fatalities"]),
            datetime.fromtimestamp(int(row["timestamp"]), UTC),
        )
        for row in rows
    ]


def between(attacks: Sequence[Attack], first: date, last: date) -> list[int]:
    return [attack.deaths for attack in attacks if first <= attack.day <= last]


def days_of_2020(attacks: Sequence[Attack]) -> list[date]:
    newest = max(attack.day for attack in attacks)
    return [date(2020, 1, 1) + timedelta(days=n) for n in range((newest - date(2020, 1, 1)).days + 1)]


def ratio(attacks: Sequence[Attack], day: date) -> float:
    days = (day - date(2020, 1, 1)).days + 1
    return sum(between(attacks, date(2020, 1, 1), day)) / days / (660 / 365)


def dispersion(*samples: Sequence[int]) -> float:
    measured = sum(x * x for sample in samples for x in sample) / sum(x for sample in samples for x in sample)
    if min(map(len, samples)) >= 20:
        return measured
    return max(measured, ASSUMED_DISPERSION, *(sum(sample) / max(1, len(sample)) for sample in samples))


def score(attacks: Sequence[Attack], day: date) -> float:
    before = between(attacks, date(2019, 1, 1), date(2019, 12, 31))
    now = between(attacks, date(2020, 1, 1), day)
    k0, days0, k1, days1 = sum(before), 365, sum(now), (day - date(2020, 1, 1)).days + 1
    if k1 / days1 <= k0 / days0:
        return 0.0
    likelihood = k1 * log(k1 / days1) + k0 * log(k0 / days0) - (k1 + k0) * log((k1 + k0) / (days1 + days0))
    return likelihood / dispersion(before, now)


@pytest.mark.parametrize(
    ("first", "last", "attacks_stated", "deaths_stated"),
    [
        pytest.param(date(2019, 1, 1), date(2019, 12, 31), 309, 660, id="309 attacks and 660 deaths in 2019"),
        pytest.param(date(2020, 1, 1), CUT_OFF, None, 447, id="447 deaths to 6 July 2020, attacks not stated"),
    ],
)
def test_the_totals_are_the_articles(attacks, first, last, attacks_stated, deaths_stated):
    deaths = between(attacks, first, last)
    assert sum(deaths) == deaths_stated
    assert attacks_stated in {None, len(deaths)}


def test_every_row_says_that_it_is_illustrative(rows):
    notes = "Illustrative row: the day and the number of deaths are made up so that the totals are the article's."
    assert {row["notes"] for row in rows} == {notes}
    assert {row["source"] for row in rows} == {"Illustrative"}


def test_the_columns_are_those_of_acled_since_march_2023(rows):
    assert len(rows[0]) == 31
    assert list(rows[0])[:2] == ["event_id_cnty", "event_date"]
    assert list(rows[0])[-2:] == ["tags", "timestamp"]


def test_no_two_rows_share_an_id(rows):
    assert len({row["event_id_cnty"] for row in rows}) == len(rows)


def test_releases_are_weekly_on_tuesdays_one_to_seven_days_after_the_event(attacks):
    for attack in attacks:
        assert (attack.released.strftime("%a %H:%M"), 1 <= (attack.released.date() - attack.day).days <= 7) == (
            "Tue 12:00",
            True,
        )


def test_severities_are_heavy_tailed_but_mild(attacks):
    before = between(attacks, date(2019, 1, 1), date(2019, 12, 31))
    now = between(attacks, date(2020, 1, 1), CUT_OFF)
    assert 2.3 < dispersion(before) < 6
    assert 2.3 < dispersion(now) < 6
    assert 15 <= max(now) <= 20


def test_the_score_is_weak_at_the_cut_off_and_strong_on_no_day(attacks):
    assert score(attacks, CUT_OFF) == pytest.approx(
        9.79
        / dispersion(
            between(attacks, date(2019, 1, 1), date(2019, 12, 31)), between(attacks, date(2020, 1, 1), CUT_OFF)
        ),
        abs=0.01,
    )
    assert 0 < score(attacks, CUT_OFF) < 3
    assert max(score(attacks, day) for day in days_of_2020(attacks)) < STRONG


def test_the_rate_of_deaths_exceeds_the_2019_pace_once_in_spring_and_stays_above(attacks):
    above = [day for day in days_of_2020(attacks) if ratio(attacks, day) > 1]
    assert date(2020, 4, 1) <= above[0] <= date(2020, 5, 31)
    assert (above[0] - date(2020, 1, 1)).days >= FIRST_LOOK
    assert above == days_of_2020(attacks)[-len(above) :]
    assert ratio(attacks, CUT_OFF) == pytest.approx(1.315, abs=0.0005)


def test_the_rate_of_attacks_of_which_the_article_says_nothing_never_exceeds_the_2019_pace(attacks):
    for day in days_of_2020(attacks)[FIRST_LOOK - 1 :]:
        days = (day - date(2020, 1, 1)).days + 1
        assert len(between(attacks, date(2020, 1, 1), day)) / days <= 309 / 365
