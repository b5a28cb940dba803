from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.statistics.tables import WEEKLY, detector, series
from watcher.core.detectors.aberration import Parameters
from watcher.core.detectors.aberration.method import METHODS, Attacks, Past
from watcher.core.detectors.aberration.prediction import (
    Compound,
    NegativeBinomial,
    Normal,
    Prediction,
    Seasonal,
    Shift,
    ThreeWeeks,
)
from watcher.core.detectors.aberration.verdict import Verdict, judge, least_history
from watcher.core.statistics.ears import Around

SATURDAY = date(2020, 6, 27)
#: 200 attacks with a number of deaths, of sizes as they are.
SIZES = {0: 70, 1: 60, 2: 30, 5: 24, 20: 12, 60: 4}

quick = settings(deadline=None)
counts = st.integers(0, 60)
any_counts = st.one_of(counts, st.integers(0, 10**15))
histories = st.lists(any_counts, min_size=56, max_size=170)
methods = st.sampled_from(["auto", *METHODS])


def asking(method: str = "auto", **given: Any) -> Parameters:
    return Parameters.model_validate({"indicator": "attacks", "method": method, **given})


def verdict(weeks: Sequence[int], method: str = "auto", *, completeness: float = 1.0, **given: Any) -> Verdict:
    attacks = Attacks(weeks[:-1], SIZES) if method == "compound" else None
    return judge(weeks, asking(method, **given), day=SATURDAY, attacks=attacks, completeness=completeness)


def predict(name: str, counts: Sequence[int], **given: Any) -> Any:
    return METHODS[name].predict(Past(counts, SATURDAY), asking(name, **given))


# --- predictive -------------------------------------------------------------------------------------------------------


def bayes_points(at: int, *, years: int, half: int, this_year: bool) -> list[int]:
    """The reference points of algo.bayes: half a window before, and whole windows around the same week of past years."""
    points = list(range(at - half, at)) if this_year else []
    for year in range(1, years + 1):
        points += range(at - 52 * year - half, at - 52 * year + half + 1)
    return points


_BAYES = [
    ("bayes1", {"years": 0, "half": 6, "this_year": True}, 0.05),
    ("bayes2", {"years": 1, "half": 6, "this_year": True}, 0.05),
    ("bayes3", {"years": 2, "half": 4, "this_year": False}, 0.05),
]


@pytest.mark.parametrize(
    ("name", "config", "points", "alpha"),
    [
        *(
            pytest.param(name, config, points, alpha, id=f"{name} {config}")
            for name in WEEKLY
            for config, points, alpha in _BAYES
        ),
        pytest.param(
            "syn_daily", "bayes_28d", {"years": 0, "half": 28, "this_year": True}, 0.01, id="syn_daily bayes_28d"
        ),
    ],
)
def test_predictive_has_the_bounds_and_alarms_of_the_reference(name, config, points, alpha):
    values, rows = series(name), detector(name, config)
    assert len(rows) > 90
    for row in rows:
        at = int(row["t"]) - 1
        prediction = predict("predictive", [values[i] for i in bayes_points(at, **points)])
        assert prediction.bound(alpha) == float(row["upper"]), row
        assert (prediction.tail(values[at]) <= alpha) == (row["alarm"] == "1"), row


@given(counts=st.lists(counts, min_size=6, max_size=52), observed=counts)
@quick
def test_predictive_is_the_posterior_prediction(counts, observed):
    weeks = len(counts)
    oracle = scipy.stats.nbinom(sum(counts) + 0.5, weeks / (weeks + 1))
    prediction = predict("predictive", counts)
    assert prediction.expected == pytest.approx(oracle.mean())
    assert prediction.tail(observed) == pytest.approx(oracle.sf(observed - 1), rel=1e-9, abs=1e-300)


# --- zscore -----------------------------------------------------------------------------------------------------------


@given(counts=st.lists(counts, min_size=26, max_size=52), observed=counts)
@quick
def test_zscore_counts_standard_deviations(counts, observed):
    prediction = predict("zscore", counts)
    deviation = scipy.stats.tstd(counts) if len(set(counts)) > 1 else 0
    assert isinstance(prediction, Normal) == (deviation > 0)
    if isinstance(prediction, Normal):
        z = (observed - sum(counts) / len(counts)) / deviation
        assert prediction.tail(observed) == pytest.approx(scipy.stats.norm.sf(z), rel=1e-9)
        # Three deviations themselves are beyond: 0.00135 is a little more than the tail at three.
        assert (prediction.tail(observed) <= asking("zscore").alpha) == (z >= 2.99998)


# --- the choice -------------------------------------------------------------------------------------------------------

BUSY = [2, 4, 3, 3, 1, 5, 0, 6]


#: A little more than three years.
YEARS = BUSY * 20


@pytest.mark.parametrize(
    ("asked", "history", "used"),
    [
        pytest.param("auto", YEARS, "seasonal", id="auto: three years and four weeks"),
        pytest.param("auto", YEARS[1:], "recent", id="auto: a week less"),
        pytest.param("auto", [0] * 100 + [1, 0] * 24 + [0] * 27, "recent", id="auto: three years, but few events"),
        pytest.param("auto", BUSY * 4, "recent", id="auto: half a year and enough events"),
        pytest.param("auto", (BUSY * 4)[:30], "recent", id="auto: half a year to the week, beside the weeks left out"),
        pytest.param("auto", (BUSY * 4)[:29], "predictive", id="auto: a week less than half a year"),
        pytest.param("auto", [0] * 50 + [4, 0, 0, 0, 0], "predictive", id="auto: four events in a year"),
        pytest.param("auto", [0] * 50 + [5, 0, 0, 0, 0], "recent", id="auto: five events in a year"),
        pytest.param("auto", [0] * 50 + [0, 9, 9, 9, 9], "predictive", id="auto: events in the weeks left out alone"),
        pytest.param("auto", [0] * 56, "predictive", id="auto: nothing at all"),
        pytest.param("seasonal", [0] * 200, "predictive", id="seasonal has no answer to nothing at all"),
        pytest.param("recent", [0] * 56, "predictive", id="recent has no answer to nothing at all"),
        pytest.param("shift", [0] * 130, "predictive", id="shift has no answer to nothing at all"),
        pytest.param("zscore", [3] * 56, "predictive", id="zscore has no answer to weeks that are alike"),
        pytest.param("zscore", BUSY * 7, "zscore", id="zscore has one to others"),
        pytest.param("predictive", BUSY * 7, "predictive", id="predictive always has one"),
        *(
            pytest.param(name, [3] * 170, name, id=f"{name} has one to weeks that are alike")
            for name in ("seasonal", "recent", "shift", "ears_c1", "ears_c2", "ears_c3", "compound")
        ),
    ],
)
def test_which_method_judges(asked, history, used):
    assert verdict([*history, 9], asked, min_count=0).method.name == used


def quiet_season(*, calm: int) -> list[int]:
    """Years in which nothing ever happens around the judged week, and much at other times."""
    back = (52, 104, 157, 209, 261)
    near = {week for each in back for week in range(270 - each - 3, 270 - each + 4)}
    return [0 if week in near else calm + week * 5 % 3 for week in range(270)]


@pytest.mark.parametrize("asked", ["auto", "seasonal"])
def test_where_nothing_ever_happened_at_this_time_of_the_year_the_milder_of_two_others_judges(asked):
    history = quiet_season(calm=3)
    found = verdict([*history, 9], asked)
    others = [verdict([*history, 9], name) for name in ("recent", "predictive")]
    assert found.method.name in {"recent", "predictive"}
    assert found.p == max(each.p for each in others)
    assert list(found.lacks) == ["seasonal"]


def test_an_outbreak_in_a_quiet_season_is_an_alarm_and_not_nothing_for_lack_of_a_number():
    assert verdict([*quiet_season(calm=1), 38], "seasonal").is_beyond


def test_after_a_year_of_nothing_an_outbreak_is_an_alarm():
    for asked in ("auto", "recent", "zscore"):
        found = verdict([*[0] * 56, 38], asked, alpha=0.001)
        assert found.is_counted
        assert found.p < 1e-9
        assert found.bound == 1


@pytest.mark.parametrize(("observed", "used"), [(2, "predictive"), (6, "recent")])
def test_with_few_events_the_milder_of_recent_and_predictive_judges(observed, used):
    history = [0] * 20 + [4] + [0] * 35
    found = verdict([*history, observed], "recent", min_count=0)
    own, other = predict("recent", history), predict("predictive", history)
    assert found.p == max(own.tail(observed), other.tail(observed))
    assert found.method.name == used
    assert verdict([*history, observed], min_count=0).method.name == "predictive"


@pytest.mark.parametrize(
    ("weeks", "asked", "is_counted"),
    [
        pytest.param([*BUSY * 7, 3], "recent", True, id="three in the week"),
        pytest.param([*BUSY * 7, 2], "recent", False, id="recent never speaks of two"),
        pytest.param([*YEARS, 2], "seasonal", True, id="seasonal does"),
        pytest.param([0] * 56 + [2, 1, 0, 2], "predictive", True, id="five in four weeks"),
        pytest.param([0] * 56 + [9, 2, 0, 0, 2], "predictive", False, id="four in four weeks"),
    ],
)
def test_small_numbers_are_not_spoken_of(weeks, asked, is_counted):
    assert verdict(weeks, asked).is_counted is is_counted


@pytest.mark.parametrize(
    ("asked", "given", "least"),
    [
        ("auto", {}, 6),
        ("seasonal", {}, 160),
        ("recent", {}, 30),
        ("predictive", {}, 6),
        ("shift", {}, 52),
        ("ears_c1", {}, 7),
        ("ears_c2", {}, 9),
        ("ears_c3", {}, 11),
        ("ears_c3", {"baseline": 28}, 32),
        ("zscore", {}, 26),
        ("compound", {}, 30),
    ],
)
def test_the_least_history_suffices(asked, given, least):
    assert least_history(asking(asked, **given)) == least
    found = verdict([*([1, 2] * least)[:least], 9], asked, min_count=0, **given)
    assert (found.observed, found.method.name) == (9, "predictive" if asked == "auto" else asked)


def test_seasonal_looks_at_no_more_years_than_asked_and_at_fewer_where_there_are_fewer():
    weeks = [*(BUSY * 50)[:330], 9]
    assert len(verdict(weeks, "seasonal").history) == 264 - 26
    assert len(verdict(weeks, "seasonal", years=3).history) == 160 - 26
    assert len(verdict(weeks[-230:], "seasonal").history) == 212 - 26


# --- shift ------------------------------------------------------------------------------------------------------------


def test_a_rise_that_lasts_is_an_alarm_that_no_single_week_is():
    history = BUSY * 16
    weeks = [*history, 7, 6, 8, 6, 7, 6, 8]
    assert verdict(weeks, "shift").is_beyond
    assert not verdict(weeks, "recent").is_beyond
    assert verdict(weeks, "shift", ratio="any", limit=4).is_beyond
    assert not verdict([*history, 3], "shift").is_beyond


def test_the_sum_starts_again_after_an_alarm():
    weeks = [*BUSY * 16, 30]
    assert verdict(weeks, "shift").is_beyond
    for ratio in (2, "any"):
        after = verdict([*weeks, 3], "shift", ratio=ratio)
        assert not after.is_beyond
        assert after.score is not None
        assert after.score < 1


def test_the_chance_of_a_score_is_at_most_e_to_the_minus_score():
    found = verdict([*BUSY * 16, 9], "shift")
    assert found.score is not None
    assert found.p == pytest.approx(math.exp(-found.score))


def test_a_larger_limit_is_reached_later():
    weeks = [*BUSY * 16, 12]
    assert verdict(weeks, "shift", limit=2).is_beyond
    assert not verdict(weeks, "shift", limit=20).is_beyond


# --- compound ---------------------------------------------------------------------------------------------------------


def test_deaths_are_attacks_times_their_sizes():
    found = verdict([3] * 60 + [120], "compound")
    each = sum(size * count for size, count in SIZES.items()) / sum(SIZES.values())
    assert found.expected == pytest.approx(3 * each)
    assert found.p == found.prediction.tail(120) > 0
    assert verdict([3] * 60 + [10], "compound").p > 0.25


def test_sizes_of_nothing_are_no_sizes():
    attacks = Attacks([3] * 60, {0: 200})
    found = judge([3] * 60 + [9], asking("compound"), day=SATURDAY, attacks=attacks)
    assert found.method.name == "predictive"


# --- a week that is not complete --------------------------------------------------------------------------------------

PREDICTIONS = [
    pytest.param(NegativeBinomial(6, 1), id="a Poisson"),
    pytest.param(NegativeBinomial(6, 2.5), id="a negative binomial"),
    pytest.param(Seasonal(6, 2.5, 0.001, (5, 7)), id="a season"),
    pytest.param(Normal(6, 2), id="a normal"),
    pytest.param(ThreeWeeks(Around(6, 2), 0.5), id="three weeks"),
    pytest.param(Shift(6, 0.1, 2.0, 4.0, 1.0, (7, 8)), id="a shift"),
    pytest.param(Shift(6, 0.1, None, 5.0, 1.0, (7, 8)), id="any shift"),
    pytest.param(Compound(6, 1.5, {0: 0.5, 4: 0.5}), id="a compound"),
]


@pytest.mark.parametrize("prediction", PREDICTIONS)
@pytest.mark.parametrize("share", [0.9, 0.5])
def test_of_a_week_that_is_half_known_half_is_expected(prediction, share):
    thinned: Prediction = prediction.thinned(share)
    assert thinned.expected == pytest.approx(prediction.expected * share)
    assert thinned.tail(9) < prediction.tail(9)
    assert thinned.bound(0.005) <= prediction.bound(0.005)


def test_thinning_a_negative_binomial_is_drawing_from_its_events():
    known = NegativeBinomial(6, 2.5).thinned(0.4)
    size = 6 / 1.5
    whole = scipy.stats.nbinom(size, 1 / 2.5)
    for seen in range(12):
        oracle = sum(whole.pmf(total) * scipy.stats.binom.pmf(seen, total, 0.4) for total in range(200))
        assert known.tail(seen) - known.tail(seen + 1) == pytest.approx(oracle, rel=1e-9)


def test_the_variance_of_a_thinned_normal_is_that_of_thinning():
    known = Normal(6, 2).thinned(0.5)
    assert (known.expected, known.deviation**2) == pytest.approx((3, 0.25 * 4 + 0.25 * 6))


@pytest.mark.parametrize("asked", ["auto", *METHODS])
def test_a_quiet_week_is_an_alarm_where_only_a_third_of_it_is_known(asked):
    weeks = [*(BUSY * 25)[:170], 6]
    whole, third = verdict(weeks, asked), verdict(weeks, asked, completeness=0.3)
    assert third.expected == pytest.approx(whole.expected * 0.3)
    assert third.p < whole.p
    assert third.completeness == 0.3
    assert verdict(weeks, asked, completeness=1.0) == whole


# --- properties -------------------------------------------------------------------------------------------------------


def given_alpha(asked: str, alpha: float) -> dict[str, Any]:
    return {"min_count": 5} if asked == "shift" else {"alpha": alpha, "min_count": 5}


# At a half the bound is what is expected, and p is a half there: whether that is beyond it, the strict sign says.
@given(history=histories, observed=any_counts, asked=methods, alpha=st.floats(1e-6, 0.5, exclude_max=True))
@quick
def test_every_history_has_a_verdict_and_p_and_bound_say_the_same(history, observed, asked, alpha):
    found = verdict(
        [*history, observed] if asked != "seasonal" else [*history * 3, observed], asked, **given_alpha(asked, alpha)
    )
    assert 0 <= found.p <= 1
    assert 0 <= found.expected < math.inf
    assert not math.isnan(found.exceedance)
    if found.bound < math.inf and found.prediction.limit(alpha) is None:
        assert (found.p <= alpha) == (observed > found.bound)
    if found.bound < math.inf:
        assert found.is_beyond == (observed > found.bound)


@given(history=st.lists(counts, min_size=56, max_size=60), asked=methods, alpha=st.floats(1e-6, 0.2))
@settings(deadline=None, max_examples=15)
def test_more_events_never_undo_an_alarm(history, asked, alpha):
    found = [
        verdict([*(history * 3 if asked == "seasonal" else history), observed], asked, **given_alpha(asked, alpha))
        for observed in range(0, 70, 3)
    ]
    alarms = [each.is_counted and each.is_beyond for each in found]
    assert alarms == sorted(alarms)


@given(history=st.lists(counts, min_size=30, max_size=52), name=st.sampled_from(["recent", "predictive", "zscore"]))
@quick
def test_the_order_of_the_weeks_that_are_looked_at_does_not_matter(history, name):
    weeks = history[:26] if name != "recent" else [*history, 0, 0, 0, 0]
    other = sorted(weeks) if name != "recent" else [*sorted(history), 0, 0, 0, 0]
    as_given, again = (predict(name, each) for each in (weeks, other))
    if isinstance(as_given, NegativeBinomial | Normal):
        assert as_given.expected == pytest.approx(again.expected, rel=1e-9)
        assert as_given.tail(9) == pytest.approx(again.tail(9), rel=1e-6)


@given(mean=st.floats(0.01, 1e4), deviation=st.floats(0.01, 1e4), alpha=st.floats(1e-9, 0.5))
@quick
def test_the_bound_of_a_normal_is_the_least_that_is_seldom_exceeded(mean, deviation, alpha):
    prediction = Normal(mean, deviation)
    bound = int(prediction.bound(alpha))
    assert prediction.tail(bound + 1) <= alpha
    assert bound == 0 or prediction.tail(bound) > alpha


def test_the_bound_of_a_normal_is_right_where_a_whole_number_lies_on_the_limit():
    prediction = Normal(40, 8.0)
    for limit in range(41, 80):
        on_it = prediction.tail(limit)
        assert prediction.bound(on_it) == limit - 1
        assert prediction.bound(math.nextafter(on_it, 0)) == limit
