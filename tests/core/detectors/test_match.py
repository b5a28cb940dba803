from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.core.detectors.snapshot import MemorySnapshot, at, event, known
from watcher.core.alert import Alert, Life, State, step
from watcher.core.catalogue import Catalogue
from watcher.core.detectors import match
from watcher.core.event import Actor, EventVersion, Role
from watcher.core.label import labels
from watcher.core.reading import Reading, Status, quoted
from watcher.core.rule import Rule, judge

NOTHING = Catalogue()


def clash(number: int, day: str, deaths: int | None = 0, **fields) -> EventVersion:
    """An event, known on the day after it unless ``on`` says otherwise."""
    on = fields.pop("on", None)
    (version,) = known([event(number, date.fromisoformat(day), deaths, **fields)], on=on and at(on))
    return version._replace(version=number)


#: A record of no interest, which says how far the source has come.
LATEST = clash(999, "2020-11-30", country="Malawi", iso3="MWI")


def snapshot(*versions: EventVersion, as_known: str = "2020-12-10", **others) -> MemorySnapshot:
    return MemorySnapshot(at(as_known), (LATEST, *versions), **others)


def read(snapshot: MemorySnapshot, **given: Any) -> list[Reading]:
    parameters = match.Parameters.model_validate({"where": {"country": "Mozambique"}, **given})
    return list(match.read(parameters, NOTHING, snapshot))


def told(readings: list[Reading]) -> list[tuple[object, ...]]:
    """(what it is known by, events, first day, last day) of each cluster."""
    return [
        (
            each.occurrence.removeprefix("acled MOZ"),
            each.values["count"],
            *(str(each.values[name])[5:] for name in ("first", "last")),
        )
        for each in readings
    ]


# --- clusters ---------------------------------------------------------------------------------------------------------


def test_any_record_that_matches_is_an_occurrence_from_when_it_was_known():
    (reading,) = read(snapshot(clash(1, "2020-11-12", 4)))
    assert reading.values == {
        "count": 1,
        "sources": "Zitamar",
        "first": date(2020, 11, 12),
        "last": date(2020, 11, 12),
        "fatalities": 4,
        "as_of": date(2020, 11, 30),
    }
    assert set(reading.values) == set(match.OUTPUTS)
    assert reading.labels == labels({"cluster": "acled MOZ1"})
    assert (reading.occurrence, reading.known_at) == ("acled MOZ1", at("2020-11-13"))
    assert (reading.present, reading.watermark) == (True, date(2020, 11, 30))


@pytest.mark.parametrize(
    ("cluster", "found"),
    [
        pytest.param("48h", [("1", 3, "11-01", "11-05"), ("4", 1, "11-08", "11-08")], id="two days apart, by default"),
        pytest.param("3d", [("1", 4, "11-01", "11-08")], id="three days apart"),
        pytest.param(
            "36h",
            [
                ("1", 1, "11-01", "11-01"),
                ("2", 1, "11-03", "11-03"),
                ("3", 1, "11-05", "11-05"),
                ("4", 1, "11-08", "11-08"),
            ],
            id="a day and a half is one day, for events are dated by the day",
        ),
    ],
)
def test_events_whose_days_lie_close_together_are_one_cluster(cluster, found):
    days = ["2020-11-01", "2020-11-03", "2020-11-05", "2020-11-08"]
    assert told(read(snapshot(*(clash(n, day) for n, day in enumerate(days, 1))), cluster=cluster)) == found


def test_each_day_is_one_with_no_gap():
    events = [clash(1, "2020-11-01"), clash(2, "2020-11-01"), clash(3, "2020-11-02")]
    assert told(read(snapshot(*events), cluster="0d")) == [("1", 2, "11-01", "11-01"), ("3", 1, "11-02", "11-02")]


def test_a_late_record_joins_without_changing_what_the_cluster_is_known_by():
    events = [clash(2, "2020-11-12"), clash(1, "2020-11-11", on="2020-11-25")]
    (reading,) = read(snapshot(*events))
    assert told([reading]) == [("2", 2, "11-11", "11-12")]
    assert reading.known_at == at("2020-11-13")


def test_what_was_told_apart_stays_apart_when_a_record_between_the_two_comes_to_light():
    events = [clash(1, "2020-11-01"), clash(2, "2020-11-05"), clash(3, "2020-11-03", on="2020-11-25")]
    assert told(read(snapshot(*events))) == [("1", 2, "11-01", "11-03"), ("2", 1, "11-05", "11-05")]


def test_clusters_of_each_group_stand_alone():
    events = [
        clash(1, "2020-11-12", admin1="Niassa"),
        clash(2, "2020-11-12"),
        clash(3, "2020-11-13", admin1="Niassa"),
    ]
    assert [(each.labels, each.values["count"]) for each in read(snapshot(*events), by=["admin1"])] == [
        (labels({"admin1": "Cabo Delgado", "cluster": "acled MOZ2"}), 1),
        (labels({"admin1": "Niassa", "cluster": "acled MOZ1"}), 2),
    ]


# --- records of the same event ----------------------------------------------------------------------------------------

TWO = [
    clash(1, "2020-11-12", 4, publishers="AFP; Zitamar"),
    clash(2, "2020-11-12", 6, location="PALMA", source="ucdp", publishers=""),
]


@pytest.mark.parametrize(
    ("fields", "count", "deaths"),
    [
        pytest.param([], 2, 10, id="nothing makes two records the same by itself"),
        pytest.param(["date", "location"], 1, 6, id="a day and a place: the larger number counts"),
        pytest.param(["event_date", "location"], 1, 6, id="the day by its long name"),
        pytest.param(["location", "source"], 2, 10, id="a field in which they differ"),
        pytest.param(["date", "admin3"], 2, 10, id="an empty field proves nothing"),
        pytest.param(["country", "date"], 1, 6, id="a country"),
    ],
)
def test_records_that_agree_in_some_fields_are_one_event(fields, count, deaths):
    (reading,) = read(snapshot(*TWO), dedupe_by=fields)
    assert (reading.values["count"], reading.values["fatalities"]) == (count, deaths)
    assert reading.values["sources"] == "AFP; Zitamar; ucdp"


def test_the_same_actors_in_another_order_are_the_same():
    a, b = Actor(Role.A, "Militia"), Actor(Role.B, "Dozo")
    events = [clash(1, "2020-11-12", actors=(a, b)), clash(2, "2020-11-12", actors=(b, a)), clash(3, "2020-11-12")]
    (reading,) = read(snapshot(*events), dedupe_by=["date", "actor"])
    assert reading.values["count"] == 2


@pytest.mark.parametrize(
    ("deaths", "total", "unknown"),
    [
        pytest.param([4, None], 4, ("1 of 2 events carries no number of deaths.",), id="one says nothing"),
        pytest.param([None, None], None, ("2 of 2 events carry no number of deaths.",), id="nobody says anything"),
        pytest.param([0, 0], 0, (), id="nobody died"),
    ],
)
def test_missing_deaths_are_not_zero(deaths, total, unknown):
    (reading,) = read(snapshot(*(clash(n, "2020-11-12", each) for n, each in enumerate(deaths))))
    assert (reading.values["fatalities"], reading.telling.unknown) == (total, unknown)


# --- what is told, and for how long -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("on", "is_told"),
    [
        pytest.param("2020-11-29", True, id="90 days after the event"),
        pytest.param("2020-11-30", False, id="later than that it is history"),
    ],
)
def test_what_becomes_known_long_after_it_happened_is_no_news(on, is_told):
    assert bool(read(snapshot(clash(1, "2020-08-31", on=on)))) is is_told


@pytest.mark.parametrize(
    ("days", "seen"),
    [
        pytest.param(["2020-06-05"], True, id="nothing before it can belong to it"),
        pytest.param(["2020-06-04"], False, id="something that is read no more may belong to it"),
        pytest.param(["2020-06-04", "2020-06-06", "2020-06-08"], False, id="nor what is chained to that"),
    ],
)
def test_a_cluster_is_forgotten_whole(days, seen):
    assert bool(read(snapshot(*(clash(n, day) for n, day in enumerate(days))))) is seen


def test_the_newest_days_are_read_whatever_the_query_offset():
    (reading,) = read(snapshot(clash(1, "2020-11-30"), query_offset=timedelta(days=30)))
    assert (reading.values["as_of"], reading.watermark) == (date(2020, 11, 30), date(2020, 11, 30))


def test_a_source_that_is_years_behind_does_not_open_the_window():
    old = clash(1, "2018-05-01", source="ucdp")
    assert told(read(snapshot(old, clash(2, "2020-11-12")))) == [("2", 1, "11-12", "11-12")]
    (reading,) = read(snapshot(old, clash(2, "2020-11-12")), where={"source": "ucdp"})
    assert reading.watermark == date(2018, 5, 1)


def test_without_records_there_is_nothing_to_judge_and_without_matching_ones_nothing_to_tell():
    (reading,) = read(MemorySnapshot(at("2020-12-10")))
    assert (reading.status, reading.present) == (Status.NO_DATA, False)
    assert read(snapshot()) == []


class Desk:
    """Judges a rule tick by tick, as an evaluation does, and notes which alerts it would tell."""

    def __init__(self, **rule: Any) -> None:
        self.rule = Rule.model_validate({"alert": "Any attack", "match": {"where": {"country": "Mozambique"}}, **rule})
        self.alerts: dict[str, Alert] = {}

    def look(self, snapshot: MemorySnapshot) -> list[tuple[str, State]]:
        """(what the cluster is known by, its new state) of what is told."""
        keep = self.rule.defaults(NOTHING).keep_firing_for
        told = []
        for fingerprint, reading in self._readings(snapshot):
            alert = self.alerts.get(fingerprint) or Alert(fingerprint, self.rule.identity, reading.labels)
            done = step(
                alert,
                judge(self.rule, reading, NOTHING),
                life=Life(keep_firing_for=keep, event_like=True),
                tick=snapshot.as_known,
                activated_at=at("2020-11-01"),
            )
            if done is not None:
                self.alerts[fingerprint] = done.alert
                told += [(dict(alert.group)["cluster"], done.alert.state)] if done.notify else []
        return told

    def _readings(self, snapshot: MemorySnapshot) -> Iterator[tuple[str, Reading]]:
        found = {
            self.rule.fingerprint(each.labels): each for each in match.read(self.rule.parameters, NOTHING, snapshot)
        }
        gone: Mapping[str, Reading] = {
            name: Reading(labels=alert.group, present=False)
            for name, alert in self.alerts.items()
            if name not in found and alert.state is State.FIRING
        }
        return iter({**found, **gone}.items())


def test_clusters_that_become_known_together_are_all_told_and_each_once():
    desk, events = Desk(), [clash(1, "2020-11-05", on="2020-11-12"), clash(2, "2020-11-09", on="2020-11-12")]
    assert desk.look(snapshot(*events, as_known="2020-11-12")) == [
        ("acled MOZ1", State.FIRING),
        ("acled MOZ2", State.FIRING),
    ]
    joined = clash(3, "2020-11-10", 3, on="2020-11-14")
    assert desk.look(snapshot(*events, joined, as_known="2020-11-14")) == []
    revised = events[1]._replace(version=4, revision=2, known_from=at("2020-11-15"))
    assert desk.look(snapshot(events[0], revised, as_known="2020-11-15")) == []
    assert desk.look(snapshot(*events, as_known="2020-11-30")) == []
    assert {alert.state for alert in desk.alerts.values()} == {State.EXPIRED}


def test_a_late_report_of_an_older_event_is_told_beside_a_newer_one():
    desk, newer = Desk(), clash(1, "2020-11-12")
    assert desk.look(snapshot(newer, as_known="2020-11-13")) == [("acled MOZ1", State.FIRING)]
    older = clash(2, "2020-11-02", on="2020-11-14")
    assert desk.look(snapshot(newer, older, as_known="2020-11-14")) == [("acled MOZ2", State.FIRING)]


def test_what_was_known_before_the_rule_is_not_told():
    desk = Desk()
    assert desk.look(snapshot(clash(1, "2020-10-20"), as_known="2020-11-02")) == []
    assert [alert.state for alert in desk.alerts.values()] == [State.EXPIRED]


def test_a_record_that_is_taken_back_takes_its_alert_back_and_no_other():
    desk, first, second = Desk(), clash(1, "2020-11-05"), clash(2, "2020-11-09")
    desk.look(snapshot(first, second, as_known="2020-11-10"))
    gone = first._replace(known_to=at("2020-11-11"))
    assert desk.look(snapshot(gone, second, as_known="2020-11-11")) == [("acled MOZ1", State.RETRACTED)]


def test_a_condition_waits_until_a_cluster_has_grown_and_judges_each_alone():
    desk, first, second = Desk(condition="count >= 2"), clash(1, "2020-11-05"), clash(2, "2020-11-06")
    assert desk.look(snapshot(first, as_known="2020-11-06")) == []
    assert desk.look(snapshot(first, second, as_known="2020-11-07")) == [("acled MOZ1", State.FIRING)]
    assert desk.look(snapshot(first, second, clash(3, "2020-11-10"), as_known="2020-11-11")) == []


# --- what is said -----------------------------------------------------------------------------------------------------

THREE = [
    clash(1, "2020-11-12", 4, publishers="AFP; Zitamar"),
    clash(2, "2020-11-13", 11, location="Mocimboa da Praia", admin2="Mocimboa da Praia", event_type="Riots"),
    clash(3, "2020-11-13", None, time_precision=2),
]


def test_its_sentences():
    (reading,) = read(snapshot(*THREE))
    said = reading.telling
    assert said.headline == "Cabo Delgado, Mozambique: 3 events from 12 Nov 2020 to 13 Nov 2020, 15 deaths"
    assert (
        said.sentence == "Cabo Delgado, Mozambique: Battles (2), Riots (1) from 12 Nov 2020 to 13 Nov 2020, 15 deaths."
    )
    assert said.what == "Known since 13 Nov 2020, reported by AFP; Zitamar."
    assert said.sure == "A match, not a measure: it says that there are such records, not whether they are many."
    assert said.unknown == ("1 of 3 events carries no number of deaths.", "The day of 1 event is not exact.")
    assert said.source == ("records of acled",)
    assert said.arithmetic == (
        "Cluster: days at most 2d apart, begun by acled MOZ1",
        "Records: 3, of 3 events",
    )
    assert said.records == (2, 1, 3)


@pytest.mark.parametrize(
    ("changes", "given", "headline"),
    [
        pytest.param({}, {}, "Palma, Cabo Delgado, Mozambique: 1 event on 12 Nov 2020, 4 deaths", id="one event"),
        pytest.param(
            {"fatalities": None, "admin1": "", "admin2": ""},
            {},
            "Palma, Mozambique: 1 event on 12 Nov 2020, deaths unknown",
            id="nothing known of deaths or areas",
        ),
        pytest.param(
            {"actors": (Actor(Role.A, "Militia"),)},
            {"by": ["actor", "admin1"]},
            "Militia, Palma, Cabo Delgado, Mozambique: 1 event on 12 Nov 2020, 4 deaths",
            id="the part of its group that is no area first",
        ),
    ],
)
def test_a_headline_says_where_and_how_many(changes, given, headline):
    first = clash(1, "2020-11-12", 4)
    (reading,) = read(snapshot(first._replace(event=first.event._replace(**changes))), **given)
    assert reading.telling.headline == headline


def reports(*titles: str) -> list[EventVersion]:
    """Texts about Mali, one a day, each with more behind its title."""
    place = {"country": "Mali", "iso3": "MLI", "admin1": "", "admin2": "", "location": ""}
    kind = {"disorder_type": "Report", "event_type": "Article", "publishers": "Le Jour"}
    days = [f"2020-11-{day}" for day in range(10, 20)]
    return [
        clash(n, day, None, notes=f"{title}\nmore", **kind, **place)
        for n, (day, title) in enumerate(zip(days, titles, strict=False), start=1)
    ]


@pytest.mark.parametrize(
    ("titles", "headline", "sentence"),
    [
        pytest.param(
            ["A drone over Gao"],
            "Mali: 1 report on 10 Nov 2020: “A drone over Gao”",
            "Mali: Article on 10 Nov 2020: “A drone over Gao”.",
            id="one",
        ),
        pytest.param(
            ["Gao", "Mopti", "Gao again", "Kidal"],
            "Mali: 4 reports from 10 Nov 2020 to 13 Nov 2020: “Kidal”",
            "Mali: Article (4) from 10 Nov 2020 to 13 Nov 2020: “Kidal”, “Gao again”, “Mopti” and 1 other.",
            id="several, the newest first",
        ),
        pytest.param(
            ["Gao", "Gao"],
            "Mali: 2 reports from 10 Nov 2020 to 11 Nov 2020: “Gao”",
            "Mali: Article (2) from 10 Nov 2020 to 11 Nov 2020: “Gao”.",
            id="one that is published twice",
        ),
    ],
)
def test_of_reports_the_titles_are_told_and_no_deaths(titles, headline, sentence):
    (reading,) = read(snapshot(*reports(*titles)), where={"country": "Mali"})
    said = reading.telling
    assert (said.headline, said.sentence, said.unknown) == (headline, sentence, ())


def test_reports_beside_events_are_counted_as_events_with_deaths():
    (reading,) = read(
        snapshot(*reports("Gao"), clash(9, "2020-11-10", 4)),
        where={"any": [{"country": "Mali"}, {"country": "Mozambique"}]},
    )
    assert reading.telling.headline == "several countries: 2 events on 10 Nov 2020, 4 deaths"


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        pytest.param("A  title\tof one line", "“A title of one line”", id="as it is"),
        pytest.param("word " * 40, f"“{' '.join(['word'] * 23)}…”", id="a long one is cut behind a word"),
        pytest.param("x" * 200, f"“{'x' * 119}…”", id="one without a word to cut behind"),
    ],
)
def test_a_title_is_quoted_on_one_line(title, shown):
    assert quoted(title) == shown


@pytest.mark.parametrize(
    ("names", "named"),
    [
        pytest.param([["B", "A"], ["B"]], "Named in the records: B; A. ", id="who is named most first"),
        pytest.param([list("GFEDCBA")], "Named in the records: A; B; C; D; E and 2 others. ", id="not all of many"),
        pytest.param([[], []], "", id="nobody"),
    ],
)
def test_it_says_who_is_named(names, named):
    events = [clash(n, "2020-11-12", actors=tuple(Actor(Role.A, x) for x in each)) for n, each in enumerate(names)]
    (reading,) = read(snapshot(*events))
    assert reading.telling.what == f"{named}Known since 13 Nov 2020, reported by Zitamar."


def test_a_cluster_over_several_countries_says_so():
    there = clash(2, "2020-11-12", 0, country="Tanzania", iso3="TZA", admin1="Mtwara", admin2="", location="Kitaya")
    (reading,) = read(snapshot(THREE[0], there), where={"country": ["Mozambique", "Tanzania"]})
    assert reading.telling.headline == "several countries: 2 events on 12 Nov 2020, 4 deaths"


def test_its_defaults_and_what_is_wrong_with_a_rule():
    rule = Rule.model_validate({"alert": "Any", "match": {"where": {"country": "Mozambique"}}})
    own = rule.defaults(NOTHING)
    assert (own.condition, own.severity[0].severity, own.keep_firing_for) == (None, "warning", timedelta(days=14))
    assert list(match.problems(rule.parameters, NOTHING)) == []
    endless = rule.parameters.model_copy(update={"cluster": timedelta(days=91)})
    assert list(match.problems(endless, NOTHING)) == [
        ("cluster", "a cluster of more than 90 days would hardly ever end; write a few days, e.g. 48h")
    ]


def test_what_it_counts_has_a_series():
    parameters = match.Parameters.model_validate(
        {"where": {"country": "Mozambique", "source": "acled"}, "by": ["admin1"]}
    )
    (indicator,) = match.indicators(parameters, NOTHING)
    assert (indicator.count, indicator.by, indicator.source) == ("events", ("admin1",), ("acled",))


def test_its_page_lists_its_outputs_and_its_worked_example():
    page = (Path(__file__).parents[3] / "docs" / "detectors" / "match.md").read_text(encoding="utf-8")
    (reading,) = read(snapshot(*THREE))
    for output in match.OUTPUTS.values():
        assert f"| `{output.name}` | {output.kind.value} | {output.meaning} |" in page
    for line in (reading.telling.headline, reading.telling.what, *reading.telling.unknown):
        assert line in page
