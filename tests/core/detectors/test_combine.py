"""``combine``: which alerts count, and when they hold together."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from tests.core.detectors.snapshot import MemorySnapshot, at
from watcher.core.catalogue import Catalogue
from watcher.core.detectors import combine
from watcher.core.label import labels
from watcher.core.reading import Reading
from watcher.core.snapshot import Episode

NOW = "2020-07-07"
CATALOGUE = Catalogue(
    alerts={
        "Deaths above pace": "deaths-above-pace",
        "Drones seen": "drones-seen",
        "Active abroad": "active-abroad",
        "Still a draft": "",
    }
)


def episode(name: str, fired: str, ended: str = "", *, withdrawn: bool = False, **group: str) -> Episode:
    return Episode(
        fingerprint=name[:4],
        labels=labels(group),
        episode=1,
        severity="warning",
        fired_at=at(fired),
        ended_at=at(ended) if ended else None,
        was_retracted=withdrawn,
        headline=f"{name}, told on {fired}",
    )


def read(past: dict[str, list[Episode]], **given: object) -> Reading:
    parameters = combine.Parameters.model_validate({"all": ["Deaths above pace", "Drones seen"], **given})
    (reading,) = combine.read(parameters, CATALOGUE, MemorySnapshot(at(NOW), past=past))
    return reading


DEATHS = {"deaths-above-pace": [episode("deaths", "2020-04-28")]}
DRONES = {"drones-seen": [episode("drones", "2020-06-20", "2020-07-04", admin1="Cabo Delgado")]}
LONG_AGO = {"drones-seen": [episode("drones", "2020-05-20", "2020-06-03")]}
WITHDRAWN = {"drones-seen": [episode("drones", "2020-06-20", "2020-06-25", withdrawn=True)]}
ABROAD = {"active-abroad": [episode("abroad", "2020-07-01", country="Tanzania")]}
ANY = {"all": ["Deaths above pace", {"any": ["Drones seen", "Active abroad"]}]}
NOT = {"all": ["Deaths above pace"], "not": ["Drones seen"]}


@pytest.mark.parametrize(
    ("past", "given", "holds"),
    [
        pytest.param({}, {}, False, id="nothing fired"),
        pytest.param(DEATHS, {}, False, id="one of two"),
        pytest.param(DEATHS | DRONES, {}, True, id="both, one of them ended within the time"),
        pytest.param(DEATHS | LONG_AGO, {}, False, id="one ended and fired before the time"),
        pytest.param(DEATHS | LONG_AGO, {"within": "60d"}, True, id="a longer time"),
        pytest.param(DEATHS | WITHDRAWN, {}, False, id="what was taken back never fired"),
        pytest.param(DEATHS, ANY, False, id="none of those of which any would do"),
        pytest.param(DEATHS | ABROAD, ANY, True, id="one of those of which any will do"),
        pytest.param(DRONES, {"all": [], "any": ["Drones seen", "Active abroad"]}, True, id="any alone"),
        pytest.param(DEATHS, NOT, True, id="without what must not be"),
        pytest.param(DEATHS | DRONES, NOT, False, id="with what must not be"),
        pytest.param(DEATHS | LONG_AGO, NOT, True, id="what must not be is long ago"),
        pytest.param(DEATHS, {"all": ["deaths above PACE"]}, True, id="a name in other letters"),
        pytest.param(DEATHS, {"all": ["Deaths above pace", "Still a draft"]}, False, id="a draft never counts"),
    ],
)
def test_it_holds(past, given, holds):
    assert read(past, **given).present is holds


FIRST_DRONES = {"drones-seen": [episode("drones", "2020-04-20"), episode("drones", "2020-06-20")]}


@pytest.mark.parametrize(
    ("past", "given", "holds"),
    [
        pytest.param(DEATHS | DRONES, {"within": "60d"}, True, id="in order, 53 days apart"),
        pytest.param(DEATHS | DRONES, {"within": "52d"}, False, id="in order, and too far apart"),
        pytest.param(DRONES | ABROAD, {"all": ["Active abroad", "Drones seen"]}, False, id="the wrong way round"),
        pytest.param(DRONES | ABROAD, {"all": ["Drones seen", "Active abroad"]}, True, id="the right way round"),
        pytest.param(DEATHS | FIRST_DRONES, {"within": "60d"}, True, id="a later one may take the place of an earlier"),
    ],
)
def test_an_order_is_that_of_firing(past, given, holds):
    assert read(past, in_order=True, **given).present is holds


def test_its_outputs_name_the_rules_and_the_days():
    reading = read(DEATHS | ABROAD, **ANY)
    assert reading.values == {
        "members": 2,
        "alerts": 2,
        "which": "Deaths above pace; Active abroad",
        "first": date(2020, 4, 28),
        "last": date(2020, 7, 1),
    }
    assert set(reading.values) == set(combine.OUTPUTS)


def test_the_evidence_tells_every_member():
    told = read(DEATHS | ABROAD, **ANY).telling
    assert told.headline == "Together: Deaths above pace; Active abroad"
    assert told.what == (
        "deaths, told on 2020-04-28 (warning, since 28 Apr 2020). abroad, told on 2020-07-01 (warning, since 1 Jul 2020)."
    )
    assert told.unknown == ("Drones seen does not count now.",)
    assert told.source == ("alert deat", "alert abro")
    assert told.arithmetic == (
        "Deaths above pace: deat fired 28 Apr 2020, goes on",
        "Drones seen: nothing that goes on or fired within 30d",
        "Active abroad: abro (country=Tanzania) fired 1 Jul 2020, goes on",
    )


def test_a_member_that_is_only_shown_is_told_as_what_it_is():
    told = read({}, all=["Still a draft"]).telling
    assert told.headline == "Not together: none of the members"
    assert told.sentence == "None of its members has an alert that counts, going on or fired within 30d."
    assert told.unknown == ("Still a draft never counts: it is experimental.",)
    assert told.arithmetic == ("Still a draft: its alerts do not count, because the rule is experimental",)


def test_several_alerts_are_counted_in_one_sentence():
    told = read(DEATHS | DRONES, in_order=True).telling
    assert told.sentence == "2 rules with 2 alerts, going on or fired within 30d, in this order."


@pytest.mark.parametrize(
    ("given", "problems"),
    [
        pytest.param({"all": ["Drones seen", "Deaths above pace"]}, [], id="nothing wrong"),
        pytest.param(
            {"all": ["Drone seen"]}, [(("all", 0), "no rule 'Drone seen'; did you mean 'Drones seen'?")], id="misspelt"
        ),
        pytest.param(
            {"all": ["Drones seen"], "not": [{"any": ["Drone"]}]},
            [(("not", 0, "any", 0), "no rule 'Drone'; did you mean 'Drones seen'?")],
            id="unknown, inside",
        ),
        pytest.param(
            {"all": ["Drones seen"], "in_order": True},
            [(("in_order",), "an order needs at least two under 'all'")],
            id="an order of one",
        ),
    ],
)
def test_what_is_wrong_is_told_when_the_rule_loads(given, problems):
    assert list(combine.problems(combine.Parameters.model_validate(given), CATALOGUE)) == problems


@pytest.mark.parametrize("given", [{}, {"not": ["Drones seen"]}, {"all": [{"not": ["Drones seen"]}]}])
def test_a_combination_of_nothing_is_refused(given):
    with pytest.raises(ValidationError, match="write 'all' or 'any'"):
        combine.Parameters.model_validate(given)


def test_it_counts_30_days_by_default_and_every_name_once():
    parameters = combine.Parameters.model_validate(ANY)
    assert parameters.within == timedelta(days=30)
    assert parameters.names == ("Deaths above pace", "Drones seen", "Active abroad")
    assert combine.indicators(parameters, CATALOGUE) == ()


def test_its_page_lists_its_outputs_and_its_worked_example():
    page = (Path(__file__).parents[3] / "docs" / "detectors" / "combine.md").read_text(encoding="utf-8")
    told = read(DEATHS | ABROAD, **ANY).telling
    for output in combine.OUTPUTS.values():
        assert f"| `{output.name}` | {output.kind.value} | {output.meaning} |" in page
    for line in (told.headline, told.sentence, *told.arithmetic):
        assert line in page
