from __future__ import annotations

import contextlib
import json
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from watcher.config.facts import KEYS as FACT_KEYS
from watcher.config.problem import keys_of
from watcher.config.rules import load_rules
from watcher.config.sections import SECTIONS
from watcher.core.errors import ConfigError
from watcher.core.fact import StateDefinition
from watcher.core.indicator import Indicator
from watcher.core.rule import Rule, RuleStatus

MOZAMBIQUE = """
version: 1
citations:
  - {citation: brief, title: A brief, published: 2020-07, reliability: B, credibility: 2}
vocabulary:
  violence: [Battles, Violence against civilians]
indicators:
  - indicator: moz_fatalities
    title: Deaths in organised violence, Mozambique
    sum: fatalities
    where: {country: Mozambique, event_type: $violence}
baselines:
  - {baseline: moz_2019, period: 2019, fatalities: 660, attacks: 309, indicators: [moz_fatalities], cite: brief}
rules:
  - alert: Mozambique fatality rate exceeds 2019 pace
    pace: {indicator: moz_fatalities, above: 2019}
"""


def test_the_headline_rule_is_two_lines(load):
    rules = load(mozambique=MOZAMBIQUE)
    (rule,) = rules.rules
    assert (rule.detector_name, rule.parameters.above, rule.identity) == (
        "pace",
        2019,
        "mozambique-fatality-rate-exceeds-2019-pace",
    )
    assert rules.groups[0].group == "mozambique"
    assert rules.catalogue.baselines["mozambique.yaml"][0].fatalities == 660


def test_several_files_are_one_set(load):
    rules = load(
        names="actors:\n  - {actor: isgs, aliases: [ISGS]}\n",
        indicators="indicators:\n  - {indicator: attacks, count: events, where: {actor: $isgs}}\n",
        rules="rules:\n  - alert: Many attacks\n    threshold: {indicator: attacks}\n    condition: value > 9\n",
    )
    assert rules.catalogue.indicators["attacks"].where.key
    assert [group.group for group in rules.groups] == ["rules"]


def test_an_empty_file_adds_nothing(load):
    assert load(empty="# later\n").rules == ()


def test_norway_is_a_country(load):
    one = "indicators:\n  - {indicator: attacks, count: events, where: {country: %s}}\n"
    norway = [load(a=one % name).catalogue.indicators["attacks"].where.key for name in ("NO", "Norway")]
    assert norway[0] == norway[1] != ""


def test_a_group_has_its_interval_labels_and_rules(load):
    text = MOZAMBIQUE.replace(
        "rules:\n", "groups:\n- group: slow\n  interval: 1h\n  query_offset: 7d\n  labels: {team: desk}\n  rules:\n"
    )
    (group,) = load(a=text).groups
    assert (group.group, group.interval, group.query_offset, group.labels) == (
        "slow",
        timedelta(hours=1),
        timedelta(days=7),
        {"team": "desk"},
    )
    assert [rule.alert for rule in group.rules] == ["Mozambique fatality rate exceeds 2019 pace"]


def test_every_key_of_a_rule_is_read(load):
    text = (
        MOZAMBIQUE
        + """\
    id: moz
    formerly: [An older name]
    condition: [ratio > 1.2, {any: [evidence >= moderate, observed >= 100]}]
    recovery: ratio < 0.95
    severity: {critical: evidence = strong, warning: [ratio > 1.5, days > 60d], otherwise: info}
    for: 2d
    keep_firing_for: 1w
    no_data: alert
    on_revision: ignore
    query_offset: 3d
    status: experimental
    labels: {theatre: north}
    summary: "{ratio} times the pace since {period_start:%d.%m.%Y}"
    description: "{observed:,.0f} deaths {{so far}}"
    runbook: https://example.org/runbook
    contact: the desk
    falsepositives: [A new publisher reports more.]
    references: [https://example.org]
    author: desk
    tags: [mozambique]
"""
    )
    (rule,) = load(a=text).rules
    assert str(rule.condition) == "ratio > 1.2 and (evidence >= moderate or observed >= 100)"
    assert rule.severity is not None
    assert [(tier.severity, str(tier.when)) for tier in rule.severity.tiers] == [
        ("critical", "evidence = strong"),
        ("warning", "ratio > 1.5 and days > 60"),
        ("info", "None"),
    ]
    assert (rule.hold, rule.keep_firing_for, rule.status) == (
        timedelta(days=2),
        timedelta(weeks=1),
        RuleStatus.EXPERIMENTAL,
    )


def test_problems_of_all_files_are_reported_together(load, refusal):
    assert refusal(
        lambda: load(
            a="rules:\n  - alert: x\n    pase: {}\n",
            b="indicators:\n  - {indicator: deaths, sum: fatalities, where: {country: Mozambiqe}}\n",
            c="a: 'x\n",
        )
    ) == [
        "a.yaml:3:5: rules[0].pase: unknown key 'pase'; did you mean 'pace'?",
        "b.yaml:2:59: indicators[0].where.country: unknown country 'Mozambiqe'; did you mean 'Mozambique'?",
        "c.yaml:1:4: the quote opened here is never closed; add the closing quote",
    ]


def test_a_name_of_another_file_is_not_free(load, refusal):
    one = "indicators:\n  - {indicator: deaths, sum: fatalities}\n"
    assert refusal(lambda: load(a=one, b=one)) == [
        "b.yaml:2:5: indicators[0]: a second indicator 'deaths'; the first is at a.yaml:2:5"
    ]


def test_an_actor_and_a_list_cannot_share_a_name(load, refusal):
    assert refusal(lambda: load(a="actors:\n  - {actor: isgs}\n", b="vocabulary:\n  isgs: [a]\n")) == [
        "b.yaml:2:9: vocabulary.isgs: a second actor, place or list 'isgs'; the first is at a.yaml:2:5"
    ]


def test_what_refers_to_something_broken_is_not_reported_as_well(load, refusal):
    text = MOZAMBIQUE.replace("sum: fatalities\n", "sum: deaths\n").replace("published: 2020-07", "published: soon")
    assert [line.split(":")[3].strip() for line in refusal(lambda: load(a=text))] == [
        "citations[0].published",
        "indicators[0].sum",
    ]


def test_a_rule_may_take_a_name_that_another_gave_up_only_with_its_own_identity(load, refusal):
    rule = "  - alert: {}\n    threshold: {{indicator: deaths}}\n    condition: value > 9\n{}"
    base = "indicators:\n  - {indicator: deaths, sum: fatalities}\nrules:\n"
    renamed = rule.format("New name", "    formerly: [First name, Old name]\n")
    assert load(a=base + renamed + rule.format("Old name", "    id: another\n")).rules[1].identity == "another"
    (said,) = refusal(lambda: load(b="", a=base + renamed + rule.format("Old name", "")))
    assert "a second rule with the identity 'old-name'" in said


def test_a_name_in_another_script_needs_an_id(load, refusal):
    text = "indicators:\n  - {indicator: deaths, sum: fatalities}\nrules:\n  - alert: Угроза\n    threshold: {indicator: deaths}\n    condition: value > 9\n"
    assert refusal(lambda: load(a=text)) == [
        "a.yaml:4:12: rules[0].alert: the name has no letter from a to z to make an identity of; write an 'id' as well"
    ]
    assert load(a=f"{text}    id: threat\n").rules[0].identity == "threat"


ODD = {
    "a bare list": ("- alert: x\n", "1:1: expected sections such as 'indicators:' and 'rules:'; begin a list of rules"),
    "a text": ("just text\n", "1:1: expected sections such as"),
    "a section that is a text": ("rules: none\n", "1:8: rules: 'rules' is a list"),
    "a rule that is a number": ("rules: [5]\n", "1:9: rules[0]: expected a map of keys and values, found 5"),
    "a group that is a number": ("groups: [5]\n", "1:10: groups[0]: expected a map of keys and values, found 5"),
    "a vocabulary that is a list": ("vocabulary: [a]\n", "1:13: vocabulary: expected a map of lists"),
    "a vocabulary of numbers": ("vocabulary: {a: [1]}\n", "1:17: vocabulary.a: expected a list of texts"),
    "an empty list of words": ("vocabulary: {a: []}\n", "1:17: vocabulary.a: expected a list of texts"),
    "a fact that is a number": ("facts: [5]\n", "1:9: facts[0]: expected a map that begins with a state"),
    "a state called like a key of facts": (
        "states: [state: from]\n",
        "1:17: states[0].state: 'from' is a key of every fact",
    ),
    "a kind of key that is none": (
        "states:\n  - state: x\n    key: dyat\n",
        "3:10: states[0].key: no kind of key 'dyat'; did you mean 'dyad'?",
    ),
    "an order of values that are none": (
        "states:\n  - state: x\n    values: [a]\n    order: [b]\n",
        "4:13: states[0].order[0]: no value 'b'",
    ),
    "a review after no duration": (
        "states:\n  - state: x\n    review_after: soon\n",
        "3:19: states[0].review_after: 'soon' is no duration",
    ),
    "one of two kinds expected": (
        "states:\n  - state: x\n    key: 5\n",
        "3:10: states[0].key: expected text or a list, found 5; put it in quotes",
    ),
    "the deeper of two kinds expected": (
        "states:\n  - state: x\n    key: [a, 5]\n",
        "3:14: states[0].key[1]: expected text, found 5",
    ),
    "a label with a space": (
        "rules:\n  - alert: x\n    labels: {a b: c}\n    pace: {indicator: d, above: 2019}\n",
        "3:14: rules[0].labels.a b: 'a b' is no name of a label",
    ),
    "a text that is a truth": (
        "citations: [{citation: yes, title: true, published: 2020}]\n",
        "1:36: citations[0].title: expected text, found true",
    ),
    "a text too long to be repeated": (
        f"indicators: [{{indicator: d, sum: {'x' * 99}}}]\n",
        f"1:34: indicators[0].sum: expected one of fatalities, fatalities_low, fatalities_high, incidents, found '{'x' * 60}...'",
    ),
    "a group with a key that is none": (
        "groups: [{group: a, intervall: 1m, rules: []}]\n",
        "1:21: groups[0].intervall: unknown key 'intervall'; did you mean 'interval'?",
    ),
    "a template without end": (
        f"rules:\n  - alert: x\n    summary: {'x' * 4001}\n    pace: {{indicator: d, above: 2019}}\n",
        "3:14: rules[0].summary: the text has 4001 characters",
    ),
}


@pytest.mark.parametrize(("text", "said"), ODD.values(), ids=ODD.keys())
def test_odd_files_are_refused_in_plain_words(load, refusal, text, said):
    assert refusal(lambda: load(a=text))[0].startswith(f"a.yaml:{said}")


def test_the_hash_of_a_set_changes_with_any_file_and_with_nothing_else(load, tmp_path):
    first = load(a="# one\n", b="# two\n").content_hash
    assert load_rules([tmp_path]).content_hash == first
    assert load(b="# three\n").content_hash != first


def test_an_actors_aliases_hold_for_their_days(load):
    rules = load(
        a="""
actors:
  - {actor: isgs, title: Islamic State, aliases: [ISGS], valid_from: 2015-05-01, valid_until: 2022-03-01}
indicators:
  - {indicator: attacks, count: events, where: {actor: $isgs}}
"""
    )
    assert rules.catalogue.actors["isgs"].valid_from == date(2015, 5, 1)
    assert "2015-05-01" in rules.catalogue.indicators["attacks"].where.key


WORDS = st.sampled_from(
    [*SECTIONS, *keys_of(Rule), *keys_of(Indicator), *keys_of(StateDefinition), *FACT_KEYS, "state_a", "period", "any"]
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-3, 3000)
    | st.sampled_from(["$x", "a", "ratio > 1", "2020", "1d", "{ratio"])
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=4), max_leaves=12
)
ITEMS = st.lists(st.dictionaries(WORDS, VALUES, max_size=6), max_size=2)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.sampled_from(SECTIONS), ITEMS | VALUES, max_size=5))
def test_any_file_is_a_rule_set_or_a_list_of_problems(tmp_path, raw):
    path = tmp_path / "a.yaml"
    path.write_text(json.dumps(raw), encoding="utf-8")
    # Anything but a ConfigError fails the test.
    with contextlib.suppress(ConfigError):
        assert load_rules([path]).content_hash
