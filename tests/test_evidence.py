"""Evidence: what is stored with a transition, from a real turn on hand-made records."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.core.detectors.snapshot import event, known
from tests.installation import RULES, installed
from watcher.core.indicator import Indicator
from watcher.core.picture import SeriesPicture
from watcher.core.picture.drawing import from_evidence
from watcher.evidence import _added_up, _ranges

OLD_RECORDS = (
    "12 of 21 deaths became known on one day, 25 Jun 2020, 6 records of them more than 56 days late: the rise may be a "
    "supplement of old records."
)
HEADER = "id    date        deaths  place    admin2"
BY_COUNTRY = RULES.replace("by: [location]", "by: [country]")


def evidence(it) -> dict[str, Any]:
    return dict(it.transitions()[-1].evidence)


@pytest.fixture
def it(tmp_path):
    with installed(tmp_path, rules=BY_COUNTRY) as it:
        it.release(
            "2020-06-01 12:00",
            "MOZ1  2020-05-10  40  Muidumbe  Muidumbe",
            "MOZ2  2020-05-11  1  Palma     Palma",
            "MOZ3  2020-05-12  2  Palma     Palma",
            "MOZ4  2020-05-13  0  Mueda     Mueda",
            "MOZ5  2020-05-14  3  Macomia   Macomia",
            "MOZ6  2020-05-15  4  Macomia   Macomia",
            "MOZ7  2020-05-16  5  Palma     Palma",
            "MOZ8  2020-05-17  2  Ibo       Ibo",
            "MOZ9  2020-04-01  9  Ibo       Ibo",
            header=HEADER,
        )
        it.turn("2020-06-01 13:00")
        yield it


def test_the_latest_records_are_named_and_those_that_weigh_most(it):
    named = [each["id"] for each in evidence(it)["records"]]
    assert named == ["MOZ8", "MOZ7", "MOZ6", "MOZ5", "MOZ4", "MOZ1"]
    assert evidence(it)["records_in_all"] == 8, "the ninth lies outside of the window"


def test_a_record_is_named_with_everything_that_leads_to_it(it):
    record = evidence(it)["records"][-1]
    assert record == {
        "version": 1,
        "source": "acled",
        "id": "MOZ1",
        "revision": 1,
        "date": "2020-05-10",
        "place": "Muidumbe, Muidumbe, Cabo Delgado, Mozambique",
        "event_type": "Battles",
        "actors": ["Islamist Militia (Mozambique)"],
        "fatalities": 40,
        "publishers": "A newspaper",
        "url": "",
        "latitude": -12.0,
        "longitude": 40.0,
        "known_from": "2020-06-01T12:00:00+00:00",
    }


def test_the_districts_that_contribute_most_are_named_with_their_share(it):
    assert evidence(it)["contributors"] == [
        {"name": "Muidumbe", "total": 40, "share": 0.7018},
        {"name": "Palma", "total": 8, "share": 0.1404},
        {"name": "Macomia", "total": 7, "share": 0.1228},
    ]


def test_the_picture_is_stored_with_the_alert(it):
    drawn = from_evidence(evidence(it))
    assert isinstance(drawn, SeriesPicture)
    assert sum(bar.observed for bar in drawn.bars) == it.transitions()[-1].values["value"]


def test_it_says_which_comparisons_hold(it):
    assert evidence(it)["because"] == ["value >= 10"]
    assert evidence(it)["alert"] == "Many deaths in a place"


def test_a_district_without_a_name_is_the_region(tmp_path):
    with installed(tmp_path, rules=BY_COUNTRY) as it:
        it.release("2020-06-01 12:00", "MOZ1  2020-05-10  40  Muidumbe")
        it.turn("2020-06-01 13:00")
        assert evidence(it)["contributors"] == [{"name": "Cabo Delgado", "total": 40, "share": 1.0}]


def test_it_says_on_what_the_times_of_knowledge_rest_when_not_on_stamps(tmp_path):
    with installed(
        tmp_path, settings="sources:\n  acled: {kind: acled, paths: [inbox], query_offset: 0d, trust_stamp: false}\n"
    ) as it:
        it.release("2020-06-01 12:00", "MOZ1  2020-05-28  40  Muidumbe")
        it.turn("2020-06-01 13:00")
        assert any("acled: the time of loading" in each for each in evidence(it)["unknown"])


def test_it_says_that_old_records_made_the_rise(tmp_path):
    with installed(tmp_path, rules=BY_COUNTRY.replace("30d", "300d")) as it:
        it.release("2020-04-10 12:00", "MOZ1  2020-04-05  9  Muidumbe", "MOZ2  2020-04-06  0  Muidumbe")
        it.turn("2020-04-10 13:00")
        it.release("2020-06-25 12:00", *(f"MOZ{number}  2020-04-0{number}  2  Palma" for number in range(3, 9)))
        it.turn("2020-06-25 13:00")
        assert evidence(it)["because"] == ["value >= 10"]
        assert evidence(it)["unknown"][1:] == [OLD_RECORDS]


def test_what_is_counted_weighs_by_its_number(tmp_path):
    counted = BY_COUNTRY.replace("sum: fatalities", "count: events").replace("value >= 10", "value >= 2")
    with installed(tmp_path, rules=counted) as it:
        it.release("2020-06-01 12:00", "MOZ1  2020-05-27  40  Muidumbe", "MOZ2  2020-05-28  0  Palma")
        it.turn("2020-06-01 13:00")
        assert [each["total"] for each in evidence(it)["contributors"]] == [2]


def test_what_rests_on_facts_has_no_records(tmp_path):
    rules = """\
version: 1
states:
  - {state: truce, key: text, values: text}
citations:
  - {citation: report, title: A report, publisher: A desk, published: 2020-06-03, reliability: B, credibility: 2}
rules:
  - {alert: A truce, transition: {truce: any}}
facts:
  - {truce: Gourma, is: agreed, from: 2020-06-02, cite: report}
"""
    with installed(tmp_path, rules=rules) as it:
        it.turn("2020-06-01 13:00")
        it.turn("2020-06-05 13:00")
        found = evidence(it)
    assert (found["records"], found["contributors"], found["because"]) == ([], [], ["present"])
    assert (found["cites"], found["source"]) == (["report"], ["A desk, 2020-06-03, B2"])


@pytest.mark.parametrize(
    ("sources", "named", "said"),
    [
        pytest.param(["acled", "acled"], (), False, id="one source adds up nothing"),
        pytest.param(["acled", "ucdp"], (), True, id="two that the indicator does not name"),
        pytest.param(["acled", "ucdp"], ("acled", "ucdp"), False, id="two that its author named"),
    ],
)
def test_sources_that_are_added_up_unasked_are_named(sources, named, said):
    versions = known(event(number, date(2020, 7, 1), source=source) for number, source in enumerate(sources))
    indicator = Indicator.model_validate({"indicator": "deaths", "sum": "fatalities", "source": named})
    words = (
        "The records of acled and ucdp are added up: what more than one of them reports counts twice; name one: 'source'.",
    )
    assert tuple(_added_up(indicator, versions)) == (words if said else ())


def told(it) -> dict[str, Any]:
    """The one alert of the last message, as the webhook has it."""
    [detail] = it.told()[-1]["watcher"]["alerts"].values()
    return dict(detail)


PACE = """\
version: 1
citations:
  - {citation: report, title: A report, author: A writer, publisher: A desk, published: 2020-01-03, licence: CC BY 4.0,
     reliability: B, credibility: 2}
indicators:
  - {indicator: deaths, title: Deaths, sum: fatalities, where: {country: Mozambique}}
baselines:
  - {baseline: stated, period: {from: 2019-01-01, to: 2019-12-31}, fatalities: 12, indicators: [deaths], cite: report}
rules:
  - {alert: Faster than stated, pace: {indicator: deaths, above: stated}, condition: [ratio > 1], for: 0d}
"""


@pytest.fixture(scope="module")
def complete(tmp_path_factory):
    """A pace alert as it is stored, and as the webhook has it."""
    with installed(tmp_path_factory.mktemp("complete"), rules=PACE) as it:
        it.release("2020-06-01 12:00", "MOZ0  2020-01-01  0  Palma")
        it.turn("2020-06-01 13:00")
        it.release("2020-06-02 12:00", "MOZ1  2020-05-30  12  Palma", "MOZ2  2020-05-31  8  Mueda")
        it.turn("2020-06-02 13:00")
        yield it.transitions()[-1], told(it)


def test_the_rule_and_the_moment_are_stored_and_told(complete):
    stored, detail = complete
    assert (detail["rule_hash"], detail["watermark"], detail["as_known_at"]) == (
        stored.rule_hash,
        "2020-05-31",
        "2020-06-02T12:00:00Z",
    )
    judged = detail["evidence"]["judged_by"]
    assert judged == stored.evidence["judged_by"]
    assert (judged["detector"], judged["condition"], judged["query_offset"]["acled"]) == ("pace", "ratio > 1", "0s")
    assert {"indicator": "deaths", "above": "stated", "assumed_dispersion": 5.0}.items() <= judged["parameters"].items()


def test_every_record_version_behind_it_is_named(complete):
    _, detail = complete
    assert (detail["evidence"]["versions"], detail["evidence"]["records_in_all"]) == ("1-3", 3)


def test_publishers_and_terms_of_the_source_are_told(complete):
    [source] = complete[1]["evidence"]["sources"]
    assert (source["name"], source["records"], source["publishers"]) == ("acled", 3, ["A newspaper"])
    assert source["licence"].startswith("ACLED's terms of use: rows must not be passed on")
    assert source["citation"].startswith("Raleigh, C.")


def test_the_baseline_is_told_with_its_citation_and_terms(complete):
    _, detail = complete
    [cited] = detail["evidence"]["cited"]
    assert (cited["citation"], cited["author"], cited["published"], cited["licence"]) == (
        "report",
        "A writer",
        "2020-01-03",
        "CC BY 4.0",
    )
    assert detail["values"]["baseline_total"] == 12


def test_interval_sensitivity_and_completeness_are_told(complete):
    _, detail = complete
    values = detail["values"]
    assert values["ci_low"] < values["ratio"] < values["ci_high"]
    assert detail["sensitivity"] == {}, "the records carry no other counts"
    assert detail["evidence"]["completeness"] == {
        "share": None,
        "reports": 0,
        "missing": "no record of the last 180 days tells its delay, and 100 are needed",
    }


@pytest.mark.parametrize(
    ("numbers", "written"),
    [([], ""), ([7], "7"), ([1, 2, 3, 5, 8, 9], "1-3, 5, 8-9")],
    ids=["none", "one", "several, some in a row"],
)
def test_versions_in_a_row_are_written_as_one(numbers, written):
    assert _ranges(numbers) == written
