from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from watcher.core.verdict import LEAST, Tally, Verdict, Word, tally

NOW = datetime(2020, 7, 7, 6, tzinfo=UTC)


def said(fingerprint: str, episode: int, word: Word) -> Verdict:
    return Verdict(fingerprint, episode, "rule", word, NOW, "Ana")


def test_of_several_on_one_episode_the_last_counts():
    verdicts = [said("a", 1, Word.TRUE), said("a", 1, Word.FALSE), said("a", 2, Word.TRUE), said("b", 1, Word.UNCLEAR)]
    assert tally(verdicts) == Tally(true=1, false=1, unclear=1)


@pytest.mark.parametrize(
    ("counted", "text"),
    [
        pytest.param(Tally(), "0 verdicts, 10 needed", id="none"),
        pytest.param(Tally(true=1), "1 verdict, 10 needed", id="one"),
        pytest.param(Tally(true=2, false=1, unclear=40), "3 verdicts, 10 needed", id="unclear ones say nothing"),
        pytest.param(Tally(true=9), "9 verdicts, 10 needed", id="one too few"),
        pytest.param(Tally(true=8, false=2), "80 % true (8 of 10; 49-94 %)", id="enough"),
        pytest.param(Tally(true=0, false=10), "0 % true (0 of 10; 0-28 %)", id="all false"),
    ],
)
def test_a_share_is_named_only_from_ten_verdicts_on(counted, text):
    assert str(counted) == text
    assert (counted.precision is None) is (counted.decided < LEAST)


@given(true=st.integers(0, 300), false=st.integers(0, 300))
def test_the_interval_is_wilsons(true, false):
    counted = Tally(true, false)
    if counted.interval is None:
        assert counted.decided < LEAST
        return
    oracle = binomtest(true, true + false).proportion_ci(0.95, method="wilson")
    assert counted.interval == pytest.approx((oracle.low, oracle.high), abs=1e-6)
