"""Alerts held against labels: by episode and by day."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.installation import at
from watcher.core.period import DAY, Period, day_start
from watcher.core.score import Fired, Labelled, Rates, score

DAYS = Period.between(date(2020, 1, 1), date(2020, 1, 31))
PALMA, MUEDA = (("location", "Palma"),), (("location", "Mueda"),)


def fired(since: int, until: int | None, group=PALMA) -> Fired:
    return Fired(group, at(f"2020-01-{since:02}"), at(f"2020-01-{until:02}") if until else None)


def label(first: int, last: int, group=PALMA) -> Labelled:
    return Labelled(Period.between(date(2020, 1, first), date(2020, 1, last)), group)


@pytest.mark.parametrize(
    ("alerts", "labels", "by_episode", "by_day"),
    [
        pytest.param([], [], (0, 0, 0, 0), (0, 0, 0, 0), id="nothing told and nothing there"),
        pytest.param([fired(3, 5)], [label(3, 4)], (1, 0, 1, 0), (2, 0, 2, 0), id="told on the very days"),
        pytest.param(
            [fired(3, 5)], [label(5, 6)], (0, 1, 0, 1), (0, 2, 0, 2), id="it ends at the instant the label begins"
        ),
        pytest.param(
            [fired(5, 7)], [label(3, 4)], (0, 1, 0, 1), (0, 2, 0, 2), id="it fires at the instant the label ends"
        ),
        pytest.param([fired(3, 6)], [label(5, 6)], (1, 0, 1, 0), (1, 2, 1, 1), id="they overlap by a day"),
        pytest.param([fired(3, 5, MUEDA)], [label(3, 4)], (0, 1, 0, 1), (0, 2, 0, 2), id="of another group"),
        pytest.param([fired(3, 5, MUEDA)], [label(3, 4, ())], (1, 0, 1, 0), (2, 0, 2, 2), id="a label of every group"),
        pytest.param(
            [fired(3, 4), fired(6, 7)], [label(2, 8)], (2, 0, 1, 0), (2, 0, 2, 5), id="two alerts of one label"
        ),
        pytest.param([fired(1, None)], [label(30, 31)], (1, 0, 1, 0), (2, 29, 2, 0), id="it goes on at the end"),
    ],
)
def test_alerts_and_labels(alerts, labels, by_episode, by_day):
    found = score(alerts, labels, days=DAYS, groups=[PALMA, MUEDA])
    assert tuple(found.by_episode) == by_episode
    assert tuple(found.by_day) == by_day


def test_an_alert_that_ended_a_little_before_found_it_where_that_is_asked_for():
    for early, hits in ((0, 0), (1, 0), (2, 1)):
        found = score([fired(3, 5)], [label(6, 8)], days=DAYS, groups=[], early=timedelta(days=early))
        assert found.by_episode.found == hits, early


def test_delay_counts_from_the_first_day_of_the_label_and_lead_before_it():
    found = score([fired(5, 9), fired(12, 20)], [label(3, 8), label(15, 16)], days=DAYS, groups=[PALMA])
    assert found.delays == (timedelta(days=-3), timedelta(days=2))
    assert (found.median_lead, found.median_delay) == (timedelta(days=3), timedelta(days=2))


def test_labels_outside_the_days_are_left_out_and_counted():
    old = Labelled(Period.between(date(2019, 1, 1), date(2019, 1, 2)), PALMA)
    found = score([], [old, label(3, 4)], days=DAYS, groups=[PALMA])
    assert (found.outside, found.by_episode.missed) == (1, 1)


def test_shares_of_nothing_are_not_known():
    assert (Rates(0, 0, 0, 0).precision, Rates(0, 0, 0, 0).recall, Rates(0, 0, 0, 0).f1) == (None, None, None)
    assert Rates(0, 1, 0, 1).f1 == 0.0
    assert Rates(1, 1, 1, 3).f1 == pytest.approx(1 / 3)


Spans = st.lists(st.tuples(st.integers(0, 30), st.integers(1, 10), st.sampled_from([PALMA, MUEDA])), max_size=5)


@given(alerts=Spans, labels=Spans)
def test_days_are_counted_one_by_one(alerts, labels):
    """Held against a count of each day of each group by itself."""
    told = [
        Fired(group, day_start(DAYS.start + n * DAY), day_start(min(DAYS.start + (n + length) * DAY, DAYS.end)))
        for n, length, group in alerts
    ]
    there = [
        Labelled(Period(DAYS.start + n * DAY, DAYS.start + (n + length) * DAY), group) for n, length, group in labels
    ]
    found = score(told, there, days=DAYS, groups=[PALMA, MUEDA]).by_day
    right = wrong = missed = 0
    for group in (PALMA, MUEDA):
        for n in range(DAYS.days):
            goes_on = any(a <= n < a + length for a, length, each in alerts if each == group)
            is_there = any(a <= n < a + length for a, length, each in labels if each == group)
            right += goes_on and is_there
            wrong += goes_on and not is_there
            missed += is_there and not goes_on
    assert found == (right, wrong, right, missed)
