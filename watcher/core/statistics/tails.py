"""Tails of the normal, Poisson, binomial and negative binomial distributions, and where they reach a chance.

Pure Python on purpose: ``scipy.stats`` costs more than a second of import, and its negative binomial quantile aborts or
hangs the interpreter at extreme means. Here every loop is bounded, and where a series would need too many terms an
asymptotic expansion takes over whose error is smaller still.
"""

from __future__ import annotations

import math
from collections.abc import Callable

#: A bound above this is "unbounded".
QUANTILE_CAP = 1_000_000_000

_LN_SQRT_2PI = 0.5 * math.log(2 * math.pi)
_ENOUGH = 1e-15
_TINY = 1e-300
_MAX_TERMS = 20_000
_MAX_STEPS = 50
#: From here on the asymptotic expansion is more exact than 1e-9, and the fractions would grow long.
_LARGE = 2e6
#: From this mean on, the digits of the chance parameter no longer tell apart what the difference of two numbers does.
_NORMAL = 1e14
#: Where one parameter is so many times the other, and the share in question is as small, Wise's gamma approximation
#: (1950) holds to ten digits, and the fraction loses as many.
_UNEQUAL = 1e6
_RARE = 1e-5
#: Nearer than this to the middle, the expansion's correction is its limit: the difference of two reciprocals that gives
#: it elsewhere has lost its digits there.
_NEAR_ZERO = 0.05


def normal_tail(z: float) -> float:
    """The chance that a standard normal exceeds ``z``."""
    return 0.5 * math.erfc(z / math.sqrt(2))


def normal_quantile(share: float) -> float:
    """The value below which ``share`` of a standard normal lies."""
    if share < 0.5:  # noqa: PLR2004 - the middle of the distribution
        return -normal_quantile(1 - share)
    tail = 1 - share
    if tail <= 0:
        return math.inf
    # Abramowitz and Stegun 26.2.23 to four digits, then Halley steps, each of which triples the digits.
    t = math.sqrt(-2 * math.log(tail))
    z = t - (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308)))
    for _ in range(3):
        step = (normal_tail(z) - tail) * math.exp(0.5 * z * z + _LN_SQRT_2PI)
        z += step / (1 - 0.5 * z * step)
    return z


def binomial_tail(k: float, trials: float, chance: float) -> float:
    """P(X >= k) of a binomial."""
    if k <= 0:
        return 1.0
    return beta_tails(k, trials - k + 1, chance, 1 - chance)[0] if k <= trials else 0.0


def poisson_tail(k: float, mean: float) -> float:
    """P(X >= k) of a Poisson."""
    if math.isnan(k + mean):
        return math.nan
    if k <= 0:
        return 1.0
    if mean > _NORMAL:
        return _normal(k, mean, 1.0)
    return _gamma_tails(k, mean)[0] if mean > 0 else 0.0


def _normal(k: float, mean: float, dispersion: float) -> float:
    """P(X >= k) of a mean beyond all counting, where neither skewness nor the next whole number can be seen."""
    if math.isinf(mean):
        return 0.0 if math.isinf(k) else 1.0
    return normal_tail((k - mean) / math.sqrt(dispersion * mean))


def negative_binomial_tail(k: float, mean: float, dispersion: float) -> float:
    """P(Y >= k) of a negative binomial with variance ``dispersion`` times the mean; Poisson for dispersion 1."""
    if math.isnan(k + mean + dispersion):
        return math.nan
    if k <= 0:
        return 1.0
    if dispersion <= 1:
        return poisson_tail(k, mean)
    if mean <= 0:
        return 0.0
    if mean > _NORMAL:
        return _normal(k, mean, dispersion)
    return beta_tails(k, mean / (dispersion - 1), (dispersion - 1) / dispersion, 1 / dispersion)[0]


def negative_binomial_bound(mean: float, dispersion: float, alpha: float) -> float:
    """The smallest whole number that is exceeded with a chance of at most ``alpha``; infinite above a billion."""
    if math.isnan(mean + dispersion + alpha):
        return math.nan
    if mean <= 0 or alpha >= 1:
        return 0.0
    if alpha <= 0:
        return math.inf
    z, deviation = normal_quantile(1 - alpha), math.sqrt(dispersion * mean)
    # Cornish and Fisher's first correction for skewness: mostly within two of the answer.
    guess = mean + deviation * z + (z * z - 1) * (2 * dispersion - 1) / 6
    return least_whole(lambda k: negative_binomial_tail(k + 1, mean, dispersion) <= alpha, guess=guess)


def least_whole(holds: Callable[[float], bool], *, guess: float) -> float:
    """The least whole number for which ``holds`` turns true and stays so: brackets around the guess, then bisection."""
    if guess > QUANTILE_CAP:
        return math.inf
    low = high = max(0, round(guess))
    step = 1
    if holds(high):
        while low >= 0 and holds(low):
            low, high, step = max(-1, low - step), low, step * 2
    else:
        while not holds(high):
            if high > QUANTILE_CAP:
                return math.inf
            low, high, step = high, high + step, step * 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return float(high)


def _stirling(n: float) -> float:
    """What Stirling's formula lacks: ln n! - ((n + 1/2) ln n - n + ln sqrt(2 pi))."""
    if n < 16:  # noqa: PLR2004 - from 16 on the series below has sixteen digits
        return math.lgamma(n + 1) - (n + 0.5) * math.log(n) + n - _LN_SQRT_2PI
    nn = n * n
    return (1 / 12 - (1 / 360 - (1 / 1260 - (1 / 1680 - 1 / (1188 * nn)) / nn) / nn) / nn) / n


def _deviance(x: float, mean: float, gap: float) -> float:
    """The Poisson deviance x ln(x / mean) + mean - x, by Loader's series (2000) where both are close.

    ``gap`` is x - mean: the caller knows it to more digits than the two numbers show.
    """
    if abs(gap) >= 0.1 * (x + mean):
        return x * math.log(x / mean) - gap
    v = gap / (x + mean)
    series = 0.0
    for odd in range(19, 1, -2):
        series = (series + 1 / odd) * v * v
    return gap * v + 2 * x * v * series


def _beta_deviance(a: float, b: float, x: float, y: float) -> float:
    n, gap = a + b, a * y - b * x
    return _deviance(a, n * x, gap) + _deviance(b, n * y, -gap)


def _log_beta_front(a: float, b: float, x: float, y: float) -> float:
    """ln(x^a y^b / B(a, b)), to sixteen digits of the exponent however large a and b are."""
    error = _stirling(a + b) - _stirling(a) - _stirling(b)
    return error - _beta_deviance(a, b, x, y) + 0.5 * math.log(a / (a + b) * b) - _LN_SQRT_2PI


def beta_tails(a: float, b: float, x: float, y: float) -> tuple[float, float]:
    """The regularised incomplete beta function I_x(a, b) and 1 - I_x(a, b), for y = 1 - x; both keep their digits."""
    if x <= 0 or y <= 0:
        return (0.0, 1.0) if x <= 0 else (1.0, 0.0)
    if min(a, b) > _LARGE:
        return _uniform_beta(a, b, x, y)
    if a > _UNEQUAL * b and y < _RARE:
        return _gamma_tails(b, -(a + (b - 1) / 2) * math.log1p(-y))[::-1]
    if b > _UNEQUAL * a and x < _RARE:
        return _gamma_tails(a, -(b + (a - 1) / 2) * math.log1p(-x))
    front = beta_slope(a, b, x, y)
    if x * (b + 1) < (a + 1) * y:
        lower = min(1.0, front * _beta_fraction(a, b, x) / a)
        return lower, 1 - lower
    upper = min(1.0, front * _beta_fraction(b, a, y) / b)
    return 1 - upper, upper


def _beta_fraction(a: float, b: float, x: float) -> float:
    """The continued fraction of the incomplete beta function, by the modified Lentz method."""
    c, d, m, factor = 1.0, 1 / _away_from_zero(1 - (a + b) * x / (a + 1)), 0, 0.0
    value = d
    while abs(factor - 1) > _ENOUGH and m < _MAX_TERMS:
        m += 1
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        d, c = 1 / _away_from_zero(1 + even * d), _away_from_zero(1 + even / c)
        value *= d * c
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        d, c = 1 / _away_from_zero(1 + odd * d), _away_from_zero(1 + odd / c)
        factor = d * c
        value *= factor
    return value


def _away_from_zero(value: float) -> float:
    return value if abs(value) > _TINY else _TINY


def _uniform_beta(a: float, b: float, x: float, y: float) -> tuple[float, float]:
    """Temme's uniform expansion for two large parameters: a normal tail and its first correction."""
    n = a + b
    width, deviation = math.sqrt(a / n * (b / n) / n), (b * x - a * y) / n
    z = math.copysign(math.sqrt(2 * _beta_deviance(a, b, x, y)), deviation)
    correction = (b - a) / n / (3 * width * n) if abs(z) < _NEAR_ZERO else 1 / z - width / deviation
    swing = correction * math.exp(-0.5 * z * z - _LN_SQRT_2PI)
    return _share(normal_tail(-z) + swing), _share(normal_tail(z) - swing)


def _share(value: float) -> float:
    return min(1.0, max(0.0, value))


def _gamma_tails(a: float, x: float) -> tuple[float, float]:
    """The regularised incomplete gamma functions P(a, x) and Q(a, x)."""
    if a > _LARGE:
        return _uniform_gamma(a, x)
    front = math.exp(-_deviance(a, x, a - x) - _stirling(a) - _LN_SQRT_2PI - 0.5 * math.log(a))
    if x < a + 1:
        lower = min(1.0, front * _gamma_series(a, x))
        return lower, 1 - lower
    upper = min(1.0, front * a * _gamma_fraction(a, x))
    return 1 - upper, upper


def _gamma_series(a: float, x: float) -> float:
    term, total, n = 1.0, 1.0, 0
    while term > total * _ENOUGH and n < _MAX_TERMS:
        n += 1
        term *= x / (a + n)
        total += term
    return total


def _gamma_fraction(a: float, x: float) -> float:
    b, n, factor = x + 1 - a, 0, 0.0
    c, d = 1 / _TINY, 1 / b
    value = d
    while abs(factor - 1) > _ENOUGH and n < _MAX_TERMS:
        n += 1
        b += 2
        d = 1 / _away_from_zero(n * (a - n) * d + b)
        c = _away_from_zero(b + n * (a - n) / c)
        factor = d * c
        value *= factor
    return value


def _uniform_gamma(a: float, x: float) -> tuple[float, float]:
    z = math.copysign(math.sqrt(2 * _deviance(a, x, a - x)), x - a)
    correction = 1 / (3 * math.sqrt(a)) if abs(z) < _NEAR_ZERO else 1 / z - math.sqrt(a) / (x - a)
    swing = correction * math.exp(-0.5 * z * z - _LN_SQRT_2PI)
    return _share(normal_tail(-z) + swing), _share(normal_tail(z) - swing)


def beta_slope(a: float, b: float, x: float, y: float) -> float:
    """How fast I_x(a, b) grows with the logit of x."""
    return math.exp(_log_beta_front(a, b, x, y))


def beta_logit(a: float, b: float, alpha: float) -> float:
    """The logit of the x with I_x(a, b) = alpha, for alpha below a half.

    Halley's steps on the logarithm of the tail, which is concave in the logit, from Cornish and Fisher's guess.
    """
    u, v, z = 1 / (a - 0.5), 1 / (b - 0.5), normal_quantile(1 - alpha)
    logit = math.log(v / u) - z * math.sqrt(u + v) - (z * z - 1) * (u - v) / 6
    step, looks = math.inf, 0
    # The error after a step is about the cube of the step.
    while abs(step) > 1e-5 * math.sqrt(u + v) and looks < _MAX_STEPS:
        x, y = 1 / (1 + math.exp(-logit)), 1 / (1 + math.exp(logit))
        tail = max(beta_tails(a, b, x, y)[0], _TINY)
        slope = max(beta_slope(a, b, x, y), _TINY) / tail
        excess = math.log(tail / alpha)
        step = excess / slope / max(0.5, 1 - excess * (a * y - b * x - slope) / (2 * slope))
        logit, looks = logit - step, looks + 1
    return logit
