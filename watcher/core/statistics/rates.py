"""Two rates compared: tests of their ratio, intervals and projections.

The tests compare ``now`` (what was counted in so many days) with ``before``. All p-values are one-sided: the chance of
at least as much as now, were the true rate ``ratio`` times the rate before. Intervals are central.
"""

from __future__ import annotations

import math
from typing import Literal, NamedTuple

from watcher.core.statistics.tails import (
    QUANTILE_CAP,
    beta_logit,
    beta_slope,
    beta_tails,
    least_whole,
    negative_binomial_bound,
    normal_quantile,
    normal_tail,
)

#: Sequential score that an unchanged rate reaches in 5 % of years, looked at every day.
MODERATE_SCORE = 3.0
#: The same, in 1 % of years.
STRONG_SCORE = 4.75
#: The same, in 0.1 % of years.
EXTREME_SCORE = 7.1
#: The critical values hold when the first look is on this day of the period or later,
SEQUENTIAL_DAYS = 28
#: and not before so many events.
SEQUENTIAL_EVENTS = 4

#: What a sequential score is worth, in a word.
Evidence = Literal["none", "weak", "moderate", "strong"]

_MAX_STEPS = 50
_CLOSE = 1e-12
#: No number is larger than e to this.
_LARGEST_LOG = 709.0
_SMALLEST = 1e-300


class Tally(NamedTuple):
    """So many in so many days."""

    total: float
    days: float

    @property
    def rate(self) -> float:
        """Per day."""
        return self.total / self.days


class RateTest(NamedTuple):
    """What a test says of the ratio of two rates."""

    #: One-sided: the chance of at least as much as now, were the ratio the one tested.
    p: float
    #: Lower end of the central interval of the ratio.
    low: float
    #: Upper end; infinite when nothing was counted before.
    high: float


def rate_ratio(now: Tally, before: Tally) -> float:
    """Rate now over rate before: 0 when nothing was counted now, infinite when only before is zero."""
    if now.total == 0:
        return 0.0
    return now.rate / before.rate if before.total else math.inf


def exact(now: Tally, before: Tally, *, ratio: float = 1.0, confidence: float = 0.95) -> RateTest:
    """Conditional binomial test of two Poisson rates, with Clopper-Pearson limits.

    Given both totals together, now's share is binomial; its limits are turned into limits of the ratio.
    """
    k1, k0 = now.total, before.total
    share = ratio * now.days / (ratio * now.days + before.days)
    rest = before.days / (ratio * now.days + before.days)
    odds = before.days / now.days
    alpha = (1 - confidence) / 2
    return RateTest(
        p=beta_tails(k1, k0 + 1, share, rest)[0] if k1 else 1.0,
        low=math.exp(beta_logit(k1, k0 + 1, alpha)) * odds if k1 else 0.0,
        high=math.exp(-beta_logit(k0, k1 + 1, alpha)) * odds if k0 else math.inf,
    )


def midp(now: Tally, before: Tally, *, ratio: float = 1.0, confidence: float = 0.95) -> RateTest:
    """Like :func:`exact`, with half the chance of exactly so much: less cautious, which shows where counts are small.

    Its p is right on average and may be a little too small; its limits are those at which it is half of what is left
    of the confidence.
    """
    k1, k0 = now.total, before.total
    both = ratio * now.days + before.days
    odds = before.days / now.days
    alpha = (1 - confidence) / 2
    return RateTest(
        p=_mid_tail(k1, k0, ratio * now.days / both, before.days / both),
        low=math.exp(_mid_logit(k1, k0, alpha)) * odds if k1 else 0.0,
        high=math.exp(-_mid_logit(k0, k1, alpha)) * odds if k0 else math.inf,
    )


def inflated(
    now: Tally, before: Tally, *, dispersion: float, ratio: float = 1.0, confidence: float = 0.95
) -> RateTest | None:
    """Normal test of the log ratio with se^2 = D (1/k1 + 1/k0); None when a total is zero, where it says nothing."""
    if not (now.total and before.total):
        return None
    error = inflated_error(now, before, dispersion=dispersion)
    return normal_test(rate_ratio(now, before), error, ratio=ratio, confidence=confidence)


def normal_test(observed: float, error: float, *, ratio: float = 1.0, confidence: float = 0.95) -> RateTest:
    """The logarithm of an observed ratio as a normal with this standard error."""
    log_ratio, reach = math.log(observed), normal_quantile((1 + confidence) / 2) * error
    return RateTest(
        p=normal_tail((log_ratio - math.log(ratio)) / error),
        low=math.exp(log_ratio - reach),
        high=math.exp(min(log_ratio + reach, _LARGEST_LOG)),
    )


def largest_dispersion(now: Tally, before: Tally, *, p: float) -> float:
    """The dispersion up to which :func:`inflated` stays below one-sided ``p``; 0 when the rate is not above."""
    if not (now.total and before.total):
        return 0.0
    z = max(0.0, math.log(rate_ratio(now, before))) / normal_quantile(1 - p)
    return z * z / (1 / now.total + 1 / before.total)


def inflated_error(now: Tally, before: Tally, *, dispersion: float) -> float:
    """Standard error of the log ratio of two sums whose variance is ``dispersion`` times their mean."""
    return math.sqrt(dispersion * (1 / now.total + 1 / before.total))


def sequential(now: Tally, before: Tally, *, ratio: float = 1.0) -> float:
    """Log-likelihood ratio of the conditional sequential test (MaxSPRT); 0 while the rate is not above."""
    k1, k0, t1, t0 = now.total, before.total, ratio * now.days, before.days
    if k1 * t0 <= k0 * t1:
        return 0.0
    pooled = (k1 + k0) / (t1 + t0)
    return k1 * math.log(k1 / t1 / pooled) + (k0 * math.log(k0 / t0 / pooled) if k0 else 0.0)


def evidence(score: float) -> Evidence:
    """The word for a sequential score: weak under 3, moderate under 4.75, else strong; none while it is 0."""
    if score >= STRONG_SCORE:
        return "strong"
    if score >= MODERATE_SCORE:
        return "moderate"
    return "weak" if score > 0 else "none"


def smallest_visible_ratio(days: float, before: Tally, *, dispersion: float = 1.0, p: float = 0.01) -> float:
    """The least ratio that a test could tell from 1 at one-sided ``p`` after so many days; infinite without a baseline.

    The exact test for dispersion 1, the inflated one else.
    """
    if not before.total:
        return math.inf
    z = normal_quantile(1 - p)
    root = math.sqrt(before.rate * days) + z * math.sqrt(dispersion * (1 + days / before.days)) / 2
    if dispersion > 1:
        total = _visible_total(days, before, dispersion=dispersion, z=z, guess=root * root)
    else:
        total = least_whole(lambda k: exact_p(Tally(k, days), before) < p, guess=root * root)
    return rate_ratio(Tally(total, days), before)


def exact_p(now: Tally, before: Tally) -> float:
    """The p of :func:`exact` alone, for ratio 1."""
    if not now.total:
        return 1.0
    both = now.days + before.days
    return beta_tails(now.total, before.total + 1, now.days / both, before.days / both)[0]


def projection(
    now: Tally, days_left: float, *, dispersion: float = 1.0, confidence: float = 0.95
) -> tuple[float, float]:
    """Predictive interval of the total at the end of the period: what was counted, and what the rest may bring.

    The rest is negative binomial. With dispersion 1 this is the Gamma-Poisson prediction from a Jeffreys prior; a
    larger dispersion D takes every D counted for one independent observation.
    """
    if days_left <= 0:
        return now.total, now.total
    mean = (now.total + dispersion / 2) * days_left / now.days
    spread = dispersion * (1 + days_left / now.days)
    alpha = (1 - confidence) / 2
    if mean > QUANTILE_CAP / 2:
        reach = normal_quantile(1 - alpha) * math.sqrt(spread * mean)
        return now.total + max(0.0, mean - reach), now.total + mean + reach
    low = negative_binomial_bound(mean, spread, 1 - alpha)
    return now.total + low, now.total + negative_binomial_bound(mean, spread, alpha)


def _visible_total(days: float, before: Tally, *, dispersion: float, z: float, guess: float) -> float:
    """The total at which the inflated test reaches ``z``, by Newton on its logarithm."""
    log_total, expected, step, looks = math.log(guess), math.log(before.rate * days), 1.0, 0
    while abs(step) > _CLOSE and looks < _MAX_STEPS:
        error = inflated_error(Tally(math.exp(log_total), days), before, dispersion=dispersion)
        slope = 1 + z * dispersion * math.exp(-log_total) / (2 * error)
        step = (log_total - expected - z * error) / slope
        log_total, looks = log_total - step, looks + 1
    return math.exp(log_total)


def _mid_tail(k1: float, k0: float, share: float, rest: float) -> float:
    """P(X > k1) + P(X = k1) / 2 of a binomial of k1 + k0 trials: the mean of the tails from k1 and from k1 + 1 on."""
    at_least = beta_tails(k1, k0 + 1, share, rest)[0] if k1 else 1.0
    more = beta_tails(k1 + 1, k0, share, rest)[0] if k0 else 0.0
    return (at_least + more) / 2


def _mid_logit(k1: float, k0: float, alpha: float) -> float:
    """The logit of the chance at which :func:`_mid_tail` is ``alpha``, for k1 above zero."""
    if not k0:
        return -math.log(math.expm1(-math.log(2 * alpha) / k1))

    # Newton's steps from a point below, where the whole tail is alpha. The logarithm of the tail is concave, so that none
    # goes too far. Where totals are so large that digits run out, none goes back, or further than one event may.
    logit, step, looks = beta_logit(k1, k0 + 1, alpha), math.inf, 0
    while step > _CLOSE * (1 + abs(logit)) and looks < _MAX_STEPS:
        x, y = 1 / (1 + math.exp(-logit)), 1 / (1 + math.exp(logit))
        tail = max(_mid_tail(k1, k0, x, y), _SMALLEST)
        slope = beta_slope(k1, k0 + 1, x, y) * (1 + k0 / k1 * x / y) / 2
        step = min(max(0.0, math.log(alpha / tail) * tail / max(slope, _SMALLEST)), 1 / k1 + 1 / k0)
        logit, looks = logit + step, looks + 1
    return logit
