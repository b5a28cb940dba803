from __future__ import annotations

import math
import random

import pytest
import scipy.special
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.statistics.tables import PRINTED, number, rows
from watcher.core.statistics import rates, tails
from watcher.core.statistics.rates import Tally

NOW = Tally(447, 188)
YEAR = Tally(660, 365)

totals = st.integers(0, 3_000)
some = st.integers(1, 3_000)
days = st.integers(1, 400)
quick = settings(deadline=None)


@pytest.mark.parametrize("row", rows("rates", "poisson_rate_ratio"))
def test_the_exact_test_equals_the_reference_table(row):
    now, before = Tally(number(row, "k1"), number(row, "t1_days")), Tally(number(row, "k0"), number(row, "t0_days"))
    ratio, confidence = number(row, "ratio0"), number(row, "conf")

    test = rates.exact(now, before, ratio=ratio, confidence=confidence)
    other_way = rates.exact(before, now, ratio=1 / ratio)
    one_sided = rates.exact(now, before, confidence=2 * confidence - 1)

    assert test.p == pytest.approx(number(row, "p_greater_exact"), rel=PRINTED)
    assert test.low == pytest.approx(number(row, "ci_low_exact"), rel=PRINTED)
    assert test.high == pytest.approx(number(row, "ci_high_exact"), rel=PRINTED)
    assert other_way.p == pytest.approx(number(row, "p_less_exact"), rel=PRINTED)
    assert one_sided.low == pytest.approx(number(row, "lower_bound_one_sided"), rel=PRINTED)
    assert min(1.0, 2 * min(test.p, other_way.p)) == pytest.approx(number(row, "p_two_central"), rel=PRINTED)


@pytest.mark.parametrize("row", rows("rates", "poisson_rate_ratio"))
def test_the_mid_p_test_equals_the_reference_table(row):
    now, before = Tally(number(row, "k1"), number(row, "t1_days")), Tally(number(row, "k0"), number(row, "t0_days"))
    test = rates.midp(now, before, ratio=number(row, "ratio0"), confidence=number(row, "conf"))
    assert test.p == pytest.approx(number(row, "p_greater_mid"), rel=PRINTED)
    for limit, column in ((test.low, "ci_low_mid"), (test.high, "ci_high_mid")):
        # Nothing on either side says nothing of the ratio, and the table leaves it empty.
        assert limit == pytest.approx(float(row[column] or limit), rel=PRINTED)


@pytest.mark.parametrize("row", rows("rates", "inflated_rate_ratio"))
def test_the_inflated_test_equals_the_reference_table(row):
    now, before = Tally(number(row, "k1"), number(row, "t1_days")), Tally(number(row, "k0"), number(row, "t0_days"))
    spread = number(row, "dispersion")

    test = rates.inflated(now, before, dispersion=spread, ratio=number(row, "ratio0"), confidence=number(row, "conf"))

    assert test is not None
    assert rates.inflated_error(now, before, dispersion=spread) == pytest.approx(number(row, "log_se"), rel=PRINTED)
    assert test.p == pytest.approx(number(row, "p_greater"), rel=PRINTED)
    assert (test.low, test.high) == pytest.approx((number(row, "ci_low"), number(row, "ci_high")), rel=PRINTED)


@pytest.mark.parametrize(
    ("days", "ratio", "score", "low", "high"),
    [
        pytest.param(188, 1.315, 1.96, 1.005, 1.720, id="the article to 6 July"),
        pytest.param(195, 1.268, 1.47, 0.969, 1.658, id="the article to 13 July"),
    ],
)
def test_the_article_to_the_printed_digits(days, ratio, score, low, high):
    now = Tally(447, days)
    test = rates.inflated(now, YEAR, dispersion=5)

    assert round(rates.rate_ratio(now, YEAR), 3) == ratio
    assert round(rates.sequential(now, YEAR) / 5, 2) == score
    assert test is not None
    assert (round(test.low, 3), round(test.high, 3)) == (low, high)


@pytest.mark.parametrize(
    ("days", "five_percent", "one_percent"),
    [pytest.param(188, 7.4, 3.7, id="to 6 July"), pytest.param(195, 5.5, 2.8, id="to 13 July")],
)
def test_the_dispersion_at_which_the_article_stops_being_significant(days, five_percent, one_percent):
    now = Tally(447, days)
    for p, printed in ((0.05, five_percent), (0.01, one_percent)):
        largest = rates.largest_dispersion(now, YEAR, p=p)
        assert round(largest, 1) == printed
        at_it = rates.inflated(now, YEAR, dispersion=largest)
        assert at_it is not None
        assert at_it.p == pytest.approx(p)


def test_no_dispersion_hides_what_is_not_there():
    assert rates.largest_dispersion(Tally(300, 188), YEAR, p=0.05) == 0
    assert rates.largest_dispersion(Tally(0, 188), YEAR, p=0.05) == 0


@pytest.mark.parametrize(
    ("now", "before", "ratio", "test"),
    [
        pytest.param(Tally(0, 30), Tally(0, 365), 0, (1, 0, math.inf), id="nothing at all is no rise and no limit"),
        pytest.param(Tally(0, 30), Tally(12, 365), 0, (1, 0, 4.38), id="nothing now is no rise"),
        pytest.param(
            Tally(3, 30), Tally(0, 365), math.inf, (4.4e-4, 5.03, math.inf), id="nothing before has a low end"
        ),
    ],
)
def test_the_exact_test_bears_zeros(now, before, ratio, test):
    assert rates.rate_ratio(now, before) == ratio
    assert rates.exact(now, before) == pytest.approx(test, rel=0.01)


@pytest.mark.parametrize("zero", [(Tally(0, 30), YEAR), (NOW, Tally(0, 365))], ids=["none now", "none before"])
def test_the_inflated_test_says_nothing_of_zeros(zero):
    assert rates.inflated(*zero, dispersion=5) is None


@given(k1=totals, k0=totals, t1=days, t0=days)
@quick
def test_the_exact_interval_and_p_say_the_same(k1, k0, t1, t0):
    test = rates.exact(Tally(k1, t1), Tally(k0, t0), confidence=0.9)
    for bound in (test.low, test.high):
        if 0 < bound < math.inf:
            tail = rates.exact(Tally(k1, t1), Tally(k0, t0), ratio=bound).p
            other = rates.exact(Tally(k0, t0), Tally(k1, t1), ratio=1 / bound).p
            assert min(tail, other) == pytest.approx(0.05, rel=1e-6)


@given(k1=totals, k0=totals, t1=days, t0=days)
@quick
def test_the_mid_p_interval_and_p_say_the_same(k1, k0, t1, t0):
    test = rates.midp(Tally(k1, t1), Tally(k0, t0), confidence=0.9)
    if test.low > 0:
        assert rates.midp(Tally(k1, t1), Tally(k0, t0), ratio=test.low).p == pytest.approx(0.05, rel=1e-6)
    if test.high < math.inf:
        assert rates.midp(Tally(k0, t0), Tally(k1, t1), ratio=1 / test.high).p == pytest.approx(0.05, rel=1e-6)


@given(k1=totals, k0=totals, t1=days, t0=days)
@quick
def test_mid_p_is_less_cautious_than_exact_and_never_by_more_than_half(k1, k0, t1, t0):
    mid, whole = rates.midp(Tally(k1, t1), Tally(k0, t0)), rates.exact(Tally(k1, t1), Tally(k0, t0))
    assert whole.p / 2 <= mid.p * (1 + 1e-12)
    assert mid.p <= whole.p
    assert (whole.low <= mid.low, mid.high <= whole.high) == (True, True)


@pytest.mark.parametrize("test", [rates.exact, rates.midp], ids=["exact", "mid-p"])
def test_p_is_as_small_as_it_says_as_often_as_it_says(test):
    """Under an unchanged rate the exact p is at most x in at most x of years; the mid-p comes close to just x."""
    rng = random.Random(1955)
    found = [test(Tally(arrivals(rng, 40), 180), Tally(arrivals(rng, 80), 360), confidence=0.9).p for _ in range(600)]
    for level in (0.05, 0.2, 0.5):
        share, error = sum(p <= level for p in found) / 600, math.sqrt(level * (1 - level) / 600)
        assert share <= level + 3 * error
        assert share >= level - (3 * error if test is rates.midp else 3 * error + 0.08)


@given(both=st.integers(1, 60), t1=days, t0=days)
@quick
def test_of_all_that_an_unchanged_rate_may_bring_exact_p_is_right_at_each_value_and_mid_p_on_average(both, t1, t0):
    """Given both totals, what belongs to now is binomial: every case can be gone through, and nothing is drawn."""
    chances = scipy.stats.binom.pmf(range(both + 1), both, t1 / (t1 + t0))
    tallies = [(Tally(k, t1), Tally(both - k, t0)) for k in range(both + 1)]
    exact = [rates.exact(*each).p for each in tallies]
    for level in exact:
        as_small = sum(chance for chance, p in zip(chances, exact, strict=True) if p <= level * (1 + 1e-12))
        assert as_small == pytest.approx(level, rel=1e-9)
    mid = sum(chance * rates.midp(*each).p for chance, each in zip(chances, tallies, strict=True))
    assert mid == pytest.approx(0.5, rel=1e-9)


@given(k1=some, k0=some, t1=days, t0=days, ratio=st.floats(0.2, 5))
@quick
def test_a_ratio_to_beat_is_as_if_the_period_were_so_much_longer(k1, k0, t1, t0, ratio):
    now, longer, before = Tally(k1, t1), Tally(k1, t1 * ratio), Tally(k0, t0)
    for test in (rates.exact, rates.midp):
        assert test(now, before, ratio=ratio).p == pytest.approx(test(longer, before).p, rel=1e-7)
    wide, same = (rates.inflated(each, before, dispersion=3, ratio=beat) for each, beat in ((now, ratio), (longer, 1)))
    assert (wide is None) == (same is None)
    assert wide is None or same is None or wide.p == pytest.approx(same.p, rel=1e-7)


@given(k1=totals, k0=totals, t1=days, t0=days)
@quick
def test_one_more_makes_p_smaller_and_the_score_larger(k1, k0, t1, t0):
    now, more, before = Tally(k1, t1), Tally(k1 + 1, t1), Tally(k0, t0)
    assert rates.midp(more, before).p <= rates.midp(now, before).p
    assert rates.midp(more, before).low >= rates.midp(now, before).low
    assert rates.exact(more, before).p <= rates.exact(now, before).p
    assert rates.exact(more, before).low >= rates.exact(now, before).low
    assert rates.sequential(more, before) >= rates.sequential(now, before)


@given(k1=totals, k0=totals, t1=days, t0=days, factor=st.sampled_from([2, 7, 365]))
@quick
def test_only_the_proportion_of_the_two_exposures_counts(k1, k0, t1, t0, factor):
    small, large = (Tally(k1, t1), Tally(k0, t0)), (Tally(k1, t1 * factor), Tally(k0, t0 * factor))
    assert rates.exact(*small).p == pytest.approx(rates.exact(*large).p, rel=1e-9)
    assert rates.sequential(*small) == pytest.approx(rates.sequential(*large), rel=1e-9, abs=1e-9)


@given(k1=some, k0=some, t1=days, t0=days, spread=st.floats(1, 50))
@quick
def test_more_dispersion_makes_the_interval_wider(k1, k0, t1, t0, spread):
    narrow = rates.inflated(Tally(k1, t1), Tally(k0, t0), dispersion=spread)
    wide = rates.inflated(Tally(k1, t1), Tally(k0, t0), dispersion=spread * 1.5)
    assert narrow is not None
    assert wide is not None
    assert wide.low < narrow.low < narrow.high < wide.high


@given(k1=totals, k0=totals, t1=days, t0=days, ratio=st.floats(0.5, 3))
@quick
def test_the_score_is_zero_exactly_while_the_rate_is_not_above(k1, k0, t1, t0, ratio):
    score = rates.sequential(Tally(k1, t1), Tally(k0, t0), ratio=ratio)
    assert (score == 0) == (k1 * t0 <= k0 * t1 * ratio)
    assert score >= 0


@given(a=st.floats(0.5, 1e5), b=st.floats(0.5, 1e5), z=st.floats(-5, 5))
@quick
def test_the_beta_tails_equal_scipy(a, b, z):
    logit = math.log(a / b) + z * math.sqrt(1 / a + 1 / b)
    x = 1 / (1 + math.exp(-logit))
    lower, upper = tails.beta_tails(a, b, x, 1 - x)
    assert lower == pytest.approx(scipy.special.betainc(a, b, x), rel=1e-7, abs=1e-12)
    assert lower + upper == pytest.approx(1)


@given(k=st.integers(0, 20_000), z=st.floats(-6, 6))
@quick
def test_the_poisson_tail_equals_scipy(k, z):
    mean = max(1e-6, k + z * math.sqrt(k + 1))
    assert tails.poisson_tail(k, mean) == pytest.approx(scipy.stats.poisson.sf(k - 1, mean), rel=1e-9, abs=1e-300)


@given(k=st.integers(0, 2_000), trials=st.integers(1, 2_000), chance=st.floats(0.01, 0.99))
@quick
def test_the_binomial_tail_equals_scipy(k, trials, chance):
    expected = scipy.stats.binom.sf(k - 1, trials, chance)
    assert tails.binomial_tail(k, trials, chance) == pytest.approx(expected, rel=1e-9, abs=1e-250)


@given(k=st.integers(0, 2_000), mean=st.floats(0.01, 1_000), spread=st.floats(1.01, 40))
@quick
def test_the_negative_binomial_tail_equals_scipy(k, mean, spread):
    expected = scipy.stats.nbinom.sf(k - 1, mean / (spread - 1), 1 / spread)
    assert tails.negative_binomial_tail(k, mean, spread) == pytest.approx(expected, rel=1e-8, abs=1e-250)


@given(mean=st.floats(0.01, 1_000), spread=st.floats(1.01, 40), alpha=st.sampled_from([0.025, 0.005, 0.5, 0.975]))
@quick
def test_the_negative_binomial_bound_is_the_least_whole_number(mean, spread, alpha):
    bound = tails.negative_binomial_bound(mean, spread, alpha)
    assert tails.negative_binomial_tail(bound + 1, mean, spread) <= alpha
    assert bound == 0 or tails.negative_binomial_tail(bound, mean, spread) > alpha


@given(share=st.floats(1e-12, 1 - 1e-12))
@quick
def test_the_normal_quantile_turns_the_tail_around(share):
    assert 1 - tails.normal_tail(tails.normal_quantile(share)) == pytest.approx(share, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param(tails.binomial_tail(11, 10, 0.5), 0, id="more successes than trials"),
        pytest.param(tails.poisson_tail(3, 0), 0, id="something from a mean of zero"),
        pytest.param(tails.negative_binomial_tail(3, 0, 5), 0, id="something from a dispersed mean of zero"),
        pytest.param(tails.negative_binomial_tail(3, 2, 1), tails.poisson_tail(3, 2), id="dispersion 1 is Poisson"),
        pytest.param(tails.negative_binomial_bound(0, 5, 0.01), 0, id="the bound of nothing"),
        pytest.param(tails.negative_binomial_bound(1e40, 0.3, 0.005), math.inf, id="a bound beyond all counting"),
        pytest.param(tails.least_whole(lambda _: False, guess=5), math.inf, id="a bound that is never reached"),
        pytest.param(tails.normal_quantile(1), math.inf, id="the whole of a normal"),
        pytest.param(tails.beta_tails(2, 3, 0, 1)[0], 0, id="the beta function at zero"),
        pytest.param(tails.beta_tails(2, 3, 1, 0)[0], 1, id="the beta function at one"),
        pytest.param(rates.smallest_visible_ratio(28, Tally(0, 365)), math.inf, id="no baseline, nothing visible"),
    ],
)
def test_the_edges_have_a_value(value, expected):
    assert value == expected


@pytest.mark.parametrize(
    ("a", "b", "x", "lower"),
    [
        pytest.param(16.06976340336501, 246589051.2071114, 7.784096152959239e-08, 0.792772344094489, id="one is tiny"),
        pytest.param(
            134351568.4051387, 129991518.78950803, 0.5082468750353076, 0.498998412231693, id="near the middle"
        ),
        pytest.param(3e6, 5e6, 0.3744, 0.000227351197215314, id="in the tail"),
    ],
)
def test_the_asymptotic_expansions_agree_with_forty_digit_integration(a, b, x, lower):
    both = tails.beta_tails(a, b, x, 1 - x)
    assert both == pytest.approx((lower, 1 - lower), rel=1e-9)
    assert tails.beta_tails(b, a, 1 - x, x) == pytest.approx(both[::-1], rel=1e-9)


@pytest.mark.parametrize(
    ("k", "mean", "tail"),
    [
        pytest.param(3e6, 3e6 + 1000, 0.718191896566594, id="a large count near its mean"),
        pytest.param(3e6, 3e6 - 5000, 0.00193748777462655, id="a large count in the tail"),
        pytest.param(1.9e6, 1.9e6 + 3000, 0.985204643120768, id="the largest count that the fraction takes"),
    ],
)
def test_large_poisson_tails_agree_with_forty_digit_integration(k, mean, tail):
    assert tails.poisson_tail(k, mean) == pytest.approx(tail, rel=1e-9)


def test_at_the_very_middle_the_large_expansions_have_their_limit():
    assert tails.poisson_tail(4e6, 4e6) == pytest.approx(0.5 + 1 / (3 * math.sqrt(2 * math.pi * 4e6)), rel=1e-9)
    assert tails.beta_tails(4e6, 4e6, 0.5, 0.5)[0] == pytest.approx(0.5)


EXTREMES = [0, 1, 5, 1e3, 1e6, 3e6, 1e9, 1e40, 1e200]


@pytest.mark.parametrize("k1", EXTREMES)
def test_no_mean_is_so_extreme_that_it_hangs_or_fails(k1):
    for k0 in EXTREMES:
        for days in (0.5, 28, 1e5):
            now, before = Tally(k1, days), Tally(k0, 365)
            answers = [
                *rates.exact(now, before),
                *rates.midp(now, before),
                rates.largest_dispersion(now, before, p=0.01),
                *(rates.inflated(now, before, dispersion=5) or ()),
                rates.sequential(now, before),
                *rates.projection(now, 100, dispersion=5),
                rates.smallest_visible_ratio(days, before),
                rates.smallest_visible_ratio(days, before, dispersion=5),
                tails.poisson_tail(k1, k0),
                tails.negative_binomial_tail(k1, k0, 7),
            ]
            assert not any(math.isnan(answer) or answer < 0 for answer in answers)


@pytest.mark.parametrize(
    ("baseline", "visible"),
    [
        pytest.param(12, (5.4, 3.3, 2.7, 2.3), id="12 a year"),
        pytest.param(52, (2.8, 1.9, 1.7, 1.5), id="52 a year"),
        pytest.param(309, (1.56, 1.32, 1.25, 1.20), id="309 a year"),
        pytest.param(660, (1.38, 1.22, 1.17, 1.13), id="660 a year"),
    ],
)
def test_the_smallest_visible_ratio_after_a_month_a_quarter_half_a_year_and_a_year(baseline, visible):
    seen = [rates.smallest_visible_ratio(days, Tally(baseline, 365)) for days in (28, 91, 182, 365)]
    assert seen == pytest.approx(visible, abs=0.05 if baseline < 100 else 0.005)


@given(days=days, k0=some, spread=st.floats(1.01, 40))
@quick
def test_the_smallest_visible_ratio_of_a_sum_is_where_p_reaches_one_percent(days, k0, spread):
    before = Tally(k0, 365)
    ratio = rates.smallest_visible_ratio(days, before, dispersion=spread)
    test = rates.inflated(Tally(ratio * before.rate * days, days), before, dispersion=spread)
    assert test is not None
    assert test.p == pytest.approx(0.01, rel=1e-6)


@given(days=days, k0=some)
@quick
def test_the_smallest_visible_ratio_of_a_count_is_the_first_that_the_exact_test_sees(days, k0):
    before = Tally(k0, 365)
    total = round(rates.smallest_visible_ratio(days, before) * before.rate * days)
    assert rates.exact(Tally(total, days), before).p < 0.01 <= rates.exact(Tally(total - 1, days), before).p


@pytest.mark.parametrize(
    ("now", "left", "spread", "interval"),
    [
        pytest.param(NOW, 178, 5, (755, 1007), id="the article's 447 with dispersion 5"),
        pytest.param(NOW, 178, 1, (816, 928), id="the same as a count"),
        pytest.param(NOW, 0, 5, (447, 447), id="nothing is left to come"),
        pytest.param(Tally(0, 188), 178, 1, (0, 3), id="nothing yet"),
    ],
)
def test_the_projection_has_a_predictive_interval(now, left, spread, interval):
    assert rates.projection(now, left, dispersion=spread) == interval


def test_the_predictive_interval_holds_what_comes_as_often_as_it_says():
    rng, inside = random.Random(7), 0
    for _ in range(300):
        half = arrivals(rng, 40.0)
        low, high = rates.projection(Tally(half, 182), 183)
        inside += low <= half + arrivals(rng, 40.0 * 183 / 182) <= high
    assert 0.92 <= inside / 300 <= 1


def test_an_unchanged_rate_looked_at_daily_exceeds_the_baseline_often_and_the_score_seldom():
    rng, bare, moderate, strong = random.Random(2019), 0, 0, 0
    for _ in range(300):
        before, k, scores = Tally(arrivals(rng, 309), 365), 0, [0.0]
        above = False
        for day in range(1, 366):
            k += arrivals(rng, 309 / 365)
            if day >= rates.SEQUENTIAL_DAYS and k >= rates.SEQUENTIAL_EVENTS:
                above = above or rates.rate_ratio(Tally(k, day), before) > 1
                scores.append(rates.sequential(Tally(k, day), before))
        bare += above
        moderate += max(scores) >= rates.MODERATE_SCORE
        strong += max(scores) >= rates.STRONG_SCORE
    assert 0.79 <= bare / 300 <= 0.91
    assert moderate / 300 <= 0.08
    assert strong / 300 <= 0.03
    assert rates.MODERATE_SCORE < rates.STRONG_SCORE < rates.EXTREME_SCORE


def arrivals(rng: random.Random, mean: float) -> int:
    """A Poisson number, by its waiting times."""
    total, waited = 0, rng.expovariate(1)
    while waited < mean:
        total, waited = total + 1, waited + rng.expovariate(1)
    return total


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param(tails.negative_binomial_tail(1e40, 1e40, 40), 0.5, id="the middle of a mean beyond all counting"),
        pytest.param(tails.negative_binomial_tail(1e15, 1e15, 2), 0.5, id="the middle of a very large mean"),
        pytest.param(tails.poisson_tail(1e20, 1e20), 0.5, id="the middle of a very large Poisson"),
        pytest.param(tails.negative_binomial_tail(5, math.inf, 2), 1, id="an infinite mean is above every number"),
        pytest.param(tails.negative_binomial_tail(5, math.nan, 2), math.nan, id="what is no number gives none"),
        pytest.param(tails.poisson_tail(math.nan, 2), math.nan, id="nor of a Poisson"),
        pytest.param(
            tails.negative_binomial_bound(5, 3.3, 1), 0, id="every number is exceeded with a chance of at most 1"
        ),
        pytest.param(tails.negative_binomial_bound(5, 3.3, 0), math.inf, id="none with a chance of 0"),
        pytest.param(tails.negative_binomial_bound(math.nan, 3.3, 0.1), math.nan, id="a bound of no number is none"),
    ],
)
def test_the_far_ends_have_answers(value, expected):
    assert value == pytest.approx(expected, rel=1e-6, nan_ok=True)


@pytest.mark.parametrize("mean", [3e13, 9.9e13, 1.1e14, 1e18])
def test_the_normal_takes_over_where_nobody_can_tell(mean):
    k = mean + 1.5 * math.sqrt(3 * mean)
    assert tails.negative_binomial_tail(k, mean, 3) == pytest.approx(tails.normal_tail(1.5), rel=1e-5)


def test_a_projection_of_billions_is_finite_and_around_its_mean():
    low, high = rates.projection(Tally(999_999_999, 1), 364)
    assert low < 365 * 999_999_999 < high < math.inf
