"""The shipped packs load, say what the article says, and name who says it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from watcher.config.rules import load_rules
from watcher.core.detectors import DETECTORS
from watcher.core.fact import Verified

RULES = Path(__file__).parents[1] / "rules"

TWO_LINES = """\
version: 1
rules:
  - alert: Mozambique fatality rate exceeds 2019 pace, once more
    pace: {indicator: moz_fatalities, above: 2019}
"""


@pytest.fixture(scope="module")
def packs():
    return load_rules([RULES])


@pytest.fixture(scope="module")
def facts(packs):
    return {fact.identity: fact for page in packs.catalogue.facts.values() for fact in page}


def test_the_packs_hold_these_rules(packs):
    assert {rule.alert for rule in packs.rules} == {
        "Mozambique fatality rate exceeds 2019 pace",
        "Mozambique attack rate exceeds 2019 pace",
        "Attack rate surges in a Mozambican district",
        "Armed actor not seen before in Cabo Delgado",
        "Drones used or seen, first time in a province",
        "Ansar al-Sunna active in a country where it was not",
        "Threat against South Africa",
        "Escalation in northern Mozambique",
        "ISGS-JNIM clashes resume",
        "A source brings nothing new",
        "An area that always reports has gone quiet",
        "Highest 30-day death toll in a year",
        "Political violence doubles within a week",
        "Fatality rate of a Sahel country exceeds its 2019 pace",
        "ISGS-JNIM relation changed",
        "Leader killed, captured or replaced",
        "Control of an area changed hands",
    }


def test_every_rule_says_when_it_fires_without_cause_and_who_answers_for_it(packs):
    unsaid = [rule.alert for rule in packs.rules if not (rule.falsepositives and rule.author and rule.references)]
    assert unsaid == []


def test_every_detector_is_at_work_in_a_shipped_rule_but_for_the_two_that_need_your_own_numbers(packs):
    assert set(DETECTORS) - {rule.detector_name for rule in packs.rules} == {"threshold", "match"}


def test_the_two_line_rule_of_the_readme_works_beside_the_packs(tmp_path):
    extra = tmp_path / "mine.yaml"
    extra.write_text(TWO_LINES, encoding="utf-8")
    assert load_rules([RULES, extra]).rules[-1].parameters.above == 2019


def test_every_fact_and_number_is_cited_and_every_citation_graded(packs, facts):
    cited = {fact.cite for fact in facts.values()}
    cited |= {baseline.cite for page in packs.catalogue.baselines.values() for baseline in page}
    assert cited == {"baloi_2020"}
    citation = packs.catalogue.citations["baloi_2020"]
    assert citation.reference == "Grey Dynamics, Ana Maria Baloi, 2020-07, B2"


def test_every_kind_of_fact_has_a_title_and_at_least_one_fact(packs, facts):
    assert [state.state for state in packs.catalogue.states.values() if not state.title] == []
    assert {fact.state for fact in facts.values()} == set(packs.catalogue.states)


@pytest.mark.parametrize(
    ("name", "period", "numbers"),
    [
        pytest.param(
            "moz_2019",
            (date(2019, 1, 1), date(2019, 12, 31), "stated"),
            (660, 309),
            id="309 attacks and 660 deaths in 2019",
        ),
        pytest.param(
            "moz_2020_to_date",
            (date(2020, 1, 1), date(2020, 7, 6), "assumed"),
            (447, None),
            id="447 deaths in 2020 to an assumed day, without a number of attacks",
        ),
    ],
)
def test_the_stated_numbers_are_the_articles(packs, name, period, numbers):
    stated = {each.baseline: each for page in packs.catalogue.baselines.values() for each in page}[name]
    assert (stated.period.first, stated.period.last, stated.period.cutoff) == period
    assert (stated.fatalities, stated.attacks) == numbers
    assert stated.definition


@pytest.mark.parametrize(
    ("identity", "expected"),
    [
        pytest.param(
            ("rivalry", ("isgs", "jnim"), "2020-04-17"),
            {
                "value": "clashing",
                "known": "2020-05-07",
                "claimed_by": "Islamic State (al-Naba)",
                "verified": "unstated",
            },
            id="ISGS and JNIM clash since 17 April, as al-Naba claims on 7 May",
        ),
        pytest.param(
            ("talks", ("jnim", "islamic_state"), "2020-05-05"),
            {"value": "rejected", "verified": Verified.FALSE, "claimed_by": "statement attributed to JNIM"},
            id="JNIM rejects a ceasefire in an unverified statement",
        ),
        pytest.param(
            ("losses", ("jnim", "Burkina Faso near the Malian border"), "unknown"),
            {"value": "35", "at_least": True, "claimed_by": "ISGS"},
            id="more than 35 members of JNIM are dead, as ISGS claims",
        ),
        pytest.param(
            ("leader", ("aqim", "head"), "unknown"),
            {"value": "Abdelmalek Droukdel", "until": "2020-06-03", "ended": "killed", "claimed_by": ""},
            id="Droukdel of AQIM was killed on 3 June",
        ),
        pytest.param(
            ("control", ("Malian Gourma",), "2020-07"),
            {"value": "jnim", "extent": "most"},
            id="JNIM holds most of the Malian Gourma",
        ),
        pytest.param(
            ("threat", ("islamic_state", "South Africa"), "2020-07-06"),
            {"value": "conditional"},
            id="the Islamic State threatens South Africa on a condition",
        ),
        pytest.param(
            ("force", ("British brigade in support of MINUSMA",), "2020"),
            {"value": "deployed"},
            id="a British brigade supports MINUSMA",
        ),
        pytest.param(
            ("forecast", ("Talks between JNIM and the Malian government stall",), "2020-07"),
            {"value": "possible"},
            id="talks with the Malian government might stall",
        ),
    ],
)
def test_the_facts_say_what_the_article_says(facts, identity, expected):
    fact = facts[identity]
    assert {name: str(getattr(fact, name)) for name in expected} == {
        name: str(value) for name, value in expected.items()
    }


def test_the_author_names_no_office_of_ag_ghaly_and_koufa_so_the_packs_do_not_either(facts):
    leaders = {fact.value for fact in facts.values() if fact.state == "leader"}
    assert leaders == {"Abdelmalek Droukdel", "Adnan Abou Walid Sahraoui", "Jaffar Dicko"}
    assert facts["affiliation", ("Iyad Ag Ghaly", "al_qaeda"), "unknown"].value == "linked"
