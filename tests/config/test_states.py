from __future__ import annotations

import pytest

NAMES = """
actors:
  - {actor: isgs, aliases: [ISGS, Islamic State (Greater Sahara)]}
  - {actor: jnim, aliases: [JNIM]}
  - {actor: aqim}
places:
  - {place: soum, country: Burkina Faso, admin2: Soum}
indicators:
  - {indicator: clashes, count: events, where: {dyad: [$isgs, $jnim]}}
  - {indicator: spelled, count: events, where: {dyad: [JNIM, Islamic state (greater Sahara)]}}
  - {indicator: strangers, count: events, where: {dyad: [$isgs, Hunters]}}
  - {indicator: attacks, count: events}
  - {indicator: by_country, count: events, by: [country]}
  - {indicator: by_admin1, count: events, by: [admin1]}
  - {indicator: by_both, count: events, by: [country, admin1]}
"""
RIVALRY = """
states:
  - state: rivalry
    key: dyad
    values: [cordial, strained, clashing, truce]
"""
WAY = "    derived:\n      - {}\n"


def states(derived: str = "", *, state: str = RIVALRY, more: str = "") -> str:
    return f"{state}{WAY.format(derived) if derived else ''}{more}{NAMES}"


def state(key: str, values: str = "[calm, tense]") -> str:
    return f"\nstates:\n  - state: x\n    key: {key}\n    values: {values}\n"


KEYS = {
    "the dyad that the indicator selects": (
        RIVALRY,
        "{becomes: clashing, when: clashes >= 3 in 30d}",
        ("isgs", "jnim"),
    ),
    "by any of its spellings": (RIVALRY, "{becomes: clashing, when: spelled >= 3 in 30d}", ("isgs", "jnim")),
    "the dyad that is named": (
        RIVALRY,
        "{becomes: clashing, when: attacks >= 3 in 30d, of: [$jnim, $aqim]}",
        ("aqim", "jnim"),
    ),
    "each country": (state("country"), "{becomes: tense, when: by_country >= 3 in 30d}", ()),
    "each area": (state("area"), "{becomes: tense, when: by_admin1 >= 3 in 30d}", ()),
    "an area that is named": (state("area"), "{becomes: tense, when: attacks >= 3 in 30d, of: $soum}", ("soum",)),
    "a country by its one name": (state("country"), "{becomes: tense, when: attacks >= 3 in 30d, of: MLI}", ("Mali",)),
    "named parts": (
        state("[group, role]"),
        "{becomes: tense, when: attacks >= 3 in 30d, of: {role: head, group: $aqim}}",
        ("aqim", "head"),
    ),
}


@pytest.mark.parametrize(("text", "derived", "key"), KEYS.values(), ids=KEYS.keys())
def test_a_derivation_is_about(load, text, derived, key):
    [found] = load(a=states(derived, state=text)).catalogue.states.values()
    assert [each.key for each in found.derived] == [key]


def test_the_indicator_may_stand_in_a_later_file(load):
    rules = load(a=f"{RIVALRY}{WAY.format('{becomes: clashing, when: clashes >= 3 in 30d}')}", b=NAMES)
    [derived] = rules.catalogue.states["rivalry"].derived
    assert (str(derived.when), derived.key) == ("clashes >= 3 in 30d", ("isgs", "jnim"))


def test_the_state_counts_its_indicators_where_a_rule_watches_it(load):
    rule = "rules:\n  - alert: Relation changed\n    transition: {rivalry: any}\n"
    rules = load(a=states("{becomes: clashing, when: clashes >= 3 in 30d}") + rule)
    assert [each.indicator for each in rules.indicators] == ["clashes"]


REFUSED = {
    "a line that is no trigger": (
        RIVALRY,
        "{becomes: clashing, when: clashes >= 3}",
        (
            "7:35: states[0].derived[0].when: 'clashes >= 3' is no trigger; write <indicator> <op> <number> in <duration>,"
            " e.g. clashes >= 3 in 30d (op: > >= < <= = !=)"
        ),
    ),
    "a window without a unit": (
        RIVALRY,
        "{becomes: clashing, when: clashes >= 3 in 30}",
        "7:35: states[0].derived[0].when: '30' is no duration; write 45m, 48h, 14d, 26w or 3y",
    ),
    "a slip in the indicator": (
        RIVALRY,
        "{becomes: clashing, when: clashs >= 3 in 30d}",
        "7:35: states[0].derived[0].when: no indicator 'clashs'; did you mean 'clashes'?",
    ),
    "a slip in the value": (
        RIVALRY,
        "{becomes: clashin, when: clashes >= 3 in 30d}",
        "7:19: states[0].derived[0].becomes: no value 'clashin'; did you mean 'clashing'?",
    ),
    "a slip in the value before": (
        RIVALRY,
        "{becomes: strained, when: clashes = 0 in 90d, from: [truce, clashin]}",
        "7:69: states[0].derived[0].from[1]: no value 'clashin'; did you mean 'clashing'?",
    ),
    "a slip in a key": (
        RIVALRY,
        "{becomes: strained, when: clashes = 0 in 90d, form: clashing}",
        "7:55: states[0].derived[0].form: unknown key 'form'; did you mean 'from'?",
    ),
    "a value that becomes itself": (
        RIVALRY,
        "{becomes: strained, when: clashes = 0 in 90d, from: strained}",
        "7:61: states[0].derived[0].from: 'strained' cannot become what it is",
    ),
    "no known dyad": (
        RIVALRY,
        "{becomes: clashing, when: strangers >= 3 in 30d}",
        (
            "7:9: states[0].derived[0]: of which two actors? 'strangers' selects no dyad of known actors;"
            " write of: [$isgs, $jnim]"
        ),
    ),
    "no dyad at all": (
        RIVALRY,
        "{becomes: clashing, when: attacks >= 3 in 30d}",
        (
            "7:9: states[0].derived[0]: of which two actors? 'attacks' selects no dyad of known actors;"
            " write of: [$isgs, $jnim]"
        ),
    ),
    "an unknown actor": (
        RIVALRY,
        "{becomes: clashing, when: attacks >= 3 in 30d, of: [$isgs, $jnin]}",
        "7:68: states[0].derived[0].of[1]: no actor '$jnin'; did you mean '$jnim'?",
    ),
    "one actor for two": (
        RIVALRY,
        "{becomes: clashing, when: attacks >= 3 in 30d, of: $isgs}",
        "7:60: states[0].derived[0].of: 'rivalry' is about two actors; write [$isgs, $jnim]",
    ),
    "a dyad by country": (
        RIVALRY,
        "{becomes: clashing, when: by_country >= 3 in 30d}",
        (
            "7:35: states[0].derived[0].when: 'by_country' counts by country, and 'rivalry' is about a key of dyad;"
            " take an indicator without 'by', and write of:"
        ),
    ),
    "one key of many groups": (
        state("country"),
        "{becomes: tense, when: by_country >= 3 in 30d, of: Mali}",
        (
            "7:60: states[0].derived[0].of: 'by_country' counts by country, and 'of' names one key;"
            " take an indicator without 'by'"
        ),
    ),
    "a country by two fields": (
        state("country"),
        "{becomes: tense, when: by_both >= 3 in 30d}",
        (
            "7:32: states[0].derived[0].when: 'by_both' counts by country, admin1, and 'x' is about a key of country;"
            " count by one of: country"
        ),
    ),
    "a country that nobody names": (
        state("country"),
        "{becomes: tense, when: attacks >= 3 in 30d}",
        (
            "7:9: states[0].derived[0]: of what? 'attacks' counts everything together;"
            " write of:, or count by: [country]"
        ),
    ),
    "a text that nobody names": (
        state("text"),
        "{becomes: tense, when: attacks >= 3 in 30d}",
        "7:9: states[0].derived[0]: of what? 'attacks' counts everything together; write of:",
    ),
    "a person that is counted": (
        state("text", "person"),
        "{becomes: Iyad, when: attacks >= 3 in 30d, of: chief}",
        "7:19: states[0].derived[0].becomes: the values of 'x' are names, and no count names anybody; list the values",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "derived", "said"), REFUSED.values(), ids=REFUSED.keys())
def test_a_derivation_that_means_nothing_is_refused(load, refusal, text, derived, said):
    assert refusal(lambda: load(a=states(derived, state=text))) == [f"a.yaml:{said}"]


def test_what_hangs_on_a_broken_indicator_is_not_reported_as_well(load, refusal):
    text = states("{becomes: clashing, when: clashes >= 3 in 30d}").replace("$isgs, $jnim", "$isgs")
    assert [line.split(": ")[1] for line in refusal(lambda: load(a=text))] == ["indicators[0].where.dyad"]


# --- transitions ------------------------------------------------------------------------------------------------------

NARROW = "    transitions: {cordial: [strained], strained: [clashing, truce], truce: []}\n"
FACT = "  - {{rivalry: [$isgs, $jnim], is: {}, from: {}{}}}\n"


def facts(*told: tuple[str, str], until: str = "") -> str:
    lines = (
        FACT.format(value, since, f", until: {until}" * (until != "" and n == 0))
        for n, (value, since) in enumerate(told)
    )
    return f"facts:\n{''.join(lines)}"


@pytest.mark.parametrize(
    ("told", "until"),
    [
        pytest.param([("cordial", "2019"), ("strained", "2020"), ("clashing", "2021")], "", id="step by step"),
        pytest.param([("clashing", "2019"), ("cordial", "2020")], "", id="from a value that is not listed to any"),
        pytest.param([("cordial", "2019"), ("cordial", "2020")], "", id="the same again"),
        pytest.param([("cordial", "2019"), ("clashing", "2021")], "2019-06", id="after a time of which nothing is known"),
        pytest.param([("clashing", "2021"), ("strained", "2020"), ("cordial", "unknown")], "", id="in any order"),
    ],
)  # fmt: skip
def test_facts_that_may_follow_each_other(load, told, until):
    rules = load(a=states(more=NARROW) + facts(*told, until=until))
    assert len(rules.catalogue.facts["a.yaml"]) == len(told)


@pytest.mark.parametrize(
    ("told", "said"),
    [
        pytest.param(
            [("cordial", "2019-09"), ("clashing", "2020")],
            "a.yaml:24:35: facts[1].is: 'rivalry' does not go from 'cordial' (from 2019-09) to 'clashing';"
            " after 'cordial' may come: strained",
            id="a step that is left out",
        ),
        pytest.param(
            [("cordial", "2020"), ("truce", "unknown")],
            "a.yaml:23:35: facts[0].is: 'rivalry' does not go from 'truce' (from unknown) to 'cordial';"
            " after 'truce' may come: nothing",
            id="what nothing follows",
        ),
    ],
)
def test_a_fact_that_may_not_follow_is_refused_where_it_stands(load, refusal, told, said):
    assert refusal(lambda: load(a=states(more=NARROW) + facts(*told))) == [said]


def test_facts_of_two_files_are_one_timeline(load, refusal):
    text = states(more=NARROW) + facts(("cordial", "2019"))
    [said] = refusal(lambda: load(a=text, b=facts(("clashing", "2021"))))
    assert said.startswith("b.yaml:2:35: facts[0].is: 'rivalry' does not go from 'cordial' (from 2019) to 'clashing'")
    assert load(c=facts(("strained", "2020"))).catalogue.facts["c.yaml"]


@pytest.mark.parametrize(
    ("transitions", "derived", "said"),
    [
        pytest.param(
            "{cordal: [strained]}",
            "",
            "states[0].transitions.cordal: no value 'cordal'; did you mean 'cordial'?",
            id="a slip in a value",
        ),
        pytest.param(
            "{cordial: [straind]}",
            "",
            "states[0].transitions.cordial[0]: no value 'straind'; did you mean 'strained'?",
            id="a slip in what follows",
        ),
        pytest.param(
            "{cordial: strained}",
            "",
            "states[0].transitions.cordial: expected a list, found 'strained'; put it in square brackets",
            id="no list",
        ),
        pytest.param(
            "{cordial: [strained]}",
            "{becomes: clashing, when: clashes >= 3 in 30d, from: cordial}",
            "states[0].derived[0].from: 'rivalry' does not go from 'cordial' to 'clashing';"
            " after 'cordial' may come: strained",
            id="a derivation that is not allowed",
        ),
    ],
)
def test_transitions_that_make_no_sense_are_refused(load, refusal, transitions, derived, said):
    text = states(derived, more=f"    transitions: {transitions}\n")
    [line] = refusal(lambda: load(a=text))
    assert line.split(": ", 1)[1] == said
