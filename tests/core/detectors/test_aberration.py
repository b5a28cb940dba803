from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.core.detectors.snapshot import MemorySnapshot, at, event, known
from watcher.core.catalogue import Catalogue
from watcher.core.detectors import aberration
from watcher.core.detectors.aberration.weeks import Weeks, whole_weeks
from watcher.core.event import Event
from watcher.core.indicator import DayTotals, Indicator
from watcher.core.label import labels
from watcher.core.period import Period
from watcher.core.picture import SeriesPicture
from watcher.core.reading import Reading, Status
from watcher.core.rule import Rule, judge
from watcher.core.statistics.delay import Completeness

BATTLES = {"event_type": "Battles"}
ATTACKS = Indicator.model_validate(
    {"indicator": "attacks", "title": "Attacks in Cabo Delgado", "count": "events", "unit": "attacks", "where": BATTLES}
)
BY_DISTRICT = ATTACKS.model_copy(update={"indicator": "by_district", "by": ("admin2",)})
DEATHS = Indicator.model_validate(
    {"indicator": "deaths", "title": "Deaths", "sum": "fatalities", "unit": "deaths", "where": BATTLES}
)
DAYS = Indicator.model_validate({"indicator": "days", "count": "days", "where": BATTLES})
CATALOGUE = Catalogue(indicators={each.indicator: each for each in (ATTACKS, BY_DISTRICT, DEATHS, DAYS)})

#: A Friday: the last day of the weeks of ACLED.
LAST = date(2020, 7, 3)
#: 52 weeks with one surge, the four that are left out, and the week that is judged.
BUSY = [3, 1, 4, 2, 0, 5, 3, 2, 4, 1, 3, 6, 2] * 4
BUSY[30] = 20
YEAR = [*BUSY, 3, 2, 4, 3, 12]


def weekly(counts: Sequence[int], *, last: date = LAST, **fields: Any) -> list[Event]:
    """So many battles in each week, on its first day, and a protest on the first and on the last day of all."""
    first = last + timedelta(days=1 - 7 * len(counts))
    battles = [first + timedelta(days=7 * week) for week, number in enumerate(counts) for _ in range(number)]
    return [
        event(0, first, event_type="Protests"),
        *(event(number, day, **fields) for number, day in enumerate(battles, start=1)),
        event(99_999, last, event_type="Protests"),
    ]


def snapshot(events: Sequence[Event], *, as_known: str = "2020-07-20", **others: Any) -> MemorySnapshot:
    return MemorySnapshot(at(as_known), known(events), **others)


def read(snapshot: MemorySnapshot, **given: object) -> list[Reading]:
    parameters = aberration.Parameters.model_validate({"indicator": "attacks", **given})
    return list(aberration.read(parameters, CATALOGUE, snapshot))


# --- what is counted --------------------------------------------------------------------------------------------------


def test_the_newest_week_is_held_against_the_year_before():
    (reading,) = read(snapshot(weekly(YEAR)))
    values = reading.values
    assert (values["observed"], values["bound"], values["method"], values["weeks"]) == (12, 8, "recent", 52)
    assert values["expected"] == pytest.approx(2.844, abs=0.001)
    assert values["p_value"] == values["q_value"] == pytest.approx(6.752e-5, abs=1e-8)
    assert values["ratio"] == pytest.approx(4.219, abs=0.001)
    assert values["exceedance"] == pytest.approx(1.776, abs=0.001)
    assert (values["period_start"], values["as_of"], reading.watermark) == (date(2020, 6, 27), LAST, LAST)
    assert reading.present


def test_every_declared_output_has_a_value_and_no_other():
    (reading,) = read(snapshot(weekly(YEAR)))
    assert set(reading.values) == set(aberration.OUTPUTS)


@pytest.mark.parametrize("days", range(1, 7))
def test_a_week_that_the_watermark_cuts_is_not_judged(days):
    cut = [event(70_000 + i, LAST + timedelta(days=days)) for i in range(50)]
    (reading,) = read(snapshot([*weekly(YEAR), *cut]))
    assert (reading.values["observed"], reading.values["as_of"]) == (12, LAST)


def test_the_next_week_is_judged_on_its_last_day():
    (reading,) = read(snapshot([*weekly(YEAR), *(event(70_000 + i, LAST + timedelta(days=7)) for i in range(50))]))
    assert (reading.values["observed"], reading.values["period_start"]) == (50, date(2020, 7, 4))


def test_days_that_are_not_complete_hold_the_week_back():
    (reading,) = read(snapshot(weekly(YEAR), query_offset=timedelta(days=18)))
    assert (reading.values["as_of"], reading.values["observed"]) == (date(2020, 6, 26), 3)


def test_a_first_week_that_the_records_cut_is_left_out():
    whole, *_ = read(snapshot(weekly([0, *BUSY[:10]])[1:]), method="predictive", min_count=0)
    assert whole.values["weeks"] == 9


@pytest.mark.parametrize(
    ("given", "last"),
    [
        pytest.param({}, LAST, id="Saturday to Friday by default"),
        pytest.param({"week_start": "monday"}, date(2020, 6, 28), id="Monday to Sunday"),
        pytest.param({"week_start": "sunday"}, date(2020, 6, 27), id="Sunday to Saturday"),
        pytest.param({"every": "day"}, LAST, id="seven days to the watermark"),
    ],
)
def test_weeks_begin_on_the_day_the_rule_says(given, last):
    (reading,) = read(snapshot(weekly(YEAR)), **given)
    assert reading.values["as_of"] == last


def test_every_day_the_seven_days_up_to_it_are_judged():
    events = [*weekly(YEAR), *(event(70_000 + i, LAST + timedelta(days=3)) for i in range(5))]
    (reading,) = read(snapshot(events), every="day")
    assert (reading.values["period_start"], reading.values["observed"]) == (date(2020, 6, 30), 5)


@pytest.mark.parametrize(
    ("indicator", "observed"),
    [pytest.param("deaths", 36, id="a sum"), pytest.param("days", 1, id="days with an event")],
)
def test_sums_and_days_are_counted_as_what_they_are(indicator, observed):
    (reading,) = read(snapshot(weekly(YEAR, deaths=3)), indicator=indicator)
    assert reading.values["observed"] == observed


def test_groups_without_an_event_in_the_year_are_zeros_and_count_among_the_many():
    old = event(50_000, LAST - timedelta(weeks=80), admin2="Mueda")
    events = [old, *weekly(YEAR), *weekly([0] * 56 + [6], admin2="Nangade")[1:-1]]
    mueda, nangade, palma = read(snapshot(events), indicator="by_district")
    assert [mueda.labels, nangade.labels, palma.labels] == [
        labels({"admin2": name}) for name in ("Mueda", "Nangade", "Palma")
    ]
    assert (mueda.values["observed"], mueda.values["p_value"], mueda.values["method"]) == (0, 1, "predictive")
    assert (nangade.values["observed"], nangade.values["bound"], nangade.values["method"]) == (6, 1, "predictive")
    p_value, q_value = palma.values["p_value"], palma.values["q_value"]
    assert isinstance(p_value, float)
    assert q_value == pytest.approx(p_value * 3 / 2)


@given(order=st.permutations(["Ancuabe", "Mueda", "Nangade", "Palma"]))
@settings(max_examples=10, deadline=None)
def test_the_order_of_the_groups_changes_no_reading(order):
    counts = dict(zip(("Ancuabe", "Mueda", "Nangade", "Palma"), (9, 3, 5, 14), strict=True))
    events = [e for name in order for e in weekly([*BUSY, 3, 2, 4, 3, counts[name]], admin2=name)]
    numbered = [each._replace(external_id=f"MOZ{i}") for i, each in enumerate(events)]
    found = read(snapshot(numbered), indicator="by_district")
    assert [dict(reading.labels)["admin2"] for reading in found] == sorted(order)
    assert [reading.values["observed"] for reading in found] == [9, 3, 5, 14]
    alone = read(snapshot(weekly([*BUSY, 3, 2, 4, 3, 9], admin2="Ancuabe")), indicator="by_district")
    assert found[0].values["p_value"] == alone[0].values["p_value"]


# --- too little -------------------------------------------------------------------------------------------------------


def test_without_records_there_is_nothing_to_judge():
    (reading,) = read(snapshot([event(1, LAST, event_type="Protests")]))
    assert (reading.status, reading.reason) == (Status.NO_DATA, "no records for Attacks in Cabo Delgado")


@pytest.mark.parametrize(
    ("asked", "weeks", "reason"),
    [
        pytest.param(
            "auto",
            6,
            "method auto needs 6 whole weeks before the one it judges; the records begin on 23 May 2020 and give 5",
            id="auto with five",
        ),
        pytest.param("auto", 7, "", id="auto with six"),
        pytest.param(
            "recent",
            30,
            "method recent needs 30 whole weeks before the one it judges; the records begin on 7 Dec 2019 and give 29",
            id="recent with 29",
        ),
        pytest.param("recent", 31, "", id="recent with 30"),
        pytest.param("zscore", 27, "", id="zscore with 26"),
        pytest.param(
            "zscore",
            1,
            "method zscore needs 26 whole weeks before the one it judges; the records begin on 27 Jun 2020 and give 0",
            id="zscore with none",
        ),
    ],
)
def test_it_learns_until_there_are_enough_weeks_and_says_what_is_missing(asked, weeks, reason):
    (reading,) = read(snapshot(weekly([2] * weeks)), method=asked)
    assert (reading.status, reading.reason) == ((Status.LEARNING, reason) if reason else (Status.OK, ""))


def test_less_than_a_week_of_records_is_no_week():
    (reading,) = read(snapshot([event(i, LAST - timedelta(days=i)) for i in range(5)]))
    assert (reading.status, reading.reason) == (
        Status.LEARNING,
        "method auto needs 6 whole weeks before the one it judges; the records begin on 29 Jun 2020 and give 0",
    )


# --- the rule ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("counts", "given", "holds"),
    [
        pytest.param(YEAR, {}, True, id="beyond the bound"),
        pytest.param([*YEAR[:-1], 9], {}, True, id="one more than the bound"),
        pytest.param([*YEAR[:-1], 8], {}, False, id="the bound itself"),
        pytest.param([*YEAR[:-1], 8], {"alpha": 0.011}, True, id="a milder alpha"),
        pytest.param([*BUSY * 3, *[9] * 5], {"method": "shift"}, True, id="a shift"),
        pytest.param([*BUSY * 3, *[4] * 5], {"method": "shift"}, False, id="no shift"),
        pytest.param([*[0] * 56, 4], {}, False, id="four in four weeks after a year of nothing"),
        pytest.param([*[0] * 56, 5], {}, True, id="five in four weeks after a year of nothing"),
        pytest.param([*[0] * 56, 4], {"min_count": 4}, True, id="where four are enough for the author"),
        pytest.param([*BUSY, 3, 2, 4, 3, 14], {"method": "zscore"}, True, id="more than three standard deviations"),
        pytest.param([*BUSY, 3, 2, 4, 3, 11], {"method": "zscore"}, False, id="less than three standard deviations"),
    ],
)
def test_the_default_condition(counts, given, holds):
    rule = Rule.model_validate({"alert": "Attacks", "aberration": {"indicator": "attacks", **given}})
    (reading,) = aberration.read(rule.parameters, CATALOGUE, snapshot(weekly(counts)))
    assert judge(rule, reading, CATALOGUE).holds is holds


@pytest.mark.parametrize(
    ("given", "condition", "recovery", "keep_firing_for"),
    [
        pytest.param({}, "p_value <= 0.005", "p_value > 0.05", timedelta(), id="weekly"),
        pytest.param({"alpha": 0.1}, "p_value <= 0.1", "p_value > 0.1", timedelta(), id="a wide alpha"),
        pytest.param({"method": "zscore"}, "p_value <= 0.00135", "p_value > 0.05", timedelta(), id="zscore"),
        pytest.param({"every": "day"}, "p_value <= 0.005", "p_value > 0.05", timedelta(days=1), id="daily"),
        pytest.param({"method": "ears_c1"}, "p_value <= 0.001", "p_value > 0.05", timedelta(), id="ears_c1"),
        pytest.param({"method": "ears_c3"}, "p_value <= 0.025", "p_value > 0.05", timedelta(), id="ears_c3"),
        pytest.param({"method": "shift"}, "score > 4", "p_value > 0.05", timedelta(days=28), id="shift"),
        pytest.param(
            {"method": "shift", "ratio": "any"}, "score > 5", "p_value > 0.05", timedelta(days=28), id="any shift"
        ),
        pytest.param(
            {"method": "shift", "ratio": "any", "limit": 6}, "score > 6", "p_value > 0.05", timedelta(days=28), id="own"
        ),
        pytest.param({"alpha": 1e-6}, "p_value <= 1e-06", "p_value > 0.05", timedelta(), id="the least alpha"),
    ],
)
def test_what_holds_where_the_rule_says_nothing(given, condition, recovery, keep_firing_for):
    parameters = aberration.Parameters.model_validate({"indicator": "attacks", **given})
    own = aberration.defaults(parameters, CATALOGUE)
    assert (str(own.condition), str(own.recovery), own.keep_firing_for) == (condition, recovery, keep_firing_for)
    assert [tier.severity for tier in own.severity] == ["warning"]


def test_an_alpha_that_is_written_wins_over_the_three_deviations():
    assert aberration.Parameters.model_validate({"indicator": "a", "method": "zscore", "alpha": 0.01}).alpha == 0.01


@pytest.mark.parametrize(
    ("given", "said"),
    [
        pytest.param({"method": "farrington"}, "'auto', 'seasonal', 'recent'", id="a method that is not there"),
        pytest.param({"method": "recent", "years": 4}, "'years' goes with 'method: auto | seasonal'", id="years"),
        pytest.param({"baseline": 8}, "'baseline' goes with 'method: ears_c1 | ears_c2 | ears_c3'", id="baseline"),
        pytest.param({"ratio": 3}, "'ratio' goes with 'method: shift'; with 'method: auto' it has", id="ratio"),
        pytest.param({"method": "zscore", "limit": 6}, "'limit' goes with 'method: shift'", id="limit"),
        pytest.param({"method": "shift", "alpha": 0.01}, "'alpha' does not go with 'method: shift'", id="alpha"),
        pytest.param({"method": "shift", "ratio": 1}, "greater than or equal to 1.1", id="no rise at all"),
        pytest.param({"method": "seasonal", "years": 2}, "greater than or equal to 3", id="two years"),
        pytest.param({"every": "day", "week_start": "monday"}, "'week_start' goes with 'every: week'", id="both"),
        pytest.param({"alpha": 0}, "greater than or equal to 0.000001", id="no chance at all"),
        pytest.param({"alpha": 0.6}, "less than or equal to 0.5", id="more chance than not"),
        pytest.param({"min_count": -1}, "greater than or equal to 0", id="less than nothing"),
    ],
)
def test_parameters_that_mean_nothing_are_refused(given, said):
    with pytest.raises(ValidationError, match=said):
        aberration.Parameters.model_validate({"indicator": "attacks", **given})


def test_a_slip_in_the_name_is_told_when_the_rule_loads():
    parameters = aberration.Parameters(indicator="atacks")
    assert list(aberration.problems(parameters, CATALOGUE)) == [
        ("indicator", "no indicator 'atacks'; did you mean 'attacks'?")
    ]
    assert aberration.indicators(parameters, CATALOGUE) == ()
    assert aberration.indicators(aberration.Parameters(indicator="attacks"), CATALOGUE) == (ATTACKS,)


# --- the words --------------------------------------------------------------------------------------------------------


def plain(text: str) -> str:
    return text.replace("\N{NO-BREAK SPACE}", " ")


def test_its_sentences():
    (reading,) = read(snapshot(weekly(YEAR)))
    told = reading.telling
    assert told.headline == (
        "Attacks in Cabo Delgado: 12 attacks in the week to 3 Jul 2020, 2.8 expected (beyond its own history)"
    )
    assert told.sentence == (
        "12 attacks, 27 Jun 2020 to 3 Jul 2020; from the 52 weeks to 29 May 2020 one would expect 2.8, "
        "and more than 8 at most once in 200 weeks."
    )
    assert told.what == (
        "4.2 times the expected number. 21 attacks in the last 4 weeks; "
        "164 attacks in the 52 weeks to 29 May 2020, 0 to 20 a week."
    )
    assert plain(told.sure) == (
        "Were nothing to change, so much would come once in 15 000 weeks (p 6.8e-05, by the method recent)."
    )
    assert (told.unknown, told.source) == ((), ("records of acled",))
    assert len(told.records) == 5


def test_its_arithmetic():
    (reading,) = read(snapshot(weekly(YEAR)))
    assert reading.telling.arithmetic == (
        "Observed: 12 attacks, 27 Jun 2020 to 3 Jul 2020",
        f"History: the 52 weeks to 29 May 2020, 164 attacks, the oldest first: {' '.join(map(str, BUSY))}",
        (
            "Method recent, chosen by auto (56 weeks, seasonal needs 160): "
            "negative binomial with mean 2.844 and variance 1.035 times the mean"
        ),
        "Bound: 8, the smallest number that is exceeded with a chance of at most 0.005",
        "p: the chance of 12 or more is 6.75e-05; alpha 0.005",
        "Exceedance: (12 - 2.844) / (8 - 2.844) = 1.78",
        "Least numbers: 12 in the week, 3 needed; 21 in 4 weeks, 5 needed",
    )


@pytest.mark.parametrize(
    ("given", "said"),
    [
        pytest.param(
            {"method": "zscore"}, "Method zscore: normal with mean 3.192 and standard deviation 2.849", id="z"
        ),
        pytest.param(
            {"method": "predictive"},
            "Method predictive: negative binomial with mean 3.202 and variance 1.019 times the mean",
            id="predictive",
        ),
        pytest.param(
            {"method": "recent", "indicator": "days"}, "Method recent: Poisson with mean 0.9423", id="no scatter"
        ),
    ],
)
def test_its_arithmetic_names_the_distribution(given, said):
    (reading,) = read(snapshot(weekly(YEAR)), **given)
    assert reading.telling.arithmetic[2] == said


def test_its_chart_runs_from_the_first_week_that_was_looked_at():
    (reading,) = read(snapshot(weekly(YEAR)))
    chart = reading.telling.chart
    assert (len(chart), chart[0][0], chart[-1][:2]) == (57 * 7, date(2019, 6, 1), (LAST, 188.0))
    assert chart[-1][2] == pytest.approx(57 * 2.8441, rel=0.0001)


@pytest.mark.parametrize(
    ("counts", "given", "field", "said"),
    [
        pytest.param([*YEAR[:-1], 3], {}, "headline", "(within its own history)", id="nothing unusual"),
        pytest.param([*YEAR[:-1], 3], {}, "what", "5 % above the expected number.", id="a little above"),
        pytest.param([*YEAR[:-1], 1], {}, "what", "65 % below the expected number.", id="below"),
        pytest.param(
            [*YEAR[:-1], 3], {}, "sure", "Nothing unusual: so much comes by chance in 54 of 100 weeks.", id="so often"
        ),
        pytest.param([*YEAR[:-1], 60], {}, "sure", "once in a million weeks at most", id="so seldom"),
        pytest.param([*[0] * 56, 4], {}, "headline", "(too few to speak of)", id="too few"),
        pytest.param(
            [*[0] * 56, 4], {}, "sure", "No alert: fewer than 5 in the last 4 weeks.", id="too few in four weeks"
        ),
        pytest.param(
            [*YEAR[:-1], 2], {"alpha": 0.5}, "sure", "No alert: fewer than 3 in the week.", id="too few in the week"
        ),
        pytest.param(YEAR, {"every": "day"}, "headline", "12 attacks in the 7 days to 3 Jul 2020", id="seven days"),
        pytest.param(
            [2] * 12 + [9],
            {},
            "unknown",
            "The history is too short or too empty to show how far weeks scatter (12 weeks, recent needs 30).",
            id="a short history",
        ),
        pytest.param(
            [*[0] * 56, 6],
            {},
            "unknown",
            "The history is too short or too empty to show how far weeks scatter (fewer than 5 attacks).",
            id="an empty history",
        ),
        pytest.param(
            [*[0] * 56, 6],
            {"method": "recent"},
            "unknown",
            "Method recent has no answer of its own here (fewer than 5 attacks); predictive stands in.",
            id="recent without an answer",
        ),
        pytest.param(
            [*[2] * 56, 9],
            {"method": "zscore"},
            "unknown",
            "Method zscore has no answer of its own here (all weeks are alike); predictive stands in.",
            id="zscore without an answer",
        ),
        pytest.param(
            YEAR,
            {"indicator": "deaths"},
            "sure",
            "Deaths come in lumps, which no method here allows for: look at the number of events as well.",
            id="deaths",
        ),
        pytest.param(
            YEAR, {"indicator": "deaths"}, "unknown", "12 of 12 events carry no number of deaths.", id="no numbers"
        ),
        pytest.param([*[1] * 56, 0], {}, "source", "stored records", id="nothing now"),
    ],
)
def test_what_it_says(counts, given, field, said):
    deaths = None if field == "unknown" else 3
    (reading,) = read(snapshot(weekly(counts, deaths=deaths)), **given)
    told = getattr(reading.telling, field)
    assert said in (plain(told) if isinstance(told, str) else " ".join(told))


def test_among_many_groups_it_says_what_p_is_worth():
    events = [*weekly(YEAR), *weekly(BUSY + BUSY[:5], admin2="Nangade")[1:-1]]
    _, palma = read(snapshot(events), indicator="by_district")
    assert "It was looked for in 2 groups; corrected for that q is 0.00014." in palma.telling.sure
    assert "q: 0.000135, corrected for 2 groups (Benjamini and Hochberg)" in palma.telling.arithmetic


def test_numbers_beyond_all_bounds_are_told():
    (reading,) = read(snapshot(weekly([1] * 7, deaths=10**12)), indicator="deaths")
    assert reading.values["bound"] == float("inf")
    assert plain(reading.telling.sentence).endswith("one would expect 1 000 000 000 000.")
    assert reading.telling.arithmetic[3].startswith("Bound: no number up to a billion that is exceeded")
    assert reading.telling.arithmetic[5] == "Exceedance: none, because there is no bound above the expected number"


# --- weeks ------------------------------------------------------------------------------------------------------------


@given(
    first=st.dates(date(2000, 1, 1), date(2030, 1, 1)),
    days=st.integers(-3, 900),
    week_start=st.sampled_from([None, "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]),
    most=st.integers(1, 60),
)
@settings(deadline=None)
def test_weeks_are_whole_lie_in_the_period_and_none_is_missing(first, days, week_start, most):
    covered = Period(first, first + timedelta(days=days))
    weeks = whole_weeks(covered, week_start=week_start, most=most)
    assert weeks.number <= most
    assert (covered.end - weeks.period.end).days in range(7)
    if week_start:
        assert weeks.period.end.strftime("%A").lower() == week_start
    if weeks.number:
        assert covered.start <= weeks.start
        assert weeks.judged.days == 7
    if weeks.number < most:
        assert (weeks.start - covered.start).days < 7


def test_days_outside_the_weeks_are_not_counted():
    days = [DayTotals(date(2020, 6, 19), 1, 1, 1), DayTotals(date(2020, 6, 20), 2, 2, 2), DayTotals(LAST, 4, 4, 4)]
    beyond = DayTotals(date(2020, 7, 4), 8, 8, 8)
    assert Weeks(date(2020, 6, 20), 2).sums(ATTACKS, [*days, beyond]) == [2, 4]


# --- other methods ----------------------------------------------------------------------------------------------------

RISING = [*(BUSY * 4)[:170], 6, 7, 6, 8, 12]


@pytest.mark.parametrize(
    ("given", "field", "said"),
    [
        pytest.param(
            {"method": "seasonal"},
            "sentence",
            "from the 134 weeks to 27 Dec 2019 one would expect 2.7 at this time of the year, and more than 8 at most",
            id="seasonal speaks of the time of the year",
        ),
        pytest.param(
            {"method": "seasonal"},
            "arithmetic",
            "21 weeks at this time of the year came to 0 to 5, 2.71 on average; trend -1 % a year",
            id="seasonal shows its weeks",
        ),
        pytest.param(
            {"method": "shift"},
            "sentence",
            "the evidence of the newest weeks for a lasting rise comes to 3.64, and more than 4.00 is an alarm.",
            id="shift speaks of evidence",
        ),
        pytest.param(
            {"method": "shift"},
            "sure",
            "such a score would come at most once in 38 weeks (p 0.026, by the method shift)",
            id="shift bounds its chance",
        ),
        pytest.param({"method": "shift", "limit": 3}, "headline", "(beyond its own history)", id="shift by its limit"),
        pytest.param(
            {"method": "shift"},
            "arithmetic",
            "Bound: 13, the largest number with which the score is not above the limit",
            id="shift has a bound",
        ),
        pytest.param(
            {"method": "shift"}, "arithmetic", "against one 2 times as high", id="shift names what it looks for"
        ),
        pytest.param(
            {"method": "shift", "ratio": "any"}, "arithmetic", "against one higher by any ratio", id="or any rise"
        ),
        pytest.param(
            {"method": "ears_c3"},
            "sentence",
            "what the last three weeks lie beyond one deviation comes to 4.63, and more than 1.96 is an alarm.",
            id="ears_c3 adds up three weeks",
        ),
        pytest.param(
            {"method": "ears_c3"},
            "arithmetic",
            "Bound: none, because the weeks before are enough for an alarm",
            id="ears_c3 has an alarm already",
        ),
        pytest.param(
            {"method": "ears_c1"},
            "sure",
            "On series in which nothing changes, this method raises a false alarm in 3 to 7 of 100 weeks.",
            id="ears_c1 says how often it is wrong",
        ),
    ],
)
def test_what_other_methods_say(given, field, said):
    (reading,) = read(snapshot(weekly(RISING)), **given)
    told = getattr(reading.telling, field)
    assert said in (plain(told) if isinstance(told, str) else " ".join(told))


def lethal(weeks: int, *, now: int) -> list[Event]:
    """Three attacks in each of so many weeks, and three that killed as many now."""
    sizes = [(week * 7 + k * 3) % 9 * (8 if week % 11 == 0 else 1) for week in range(1, weeks + 1) for k in range(3)]
    before = [event(i, LAST - timedelta(weeks=1 + i // 3), size) for i, size in enumerate(sizes)]
    first = event(90_000, LAST - timedelta(weeks=weeks, days=6), event_type="Protests")
    return [first, *before, *(event(80_000 + i, LAST, now) for i in range(3))]


def test_compound_draws_the_deaths_from_the_attacks_of_the_history():
    (reading,) = read(snapshot(lethal(59, now=40)), indicator="deaths", method="compound")
    values = reading.values
    assert (values["observed"], values["bound"], values["method"], values["weeks"]) == (120, 114, "compound", 55)
    assert values["p_value"] == pytest.approx(0.00393, abs=1e-5)
    assert reading.telling.arithmetic[2] == (
        "Method compound: attacks Poisson with mean 3, each with 6.69 on average and 64 at most"
    )
    assert "That deaths come in lumps is allowed for" in reading.telling.sure


def test_attacks_without_a_number_are_no_sizes_and_no_attacks_of_the_compound():
    unknown = [event(60_000 + i, LAST - timedelta(weeks=10 + i), None) for i in range(40)]
    plain_reading, with_unknown = (
        next(iter(read(snapshot(events), indicator="deaths", method="compound")))
        for events in (lethal(59, now=40), [*lethal(59, now=40), *unknown])
    )
    assert plain_reading.values == with_unknown.values


def test_compound_learns_until_there_are_enough_attacks_and_says_how_many_there_are():
    (reading,) = read(snapshot(lethal(36, now=40)), indicator="deaths", method="compound")
    assert (reading.status, reading.reason) == (
        Status.LEARNING,
        "method compound needs 100 events with a number of deaths in its 32 weeks; there are 96 events",
    )


def test_compound_needs_a_sum():
    parameters = aberration.Parameters(indicator="attacks", method="compound")
    assert list(aberration.problems(parameters, CATALOGUE)) == [
        ("method", "compound adds up how many each event killed; it needs an indicator with 'sum: fatalities'")
    ]
    fitting = aberration.Parameters(indicator="deaths", method="compound")
    assert list(aberration.problems(fitting, CATALOGUE)) == []


def test_the_chart_of_many_years_shows_the_newest():
    (reading,) = read(snapshot(weekly(RISING)), method="seasonal")
    assert len(reading.telling.chart) == 57 * 7


# --- the page ---------------------------------------------------------------------------------------------------------


def test_its_page_lists_its_outputs_and_its_worked_example():
    page = (Path(__file__).parents[3] / "docs" / "detectors" / "aberration.md").read_text(encoding="utf-8")
    (reading,) = read(snapshot(weekly(YEAR)))
    for output in aberration.OUTPUTS.values():
        assert f"| `{output.name}` | {output.kind.value} | {output.meaning} |" in page
    told = reading.telling
    for line in (told.headline, told.sentence, f"WHAT     {told.what}", f"SURE?    {told.sure}", *told.arithmetic):
        assert plain(line) in page


def test_its_page_says_what_other_methods_make_of_the_worked_example():
    page = (Path(__file__).parents[3] / "docs" / "detectors" / "aberration.md").read_text(encoding="utf-8")
    bounds = {
        method: read(snapshot(weekly(YEAR)), method=method)[0].values["bound"]
        for method in ("zscore", "predictive", "ears_c2")
    }
    shift = read(snapshot(weekly(YEAR)), method="shift")[0].values
    said = (
        f"With `method: zscore` the old surge lifts the bound to {bounds['zscore']:.0f}; with `predictive` it is "
        f"{bounds['predictive']:.0f}, with `ears_c2` {bounds['ears_c2']:.0f}. The score of\n"
        f"`shift` is {shift['score']:.2f} and its bound {shift['bound']:.0f}: one week is no lasting rise."
    )
    assert said in page


# --- late reports -----------------------------------------------------------------------------------------------------


def known_to(share: float) -> Completeness:
    """A source of which this share of every day of the last two months is known."""
    return Completeness(curve=(*[share] * 56, 1.0), reports=1_000)


def test_of_a_week_that_is_half_known_half_is_expected():
    (whole,) = read(snapshot(weekly(YEAR)))
    (half,) = read(snapshot(weekly(YEAR), complete=known_to(0.5)), delay="estimated")
    assert half.values["expected"] == pytest.approx(float(str(whole.values["expected"])) / 2)
    assert half.values["observed"] == 12
    assert float(str(half.values["p_value"])) < float(str(whole.values["p_value"]))
    assert "Some 50 % of the week's attacks are known by now; expected is that share." in half.telling.unknown


def test_late_reports_are_allowed_for_only_where_the_rule_asks_for_it():
    assert read(snapshot(weekly(YEAR), complete=known_to(0.5)))[0].values == read(snapshot(weekly(YEAR)))[0].values


def test_a_week_of_which_less_than_a_third_is_known_is_not_judged():
    (reading,) = read(snapshot(weekly(YEAR), complete=known_to(0.3)), delay="estimated")
    assert (reading.status, reading.values) == (Status.LEARNING, {})
    assert reading.reason == (
        "only 30 % of what will be known of 27 Jun 2020 to 3 Jul 2020 is known yet, and 33 % are needed"
    )


def test_where_nobody_can_say_how_much_is_known_nothing_is_corrected_and_the_message_says_so():
    (reading,) = read(
        snapshot(weekly(YEAR), complete=Completeness(missing="only 12 records tell a delay")), delay="estimated"
    )
    assert reading.values == read(snapshot(weekly(YEAR)))[0].values
    assert "Late reports are not allowed for: only 12 records tell a delay." in reading.telling.unknown


def test_its_picture_shows_the_weeks_and_what_the_last_is_held_against():
    (reading,) = read(snapshot(weekly(YEAR)))
    drawn, values = reading.telling.picture, reading.values
    assert isinstance(drawn, SeriesPicture)
    assert (len(drawn.bars), sum(bar.observed for bar in drawn.bars)) == (57, 188)
    judged = drawn.bars[-1]
    assert (judged.first, judged.last, judged.alarm) == (LAST - timedelta(days=6), LAST, True)
    assert (judged.observed, judged.expected, judged.bound) == tuple(
        values[name] for name in ("observed", "expected", "bound")
    )
    assert {(bar.expected, bar.bound) for bar in drawn.bars[:-1]} == {(None, None)}


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        pytest.param([2] * 58 + [2], "As expected. 8 attacks in the last 4 weeks", id="as much as expected"),
        pytest.param([2] * 58 + [4], "100 % above the expected number.", id="twice as much"),
    ],
)
def test_how_far_a_week_is_from_the_expected_number_is_said(counts, said):
    (reading,) = read(snapshot(weekly(counts)), method="recent")
    assert said in reading.telling.what


@pytest.mark.parametrize("least", [1e41, 10**41, -1, 2.0], ids=["1e41", "as large, without a point", "negative", "2.0"])
def test_a_least_number_is_a_number_that_weeks_may_come_to(least):
    with pytest.raises(ValidationError):
        aberration.Parameters.model_validate({"indicator": "attacks", "min_count": least})
