from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from tests.core.detectors.snapshot import MemorySnapshot, at, event, known, spread, stated
from watcher.config.meaning import meaning
from watcher.core.baseline import Baseline
from watcher.core.catalogue import Catalogue
from watcher.core.detectors import pace
from watcher.core.detectors.pace.seen import Seen
from watcher.core.detectors.pace.sides import Side, weeks
from watcher.core.event import Event
from watcher.core.fact import Citation
from watcher.core.indicator import Indicator
from watcher.core.label import labels
from watcher.core.period import Period
from watcher.core.picture import PacePicture
from watcher.core.reading import Reading, Status
from watcher.core.rule import Rule, judge
from watcher.core.statistics import rates
from watcher.core.statistics.delay import Completeness
from watcher.core.statistics.rates import Tally

DEATHS = Indicator(indicator="moz_fatalities", title="Deaths in organised violence, Mozambique", sum="fatalities")
ATTACKS = Indicator(indicator="moz_attacks", title="Attacks, Mozambique", count="events", unit="attacks")
DAYS = Indicator(indicator="moz_days", title="Days with an attack", count="days")
BY_DISTRICT = Indicator(indicator="by_district", title="Attacks", count="events", unit="attacks", by=("admin2",))

IN_2019 = Baseline.model_validate(
    {
        "baseline": "moz_2019",
        "period": 2019,
        "indicators": ["moz_fatalities", "moz_attacks", "moz_days", "by_district"],
        "fatalities": 660,
        "attacks": 309,
        "definition": "deaths and attacks in terrorist attacks",
        "cite": "baloi_2020",
    }
)
IN_2020 = Baseline.model_validate(
    {
        "baseline": "moz_2020_to_date",
        "period": {"from": "2020-01-01", "to": "2020-07-06", "cutoff": "assumed"},
        "indicators": ["moz_fatalities"],
        "fatalities": 447,
        "cite": "baloi_2020",
    }
)
BALOI = Citation.model_validate(
    {
        "citation": "baloi_2020",
        "title": "Brief on the rivalry and Mozambique",
        "author": "Ana Maria Baloi",
        "publisher": "Grey Dynamics",
        "published": "2020-07",
        "url": "https://example.org/brief",
        "reliability": "B",
        "credibility": 2,
    }
)
CATALOGUE = Catalogue(
    citations={"baloi_2020": BALOI},
    indicators={each.indicator: each for each in (DEATHS, ATTACKS, DAYS, BY_DISTRICT)},
    baselines={"mozambique.yaml": (IN_2019, IN_2020)},
)
THE_ARTICLE = MemorySnapshot(at("2020-07-14"), stated=stated(IN_2019, IN_2020))
EVENTS_2019 = spread(date(2019, 1, 1), date(2019, 12, 31), events=309, deaths=660)
DEATHS_2019 = [each.fatalities or 0 for each in EVENTS_2019]


def parameters(**given: object) -> pace.Parameters:
    return pace.Parameters.model_validate({"indicator": "moz_fatalities", "above": 2019, **given})


def rule(**given: object) -> Rule:
    return Rule(alert="Mozambique fatality rate exceeds 2019 pace", pace=parameters(**given))


def only(snapshot: MemorySnapshot, *, catalogue: Catalogue = CATALOGUE, **given: object) -> Reading:
    (reading,) = pace.read(parameters(**given), catalogue, snapshot)
    return reading


def records(*events_2020: Event, as_known: str = "2020-07-08", baselines: Sequence[Baseline] = ()) -> MemorySnapshot:
    return MemorySnapshot(at(as_known), known([*EVENTS_2019, *events_2020]), stated=stated(*baselines, on="2020-07-01"))


def year_to(last: date, *, events: int, deaths: int) -> MemorySnapshot:
    return records(*spread(date(2020, 1, 1), last, events=events, deaths=deaths, number=1000), as_known="2021-01-01")


def numbers(reading: Reading, *names: str) -> list[float]:
    return [float(str(reading.values[name])) for name in names]


def with_baselines(*baselines: Baseline) -> MemorySnapshot:
    return replace(THE_ARTICLE, stated=stated(*baselines))


def revised(original: Baseline, **fields: object) -> Baseline:
    return Baseline.model_validate({**original.model_dump(by_alias=True), **fields})


def beside_a_stated_year(deaths: Iterable[int], **given: object) -> MemorySnapshot:
    """An attack a day from New Year 2020 on, and 2019 stated."""
    attacks = [event(number, date(2020, 1, number), each) for number, each in enumerate(deaths, start=1)]
    return MemorySnapshot(at("2020-07-14"), known(attacks), stated=stated(revised(IN_2019, **given)))


class TestTheArticle:
    @pytest.mark.parametrize(
        ("last", "printed"),
        [
            pytest.param(
                "2020-07-06",
                {
                    "observed": "447",
                    "days": "188 days",
                    "ratio": "1.315",
                    "expected": "339.9",
                    "projected": "870.2",
                    "rate": "2.38 a day",
                    "baseline_rate": "1.81 a day",
                    "dispersion": "5",
                    "ci_low": "1.005",
                    "ci_high": "1.720",
                    "p_value": "0.023",
                    "llr": "9.786",
                    "score": "1.957",
                    "evidence": "weak",
                    "as_of": "6 Jul 2020",
                    "period_start": "1 Jan 2020",
                    "largest_event_share": "unknown",
                    "smallest_visible_ratio": "1.370",
                },
                id="188 days, to 6 July",
            ),
            pytest.param(
                "2020-07-13",
                {
                    "days": "195 days",
                    "ratio": "1.268",
                    "projected": "839",
                    "llr": "7.369",
                    "score": "1.474",
                    "evidence": "weak",
                },
                id="195 days, to 13 July",
            ),
        ],
    )
    def test_its_numbers(self, last, printed):
        to_date = revised(IN_2020, period={"from": "2020-01-01", "to": last, "cutoff": "assumed"})
        reading = only(with_baselines(IN_2019, to_date))
        assert reading.status is Status.OK
        assert {name: pace.OUTPUTS[name].format(reading.values[name]) for name in printed} == printed

    def test_every_declared_output_has_a_value_and_no_other(self):
        assert set(only(THE_ARTICLE).values) == set(pace.OUTPUTS)

    def test_it_fires_as_a_warning(self):
        finding = judge(rule(), only(THE_ARTICLE), CATALOGUE)
        assert (finding.holds, finding.severity.value) == (True, "warning")

    def test_its_sentences(self):
        reading = only(THE_ARTICLE)
        assert reading.telling.headline == (
            "Deaths in organised violence, Mozambique: 31 % above the 2019 pace, 447 deaths to 6 Jul (weak evidence)"
        )
        assert reading.telling.sentence == "447 deaths in 188 days; the 2019 pace gives 340 (ratio 1.315)."
        assert reading.telling.what == (
            "2.38 deaths a day against 1.81 in 2019 (660 deaths in 309 attacks). "
            "At this pace 870 by 31 December (95 % interval 755 to 1\N{NO-BREAK SPACE}007)."
        )
        assert reading.telling.sure == (
            "Weak: interval of the ratio 1.01-1.72 with assumed dispersion 5; sequential score 1.96, strong needs 4.75."
        )
        assert reading.telling.unknown == ("No 2020 attack count.", "The day to which 447 counts is assumed (6 July).")
        assert reading.telling.source == (
            f"{BALOI.reference}. Definition differs from the indicator's filter: {IN_2019.definition}",
        )
        assert reading.telling.cites == ("baloi_2020",)

    def test_its_arithmetic_can_be_followed_by_hand(self):
        assert only(THE_ARTICLE).telling.arithmetic == (
            "Observed: 447 deaths, 1 Jan 2020 to 6 Jul 2020, 188 days with both ends, stated as moz_2020_to_date",
            "Baseline: 660 deaths in 309 attacks, 1 Jan 2019 to 31 Dec 2019, 365 days with both ends, stated as moz_2019",
            "Rate: 447 / 188 = 2.3777 a day; baseline 660 / 365 = 1.8082",
            "Ratio: 2.3777 / 1.8082 = 1.315",
            "Expected: 1.8082 x 188 days = 339.9",
            "Projected: 2.3777 x 366 days = 870 by 31 Dec 2020, 95 % predictive interval 755 to 1007",
            "Dispersion D: 5, assumed: fewer than 20 attacks with a value are stored in a period",
            (
                "Interval of the ratio: se of its logarithm = sqrt(5 x (1/447 + 1/660)) = 0.1370; "
                "exp(0.2738 -+ 1.96 x 0.1370) = 1.005 to 1.720 (95 %), one-sided p 0.0228"
            ),
            "Log-likelihood ratio: 447 ln(447/188) + 660 ln(660/365) - 1107 ln(1107/553) = 9.79",
            "Score: 9.79 / 5 = 1.96; weak under 3, moderate under 4.75, else strong: weak",
            "Smallest ratio that p < 0.01 could tell after 188 days: 1.370",
            f"Cited: Brief on the rivalry and Mozambique, {BALOI.reference}, https://example.org/brief",
        )

    def test_it_shows_no_curve_and_no_records_where_only_totals_are_stated(self):
        assert (only(THE_ARTICLE).telling.chart, only(THE_ARTICLE).telling.records) == ((), ())

    def test_it_speaks_of_the_calendar_year_2020(self):
        reading = only(THE_ARTICLE)
        assert (reading.period, reading.watermark) == (date(2020, 1, 1), date(2020, 7, 6))


class TestWhichNumbersAreCompared:
    def test_records_of_both_years_win_over_what_is_stated(self):
        reading = only(
            records(
                *spread(date(2020, 1, 1), date(2020, 7, 6), events=190, deaths=400, number=1000),
                baselines=[IN_2019, IN_2020],
            )
        )
        assert (reading.values["observed"], reading.values["baseline_total"]) == (400, 660)
        assert reading.telling.source == ("records of acled",)

    def test_a_stated_year_stands_in_where_the_records_begin_later(self):
        events = spread(date(2020, 1, 9), date(2020, 7, 6), events=190, deaths=447)
        reading = only(MemorySnapshot(at("2020-07-08"), known(events), stated=stated(IN_2019, on="2020-07-01")))
        assert reading.values["baseline_total"] == 660
        assert reading.telling.unknown == (
            "The current total is counted from records, the baseline is a stated number.",
            "The records begin on 9 Jan 2020; 8 days before are left out.",
        )
        assert (reading.values["days"], reading.values["rate"]) == (180, 447 / 180)

    def test_a_stated_total_stands_in_where_the_records_end_with_the_baseline_year(self):
        reading = only(records(as_known="2020-07-14", baselines=[IN_2019, IN_2020]))
        assert (reading.values["observed"], reading.values["as_of"]) == (447, date(2020, 7, 6))
        assert "The current total is a stated number, the baseline is counted from records." in reading.telling.unknown

    def test_the_newest_of_several_stated_totals_counts(self):
        august = revised(
            IN_2020, baseline="to_august", fatalities=600, period={"from": "2020-01-01", "to": "2020-08-31"}
        )
        assert only(replace(with_baselines(IN_2019, august, IN_2020), as_known=at("2020-09-30"))).values["days"] == 244

    def test_a_stated_year_stands_in_where_the_records_end_within_it(self):
        early = [each for each in EVENTS_2019 if each.date_end < date(2019, 12, 31)]
        snapshot = replace(THE_ARTICLE, versions=known(early), stated=stated(revised(IN_2019, fatalities=700), IN_2020))
        assert only(snapshot).values["baseline_total"] == 700

    def test_of_two_stated_numbers_for_a_year_the_one_known_last_counts(self):
        old, new = stated(revised(IN_2019, fatalities=600), revised(IN_2019, baseline="again", fatalities=700))
        now = stated(IN_2020)
        late = new._replace(known_from=at("2020-07-14"))
        for order in ((old, late, *now), (late, old, *now)):
            assert only(replace(THE_ARTICLE, stated=order)).values["baseline_total"] == 700

    def test_what_was_not_known_yet_is_not_used(self):
        reading = only(replace(THE_ARTICLE, as_known=at("2020-07-12")))
        assert reading.status is Status.NO_DATA

    def test_a_total_that_goes_beyond_the_horizon_is_not_used(self):
        reading = only(THE_ARTICLE.up_to(date(2020, 6, 30)))
        assert reading.status is Status.NO_DATA

    @pytest.mark.parametrize(
        ("number", "told"),
        [
            pytest.param(
                900,
                (
                    "For 1 Jan 2019 to 31 Dec 2019 the records give 660, while moz_2019 states 900: the records are used.",
                ),
                id="they differ by more than a tenth",
            ),
            pytest.param(700, (), id="they differ by less"),
        ],
    )
    def test_a_stated_year_that_contradicts_the_records_is_told(self, number, told):
        events = spread(date(2020, 1, 1), date(2020, 7, 6), events=190, deaths=447, number=1000)
        reading = only(records(*events, baselines=[revised(IN_2019, fatalities=number)]))
        assert reading.telling.unknown == told

    def test_a_named_baseline_is_taken_as_stated_even_beside_records(self):
        half = revised(
            IN_2019, baseline="first_half", fatalities=400, period={"from": "2019-01-01", "to": "2019-06-30"}
        )
        events = spread(date(2020, 1, 1), date(2020, 7, 6), events=190, deaths=447, number=1000)
        reading = only(records(*events, as_known="2020-07-14", baselines=[half]), above="first_half")
        assert reading.telling.sentence == (
            "447 deaths in 188 days; the pace of 1 Jan 2019 to 30 Jun 2019 gives 415 (ratio 1.076)."
        )
        assert "from 1 Jan 2019 to 30 Jun 2019" in reading.telling.what

    def test_lower_bounds_are_told_as_such(self):
        assert "660 is a lower bound." in only(with_baselines(revised(IN_2019, at_least=True), IN_2020)).telling.unknown

    def test_a_citation_that_the_catalogue_does_not_have_is_still_named(self):
        reading = only(THE_ARTICLE, catalogue=replace(CATALOGUE, citations={}))
        assert reading.telling.source[0].startswith("baloi_2020. Definition differs")
        assert reading.telling.arithmetic[-1] == "Cited: baloi_2020"

    @pytest.mark.parametrize(
        ("snapshot", "given", "reason"),
        [
            pytest.param(
                MemorySnapshot(at("2020-07-14")),
                {},
                "no records cover the days from 1 Jan 2020",
                id="an empty store",
            ),
            pytest.param(
                MemorySnapshot(at("2020-07-14"), stated=stated(IN_2020)),
                {},
                "no records cover 1 Jan 2019 to 31 Dec 2019, and no stated number speaks of it",
                id="no baseline",
            ),
            pytest.param(
                MemorySnapshot(at("2020-02-01"), known(EVENTS_2019), stated=stated(IN_2019, on="2020-01-05")),
                {},
                "no records cover the days from 1 Jan 2020, and no stated number begins on that day; "
                "the records end on 31 Dec 2019",
                id="the records end with the baseline",
            ),
            pytest.param(
                MemorySnapshot(at("2019-07-01"), known(EVENTS_2019)),
                {},
                "2019 has not ended, and only a year that is over is a baseline",
                id="the baseline year itself",
            ),
            pytest.param(
                MemorySnapshot(at("2019-07-01"), known(EVENTS_2019)),
                {"compare": "same_period"},
                "2019 has not ended, and only a year that is over is a baseline",
                id="the same days of the baseline year itself",
            ),
            pytest.param(
                MemorySnapshot(at("2020-07-14"), known(EVENTS_2019)),
                {"above": 2021},
                "2021 has not ended, and only a year that is over is a baseline",
                id="a year to come",
            ),
            pytest.param(
                MemorySnapshot(at("2020-01-01"), known(EVENTS_2019)),
                {"current": "since", "since": "2019-03-01"},
                "the period does not go beyond its baseline, 1 Jan 2019 to 31 Dec 2019",
                id="a period inside the baseline year",
            ),
            pytest.param(
                MemorySnapshot(at("2020-07-14"), known(EVENTS_2019[150:])),
                {"current": "since", "since": "2019-03-01"},
                "no records cover the days from 1 Mar 2019; the records end on 31 Dec 2019",
                id="the records begin too late",
            ),
            pytest.param(
                THE_ARTICLE,
                {"current": "since", "since": "2021-03-01"},
                "1 Mar 2021 lies ahead",
                id="a period that has not begun",
            ),
            pytest.param(
                THE_ARTICLE,
                {"above": "nothing_known"},
                "the baseline 'nothing_known' states nothing for this indicator yet",
                id="a baseline that is not known yet",
            ),
        ],
    )
    def test_without_numbers_it_says_what_is_missing(self, snapshot, given, reason):
        reading = only(snapshot, **given)
        assert (reading.status, reading.reason) == (Status.NO_DATA, reason)

    def test_in_the_new_year_a_stated_total_of_the_old_one_says_nothing_but_names_the_new_period(self):
        reading = only(replace(THE_ARTICLE, as_known=at("2021-01-01")))
        assert (reading.status, reading.period) == (Status.NO_DATA, date(2021, 1, 1))


class TestWhichDaysAreCompared:
    @pytest.mark.parametrize(
        ("given", "first", "days", "period"),
        [
            pytest.param({}, date(2020, 1, 1), 188, date(2020, 1, 1), id="the year to date"),
            pytest.param({"current": "mtd"}, date(2020, 7, 1), 6, date(2020, 7, 1), id="the month to date"),
            pytest.param(
                {"current": "since", "since": "2020-03-23"}, date(2020, 3, 23), 106, None, id="since the first raid"
            ),
            pytest.param({"current": "last", "last": "90d"}, date(2020, 4, 8), 90, None, id="the last 90 days"),
        ],
    )
    def test_the_current_period_ends_at_the_watermark(self, given, first, days, period):
        reading = only(year_to(date(2020, 7, 6), events=190, deaths=447), **given)
        assert (reading.values["period_start"], reading.values["days"], reading.period) == (first, days, period)
        assert reading.values["as_of"] == date(2020, 7, 6)

    @pytest.mark.parametrize(
        ("given", "projected"),
        [
            pytest.param({}, 366, id="a leap year"),
            pytest.param({"current": "mtd"}, 31, id="July"),
            pytest.param({"current": "last", "last": "90d"}, None, id="a window that moves leads nowhere"),
        ],
    )
    def test_the_projection_goes_to_the_end_of_the_calendar_period(self, given, projected):
        reading = only(year_to(date(2020, 7, 6), events=188, deaths=188), **given)
        assert reading.values["projected"] == (projected and pytest.approx(projected))
        assert ("At this pace" in reading.telling.what) == (projected is not None)

    def test_december_ends_the_year(self):
        so_far = Period.between(date(2020, 12, 1), date(2020, 12, 6))
        assert parameters(current="mtd").whole(so_far) == Period.between(date(2020, 12, 1), date(2020, 12, 31))

    @pytest.mark.parametrize(
        ("last", "before"),
        [
            pytest.param(date(2020, 2, 29), 59, id="29 February is held against the 28th"),
            pytest.param(date(2020, 3, 1), 60, id="1 March is held against 1 March"),
        ],
    )
    def test_the_same_period_is_the_same_calendar_days(self, last, before):
        each_day = [event(i, date(2019, 1, 1) + timedelta(days=i), 1) for i in range(500)]
        snapshot = MemorySnapshot(at("2020-12-31"), known(each_day)).up_to(last)
        reading = only(snapshot, compare="same_period")
        assert reading.values["baseline_total"] == before
        assert reading.values["ratio"] == pytest.approx(1)
        assert reading.telling.chart[-1][2] == pytest.approx(reading.values["expected"])

    def test_the_same_period_reads_so(self):
        reading = only(year_to(date(2020, 7, 6), events=190, deaths=447), compare="same_period")
        assert (
            reading.telling.sentence
            == "447 deaths in 188 days; the pace of the same days of 2019 gives 341 (ratio 1.312)."
        )
        assert "on the same days of 2019" in reading.telling.what

    def test_without_records_of_the_same_days_there_is_nothing_to_compare(self):
        reading = only(THE_ARTICLE, compare="same_period")
        assert reading.reason == "no records cover 1 Jan 2019 to 6 Jul 2019, and no stated number speaks of it"

    def test_a_window_that_reaches_into_its_baseline_says_so(self):
        events = spread(date(2020, 1, 1), date(2020, 2, 9), events=60, deaths=120, number=1000)
        reading = only(records(*events), current="last", last="90d")
        assert reading.telling.unknown == ("The period overlaps its baseline, 1 Jan 2019 to 31 Dec 2019.",)

    def test_a_month_of_a_later_year_has_a_same_month_in_the_baseline_year(self):
        reading = only(year_to(date(2020, 7, 6), events=190, deaths=447), compare="same_period", current="mtd")
        assert reading.values["days"] == 6


class TestTheDaysJustBefore:
    def trailing(self, snapshot: MemorySnapshot, **given: object) -> Reading:
        days = {"compare": "trailing", "last": "28d", "against": "365d", **given}
        catalogue = replace(CATALOGUE, baselines={})
        (reading,) = pace.read(
            pace.Parameters.model_validate({"indicator": "moz_attacks", **days}), catalogue, snapshot
        )
        return reading

    def test_the_last_days_are_held_against_those_before_them(self):
        daily = [event(i, date(2019, 1, 1) + timedelta(days=i)) for i in range(500)]
        last = date(2019, 1, 1) + timedelta(days=499)
        more = [event(1000 + i, last - timedelta(days=i)) for i in range(28)]
        reading = self.trailing(MemorySnapshot(at("2020-12-31"), known([*daily, *more])))
        found = {name: reading.values[name] for name in ("observed", "days", "baseline_total", "period_start", "as_of")}
        assert found == {
            "observed": 56,
            "days": 28,
            "baseline_total": 365,
            "period_start": last - timedelta(days=27),
            "as_of": last,
        }
        assert reading.values["ratio"] == pytest.approx(2)
        assert (reading.values["projected"], reading.period) == (None, None)
        assert (
            reading.telling.sentence == "56 attacks in 28 days; the pace of the 365 days before gives 28 (ratio 2.000)."
        )
        assert "in the 365 days before" in reading.telling.what

    def test_without_records_of_the_days_before_there_is_nothing_to_compare(self):
        daily = [event(i, date(2019, 1, 1) + timedelta(days=i)) for i in range(300)]
        reading = self.trailing(MemorySnapshot(at("2020-12-31"), known(daily)))
        assert reading.reason == "no records cover 30 Sep 2018 to 29 Sep 2019, and no stated number speaks of it"


class TestDaysThatNobodyCounted:
    def test_the_days_before_the_first_record_are_no_exposure(self):
        events = spread(date(2020, 1, 11), date(2020, 7, 6), events=178, deaths=178, number=1000)
        snapshot = MemorySnapshot(at("2020-07-08"), known(events), stated=stated(IN_2019, on="2020-07-01"))
        reading = only(snapshot)
        assert (reading.values["days"], reading.values["rate"]) == (178, 1)
        # The ten days are among those that the rate is carried over to.
        assert reading.values["projected"] == pytest.approx(366)
        assert "The records begin on 11 Jan 2020; 10 days before are left out." in reading.telling.unknown
        assert reading.telling.arithmetic[0].endswith(
            "178 days with both ends without 10 days that the records do not cover, counted from records"
        )
        assert len(reading.telling.chart) == 178

    def test_after_more_than_a_fortnight_the_period_is_not_covered(self):
        events = spread(date(2020, 1, 16), date(2020, 7, 6), events=178, deaths=178, number=1000)
        snapshot = MemorySnapshot(at("2020-07-08"), known(events), stated=stated(IN_2019, on="2020-07-01"))
        assert only(snapshot).status is Status.NO_DATA


class TestTheTests:
    """Where records of both years tell more than totals."""

    def waves(self) -> MemorySnapshot:
        """Attacks that come forty at a time, and in 2019 one by one."""
        days = [date(2020, 1, 3) + timedelta(days=36 * wave) for wave in range(5) for _ in range(40)]
        return records(*(event(1000 + i, day) for i, day in enumerate(days)), event(9999, date(2020, 7, 6)))

    def test_weeks_tell_how_far_attacks_come_in_waves(self):
        quasi = only(self.waves(), indicator="moz_attacks", test="quasi")
        exact = only(self.waves(), indicator="moz_attacks")
        assert numbers(quasi, "p_value")[0] > 3 * numbers(exact, "p_value")[0]
        low, high = numbers(exact, "ci_low", "ci_high")
        assert numbers(quasi, "ci_low")[0] < low < high < numbers(quasi, "ci_high")[0]
        assert quasi.values["evidence"] == exact.values["evidence"]
        # 27 weeks of the 188 days, the last of them with six; 53 of 2019, the last of them with one.
        assert any("phi of 80 weeks" in step and "78 degrees" in step for step in quasi.telling.arithmetic)
        assert "by the spread of the weeks" in quasi.telling.sure

    def test_a_week_counts_for_the_days_that_it_has(self):
        days = Period(date(2020, 1, 1), date(2020, 1, 18))
        daily = [(date(2020, 1, 2), 9), (date(2020, 1, 3), 2), (date(2020, 1, 9), 1), (date(2020, 1, 17), 4)]
        side = Side(days, 16, 16)
        assert weeks(side, daily) == [Tally(11, 7), Tally(1, 7), Tally(4, 3)]
        # The records begin on 3 January.
        assert weeks(replace(side, uncovered=2), daily) == [Tally(3, 7), Tally(0, 7), Tally(4, 1)]
        curve = Completeness(curve=(0.5, 0.75, 1.0))
        known = Seen(days, (), curve, date(2020, 1, 18), curve.effective_days(days, date(2020, 1, 18)))
        assert weeks(replace(side, seen=known), daily) == [Tally(11, 7), Tally(1, 7), Tally(4, 2.75)]

    def test_mid_p_lies_between(self):
        mid, exact = (only(self.waves(), indicator="moz_attacks", test=test) for test in ("midp", "exact"))
        (p, low, high), (cautious, lowest, highest) = (
            numbers(each, "p_value", "ci_low", "ci_high") for each in (mid, exact)
        )
        assert cautious / 2 < p < cautious
        assert lowest < low < high < highest

    @pytest.mark.parametrize(
        ("given", "why"),
        [
            pytest.param(
                {"test": "compound"},
                "fewer than 20 attacks with a value are stored in one of the periods",
                id="attack by attack",
            ),
            pytest.param(
                {"test": "quasi"}, "weeks are known only where both periods are counted from records", id="by the weeks"
            ),
        ],
    )
    def test_of_stated_totals_they_say_nothing_and_why(self, given, why):
        reading = only(THE_ARTICLE, **given)
        assert [reading.values[name] for name in ("p_value", "ci_low", "ci_high")] == [None, None, None]
        assert f"no interval, because {why}" in reading.telling.sure
        assert reading.values["evidence"] == "weak"

    def test_a_sum_goes_attack_by_attack_unless_the_rule_gives_its_dispersion(self):
        snapshot = year_to(date(2020, 7, 6), events=190, deaths=447)
        auto, compound, given = (only(snapshot, **keys) for keys in ({}, {"test": "compound"}, {"dispersion": 5}))
        assert auto.values["p_value"] == compound.values["p_value"]
        assert given.values["p_value"] == pytest.approx(0.0228, rel=0.01)
        assert "attack by attack" in auto.telling.sure

    def test_with_fewer_than_a_hundred_attacks_both_years_share_one_dispersion(self):
        reading = only(year_to(date(2020, 7, 6), events=60, deaths=447))
        assert any(
            step.startswith("Fewer than 100 attacks in a period: both share") for step in reading.telling.arithmetic
        )
        [spread_of] = numbers(reading, "dispersion")
        plain = rates.inflated(Tally(447, 188), Tally(660, 365), dispersion=spread_of)
        assert numbers(reading, "p_value", "ci_low", "ci_high") == pytest.approx(plain)


class TestWhatTheNumbersAreWorth:
    def test_with_twenty_attacks_on_both_sides_the_dispersion_is_measured(self):
        reading = only(year_to(date(2020, 7, 6), events=190, deaths=447))
        assert reading.values["dispersion"] == pytest.approx((447 * 2.36 + 660 * 2.28) / 1107, rel=0.05)
        assert "with measured dispersion" in reading.telling.sure

    @pytest.mark.parametrize(
        ("snapshot", "given", "dispersion", "word"),
        [
            pytest.param(THE_ARTICLE, {"dispersion": 7.5}, 7.5, "given", id="the author knows it"),
            pytest.param(THE_ARTICLE, {"assumed_dispersion": 3}, 3, "assumed", id="another assumption"),
            pytest.param(
                THE_ARTICLE, {"assumed_dispersion": 2}, 660 / 309, "least possible", id="never less than the mean"
            ),
            pytest.param(
                with_baselines(revised(IN_2019, dispersion=9), IN_2020), {}, 9, "stated", id="the baseline states it"
            ),
            pytest.param(
                records(*[event(1000 + i, date(2020, 7, i + 1), 10) for i in range(6)]),
                {},
                10,
                "least possible",
                id="six attacks are too few to measure",
            ),
            pytest.param(
                records(*[event(1000 + i, date(2020, 7, 1), None if i > 18 else 2) for i in range(40)]),
                {},
                5,
                "assumed",
                id="attacks without a number do not count towards twenty",
            ),
            pytest.param(
                records(*[event(1000 + i, date(2020, 7, 1), 100 if i == 9 else 0) for i in range(10)]),
                {},
                (100**2 + sum(death * death for death in DEATHS_2019)) / 760,
                "measured",
                id="one large attack is enough to show that there are such",
            ),
            pytest.param(
                beside_a_stated_year(2 * i for i in range(30)),
                {},
                2 * sum(i * i for i in range(30)) / sum(range(30)),
                "measured",
                id="of a stated baseline no attack is known, and the others are measured",
            ),
            pytest.param(
                beside_a_stated_year([2] * 30),
                {},
                5,
                "assumed",
                id="with a stated baseline it is never less than assumed",
            ),
            pytest.param(
                beside_a_stated_year((2 * i for i in range(30)), dispersion=45),
                {},
                45,
                "stated",
                id="and never less than stated",
            ),
        ],
    )
    def test_the_dispersion_of_a_sum(self, snapshot, given, dispersion, word):
        reading = only(snapshot, **given)
        assert reading.values["dispersion"] == pytest.approx(dispersion)
        assert f"with {word} dispersion" in reading.telling.sure

    @pytest.mark.parametrize(
        ("given", "dispersion"),
        [pytest.param({}, 1, id="none"), pytest.param({"dispersion": 2}, 2, id="as the author says")],
    )
    def test_the_dispersion_of_a_count(self, given, dispersion):
        reading = only(year_to(date(2020, 7, 6), events=190, deaths=0), indicator="moz_attacks", **given)
        assert reading.values["dispersion"] == dispersion

    @pytest.mark.parametrize(
        ("events", "evidence", "severity"),
        [
            pytest.param(150, "none", "warning", id="below the pace there is none"),
            pytest.param(165, "weak", "warning", id="a little above"),
            pytest.param(205, "moderate", "warning", id="from a score of 3"),
            pytest.param(220, "strong", "critical", id="from a score of 4.75"),
        ],
    )
    def test_the_evidence_follows_the_sequential_score(self, events, evidence, severity):
        reading = only(year_to(date(2020, 7, 6), events=events, deaths=0), indicator="moz_attacks")
        finding = judge(rule(indicator="moz_attacks"), reading, CATALOGUE)
        assert (reading.values["evidence"], finding.severity.value) == (evidence, severity)
        assert finding.holds == (evidence != "none")

    @pytest.mark.parametrize(
        ("last", "events", "evidence"),
        [
            pytest.param(date(2020, 1, 27), 60, "none", id="27 days are too few"),
            pytest.param(date(2020, 1, 28), 60, "strong", id="28 days suffice"),
        ],
    )
    def test_nothing_is_judged_before_the_gates_open(self, last, events, evidence):
        reading = only(year_to(last, events=events, deaths=0), indicator="moz_attacks")
        assert reading.values["evidence"] == evidence
        assert ("too early: judged from 28 days and 4 events on" in reading.telling.sure) == (evidence == "none")

    @pytest.mark.parametrize(
        ("attacks", "evidence"), [pytest.param(3, "none", id="three attacks"), pytest.param(4, "strong", id="four")]
    )
    def test_a_sum_needs_four_attacks(self, attacks, evidence):
        quiet = [event(1, date(2019, 1, 1), 1), event(2, date(2019, 12, 31), 1)]
        loud = [event(10 + i, date(2020, 2, 1) + timedelta(days=i), 50) for i in range(attacks)]
        reading = only(MemorySnapshot(at("2020-03-01"), known([*quiet, *loud])), dispersion=1)
        assert reading.values["evidence"] == evidence

    def test_where_no_attacks_are_stated_d_deaths_count_as_one(self):
        few = revised(IN_2020, fatalities=19)
        quiet = revised(IN_2019, fatalities=1, attacks=None)
        assert only(with_baselines(quiet, few)).values["evidence"] == "none"
        assert only(with_baselines(quiet, revised(IN_2020, fatalities=20))).values["evidence"] != "none"

    @pytest.mark.parametrize(
        ("test", "indicator", "p"),
        [
            pytest.param("auto", "moz_attacks", 0.0311, id="a count is tested exactly"),
            pytest.param("exact", "moz_attacks", 0.0311, id="exact by name"),
            pytest.param("inflated", "moz_attacks", 0.0273, id="a count by the normal test"),
            pytest.param("auto", "moz_fatalities", 0.0228, id="a sum is tested with its dispersion"),
            pytest.param("exact", "moz_fatalities", 5.5e-6, id="a sum as if deaths came one by one"),
            pytest.param("none", "moz_fatalities", None, id="no test"),
            pytest.param("sequential", "moz_fatalities", None, id="the sequential score alone"),
        ],
    )
    def test_the_test_gives_p_and_interval_and_never_the_evidence(self, test, indicator, p):
        stated_2020 = revised(IN_2020, indicators=["moz_fatalities", "moz_attacks"], attacks=190)
        snapshot = with_baselines(IN_2019, stated_2020)
        reading = only(snapshot, indicator=indicator, test=test)
        assert reading.values["p_value"] == (p and pytest.approx(p, rel=0.02))
        assert (reading.values["ci_low"] is None) == (p is None)
        assert reading.values["evidence"] == only(snapshot, indicator=indicator).values["evidence"] == "weak"

    @pytest.mark.parametrize(
        ("given", "sure", "step"),
        [
            pytest.param(
                {"test": "none"},
                "Weak: assumed dispersion 5; sequential score 1.96, strong needs 4.75.",
                "Interval of the ratio: none (test: none)",
                id="without a test",
            ),
            pytest.param(
                {"test": "exact"},
                "Weak: interval of the ratio 1.16-1.48, far too narrow, because the exact test takes all deaths for "
                "independent of each other; sequential score 1.96, strong needs 4.75.",
                "Interval of the ratio, exact: 1.164 to 1.485 (95 %), one-sided p 5.51e-06, "
                "from 447 of 1107 in 188 of 553 days",
                id="with the exact test",
            ),
            pytest.param(
                {"dispersion": 1},
                "Strong: interval of the ratio 1.17-1.48 with given dispersion 1; sequential score 9.79, strong from 4.75.",
                "Dispersion D: 1, given in the rule",
                id="with a dispersion that makes it strong",
            ),
        ],
    )
    def test_how_sure_it_is_is_said_in_words_and_in_steps(self, given, sure, step):
        reading = only(THE_ARTICLE, **given)
        assert reading.telling.sure == sure
        assert step in reading.telling.arithmetic

    def test_the_exact_test_of_a_count_needs_no_caution(self):
        stated_2020 = revised(IN_2020, indicators=["moz_attacks"], attacks=190)
        reading = only(with_baselines(IN_2019, stated_2020), indicator="moz_attacks", test="exact")
        assert "interval of the ratio 0.99-1.43; sequential score" in reading.telling.sure

    def test_one_attack_that_makes_all_the_difference_is_named(self):
        events = spread(date(2020, 1, 1), date(2020, 7, 5), events=190, deaths=320, number=1000)
        reading = only(records(*events, event(9001, date(2020, 7, 6), 127)))
        assert reading.values["largest_event_share"] == pytest.approx(127 / 447)
        assert reading.values["ratio_without_largest"] == pytest.approx(320 / 188 / (660 / 365))
        assert reading.telling.sure.endswith("; one attack is 28 % of the deaths; without it the ratio is 0.94.")
        assert "Largest event: 127 of 447 deaths; without it the ratio is 0.941" in reading.telling.arithmetic

    def test_the_gates_are_part_of_the_arithmetic(self):
        reading = only(year_to(date(2020, 1, 20), events=60, deaths=0), indicator="moz_attacks")
        assert reading.telling.arithmetic[9].endswith("none, because 28 days and 4 events are needed")


NOTHING_IN_2019 = [event(1, date(2018, 12, 1), 9), event(2, date(2018, 12, 2), 9)]


class TestEverySentenceIsTrue:
    @pytest.mark.parametrize(
        ("snapshot", "indicator", "headline", "sentence"),
        [
            pytest.param(
                year_to(date(2020, 7, 6), events=140, deaths=300),
                "moz_fatalities",
                "12 % below the 2019 pace, 300 deaths to 6 Jul 2020 (no evidence of a rise)",
                "300 deaths in 188 days; the 2019 pace gives 340 (ratio 0.882).",
                id="below the pace",
            ),
            pytest.param(
                year_to(date(2020, 7, 6), events=190, deaths=340),
                "moz_fatalities",
                "at the 2019 pace, 340 deaths to 6 Jul 2020 (weak evidence)",
                "340 deaths in 188 days; the 2019 pace gives 340 (ratio 1.000).",
                id="hardly above it",
            ),
            pytest.param(
                year_to(date(2020, 7, 6), events=1_200, deaths=2_000),
                "moz_fatalities",
                "5.9 times the 2019 pace, 2\N{NO-BREAK SPACE}000 deaths to 6 Jul 2020 (strong evidence)",
                "2\N{NO-BREAK SPACE}000 deaths in 188 days; the 2019 pace gives 340 (ratio 5.883).",
                id="many times the pace",
            ),
            pytest.param(
                year_to(date(2020, 7, 6), events=100, deaths=0),
                "moz_fatalities",
                "no deaths to 6 Jul 2020, where the 2019 pace gives 340 (no evidence of a rise)",
                "No deaths in 188 days; the 2019 pace gives 340.",
                id="nobody died",
            ),
            pytest.param(
                MemorySnapshot(at("2020-08-01"), known([*NOTHING_IN_2019, event(3, date(2020, 7, 6), 1)])),
                "moz_fatalities",
                "1 death to 6 Jul, none in 2019 (no evidence of a rise)",
                "1 death in 188 days; there were none in 2019.",
                id="a baseline of zero",
            ),
            pytest.param(
                MemorySnapshot(at("2020-08-01"), known([*NOTHING_IN_2019, event(3, date(2020, 7, 6), 0)])),
                "moz_fatalities",
                "no deaths to 6 Jul, as in 2019 (no evidence of a rise)",
                "No deaths in 188 days, and none in 2019.",
                id="nothing on either side",
            ),
            pytest.param(
                year_to(date(2020, 7, 6), events=190, deaths=0),
                "moz_attacks",
                "19 % above the 2019 pace, 190 attacks to 6 Jul 2020 (weak evidence)",
                "190 attacks in 188 days; the 2019 pace gives 159 (ratio 1.194).",
                id="a count",
            ),
            pytest.param(
                MemorySnapshot(
                    at("2020-08-01"),
                    known([event(1, date(2019, 1, 1)), event(2, date(2019, 12, 31)), event(3, date(2020, 7, 6))]),
                ),
                "moz_days",
                "3 % below the 2019 pace, 1 day to 6 Jul (no evidence of a rise)",
                "1 day in 188 days; the 2019 pace gives 1.0 (ratio 0.971).",
                id="days with an event",
            ),
        ],
    )
    def test_headline_and_sentence(self, snapshot, indicator, headline, sentence):
        reading = only(snapshot, indicator=indicator)
        assert reading.telling.headline == f"{CATALOGUE.indicators[indicator].name}: {headline}"
        assert reading.telling.sentence == sentence

    def test_a_baseline_of_zero_has_an_infinite_ratio_and_an_open_interval(self):
        snapshot = MemorySnapshot(
            at("2020-08-01"), known([*NOTHING_IN_2019, *[event(9 + i, date(2020, 7, 6)) for i in range(9)]])
        )
        reading = only(snapshot, indicator="moz_attacks")
        assert reading.values["ratio"] == float("inf")
        assert reading.telling.sure.startswith("Strong: interval of the ratio 3.83 or more; sequential score")
        assert "Ratio: 0.0479 / 0.0000 = infinite" in reading.telling.arithmetic

    def test_where_one_total_is_zero_a_sum_has_no_interval(self):
        reading = only(year_to(date(2020, 7, 6), events=100, deaths=0))
        assert reading.telling.sure == (
            "No evidence of a rise: no interval, because one of the two totals is zero; "
            "the rate is not above the baseline's."
        )
        assert "Interval of the ratio: none (one of the two totals is zero)" in reading.telling.arithmetic
        assert "Log-likelihood ratio: 0, because the rate is not above the baseline's" in reading.telling.arithmetic

    @pytest.mark.parametrize(
        ("count", "told"),
        [
            pytest.param(40, "0.21 attacks a day against 0.01 in 2019", id="per day"),
            pytest.param(10, "1.60 attacks in 30 days against 0.16 in 2019", id="per 30 days, when rare"),
            pytest.param(0, "0.00 attacks in 30 days against 0.16 in 2019", id="nothing, in the baseline's unit"),
        ],
    )
    def test_rates_are_told_in_a_unit_that_means_something(self, count, told):
        few = [event(1, date(2019, 1, 1)), event(2, date(2019, 12, 31))]
        new = [event(10 + i, date(2020, 1, 2 + i % 20)) for i in range(count)]
        elsewhere = event(99, date(2020, 7, 6), event_type="Protests")
        snapshot = MemorySnapshot(at("2020-08-01"), known([*few, *new, elsewhere]))
        fights = Indicator.model_validate({**ATTACKS.model_dump(), "where": {"event_type": "Battles"}})
        reading = only(
            snapshot, catalogue=replace(CATALOGUE, indicators={"moz_attacks": fights}), indicator="moz_attacks"
        )
        assert told in reading.telling.what

    def test_very_rare_events_are_told_per_year(self):
        snapshot = MemorySnapshot(
            at("2022-08-01"),
            known([event(1, date(2018, 12, 31)), event(2, date(2019, 5, 5)), event(3, date(2022, 7, 6))]),
        )
        reading = only(snapshot, indicator="moz_attacks", current="since", since="2020-01-01")
        assert "0.40 attacks a year against 1.00 in 2019" in reading.telling.what
        assert reading.telling.sentence == "1 attack in 918 days; the 2019 pace gives 2.5 (ratio 0.398)."

    def test_events_without_a_number_are_told_for_both_years(self):
        events = [event(1000, date(2020, 7, 5), None), event(1001, date(2020, 7, 6), 3)]
        first = [event(900, date(2019, 3, 3), None), event(901, date(2019, 3, 4), None)]
        reading = only(records(*first, *events))
        assert reading.telling.unknown == (
            "1 of 2 events carries no number of deaths.",
            "2 of 311 events carry no number of deaths in 2019.",
        )


class TestEventsWhoseDayIsNotKnown:
    """The current period is 1 January to 6 July 2020, in a year with 31 days of July."""

    @pytest.mark.parametrize(
        ("fields", "deaths"),
        [
            pytest.param({}, 62, id="a day is a day"),
            pytest.param({"time_precision": 2}, 62, id="and so is a week"),
            pytest.param({"time_precision": 3}, 12, id="a month that is 6 of 31 days old"),
            pytest.param({"time_precision": 4}, 4, id="a quarter that is 6 of 92 days old"),
            pytest.param({"time_precision": 5}, 32, id="a year that is 188 of 366 days old"),
            pytest.param({"date_start": date(2020, 6, 26)}, 62, id="a span inside"),
            pytest.param({"date_start": date(2019, 12, 1)}, 53, id="a span from the year before, 184 of 215 days"),
        ],
    )
    def test_it_counts_for_the_days_inside(self, fields, deaths):
        uncertain = event(9001, date(2020, 7, 2), 62)._replace(**fields)
        newest = event(9002, date(2020, 7, 6), 0)
        reading = only(records(uncertain, newest, as_known="2020-07-07"))
        assert reading.values["observed"] == deaths

    def test_both_years_share_what_crosses_their_edge(self):
        crossing = event(9001, date(2020, 1, 9), 100)._replace(date_start=date(2019, 12, 31))
        reading = only(records(crossing, event(9002, date(2020, 7, 6), 0)))
        assert (reading.values["observed"], reading.values["baseline_total"]) == (90, 670)
        told = "1 event is known only to a span of days that crosses an edge of {}, and counted for the days inside."
        assert reading.telling.unknown[-2:] == (
            told.format("1 Jan 2020 to 6 Jul 2020"),
            told.format("1 Jan 2019 to 31 Dec 2019"),
        )

    def test_attacks_count_in_part_as_well_and_are_rounded_once(self):
        crossing = [event(n, date(2020, 1, 9), 1)._replace(date_start=date(2019, 12, 31)) for n in range(9001, 9005)]
        reading = only(records(*crossing, event(9009, date(2020, 7, 6), 0)), indicator="moz_attacks")
        # 4 x 9 / 10 and one more; 4 / 10 beside 309.
        assert (reading.values["observed"], reading.values["baseline_total"]) == (5, 309)

    def test_where_days_are_counted_the_last_one_counts(self):
        crossing = event(9001, date(2020, 1, 9), 1)._replace(date_start=date(2019, 12, 31))
        reading = only(records(crossing, event(9002, date(2020, 7, 6), 0)), indicator="moz_days")
        assert reading.values["observed"] == 2


class TestGroups:
    def test_each_district_is_read_for_itself_and_one_that_fell_silent_is_zero(self):
        events = [
            *spread(date(2019, 1, 1), date(2019, 12, 31), events=20, deaths=0, admin2="Macomia"),
            *spread(date(2019, 1, 1), date(2019, 12, 31), events=10, deaths=0, admin2="Palma", number=100),
            *spread(date(2020, 1, 1), date(2020, 7, 6), events=30, deaths=0, admin2="Palma", number=200),
        ]
        snapshot = MemorySnapshot(at("2020-08-01"), known(events), stated=stated(IN_2019))
        found = list(pace.read(parameters(indicator="by_district"), CATALOGUE, snapshot))
        assert [(reading.labels, reading.values["observed"]) for reading in found] == [
            (labels({"admin2": "Macomia"}), 0),
            (labels({"admin2": "Palma"}), 30),
        ]
        assert found[1].telling.headline.startswith("Attacks, Palma: 5.8 times the 2019 pace")

    @pytest.mark.parametrize("above", [2019, "moz_2019"])
    def test_a_stated_number_speaks_for_no_district(self, above):
        events = spread(date(2020, 1, 1), date(2020, 7, 6), events=30, deaths=0)
        snapshot = MemorySnapshot(at("2020-08-01"), known(events), stated=stated(IN_2019))
        assert only(snapshot, indicator="by_district", above=above).status is Status.NO_DATA

    def test_a_stated_total_speaks_for_no_district_either(self):
        both = revised(IN_2020, indicators=["by_district"], attacks=190)
        assert only(with_baselines(IN_2019, both), indicator="by_district").status is Status.NO_DATA


class TestCurveAndRecords:
    def test_the_curve_has_a_point_for_each_day(self):
        reading = only(records(event(1000, date(2020, 1, 2), 3), event(1001, date(2020, 1, 4), 4)))
        assert [(day, observed) for day, observed, _ in reading.telling.chart] == [
            (date(2020, 1, 1), 0),
            (date(2020, 1, 2), 3),
            (date(2020, 1, 3), 3),
            (date(2020, 1, 4), 7),
        ]
        assert [expected for _, _, expected in reading.telling.chart] == pytest.approx(
            [660 / 365 * i for i in (1, 2, 3, 4)]
        )

    def test_a_day_counts_once_where_days_are_counted(self):
        twice = [event(1000, date(2020, 1, 2)), event(1001, date(2020, 1, 2)), event(1002, date(2020, 1, 3))]
        assert [point[1] for point in only(records(*twice), indicator="moz_days").telling.chart] == [0, 1, 2]

    def test_a_long_curve_shows_its_newest_year(self):
        reading = only(year_to(date(2020, 12, 31), events=30, deaths=40), current="since", since="2019-01-01")
        assert (len(reading.telling.chart), reading.telling.chart[-1][1]) == (366, 700.0)

    def test_the_largest_events_of_a_sum_come_first_then_the_latest(self):
        events = [event(1000 + i, date(2020, 1, 1 + i), 10 - i) for i in range(8)]
        snapshot = records(*events)
        numbers = {version.version: version.event.fatalities for version in snapshot.versions}
        assert [numbers[version] for version in only(snapshot).telling.records] == [10, 9, 8, 7, 6, 3, 4, 5]

    def test_of_a_count_only_the_latest_are_named(self):
        events = [event(1000 + i, date(2020, 1, 1 + i), i) for i in range(8)]
        snapshot = records(*events)
        days = {version.version: version.event.date_end.day for version in snapshot.versions}
        reading = only(snapshot, indicator="moz_attacks")
        assert [days[version] for version in reading.telling.records] == [8, 7, 6, 5, 4]
        assert reading.values["largest_event_share"] is None


class TestThePage:
    PAGE = (Path(__file__).parents[3] / "docs" / "detectors" / "pace.md").read_text(encoding="utf-8")

    def test_it_lists_every_output_and_every_parameter_with_its_default(self):
        for output in pace.OUTPUTS.values():
            assert f"| `{output.name}` | {output.kind.value.replace('_', ' ')} | {output.meaning} |" in self.PAGE
        for name, field in pace.Parameters.model_fields.items():
            default = "" if field.is_required() or field.default is None else f" {field.default}"
            assert f"| `{name}` |{default} | {meaning(pace.Parameters, name).replace('``', '`')} |" in self.PAGE

    def test_its_worked_example_is_what_the_detector_says(self):
        reading = only(THE_ARTICLE)
        plain = self.PAGE.replace("1 007", "1\N{NO-BREAK SPACE}007")
        for line in (
            reading.telling.headline,
            reading.telling.sentence,
            reading.telling.what,
            reading.telling.sure,
            *reading.telling.unknown,
        ):
            assert line in plain
        for step in reading.telling.arithmetic[:-1]:
            assert step in plain

    def test_its_table_of_what_can_be_seen_is_computed(self):
        for baseline in (12, 52, 309, 660):
            seen = [rates.smallest_visible_ratio(days, Tally(baseline, 365)) for days in (28, 91, 182, 365)]
            assert f"| {baseline} | {' | '.join(f'{ratio:.2f}' for ratio in seen)} |" in self.PAGE

    def test_its_default_condition_is_the_real_one(self):
        for comparison in ("ratio > 1", "days >= 28", "observed >= 25", "observed >= 10", "ratio < 0.95"):
            assert comparison in self.PAGE

    def test_a_doubling_of_309_attacks_is_strong_after_28_days(self):
        doubled = year_to(date(2020, 1, 28), events=round(2 * 309 * 28 / 365), deaths=0)
        assert only(doubled, indicator="moz_attacks").values["evidence"] == "strong"


class TestTheRuleAsWritten:
    @pytest.mark.parametrize(
        ("indicator", "condition"),
        [
            pytest.param("moz_fatalities", "ratio > 1 and days >= 28 and observed >= 25", id="a sum"),
            pytest.param("moz_attacks", "ratio > 1 and days >= 28 and observed >= 10", id="a count"),
            pytest.param("not_there", "ratio > 1 and days >= 28 and observed >= 25", id="an unknown indicator"),
        ],
    )
    def test_the_defaults(self, indicator, condition):
        own = pace.defaults(parameters(indicator=indicator), CATALOGUE)
        assert (str(own.condition), str(own.recovery)) == (condition, "ratio < 0.95")
        assert [(tier.severity, str(tier.when or "")) for tier in own.severity] == [
            ("critical", "evidence = strong"),
            ("warning", ""),
        ]

    @pytest.mark.parametrize(
        ("given", "said"),
        [
            pytest.param({"current": "since"}, "'current: since' needs 'since'", id="since without a day"),
            pytest.param({"current": "last"}, "'current: last' needs 'last'", id="last without a span"),
            pytest.param({"last": "30d"}, "'last' goes with 'current: last'", id="a span without last"),
            pytest.param({"since": "2020-03-01"}, "'since' goes with 'current: since'", id="a day without since"),
            pytest.param(
                {"compare": "trailing", "last": "28d"}, "needs 'against' and no 'above'", id="trailing a year"
            ),
            pytest.param(
                {"compare": "trailing", "current": "ytd", "against": "365d"}, "leave out 'current'", id="trailing a ytd"
            ),
            pytest.param({"compare": "trailing"}, "'current: last' needs 'last'", id="trailing without a span"),
            pytest.param({"against": "365d"}, "'against' goes with 'compare: trailing'", id="days before a year"),
            pytest.param({"above": None}, "'above' is missing: a year, or the name of a baseline", id="no baseline"),
            pytest.param({"test": "wald"}, "'quasi' or 'sequential'", id="a test that is not there"),
            pytest.param({"above": 19}, "19 is no year between 1900 and 2200", id="a year of two digits"),
            pytest.param({"assumed_dispersion": 0.5}, "greater than or equal to 1", id="less than no dispersion"),
            pytest.param({"lag": "none"}, "Extra inputs are not permitted", id="a key that is not there"),
        ],
    )
    def test_what_it_cannot_say_is_refused(self, given, said):
        with pytest.raises(ValidationError, match=said):
            rule(**given)

    def test_a_year_in_quotes_is_a_year(self):
        assert parameters(above="2019").above == 2019

    @pytest.mark.parametrize(
        ("given", "problems"),
        [
            pytest.param({}, [], id="nothing wrong"),
            pytest.param({"above": "moz_2019"}, [], id="a baseline by name"),
            pytest.param(
                {"indicator": "moz_fatalitys"},
                [("indicator", "no indicator 'moz_fatalitys'; did you mean 'moz_fatalities'?")],
                id="a slip in the indicator",
            ),
            pytest.param(
                {"above": "moz_2018"},
                [("above", "no baseline 'moz_2018'; did you mean 'moz_2019'?")],
                id="a slip in the baseline",
            ),
            pytest.param(
                {"indicator": "moz_attacks", "above": "moz_2020_to_date"},
                [("above", "baseline 'moz_2020_to_date' does not speak for 'moz_attacks'; add it to its 'indicators'")],
                id="a baseline of something else",
            ),
            pytest.param(
                {"above": "moz_2019", "compare": "same_period"},
                [("compare", "same_period compares calendar days of a year; give 'above' as a year, e.g. 2019")],
                id="the same days of a name",
            ),
            pytest.param(
                {"indicator": "nowhere", "above": "moz_2019"},
                [
                    (
                        "indicator",
                        "no indicator 'nowhere'; there are: by_district, moz_attacks, moz_days, moz_fatalities",
                    )
                ],
                id="an unknown indicator beside a known baseline",
            ),
        ],
    )
    def test_names_that_are_not_there_are_told_with_what_is_near(self, given, problems):
        assert list(pace.problems(parameters(**given), CATALOGUE)) == problems

    @pytest.mark.parametrize(
        ("indicator", "kind"),
        [pytest.param("moz_fatalities", "deaths", id="a sum"), pytest.param("moz_attacks", "attacks", id="a count")],
    )
    def test_a_baseline_must_state_the_number_that_is_compared(self, indicator, kind):
        other = {"fatalities": None} if indicator == "moz_fatalities" else {"attacks": None}
        catalogue = replace(CATALOGUE, baselines={"pack.yaml": (revised(IN_2019, **other),)})
        found = list(pace.problems(parameters(indicator=indicator, above="moz_2019"), catalogue))
        assert found == [("above", f"baseline 'moz_2019' states no {kind}")]


class TestThePicture:
    def test_a_stated_total_is_a_straight_line_with_the_interval_of_the_ratio(self):
        reading = only(THE_ARTICLE)
        drawn, values = reading.telling.picture, reading.values
        assert isinstance(drawn, PacePicture)
        assert drawn.is_stated
        assert [day for day, _, _ in drawn.points] == [date(2020, 1, 1), date(2020, 7, 6)]
        assert [point[1:] for point in drawn.points] == [
            pytest.approx((447 / 188, 660 / 365)),
            pytest.approx((447, values["expected"])),
        ]
        assert drawn.interval is not None
        assert [447 / end for end in reversed(drawn.interval)] == [
            pytest.approx(values["ci_low"]),
            pytest.approx(values["ci_high"]),
        ]
        assert drawn.lead is not None
        assert drawn.lead.last == date(2020, 12, 31)
        assert drawn.lead[1:] == (values["projected"], values["projected_low"], values["projected_high"])

    def test_where_records_give_each_day_the_chart_has_the_points(self):
        drawn = only(records(event(1000, date(2020, 1, 2), 3))).telling.picture
        assert isinstance(drawn, PacePicture)
        assert (drawn.points, drawn.is_stated) == ((), False)

    def test_without_a_test_there_is_no_interval(self):
        drawn = only(THE_ARTICLE, test="none").telling.picture
        assert isinstance(drawn, PacePicture)
        assert drawn.interval is None
