"""What a person would write instead of a pace rule's exact test: ``python -m tests.bench.by_scipy exact NUMBER``."""

from __future__ import annotations

import scipy.stats

from tests.bench.measure import Figures, tell
from tests.bench.pace import BEFORE, NOW, SUMS, least


def exact(number: str) -> Figures:
    """The binomial's p, and Clopper and Pearson's lower limit as a ratio."""
    k1, k0 = SUMS[NOW].total, SUMS[BEFORE].total
    share = NOW.days / (NOW.days + BEFORE.days)

    def once() -> str:
        p = scipy.stats.binomtest(k1, k1 + k0, share, alternative="greater").pvalue
        low = scipy.stats.binomtest(k1, k1 + k0, share).proportion_ci().low
        return f"{p:.10g} {low / (1 - low) * BEFORE.days / NOW.days:.10g}"

    return least(once, number)


if __name__ == "__main__":
    tell({"exact": exact})
