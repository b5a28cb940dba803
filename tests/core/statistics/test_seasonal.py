from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.detectors import farrington
from tests.core.statistics.tables import CLOSE, LONG_SERIES, NO_MEAN, SHORT_SERIES, days, detector, series
from watcher.core.statistics.seasonal import GUARD, HALF_WINDOW, Season, first_week, seasonal, weeks_back
from watcher.core.statistics.tails import negative_binomial_bound, negative_binomial_tail

quick = settings(deadline=None)
MONDAY = date(2014, 1, 6)

CONFIGS = [
    *(
        pytest.param(name, config, 5, alpha, id=f"{name} {config}")
        for name in LONG_SERIES
        for config, alpha in (
            ("ff_nbPlugin_b5_a005", 0.005),
            ("ff_nbPlugin_b5_a05", 0.05),
            ("doc_nbPlugin_b5_a005", 0.005),
        )
    ),
    *(pytest.param(name, "ff_nbPlugin_b3_a005", 3, 0.005, id=f"{name} ff_nbPlugin_b3_a005") for name in SHORT_SERIES),
]


def back_of(day: date | None, years: int) -> tuple[int, ...]:
    return weeks_back(day, years) if day else tuple(52 * year for year in range(1, years + 1))


@pytest.mark.parametrize(("name", "config", "years", "alpha"), CONFIGS)
def test_means_dispersions_bounds_and_alarms_are_those_of_the_reference(name, config, years, alpha, reference_step):
    rows, counts, dates = detector(name, config), series(name), days(name)
    assert len(rows) > 40
    for row in rows[::reference_step]:
        at = int(row["t"]) - 1
        season = seasonal(counts, at, back_of(dates[at], years))
        mean = float(row.get("mu0") or row["mu"])
        assert season is not None
        assert (season.trend is not None) == (row["trend_used"] == "1"), row
        tail = negative_binomial_tail(counts[at], season.mean, season.dispersion)
        if mean >= NO_MEAN:
            found = (season.mean, season.dispersion, tail)
            assert found == pytest.approx((mean, float(row["phi"]), float(row["pvalue"])), rel=CLOSE), row
        else:
            assert sum(season.alike) <= 1, row
        is_enough = sum(counts[at - 3 : at + 1]) >= 5
        assert is_enough is bool(row["upper"]), row
        if is_enough:
            assert negative_binomial_bound(season.mean, season.dispersion, alpha) == float(row["upper"]), row
        assert (is_enough and tail <= alpha) == (row["alarm"] == "1"), row


def made_up(counts: list[int]) -> tuple[list[int], list[date], int]:
    """Seven years of weeks made of a few hundred numbers."""
    whole = (counts * 2)[:366]
    return whole, [MONDAY + timedelta(weeks=week) for week in range(len(whole))], len(whole) - 1


@given(counts=st.lists(st.integers(0, 40), min_size=183, max_size=366))
@quick
def test_the_closed_form_is_the_fit_by_matrices(counts):
    whole, dates, at = made_up(counts)
    season = seasonal(whole, at, weeks_back(dates[at], 5))
    if season is not None and any(season.alike) and season.mean > NO_MEAN:
        answer = farrington.seasonal(whole, dates, at)
        assert (season.mean, season.dispersion) == pytest.approx(tuple(answer), rel=CLOSE)


@given(counts=st.lists(st.integers(0, 10**15), min_size=183, max_size=366), years=st.integers(3, 5))
@quick
def test_every_history_has_an_answer_or_none(counts, years):
    whole, dates, at = made_up(counts)
    season = seasonal(whole, at, weeks_back(dates[at], years))
    assert season is None or (season.mean >= 0 and season.dispersion >= 1)


def test_a_season_is_expected_and_not_an_alarm():
    whole = [9 if week % 52 in range(20, 30) else 1 for week in range(52 * 7)]
    whole = [count + week * 7 % 3 for week, count in enumerate(whole)]
    back = tuple(52 * year for year in range(1, 6))
    busy, calm = (seasonal(whole, 52 * 6 + week, back) for week in (25, 5))
    assert busy is not None
    assert calm is not None
    assert busy.mean == pytest.approx(10, rel=0.05)
    assert calm.mean == pytest.approx(2, rel=0.1)


@pytest.mark.parametrize(
    ("last", "has_trend"),
    [pytest.param(1.0015, True, id="a slow growth is kept"), pytest.param(1.03, False, id="a steep one extrapolates")],
)
def test_a_trend_is_kept_unless_it_predicts_more_than_was_ever_seen(last, has_trend):
    whole = [round(3 * last**week) + week * 5 % 3 for week in range(270)]
    season = seasonal(whole, 269, (52, 104, 156, 208, 260))
    assert season is not None
    assert (season.trend is not None) is has_trend
    assert season.mean <= max(whole[: 269 - GUARD])


def test_two_years_make_no_trend():
    whole = [3 + week // 30 + week * 5 % 3 for week in range(120)]
    season = seasonal(whole, 119, (52, 104))
    assert season is not None
    assert season.trend is None


def test_a_past_surge_hardly_raises_the_mean():
    back = (52, 104, 156, 208, 260)
    calm = [3 + week * 7 % 4 for week in range(300)]
    surge = list(calm)
    surge[299 - 104 - 1 : 299 - 104 + 2] = [60, 60, 60]
    plain, after = seasonal(calm, 299, back), seasonal(surge, 299, back)
    assert plain is not None
    assert after is not None
    assert after.mean == pytest.approx(plain.mean, rel=0.1)
    assert plain.mean < sum(surge[299 - 107 : 299 - 100]) / 7 / 4


def test_what_was_counted_alike_is_the_weeks_around_the_same_week_without_the_newest():
    whole = list(range(300))
    season = seasonal(whole, 299, (52, 104, 156))
    assert isinstance(season, Season)
    assert sorted(season.alike) == sorted(
        week for back in (52, 104, 156) for week in range(299 - back - HALF_WINDOW, 299 - back + HALF_WINDOW + 1)
    )


@pytest.mark.parametrize("newest", range(GUARD + 1))
def test_the_newest_half_year_does_not_count(newest):
    whole = [3 + week * 7 % 4 for week in range(300)]
    other = list(whole)
    other[299 - newest] = 50
    back = (52, 104, 156, 208, 260)
    assert seasonal(whole, 299, back) == seasonal(other, 299, back)
    other[299 - GUARD - 1] = 50
    assert seasonal(whole, 299, back) != seasonal(other, 299, back)


def test_the_first_week_that_is_looked_at_counts_and_none_before():
    whole = [3 + week * 7 % 4 for week in range(300)]
    back = (52, 104, 156)
    first = first_week(299, back)
    assert first == 299 - 156 - 3
    for week, changes in ((first, True), (first - 1, False)):
        other = list(whole)
        other[week] = 50
        assert (seasonal(whole, 299, back) != seasonal(other, 299, back)) is changes


@pytest.mark.parametrize(
    ("day", "weeks"),
    [
        pytest.param(date(2020, 7, 4), (52, 104, 157, 209, 261), id="a Saturday, and the nearest one to its date"),
        pytest.param(date(2020, 2, 29), (52, 104, 156, 209, 261), id="29 February is 1 March in other years"),
        pytest.param(date(2021, 1, 1), (52, 104, 157, 209, 261), id="the turn of the year"),
    ],
)
def test_the_same_week_of_past_years(day, weeks):
    assert weeks_back(day, 5) == weeks


@given(day=st.dates(date(1990, 1, 1), date(2090, 1, 1)))
@quick
def test_the_same_week_is_at_most_half_a_week_from_the_same_date(day):
    for years, weeks in enumerate(weeks_back(day, 10), start=1):
        then = day - timedelta(weeks=weeks)
        same = date(day.year - years, 3, 1) if (day.month, day.day) == (2, 29) else day.replace(year=day.year - years)
        assert abs((then - same).days) <= 3
