from __future__ import annotations

import math
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from tests.core.detectors.snapshot import MemorySnapshot, at, event, known
from watcher.core.alert import Alert, Life, step
from watcher.core.catalogue import Catalogue
from watcher.core.detectors import absence
from watcher.core.event import EventVersion
from watcher.core.label import labels
from watcher.core.period import DAY, day_start
from watcher.core.reading import Reading, Status
from watcher.core.rule import Rule, judge
from watcher.core.selector import selector

CATALOGUE = Catalogue()
FIRST = date(2019, 1, 7)
RECORDS = {"of": "records", "by": ["source"]}
AREAS = {"of": "events", "by": ["admin1"]}
EVERY_DAY = [FIRST + timedelta(days=n) for n in range(700)]


def arrived(*days: date, source: str = "acled", number: int = 1, **fields: Any) -> tuple[EventVersion, ...]:
    """One record a day, known on that day; it speaks of the day before."""
    return tuple(
        version._replace(known_from=day_start(day), version=number + n)
        for n, day in enumerate(days)
        for version in known([event(number + n, day - DAY, source=source, **fields)])
    )


def weekly(releases: int, *, first: date = FIRST, gap: int = 7, **more: Any) -> tuple[EventVersion, ...]:
    return arrived(*(first + timedelta(days=gap * n) for n in range(releases)), **more)


def read(versions: tuple[EventVersion, ...], as_known: str | date, **given: object) -> list[Reading]:
    parameters = absence.Parameters.model_validate(given or RECORDS)
    moment = at(as_known) if isinstance(as_known, str) else day_start(as_known)
    return list(absence.read(parameters, CATALOGUE, MemorySnapshot(moment, versions)))


class TestASilentSource:
    @pytest.mark.parametrize(
        ("days", "silent"),
        [
            pytest.param(0, False, id="the day of a release"),
            pytest.param(9, False, id="a week and two days of grace"),
            pytest.param(10, True, id="a day more"),
        ],
    )
    def test_longer_than_is_exceeded_the_day_after(self, days, silent):
        last = FIRST + timedelta(days=7 * 3)
        (reading,) = read(weekly(4), last + timedelta(days=days), **RECORDS, longer_than="9d")
        assert (reading.values["silent_days"], reading.present, reading.status) == (days, silent, Status.OK)
        assert (reading.values["last_seen"], reading.values["usual_gap_days"]) == (last, 7)
        assert (reading.values["longer_than"], reading.labels) == (9, labels({"source": "acled"}))

    def test_auto_is_three_times_the_longest_usual_gap(self):
        days = [FIRST + timedelta(days=7 * n + (3 if n > 10 else 0)) for n in range(20)]
        (reading,) = read(arrived(*days), days[-1] + timedelta(days=30))
        assert (reading.values["longer_than"], reading.values["usual_gap_days"], reading.present) == (30, 7, False)
        (reading,) = read(arrived(*days), days[-1] + timedelta(days=31))
        assert reading.present

    def test_of_a_hundred_gaps_the_longest_one_is_an_outlier(self):
        days = [FIRST + timedelta(days=n + (40 if n > 50 else 0)) for n in range(101)]
        (reading,) = read(arrived(*days), days[-1] + timedelta(days=4))
        assert (reading.values["longer_than"], reading.present) == (3, True)

    def test_a_release_of_many_moments_is_one_arrival(self):
        hours = [
            version._replace(known_from=version.known_from + timedelta(minutes=n))
            for version in weekly(19)
            for n in range(30)
        ]
        (reading,) = read(tuple(hours), "2020-01-01")
        assert (reading.status, reading.reason) == (
            Status.LEARNING,
            "acled: 19 days with arrivals so far, 'auto' needs 20",
        )

    @pytest.mark.parametrize(
        ("releases", "status"),
        [pytest.param(19, Status.LEARNING, id="too few arrivals"), pytest.param(20, Status.OK, id="just enough")],
    )
    def test_auto_needs_twenty_arrivals(self, releases, status):
        (reading,) = read(weekly(releases), "2021-01-01")
        assert reading.status is status

    def test_a_source_that_stopped_long_ago_is_judged_by_all_it_ever_brought(self):
        (reading,) = read(weekly(30), "2025-01-01")
        assert (reading.values["longer_than"], reading.present) == (21, True)

    def test_the_rhythm_is_that_of_the_last_two_years(self):
        old, new = weekly(20, gap=50), arrived(*(date(2024, 1, 1) + timedelta(days=n) for n in range(40)), number=100)
        (reading,) = read((*old, *new), "2024-02-10")
        assert reading.values["longer_than"] == 3

    def test_a_deletion_is_an_arrival(self):
        taken_back = weekly(2)[0]._replace(known_to=at("2019-06-01"))
        (reading,) = read((taken_back, weekly(2)[1]), "2019-06-03", **RECORDS, longer_than="9d")
        assert (reading.values["last_seen"], reading.values["silent_days"]) == (date(2019, 6, 1), 2)

    def test_one_arrival_has_no_usual_gap(self):
        (reading,) = read(weekly(1), "2019-01-20", **RECORDS, longer_than="9d")
        assert (reading.values["usual_gap_days"], reading.present) == (None, True)
        assert reading.telling.what == (
            "There is no second day with arrivals to tell the usual gap. More than 9 days without any are an absence."
        )

    def test_each_source_has_its_own_reading_and_without_by_all_are_one(self):
        both = (*weekly(20), *weekly(25, source="ucdp", number=50))
        two = read(both, "2019-07-01")
        assert [dict(each.labels)["source"] for each in two] == ["acled", "ucdp"]
        assert [each.present for each in two] == [True, False]
        (one,) = read(both, "2019-07-01", of="records")
        assert (one.labels, one.present, one.values["last_seen"]) == ((), False, date(2019, 6, 24))
        assert one.telling.headline == "Nothing new from all sources for 7 days"

    def test_a_source_of_which_nothing_is_known_as_an_arrival_cannot_be_judged(self):
        class Mute(MemorySnapshot):
            def arrivals(self, _source, _since):
                return []

        readings = absence.read(
            absence.Parameters.model_validate(RECORDS), CATALOGUE, Mute(at("2020-01-01"), weekly(1))
        )
        assert [(each.status, each.reason) for each in readings] == [
            (Status.NO_DATA, "nothing ever arrived from acled")
        ]

    def test_its_end_takes_nothing_back_because_it_speaks_of_no_watermark(self):
        (reading,) = read(weekly(20), "2020-01-01")
        assert reading.watermark is None

    def test_its_sentences(self):
        (reading,) = read(weekly(20), "2019-06-20")
        told = reading.telling
        assert told.headline == "Nothing new from acled for 31 days"
        assert told.sentence == "The last record arrived on 20 May 2019, 31 days ago."
        assert told.what == (
            "The usual gap between days with arrivals is 7 days (median). More than 21 days without any are an absence."
        )
        assert told.arithmetic[1] == (
            "Bound: 21 days (the greater of 3 x the 99th percentile and 2 x the median of the gaps between 20 days with "
            "arrivals)"
        )
        (stated,) = read(weekly(20), "2019-05-20", **RECORDS, longer_than="9d")
        assert stated.telling.sentence.endswith("20 May 2019, today.")
        assert stated.telling.arithmetic[1] == "Bound: 9 days (longer_than: 9d)"


@pytest.mark.parametrize("given", [RECORDS, AREAS], ids=["records", "events"])
def test_an_empty_store_has_nothing_to_judge_by_and_no_data_alert_tells_it(given):
    (reading,) = read((), "2020-01-01", **given)
    assert (reading.status, reading.reason) == (Status.NO_DATA, "no record of any source is stored")
    assert reading.telling.headline == "No record of any source is stored"
    rule = Rule.model_validate({"alert": "A source brings nothing new", "absence": given, "no_data": "alert"})
    finding = judge(rule, reading, CATALOGUE)
    for no_data, fires in (("alert", True), ("keep_last", False)):
        life = Life(no_data=no_data)
        moved = step(Alert("f", "r", ()), finding, life=life, tick=at("2020-01-01"), activated_at=at("2019-01-01"))
        assert (moved is not None and moved.notify) is fires


def test_the_rule_for_silent_sources_ends_when_something_arrives():
    rule = Rule.model_validate({"alert": "A source brings nothing new", "absence": {**RECORDS, "longer_than": "9d"}})
    versions = weekly(20)
    late = date(2019, 6, 20)
    held = [
        judge(rule, reading, CATALOGUE)
        for more in ((), arrived(late, number=90))
        for reading in read((*versions, *more), late, **RECORDS, longer_than="9d")
    ]
    assert [(each.holds, each.recovers, each.severity.value) for each in held] == [
        (True, False, "warning"),
        (False, True, "warning"),
    ]


class TestAQuietArea:
    """Ten events in 52 weeks, the last of them on 1 June 2020; the watermark is kept going by another area."""

    def quiet(self, to: date, *, events: int = 10, last: date = date(2020, 6, 1)) -> tuple[EventVersion, ...]:
        days = [last - timedelta(days=20 * n) for n in range(events)]
        here = known([event(n, day, admin1="Gao") for n, day in enumerate(days)])
        daily = [to - timedelta(days=n) for n in range(400)]
        there = known([event(1_000 + n, day, admin1="Mopti") for n, day in enumerate(daily)])
        return (*here, *there)

    def gao(self, to: date, *, events: int = 10, **given: object) -> Reading:
        readings = read(self.quiet(to, events=events), to + DAY, **{**AREAS, **given})
        return next(each for each in readings if dict(each.labels) == {"admin1": "Gao"})

    def test_auto_is_the_gap_whose_probability_falls_under_alpha(self):
        bound = math.floor(-math.log(0.01) / (10 / 364))
        assert bound == 167
        for days, quiet in ((167, False), (168, True)):
            reading = self.gao(date(2020, 6, 1) + timedelta(days=days))
            assert (reading.values["silent_days"], reading.values["longer_than"], reading.present) == (days, 167, quiet)
        assert math.exp(-10 / 364 * 168) < 0.01 <= math.exp(-10 / 364 * 167)

    def test_alpha_is_the_authors(self):
        reading = self.gao(date(2020, 10, 1), alpha=0.05)
        assert (reading.values["longer_than"], reading.present) == (109, True)

    @pytest.mark.parametrize(
        ("days", "quiet"),
        [pytest.param(13, False, id="thirteen days"), pytest.param(14, True, id="a fortnight")],
    )
    def test_an_area_is_never_quiet_before_a_fortnight(self, days, quiet):
        here = known([event(n, day, admin1="Gao") for n, day in enumerate(EVERY_DAY)])
        to = EVERY_DAY[-1] + timedelta(days=days)
        there = known([event(2_000 + n, to - timedelta(days=n), admin1="Mopti") for n in range(400)])
        gao = read((*here, *there), to + DAY, **AREAS)[0]
        assert (gao.values["longer_than"], gao.values["silent_days"], gao.present) == (13, days, quiet)

    def test_fewer_than_ten_events_in_the_52_weeks_before_are_not_judged(self):
        reading = self.gao(date(2020, 12, 1), events=9)
        assert (reading.status, reading.reason) == (
            Status.LEARNING,
            "Gao: 9 events in the 52 weeks up to the last one, 'auto' needs 10",
        )

    def test_a_stated_bound_judges_every_area_that_ever_had_an_event(self):
        reading = self.gao(date(2020, 7, 2), events=1, longer_than="30d")
        assert (reading.values["silent_days"], reading.present, reading.values["usual_gap_days"]) == (31, True, None)
        assert reading.telling.arithmetic[3] == "Bound: 30 days (longer_than: 30d)"

    def test_older_events_do_not_make_the_rate(self):
        before = date(2020, 6, 1) - timedelta(days=364)
        old = known([event(5_000 + n, before - timedelta(days=n), admin1="Gao") for n in range(100)])
        to = date(2020, 12, 1)
        gao = read((*self.quiet(to), *old), to + DAY, **AREAS)[0]
        assert (gao.values["longer_than"], gao.values["usual_gap_days"]) == (167, 20)

    def test_the_gap_ends_at_the_watermark_not_now(self):
        reading = self.gao(date(2020, 7, 1))
        assert (reading.values["silent_days"], reading.watermark) == (30, date(2020, 7, 1))
        (late,) = read(known([event(1, date(2020, 6, 1))]), "2021-01-01", **AREAS, longer_than="30d")
        assert (late.values["silent_days"], late.present) == (0, False)

    def test_only_the_events_that_are_picked_count(self):
        versions = known([event(1, date(2020, 6, 1)), event(2, date(2020, 7, 1), event_type="Protests")])
        (reading,) = read(
            versions, "2020-08-01", of="events", where=selector({"event_type": "Battles"}), longer_than="20d"
        )
        assert (reading.values["silent_days"], reading.present, reading.labels) == (30, True, ())
        assert reading.telling.headline == "everywhere: no event for 30 days to 1 Jul 2020"
        (nothing,) = read(versions, "2020-08-01", of="events", where=selector({"event_type": "Riots"}))
        assert (nothing.status, nothing.reason) == (Status.NO_DATA, "no event that counts is stored")

    def test_its_sentences(self):
        told = self.gao(date(2020, 12, 1)).telling
        assert told.headline == "Gao: no event for 183 days to 1 Dec 2020"
        assert told.sentence == "The last event was on 1 Jun 2020, after 10 events in the 52 weeks that ended with it."
        assert told.what == (
            "The usual gap between days with events is 20 days (median). More than 167 days without any are an absence."
        )
        assert told.sure.startswith("At the rate before, so long a gap has a probability of 0.0066 if")
        assert told.unknown == ("Whether nothing happened, or nobody could report it.",)
        assert told.arithmetic == (
            "Last event: 1 Jun 2020; days since, to the watermark 1 Dec 2020: 183",
            "Rate before: 10 events / 364 days = 0.0275 a day",
            "P(no event in 183 days) = exp(-0.0275 x 183) = 0.0066",
            "Bound: 167 days (beyond it the probability of no event is under 0.01; at least 13)",
        )
        assert (told.source, told.records) == (("records of acled",), (1,))

    def test_every_declared_output_has_a_value_and_no_other(self):
        assert set(self.gao(date(2020, 12, 1)).values) == set(absence.OUTPUTS)
        assert set(read(weekly(20), "2020-01-01")[0].values) == set(absence.OUTPUTS)

    def test_an_area_is_not_announced_while_its_source_is_silent(self):
        to = date(2020, 12, 1)
        versions = self.quiet(to)
        (reading,) = read(versions, to + timedelta(days=30), **AREAS)
        assert (reading.status, reading.labels, reading.reason) == (
            Status.NO_DATA,
            (),
            "the source acled is silent: its last record arrived on 2 Dec 2020, 29 days ago",
        )
        assert not judge(
            Rule.model_validate({"alert": "An area has gone quiet", "absence": AREAS}), reading, CATALOGUE
        ).holds

    def test_one_silent_source_of_two_holds_the_watermark_of_both(self):
        to = date(2020, 12, 1)
        silent = weekly(20, source="ucdp", number=7_000, admin1="Gao")
        (reading,) = read((*self.quiet(to), *silent), to + DAY, of="events", by=["admin1", "source"])
        assert reading.reason.startswith("the source ucdp is silent: its last record arrived on 20 May 2019")

    def test_a_source_whose_silence_cannot_be_told_is_said_to_be_unknown(self):
        reading = self.gao(date(2020, 7, 2), longer_than="30d")
        assert len(reading.telling.unknown) == 1
        few = known([event(1, date(2020, 6, 1)), event(2, date(2020, 7, 2), admin1="Mopti")])
        gao = read(few, "2020-07-03", **AREAS, longer_than="30d")[0]
        assert gao.telling.unknown[1] == "Whether the source acled is silent: too few arrivals to tell."


def pause(first: str, last: str, because: str = "the line was cut", **more: str) -> dict[str, str]:
    return {"from": first, "to": last, "because": because, **more}


class TestDaysThatNobodyCovered:
    """Ten events in 52 weeks, the last of them on 1 June 2020, as above."""

    def gao(self, to: date, *pauses: dict[str, str], **given: Any) -> Reading:
        return TestAQuietArea().gao(to, coverage_gaps=list(pauses), **given)

    def test_an_area_is_not_judged_while_the_newest_day_lies_in_a_gap(self):
        rule = Rule.model_validate({"alert": "Quiet", "absence": AREAS, "no_data": "alert"})
        reading = self.gao(date(2020, 12, 1), pause("2020-12-01", "2020-12-31"))
        assert (reading.status, reading.reason) == (
            Status.LEARNING,
            "nobody can tell whether Gao is quiet: 1 Dec 2020 lies in a coverage gap (the line was cut)",
        )
        finding, life = judge(rule, reading, CATALOGUE), Life(no_data="alert")
        moment = at("2020-12-02")
        assert step(Alert("f", "r", ()), finding, life=life, tick=moment, activated_at=at("2019-01-01")) is None
        assert self.gao(date(2020, 12, 1), pause("2020-12-02", "2020-12-31")).present
        assert self.gao(date(2020, 12, 1), pause("2020-10-01", "2020-11-30")).status is Status.OK

    @pytest.mark.parametrize(
        ("to", "quiet"),
        [
            pytest.param(date(2020, 12, 15), False, id="167 covered days"),
            pytest.param(date(2020, 12, 16), True, id="168 covered days"),
        ],
    )
    def test_its_days_are_no_days_of_silence(self, to, quiet):
        days = 168 if quiet else 167
        reading = self.gao(to, pause("2020-08-01", "2020-08-30"))
        assert (reading.values["silent_days"], reading.present) == (days, quiet)
        assert "30 days, 1 Aug 2020 to 30 Aug 2020, are left out, a coverage gap: the line was cut." in (
            reading.telling.unknown
        )
        assert reading.telling.arithmetic[0].endswith(f": {days + 30} less 30 in coverage gaps = {days}")

    def test_how_often_events_come_is_told_by_the_days_that_were_covered(self):
        reading = self.gao(date(2020, 12, 1), pause("2019-06-04", "2019-12-02"), longer_than="30d")
        assert reading.telling.arithmetic[1] == "Rate before: 10 events / 182 days = 0.0549 a day"
        assert self.gao(date(2020, 12, 1), pause("2019-06-04", "2019-12-15")).reason.startswith("Gao: 9 events")

    def test_an_event_that_was_recorded_in_a_gap_ends_the_silence(self):
        reading = self.gao(date(2020, 12, 1), pause("2020-05-25", "2020-06-10"), longer_than="30d")
        assert (reading.values["last_seen"], reading.values["silent_days"]) == (date(2020, 6, 1), 183 - 9)

    def test_a_source_is_not_silent_in_its_gap_and_another_one_is(self):
        both = (*weekly(20), *weekly(20, source="ucdp", number=50))
        away = [pause("2019-06-01", "2019-07-31", "the coders are on leave", source="ucdp")]
        acled, ucdp = read(both, "2019-07-01", **RECORDS, coverage_gaps=away)
        assert (acled.present, acled.values["silent_days"]) == (True, 42)
        assert (ucdp.status, ucdp.reason) == (
            Status.LEARNING,
            "nobody can tell whether ucdp is silent: 1 Jul 2019 lies in a coverage gap (the coders are on leave)",
        )

    def test_all_sources_together_are_not_silent_in_a_gap_of_all(self):
        (all_of_them,) = read(weekly(20), "2019-07-01", of="records", coverage_gaps=[pause("2019-06-01", "2019-07-31")])
        assert all_of_them.reason == (
            "nobody can tell whether all sources are silent: 1 Jul 2019 lies in a coverage gap (the line was cut)"
        )

    def test_after_the_gap_a_source_is_silent_by_the_days_that_are_left(self):
        away = [pause("2019-06-01", "2019-07-31")]
        (reading,) = read(weekly(20), "2019-08-10", **RECORDS, coverage_gaps=away)
        assert (reading.values["silent_days"], reading.values["longer_than"], reading.present) == (82 - 61, 21, False)
        (reading,) = read(weekly(20), "2019-08-11", **RECORDS, coverage_gaps=away)
        assert (reading.values["silent_days"], reading.present) == (22, True)
        assert reading.telling.sentence == "The last record arrived on 20 May 2019, 83 days ago."
        assert "61 days, 1 Jun 2019 to 31 Jul 2019, are left out, a coverage gap: the line was cut." in (
            reading.telling.unknown
        )

    def test_a_gap_makes_no_long_gap_in_the_rhythm(self):
        halves = (*weekly(15), *weekly(15, first=FIRST + timedelta(days=7 * 25), number=50))
        day = FIRST + timedelta(days=7 * 39)
        (plain,) = read(halves, day)
        (cut,) = read(halves, day, **RECORDS, coverage_gaps=[pause("2019-04-16", "2019-06-30")])
        assert (plain.values["longer_than"], cut.values["longer_than"]) == (231, 21)

    @pytest.mark.parametrize(
        ("given", "found"),
        [
            pytest.param(
                {**AREAS, "coverage_gaps": [pause("2020-01-01", "2020-01-02", source="acled")]},
                "with of: events a gap is one of the area, whatever the source; leave its 'source' out",
                id="of one source, of an area",
            ),
            pytest.param(
                {"of": "records", "coverage_gaps": [pause("2020-01-01", "2020-01-02", source="acled")]},
                "all sources together are silent when none brings anything; a gap of one needs by: [source]",
                id="of one source, of all of them",
            ),
        ],
    )
    def test_a_source_is_named_only_where_sources_are_told_apart(self, given, found):
        assert list(absence.problems(absence.Parameters.model_validate(given), CATALOGUE)) == [("coverage_gaps", found)]

    def test_gaps_of_one_source_share_no_day_and_those_of_two_may(self):
        one = pause("2020-01-01", "2020-01-31", source="acled")
        for other in (pause("2020-01-31", "2020-02-01", source="acled"), pause("2020-01-31", "2020-02-01")):
            with pytest.raises(ValidationError, match="share days"):
                absence.Parameters.model_validate({**RECORDS, "coverage_gaps": [one, other]})
        other = pause("2020-01-31", "2020-02-01", source="ucdp")
        absence.Parameters.model_validate({**RECORDS, "coverage_gaps": [one, other]})


@pytest.mark.parametrize(
    ("given", "found"),
    [
        pytest.param(RECORDS, [], id="records by source"),
        pytest.param({"of": "records"}, [], id="records of all sources together"),
        pytest.param(AREAS, [], id="events by area"),
        pytest.param(
            {"of": "records", "by": ["source", "country"]},
            [("by", "records come from a source and have no 'country'; write by: [source], or of: events")],
            id="records by country",
        ),
        pytest.param(
            {"of": "records", "where": selector({"country": "Mali"})},
            [("where", "records are counted whatever they say; leave 'where' out, or write of: events")],
            id="a selection of records",
        ),
        pytest.param(
            {**AREAS, "longer_than": "12h"},
            [("longer_than", "an absence is counted in days; write 1d or more, or auto")],
            id="hours",
        ),
    ],
)
def test_what_makes_no_sense_is_told_in_plain_words(given, found):
    assert list(absence.problems(absence.Parameters.model_validate(given), CATALOGUE)) == found


@pytest.mark.parametrize(
    ("given", "said"),
    [
        pytest.param({"of": "alerts"}, "'events' or 'records'", id="of neither"),
        pytest.param({**RECORDS, "longer_than": "soon"}, "'soon' is no duration", id="no duration"),
        pytest.param({**AREAS, "alpha": 0}, "greater than 0", id="an alpha that nothing falls under"),
    ],
)
def test_what_it_cannot_say_is_refused(given, said):
    with pytest.raises(ValidationError, match=said):
        absence.Parameters.model_validate(given)


@pytest.mark.parametrize(
    ("given", "condition"),
    [
        pytest.param({**RECORDS, "longer_than": "9d"}, "silent_days > 9", id="the author's bound"),
        pytest.param(RECORDS, "silent_days > 3", id="no source is silent after less"),
        pytest.param(AREAS, "silent_days > 13", id="no area is quiet after less"),
    ],
)
def test_its_condition_is_the_bound(given, condition):
    own = absence.defaults(absence.Parameters.model_validate(given), CATALOGUE)
    assert (str(own.condition), own.severity[0].severity) == (condition, "warning")


def test_areas_are_counted_in_a_series_and_arrivals_are_not():
    assert absence.indicators(absence.Parameters.model_validate(RECORDS), CATALOGUE) == ()
    (indicator,) = absence.indicators(absence.Parameters.model_validate(AREAS), CATALOGUE)
    assert (indicator.count, indicator.by) == ("events", ("admin1",))


def test_a_rule_with_it_can_be_written_down_again():
    rule = Rule.model_validate({"alert": "Quiet", "absence": {**RECORDS, "longer_than": "9d"}})
    assert rule.model_dump(mode="json", exclude_defaults=True)["absence"]["longer_than"] == "9d"


def test_its_page_lists_its_outputs_and_its_worked_examples():
    page = (Path(__file__).parents[3] / "docs" / "detectors" / "absence.md").read_text(encoding="utf-8")
    for output in absence.OUTPUTS.values():
        assert f"| `{output.name}` | {output.kind.value} | {output.meaning} |" in page
    (source,) = read(weekly(20), "2019-06-20")
    area = TestAQuietArea().gao(date(2020, 12, 1))
    for told in (source.telling, area.telling):
        for line in (told.headline, told.sentence, told.what, told.arithmetic[-1]):
            assert line in page
