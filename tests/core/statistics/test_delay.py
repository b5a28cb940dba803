"""Completeness by age, against reference tables, against the definition counted out, and at its edges."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watcher.core.period import Period
from watcher.core.statistics.delay import Completeness, Exclusion, Move, Reports, estimate, moved, pooled, reported_to

NOWCAST = Path(__file__).parents[4] / "shared" / "reference" / "statistics" / "nowcast"
TODAY = date(2020, 12, 1)


def days(number: int) -> timedelta:
    return timedelta(days=number)


def daily(last: int, *delays: int, first: int = 0, **fields) -> list[Reports]:
    """On each of the days from ``first`` to ``last`` ago one event per delay, first seen so many days later."""
    ages = range(first, last)
    return [Reports(TODAY - days(age), TODAY - days(age - late), **fields) for age in ages for late in delays]


def table(name: str) -> Iterator[dict[str, str]]:
    path = NOWCAST / name
    if not path.exists():
        pytest.skip(f"the reference table {name} is not here")
    with path.open(newline="") as stream:
        yield from csv.DictReader(stream)


# --- the curve --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("now", ["2020-06-14", "2020-07-12"])
def test_it_agrees_with_the_reference(now):
    known = [
        Reports(date.fromisoformat(row["event_date"]), date.fromisoformat(row["first_seen"]))
        for row in table("linelist.csv")
    ]
    # The table looks back to the first event.
    found = estimate(known, as_of=date.fromisoformat(now), longest=42, window=365)
    wanted = [float(row["completeness"]) for row in table(f"completeness_{now}.csv")]
    assert found.curve == pytest.approx(wanted, abs=1e-9)
    for row in table(f"nowcast_{now}.csv"):
        day = date.fromisoformat(row["event_date"])
        known_of_day = found.of_period(Period.between(day, day), date.fromisoformat(now))
        assert known_of_day == pytest.approx(float(row["completeness"]), abs=1e-9)
        assert int(row["observed"]) / known_of_day == pytest.approx(float(row["estimate"]), rel=1e-9)


def counted_out(reports: Iterable[Reports], longest: int) -> list[float]:
    """The definition, word by word."""
    shares = [1.0]
    for delay in range(longest, 0, -1):
        old = [each for each in reports if (TODAY - each.event_day).days >= delay]
        just = sum(each.records for each in old if each.delay == delay)
        within = sum(each.records for each in old if each.delay <= delay)
        shares.insert(0, shares[0] * (1 - just / within) if within else shares[0])
    return shares


LISTS = st.lists(
    st.builds(
        lambda age, late, records: Reports(TODAY - days(age), TODAY - days(age - min(age, late)), records),
        st.integers(0, 30),
        st.integers(0, 12),
        st.integers(1, 5),
    ),
    min_size=1,
    max_size=40,
)


@given(LISTS, st.randoms(use_true_random=False))
def test_the_share_known_rises_with_age_from_what_was_seen_to_everything(reports, random):
    found = estimate(reports, as_of=TODAY, longest=8, least=1)
    shuffled = random.sample(reports, len(reports))
    assert estimate(shuffled, as_of=TODAY, longest=8, least=1) == found
    single = [each._replace(records=1) for each in reports for _ in range(each.records)]
    assert estimate(single, as_of=TODAY, longest=8, least=1) == found, "a histogram says as much as its records"
    if found.is_known:
        assert len(found.curve) == 9
        assert all(0 <= share <= 1 for share in found.curve)
        assert list(found.curve) == sorted(found.curve)
        assert found.share(8) == found.share(5_000) == 1
        assert found.share(-1) == 0


@given(LISTS)
def test_the_curve_is_the_definition_counted_out(reports):
    early = [each for each in reports if each.delay <= 8]
    # On one day a release of no more than a fifth.
    many = [*early, *daily(200, 0, first=31, records=20)]
    found = estimate(many, as_of=TODAY, longest=8, least=1)
    if Exclusion.BULK not in found.excluded:
        assert found.curve == pytest.approx(counted_out([e for e in many if e.event_day > TODAY - days(180)], 8))


def test_of_a_steady_source_it_is_the_share_of_its_delays():
    found = estimate(daily(150, 0, 3, 10, 10), as_of=TODAY)
    assert [found.share(age) for age in (0, 2, 3, 9, 10, 56)] == pytest.approx([0.25, 0.25, 0.5, 0.5, 1, 1])
    assert [found.age_of(share) for share in (0.2, 0.5, 0.51, 1)] == [0, 3, 10, 10]
    # Those of the newest days are not in yet, and not counted.
    assert found.reports == 150 + 147 + 140 + 140


def test_what_is_reported_while_it_goes_on_has_no_delay():
    found = estimate([Reports(each.event_day, each.event_day - days(2)) for each in daily(150, 0)], as_of=TODAY)
    assert found.share(0) == 1


def test_reports_of_tomorrow_are_not_known_today():
    today = estimate(daily(150, 0, 5), as_of=TODAY - days(20))
    assert today == estimate(
        [each for each in daily(150, 0, 5) if each.first_seen <= TODAY - days(20)], as_of=TODAY - days(20)
    )


def test_only_the_events_of_the_last_half_year_speak():
    slow = daily(340, 50, first=200)
    assert estimate([*daily(150, 2), *slow], as_of=TODAY).curve == estimate(daily(150, 2), as_of=TODAY).curve


# --- what is left out -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("odd", "reason"),
    [
        (daily(150, 30, first=31, doubt=Exclusion.FIRST_LOAD), Exclusion.FIRST_LOAD),
        (daily(150, 30, first=31, doubt=Exclusion.BEFORE), Exclusion.BEFORE),
        (daily(150, 30, first=31, doubt=Exclusion.LAG), Exclusion.LAG),
        (daily(150, 57, first=60), Exclusion.LATE),
        ([Reports(TODAY - days(age), TODAY - days(40), 3) for age in range(41, 90)], Exclusion.BULK),
    ],
    ids=[
        "the first load",
        "days before the first load",
        "an assumed lag",
        "what came later than the curve goes",
        "more than a fifth of a year on one day",
    ],
)
def test_what_tells_no_delay_is_left_out_and_counted(odd, reason):
    plain = estimate(daily(150, 2), as_of=TODAY)
    found = estimate([*daily(150, 2), *odd], as_of=TODAY)
    assert found.curve == plain.curve
    # On the day of the bulk one plain record came, too.
    assert found.reports == plain.reports - (reason is Exclusion.BULK)
    assert found.excluded == {reason: sum(each.records for each in odd) + (reason is Exclusion.BULK)}


def test_a_fifth_of_a_year_on_one_day_is_no_bulk_yet():
    others = daily(180, 0, first=20)
    release = Reports(TODAY - days(10), TODAY - days(3), 40)
    assert estimate([*others, release], as_of=TODAY).excluded == {}
    assert estimate([*others, release._replace(records=41)], as_of=TODAY).excluded == {Exclusion.BULK: 41}


# --- when nobody can say ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reports", "missing"),
    [
        ([], "no record of the last 180 days tells its delay, and 100 are needed"),
        (daily(99, 0), "only 99 records of the last 180 days tell their delay, and 100 are needed"),
        (
            daily(150, 0, doubt=Exclusion.LAG),
            "no record of the last 180 days tells its delay, and 100 are needed",
        ),
        (
            daily(56, 0, 0),
            "the records that tell their delay go back 55 days, and 56 are needed to see how late the last ones come",
        ),
    ],
    ids=["no record", "too few", "only assumed delays", "too short a time"],
)
def test_without_enough_to_go_by_it_says_what_is_missing(reports, missing):
    found = estimate(reports, as_of=TODAY)
    assert (found.missing, found.is_known, found.age_of(0.5)) == (missing, False, None)
    assert found.of_period(Period.between(TODAY - days(9), TODAY), TODAY) == 1, "nothing is corrected by a guess"


def test_a_hundred_records_that_go_back_far_enough_suffice():
    assert estimate(daily(100, 0), as_of=TODAY).is_known
    assert estimate(daily(57, 0, 0), as_of=TODAY).is_known


# --- periods ----------------------------------------------------------------------------------------------------------

HALVES = Completeness((0.25, 0.5, 0.5, 1.0), 200)


def test_effective_days_are_the_sum_of_the_shares():
    week = Period.between(TODAY - days(6), TODAY)
    assert HALVES.effective_days(week, TODAY) == 4 + 0.5 + 0.5 + 0.25
    assert HALVES.of_period(week, TODAY) == 5.25 / 7
    assert HALVES.effective_days(week, TODAY + days(3)) == 7
    assert HALVES.effective_days(Period.between(TODAY, TODAY + days(1)), TODAY) == 0.25, "of tomorrow nothing is known"
    assert HALVES.of_period(Period(TODAY, TODAY), TODAY) == 1


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        (datetime(2020, 7, 7, 0, 0, tzinfo=UTC), date(2020, 7, 6)),
        (datetime(2020, 7, 7, 11, 59, tzinfo=UTC), date(2020, 7, 6)),
        (datetime(2020, 7, 7, 12, 0, tzinfo=UTC), date(2020, 7, 7)),
    ],
    ids=["at midnight the day before", "before noon", "from noon on the day itself"],
)
def test_ages_are_counted_from_the_last_day_that_brought_reports(moment, day):
    assert reported_to(moment) == day


# --- several sources --------------------------------------------------------------------------------------------------


def test_several_sources_weigh_as_much_as_their_reports():
    fast = Completeness((1.0, 1.0), 300, {Exclusion.LATE: 2})
    both = pooled({"fast": fast, "slow": Completeness(HALVES.curve, 100, {Exclusion.LATE: 1, Exclusion.BULK: 5})})
    assert both.curve == pytest.approx((0.8125, 0.875, 0.875, 1))
    assert (both.reports, both.excluded) == (400, {Exclusion.LATE: 3, Exclusion.BULK: 5})
    assert pooled({"slow": HALVES}) is HALVES


def test_one_source_of_which_nobody_can_say_it_leaves_no_curve():
    found = pooled({"acled": HALVES, "ucdp": Completeness(missing="only 3"), "own": Completeness(missing="no stamp")})
    assert (found.curve, found.missing) == ((), "ucdp: only 3; own: no stamp")
    assert pooled({}).missing == "no source has any record"


# --- whether it moves -------------------------------------------------------------------------------------------------


def curve(*shares: float, reports: int = 400) -> Completeness:
    return Completeness(curve=shares, reports=reports)


@pytest.mark.parametrize(
    ("before", "now", "move"),
    [
        pytest.param(curve(0.2, 0.5, 0.9, 1), curve(0.2, 0.3, 0.9, 1), Move(1, 0.5, 0.3), id="reports come later"),
        pytest.param(curve(0.2, 0.5, 1), curve(0.4, 0.8, 1), Move(1, 0.5, 0.8), id="sooner, most of all after a day"),
        pytest.param(curve(0.2, 0.5, 1), curve(0.2, 0.5, 1), None, id="as before"),
        pytest.param(curve(0.2, 0.5, 1), curve(0.2, 0.36, 1), None, id="by less than would matter"),
        pytest.param(
            curve(0.2, 0.5, 1, reports=100),
            curve(0.2, 0.23, 1, reports=100),
            None,
            id="by no more than chance does with so few reports",
        ),
        pytest.param(
            curve(0.2, 0.5, 1, reports=100),
            curve(0.2, 0.22, 1, reports=100),
            Move(1, 0.5, 0.22),
            id="by more than chance does with as few",
        ),
        pytest.param(curve(0.2, 1), curve(0.2, 0.5, 1), Move(1, 1.0, 0.5), id="longer than before"),
        pytest.param(Completeness(missing="no record"), curve(0.2, 1), None, id="nobody knew before"),
        pytest.param(curve(0.2, 1), Completeness(missing="no record"), None, id="nobody knows now"),
    ],
)
def test_a_curve_has_moved_when_it_matters_and_chance_does_not_explain_it(before, now, move):
    assert moved(before, now) == move


@given(st.integers(100, 5_000), st.integers(100, 5_000), st.floats(0, 1), st.floats(0, 1))
def test_more_reports_never_hide_a_move(reports, more, one, other):
    few = moved(curve(one, 1, reports=reports), curve(other, 1, reports=reports))
    many = moved(curve(one, 1, reports=reports + more), curve(other, 1, reports=reports + more))
    assert few is None or many == few
