"""Coverage gaps and changes of coverage, detector by detector: no day of a gap is a quiet day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.detectors.snapshot import MemorySnapshot, at, event, known, spread, stated
from tests.core.detectors.test_aberration import BUSY, LAST, YEAR, weekly
from tests.core.detectors.test_pace import CATALOGUE as ARTICLE
from tests.core.detectors.test_pace import EVENTS_2019, IN_2019
from watcher.core.catalogue import Catalogue
from watcher.core.detectors import DETECTORS
from watcher.core.event import Event
from watcher.core.indicator import Indicator
from watcher.core.reading import Reading, Status
from watcher.core.statistics.delay import Completeness
from watcher.core.statistics.seasonal import seasonal

NO_GAPS: list[dict[str, str]] = []


def gap(first: str, last: str, because: str = "the source paused") -> dict[str, str]:
    return {"from": first, "to": last, "because": because}


def read(detector: str, snapshot: MemorySnapshot, parameters: dict[str, object], **indicator: object) -> Reading:
    (reading,) = readings(detector, snapshot, parameters, **indicator)
    return reading


def readings(
    detector: str, snapshot: MemorySnapshot, parameters: dict[str, object], **indicator: object
) -> list[Reading]:
    counted = Indicator.model_validate(
        {"indicator": "moz_attacks", "title": "Attacks", "count": "events", "unit": "attacks", **indicator}
    )
    module = DETECTORS[detector]
    asked = module.Parameters.model_validate({"indicator": "moz_attacks", **parameters})
    return list(module.read(asked, Catalogue(ARTICLE.citations, indicators={"moz_attacks": counted}), snapshot))


# --- pace -------------------------------------------------------------------------------------------------------------

TO_6_JULY = spread(date(2020, 1, 1), date(2020, 7, 6), events=188, deaths=188, number=1000)
YEARS = MemorySnapshot(at("2020-07-07"), known([*EVENTS_2019, *TO_6_JULY]))
ABOVE_2019: dict[str, object] = {"above": 2019}


def pace(gaps: Sequence[dict[str, str]], snapshot: MemorySnapshot = YEARS, **given: object) -> Reading:
    return read("pace", snapshot, {**ABOVE_2019, **given}, coverage_gaps=list(gaps))


def test_exposure_leaves_out_the_days_of_a_gap_and_what_was_recorded_of_them():
    whole, cut = pace(NO_GAPS), pace([gap("2020-03-01", "2020-03-14")])
    assert (whole.values["days"], whole.values["observed"]) == (188, 188)
    # One attack a day: with as many days less the rate is what it was.
    assert (cut.values["days"], cut.values["observed"]) == (174, 174)
    assert cut.values["rate"] == whole.values["rate"] == 1
    assert cut.values["ratio"] == pytest.approx(whole.values["ratio"])
    # What the gap hides is projected as the days ahead are.
    assert cut.values["projected"] == pytest.approx(366)


def test_a_gap_takes_no_attack_from_the_rate_when_nothing_was_recorded_of_it():
    kept = [each for each in TO_6_JULY if not date(2020, 3, 1) <= each.date_end <= date(2020, 3, 14)]
    cut = pace([gap("2020-03-01", "2020-03-14")], MemorySnapshot(at("2020-07-07"), known([*EVENTS_2019, *kept])))
    assert (cut.values["days"], cut.values["observed"], cut.values["rate"]) == (174, 174, 1)


def test_a_gap_of_the_baseline_is_no_exposure_either():
    first, last = "2019-06-01", "2019-06-30"
    left = [each for each in EVENTS_2019 if not date(2019, 6, 1) <= each.date_end <= date(2019, 6, 30)]
    cut = pace([gap(first, last)])
    assert cut.values["baseline_total"] == len(left)
    assert cut.values["baseline_rate"] == len(left) / 335


def test_what_is_left_out_is_told_with_its_reason():
    cut = pace([gap("2020-03-01", "2020-03-14"), gap("2019-06-01", "2019-06-01", "the line was cut")])
    assert cut.telling.unknown == (
        "14 days, 1 Mar 2020 to 14 Mar 2020, are left out, a coverage gap: the source paused.",
        "1 day, 1 Jun 2019, is left out, a coverage gap: the line was cut.",
    )
    assert "174 attacks in 174 days" in cut.telling.sentence
    assert "Exposure: 188 days less 14 in coverage gaps = 174 days" in cut.telling.arithmetic
    observed, baseline = cut.telling.arithmetic[:2]
    assert "174 days with both ends without 14 days in coverage gaps" in observed
    assert "364 days with both ends without 1 day in coverage gaps" in baseline


def test_late_reports_and_a_gap_shorten_the_days_together():
    curve = Completeness(curve=(0.5, 0.75, 1.0), reports=200)
    late = MemorySnapshot(at("2020-07-07"), known([*EVENTS_2019, *TO_6_JULY]), complete=curve)
    cut = pace([gap("2020-07-05", "2020-07-05")], late, delay="estimated")
    # Of 5 and 6 July three quarters and a half are known, by the evening of the 6th; the 5th is not covered.
    assert cut.values["days"] == 187
    assert cut.values["effective_days"] == pytest.approx(186.5)
    assert cut.values["completeness"] == pytest.approx(186.5 / 187)


@pytest.mark.parametrize("delay", ["none", "estimated"])
def test_the_chart_goes_on_after_a_gap(delay):
    curve = Completeness(curve=(0.5, 0.75, 1.0), reports=200)
    late = MemorySnapshot(at("2020-07-07"), known([*EVENTS_2019, *TO_6_JULY]), complete=curve)
    cut = pace([gap("2020-03-01", "2020-03-14")], late, delay=delay)
    days = [day for day, _, _ in cut.telling.chart]
    assert len(days) == 174
    assert days[-1] == date(2020, 7, 6)
    assert date(2020, 3, 1) not in days
    assert cut.telling.chart[-1][1] == 174
    assert cut.telling.chart[-1][2] == pytest.approx(cut.values["expected"])


def test_weeks_are_seven_covered_days():
    cut = pace([gap("2020-03-01", "2020-03-14")], test="quasi")
    # 174 days are 25 weeks, 365 days 53.
    assert any("phi of 78 weeks" in step for step in cut.telling.arithmetic)


def test_the_same_days_of_the_year_before_may_have_a_gap():
    cut = pace([gap("2019-03-01", "2019-03-14")], compare="same_period")
    assert cut.telling.chart[-1][2] == pytest.approx(cut.values["expected"])


@pytest.mark.parametrize(
    ("gaps", "reason"),
    [
        pytest.param(
            [gap("2020-01-01", "2020-07-31")],
            "all of 1 Jan 2020 to 6 Jul 2020 lies in coverage gaps of the indicator",
            id="the current period",
        ),
        pytest.param(
            [gap("2018-12-01", "2019-07-31"), gap("2019-08-01", "2019-12-31")],
            "all of 1 Jan 2019 to 31 Dec 2019 lies in coverage gaps of the indicator, and no stated number speaks of it",
            id="the baseline",
        ),
    ],
)
def test_nothing_is_compared_with_a_period_that_nobody_covered(gaps, reason):
    found = pace(gaps)
    assert (found.status, found.reason) == (Status.NO_DATA, reason)


def test_a_stated_number_is_not_cut_by_a_gap_of_the_records():
    snapshot = MemorySnapshot(at("2020-07-07"), known(TO_6_JULY), stated=stated(IN_2019, on="2020-07-01"))
    cut = pace([gap("2019-03-01", "2019-03-14")], snapshot)
    assert (cut.values["baseline_total"], cut.values["baseline_rate"]) == (309, 309 / 365)
    assert not any("coverage gap" in each for each in cut.telling.unknown)


# --- pace: a change of coverage ---------------------------------------------------------------------------------------


def test_a_change_of_coverage_cuts_the_baseline():
    cut = read("pace", YEARS, ABOVE_2019, coverage_change="2019-07-01")
    left = [each for each in EVENTS_2019 if each.date_end >= date(2019, 7, 1)]
    assert (cut.values["baseline_total"], cut.values["baseline_rate"]) == (len(left), len(left) / 184)
    assert cut.values["days"] == 188
    assert cut.telling.unknown == (
        "The sources report otherwise since 1 Jul 2019: the 181 days of the baseline before are left out.",
    )


def test_gaps_before_the_change_are_not_left_out_twice():
    gaps = [gap("2019-06-30", "2019-07-02")]
    cut = read("pace", YEARS, ABOVE_2019, coverage_change="2019-07-01", coverage_gaps=gaps)
    left = [each for each in EVENTS_2019 if each.date_end >= date(2019, 7, 3)]
    assert (cut.values["baseline_total"], cut.values["baseline_rate"]) == (len(left), len(left) / 182)
    assert "2 days, 1 Jul 2019 to 2 Jul 2019, are left out, a coverage gap: the source paused." in cut.telling.unknown


@pytest.mark.parametrize("changed", ["2020-01-01", "2020-03-01"])
def test_a_change_after_the_baseline_leaves_nothing_to_compare_with(changed):
    found = read("pace", YEARS, ABOVE_2019, coverage_change=changed)
    assert found.status is Status.NO_DATA
    assert "cannot be compared, and no stated number speaks of it" in found.reason


def test_a_stated_number_stands_in_for_what_cannot_be_compared():
    snapshot = MemorySnapshot(at("2020-07-07"), YEARS.versions, stated=stated(IN_2019, on="2020-07-01"))
    found = read("pace", snapshot, ABOVE_2019, coverage_change="2020-02-01")
    assert (found.status, found.values["baseline_total"]) == (Status.OK, 309)
    assert any("the baseline is a stated number" in each for each in found.telling.unknown)


def test_a_change_that_is_still_to_come_cuts_nothing():
    assert read("pace", YEARS, ABOVE_2019, coverage_change="2020-07-07").values["baseline_total"] == 309


@settings(max_examples=25, deadline=None)
@given(
    st.dates(date(2019, 1, 1), date(2020, 7, 6)),
    st.integers(1, 60),
    st.sampled_from(["annual", "same_period"]),
)
def test_with_an_attack_a_day_no_gap_moves_the_ratio(first, days, compare):
    """Leaving days out leaves out what happened on them, on either side and across both."""
    daily = [event(i, date(2019, 1, 1) + timedelta(days=i)) for i in range(553)]
    cut = [gap(first.isoformat(), (first + timedelta(days=days - 1)).isoformat())]
    found = pace(cut, MemorySnapshot(at("2020-07-07"), known(daily)), compare=compare)
    assert found.values["ratio"] == pytest.approx(1)
    assert found.values["observed"] == found.values["days"]


# --- weeks ------------------------------------------------------------------------------------------------------------


def weeks(counts: Sequence[int] = YEAR, **indicator: Any) -> Reading:
    events = weekly(counts)
    snapshot = MemorySnapshot(at("2020-07-20"), known(events))
    method = indicator.pop("method", "recent")
    battles = {"event_type": "Battles"}
    return read("aberration", snapshot, {"method": method}, where=battles, **indicator)


def week_gap(back: int, number: int = 1) -> dict[str, str]:
    """Weeks so far before the judged one, from the second day of the first of them to the last of the last."""
    end = LAST - timedelta(days=7 * back)
    return gap((end - timedelta(days=7 * number - 2)).isoformat(), end.isoformat())


@pytest.mark.parametrize("method", ["recent", "predictive", "zscore", "ears_c1", "ears_c2", "ears_c3", "shift"])
def test_a_week_in_a_gap_is_as_if_it_had_not_been(method):
    """The weeks on both sides of it stand next to each other."""
    long = [2, *BUSY, *YEAR]
    with_gap = weeks([*long[:-9], 0, *long[-9:]], method=method, coverage_gaps=[week_gap(9)])
    without = weeks(long, method=method)
    assert with_gap.values == without.values
    assert with_gap.telling.unknown == (
        "1 week of the history lies in coverage gaps, and is not looked at.",
        *without.telling.unknown,
    )


def test_weeks_that_nobody_covered_are_no_zeros():
    """A year with a quarter in a gap: with zeros the prediction would be too low."""
    paused = [*YEAR[:20], *[0] * 13, *YEAR[33:]]
    zeros, cut = weeks(paused), weeks(paused, coverage_gaps=[week_gap(len(YEAR) - 33, 13)])
    assert float(str(cut.values["expected"])) > 1.2 * float(str(zeros.values["expected"]))
    assert (zeros.values["weeks"], cut.values["weeks"]) == (52, 39)


def test_the_week_in_question_is_not_judged_when_days_of_it_lie_in_a_gap():
    found = weeks(coverage_gaps=[gap("2020-06-30", "2020-07-01", "the network was down")])
    assert found.status is Status.NO_DATA
    assert found.reason == (
        "2 days of 27 Jun 2020 to 3 Jul 2020 lie in a coverage gap (the network was down), so it is not judged"
    )


def test_gaps_may_leave_too_few_weeks():
    found = weeks(YEAR, coverage_gaps=[week_gap(5, 40)])
    assert found.status is Status.LEARNING
    assert found.reason.endswith("and give 56, of which 40 lie in coverage gaps")


def test_history_begins_with_a_change_of_coverage():
    # A Saturday, 40 weeks before the end of the judged week.
    changed = LAST + timedelta(days=1 - 7 * 40)
    cut, alone = weeks(coverage_change=changed.isoformat()), weeks(YEAR[-40:])
    assert cut.values == alone.values
    found = weeks(coverage_change="2020-06-01")
    assert found.status is Status.LEARNING
    assert "the sources report otherwise since 1 Jun 2020 (coverage_change) and give 3" in found.reason


def test_a_season_is_matched_by_date_across_a_gap():
    season = [2 + (week % 52) // 5 for week in range(5 * 52)]
    back = (52, 104, 156, 208)
    whole = seasonal(season, 259, back)
    paused = [0 if 100 <= week < 106 else count for week, count in enumerate(season)]
    cut = seasonal(paused, 259, back, unseen=frozenset(range(100, 106)))
    assert whole is not None
    assert cut is not None
    # Weeks 100 to 106 are those of the same time of the year three years before.
    assert len(cut.alike) == len(whole.alike) - 6
    assert cut.mean == pytest.approx(whole.mean, rel=0.05)
    blind = seasonal(paused, 259, back)
    assert blind is None or abs(blind.mean - whole.mean) > abs(cut.mean - whole.mean)


def test_a_season_without_a_covered_week_alike_has_no_answer():
    season = [2 + (week % 52) // 5 for week in range(5 * 52)]
    back = (52, 104, 156, 208)
    alike = frozenset(week for year in back for week in range(259 - year - 3, 259 - year + 4))
    assert seasonal(season, 259, back, unseen=alike) is None


# --- the others -------------------------------------------------------------------------------------------------------

DAILY = MemorySnapshot(at("2020-04-01"), known([event(i, date(2019, 1, 1) + timedelta(days=i)) for i in range(456)]))


def test_a_sum_over_a_window_says_which_days_it_lacks():
    found = read("threshold", DAILY, {"window": "30d"}, coverage_gaps=[gap("2020-03-30", "2020-04-30")])
    assert (found.values["value"], found.values["days"]) == (28, 28)
    assert (
        "2 days, 30 Mar 2020 to 31 Mar 2020, are left out, a coverage gap: the source paused." in found.telling.unknown
    )


@pytest.mark.parametrize(
    ("detector", "parameters", "gaps", "judged"),
    [
        pytest.param("surge", {}, [gap("2020-03-31", "2020-03-31")], False, id="a surge in its own week"),
        pytest.param("surge", {}, [gap("2020-02-26", "2020-02-26")], False, id="a surge in the weeks before"),
        pytest.param("surge", {}, [gap("2020-02-25", "2020-02-25")], True, id="a surge before all its weeks"),
        pytest.param("record", {}, [gap("2020-03-02", "2020-03-02")], False, id="a record in its own window"),
        pytest.param("record", {}, [gap("2020-03-01", "2020-03-01")], True, id="a high before its window"),
        pytest.param(
            "record", {"direction": "lowest"}, [gap("2020-03-01", "2020-03-01")], False, id="a low before its window"
        ),
    ],
)
def test_sums_of_windows_are_compared_when_they_have_all_their_days(detector, parameters, gaps, judged):
    found = read(detector, DAILY, parameters, coverage_gaps=gaps)
    assert (found.status is Status.OK) is judged
    if not judged:
        assert found.status is Status.NO_DATA
        assert "in a coverage gap (the source paused), so it is not judged" in found.reason


@pytest.mark.parametrize("detector", ["surge", "record"])
def test_windows_before_a_change_of_coverage_are_no_measure(detector):
    found = read(detector, DAILY, {}, coverage_change="2020-03-02")
    assert found.status is Status.LEARNING
    assert found.reason.startswith("sources report otherwise since 2 Mar 2020 (coverage_change); ")


def lull(*gaps: dict[str, str], days: Sequence[Event] = ()) -> Reading:
    events = [event(1, date(2019, 1, 1)), event(2, date(2020, 1, 1)), event(3, date(2020, 3, 25)), *days]
    edge = event(4, date(2020, 3, 31), admin1="Nampula")
    snapshot = MemorySnapshot(at("2020-04-01"), known([*events, edge]))
    here = {"admin1": "Cabo Delgado"}
    return read("resumption", snapshot, {"after": "60d", "within": "14d"}, where=here, coverage_gaps=list(gaps))


def test_days_of_a_gap_are_no_days_of_a_lull():
    assert lull().values["lull_days"] == 83
    short = lull(gap("2020-02-01", "2020-02-23"))
    assert (short.present, short.values["lull_days"]) == (True, 60)
    assert (
        "23 days, 1 Feb 2020 to 23 Feb 2020, are left out, a coverage gap: the source paused." in short.telling.unknown
    )
    # One day less than a lull has, and the event before it is looked for behind the gap.
    assert not lull(gap("2020-02-01", "2020-02-24")).present
