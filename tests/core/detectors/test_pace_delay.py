"""``pace`` with late reports: days count for the share of them that is known, and the count stays what it is."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date, timedelta

import pytest

from tests.core.detectors.snapshot import at, spread
from tests.core.detectors.test_pace import THE_ARTICLE, only, parameters, records
from watcher.core.detectors.pace.seen import seen
from watcher.core.indicator import Indicator
from watcher.core.period import Period
from watcher.core.picture import PacePicture
from watcher.core.reading import Status
from watcher.core.statistics import rates
from watcher.core.statistics.delay import Completeness
from watcher.core.statistics.rates import Tally

#: A tenth is known of a day that is not over, half of what is younger than ten days.
HALF = Completeness((0.1, *[0.5] * 9, 1.0), 580)
ATTACKS = Indicator(indicator="moz_attacks", count="events")


def to_6_july(**others):
    """309 attacks and 660 deaths in 2019; 150 and 447 up to 6 July, read at noon of the 7th."""
    events = spread(date(2020, 1, 1), date(2020, 7, 6), events=150, deaths=447, number=1000)
    snapshot = replace(records(*events, as_known="2020-07-08"), complete=HALF)
    return replace(snapshot, as_known=at("2020-07-07T12:00"), query_offset=timedelta(), **others)


def test_days_count_for_the_share_of_them_that_is_known():
    # The day before yesterday back to 28 June is nine days of a half, with yesterday's: 188 - 4.5 days.
    values = only(to_6_july(), delay="estimated").values
    assert (values["observed"], values["days"]) == (447, 188)
    assert values["effective_days"] == pytest.approx(183.5)
    assert values["completeness"] == pytest.approx(183.5 / 188)
    assert values["rate"] == pytest.approx(447 / 183.5)
    assert values["ratio"] == pytest.approx(447 / 183.5 / (660 / 365))
    assert values["expected"] == pytest.approx(660 / 365 * 183.5)


def test_test_score_and_projection_go_by_the_same_days():
    values = only(to_6_july(), delay="estimated", indicator="moz_attacks").values
    now, before = Tally(150, 183.5), Tally(309, 365)
    exact = rates.exact(now, before)
    assert (values["p_value"], values["ci_low"], values["ci_high"]) == pytest.approx(exact)
    assert values["llr"] == pytest.approx(rates.sequential(now, before))
    assert values["smallest_visible_ratio"] == pytest.approx(rates.smallest_visible_ratio(183.5, before))
    assert values["projected"] == pytest.approx(150 / 183.5 * 366)
    low, high = rates.projection(now, 366 - 183.5)
    assert (values["projected_low"], values["projected_high"]) == (low, high)


def test_by_default_all_is_taken_as_known():
    values = only(to_6_july()).values
    assert (values["effective_days"], values["completeness"]) == (188, None)
    assert values["ratio"] == pytest.approx(1.315, abs=1e-3)
    assert parameters().delay == "none"


def test_it_says_which_share_is_known_and_shows_the_arithmetic():
    told = only(to_6_july(), delay="estimated").telling
    assert told.sentence == (
        "447 deaths in 188 days, about 98 % of what will be known; the 2019 pace gives 332 (ratio 1.347)."
    )
    assert (
        "Exposure: the shares known of 188 days add up to 183.50 days, by the delays of 580 records; that counts instead"
        in told.arithmetic
    )
    assert "Rate: 447 / 183.5 = 2.4360 a day; baseline 660 / 365 = 1.8082" in told.arithmetic
    assert "known" not in only(to_6_july()).telling.sentence


@pytest.mark.parametrize("compare", ["annual", "same_period"])
def test_the_picture_ends_at_what_the_words_say(compare):
    reading = only(to_6_july(), delay="estimated", compare=compare)
    day, seen_so_far, expected = reading.telling.chart[-1]
    assert (day, seen_so_far) == (date(2020, 7, 6), 447)
    assert expected == pytest.approx(reading.values["expected"])
    steps = [
        later[2] - earlier[2] for earlier, later in zip(reading.telling.chart, reading.telling.chart[1:], strict=False)
    ]
    if compare == "annual":
        assert steps[-1] == pytest.approx(steps[0] / 2)


def test_the_ratio_without_the_largest_event_goes_by_the_same_days():
    few = [*spread(date(2020, 1, 1), date(2020, 7, 6), events=30, deaths=300, number=1000)]
    huge = [few[0]._replace(external_id="HUGE", fatalities=147)]
    snapshot = replace(to_6_july(), versions=records(*few, *huge).versions)
    told = only(snapshot, delay="estimated").telling
    without = 300 / 183.5 / (660 / 365)
    assert f"without it the ratio is {without:.3f}" in " ".join(told.arithmetic)


def test_where_nobody_can_tell_the_delay_nothing_is_corrected_and_it_says_so():
    blind = replace(to_6_july(), complete=Completeness(missing="only 12 records"))
    reading = only(blind, delay="estimated")
    assert (reading.values["effective_days"], reading.values["completeness"]) == (188, None)
    assert "Late reports are not allowed for: only 12 records." in reading.telling.unknown


def test_a_stated_number_is_taken_as_it_stands():
    article = replace(THE_ARTICLE, complete=HALF)
    reading = only(article, delay="estimated")
    assert reading.values["effective_days"] == reading.values["days"] == 188
    assert not any("Late reports" in each for each in reading.telling.unknown)


def test_a_period_of_which_too_little_is_known_is_not_judged():
    reading = only(replace(to_6_july(), complete=Completeness((*[0.32] * 400, 1.0), 580)), delay="estimated")
    assert (reading.status, reading.period) == (Status.LEARNING, date(2020, 1, 1))
    assert reading.reason == (
        "only 32 % of what will be known of 1 Jan 2020 to 6 Jul 2020 is known yet, and 33 % are needed"
    )
    enough = only(replace(to_6_july(), complete=Completeness((*[0.34] * 400, 1.0), 580)), delay="estimated")
    assert enough.status is Status.OK


def test_a_moving_window_that_is_not_judged_belongs_to_no_year():
    little = replace(to_6_july(), complete=Completeness((*[0.2] * 400, 1.0), 580))
    assert only(little, delay="estimated", current="last", last="30d").period is None


def test_running_days_end_at_the_effective_days():
    period = Period.between(date(2020, 6, 20), date(2020, 7, 7))
    known = seen(ATTACKS, period, to_6_july())
    assert not isinstance(known, str)
    assert list(known.running_days())[-1] == pytest.approx(known.effective_days) == pytest.approx(18 - 9 * 0.5 - 0.9)
    assert math.isclose(known.completeness, known.effective_days / 18)


def test_the_picture_shades_the_days_that_are_not_told_in_full():
    drawn = only(to_6_july(), delay="estimated").telling.picture
    assert isinstance(drawn, PacePicture)
    assert drawn.complete_to is not None
    assert date(2020, 6, 1) < drawn.complete_to < date(2020, 7, 6)
    told = only(to_6_july()).telling.picture
    assert isinstance(told, PacePicture)
    assert told.complete_to is None
