from __future__ import annotations

from datetime import timedelta

import pytest
from pydantic import ValidationError

from watcher.core.catalogue import Catalogue
from watcher.core.indicator import Indicator
from watcher.core.label import labels
from watcher.core.reading import Reading, Value
from watcher.core.rule import Group, Rule, RuleSet, cycles, judge
from watcher.core.severity import Severity

CATALOGUE = Catalogue(indicators={"deaths": Indicator(indicator="deaths", sum="fatalities")})
PACE = {"indicator": "deaths", "above": 2019}
HOLDING: dict[str, Value] = {"observed": 447, "ratio": 1.315, "days": 188, "evidence": "weak"}


def rule(**keys) -> Rule:
    return Rule.model_validate({"alert": "Deaths exceed 2019 pace", "pace": PACE, **keys})


def finding(values: dict[str, Value], *, present=True, **keys):
    return judge(rule(**keys), Reading(values={**HOLDING, **values}, present=present), CATALOGUE)


class TestIdentity:
    def test_it_is_the_slug_of_the_name(self):
        assert rule(alert="Décès à Ménaka: pace!").identity == "deces-a-menaka-pace"

    def test_an_id_frees_the_name(self):
        assert rule(id="moz-pace").identity == "moz-pace"

    def test_a_former_name_carries_it_through_a_renaming(self):
        assert rule(alert="New", formerly=["Deaths exceed 2019 pace", "Then"]).identity == rule().identity

    def test_alerts_of_different_groups_differ_and_severity_does_not_matter(self):
        north, south = labels({"admin1": "Cabo Delgado"}), labels({"admin1": "Maputo"})
        assert rule().fingerprint(north) != rule().fingerprint(south)
        assert rule().fingerprint(north) == rule(severity="critical", **{"for": "2d"}).fingerprint(north)


class TestHash:
    def test_it_is_the_same_for_the_same_rule(self):
        assert rule().rule_hash == rule().rule_hash
        assert len(rule().rule_hash) == 16

    def test_a_default_that_is_written_out_changes_nothing(self):
        assert rule(**{"for": "0s"}, pace={**PACE, "current": "ytd"}).rule_hash == rule().rule_hash

    @pytest.mark.parametrize(
        "keys",
        [
            {"pace": {**PACE, "above": 2018}},
            {"condition": "ratio > 1.1"},
            {"condition": "ratio > 1.10000001"},
            {"severity": "critical"},
            {"for": "1d"},
            {"labels": {"team": "desk"}},
            {"summary": "{ratio}"},
        ],
        ids=lambda keys: f"another {next(iter(keys))}",
    )
    def test_it_changes_with_whatever_changes_what_is_said(self, keys):
        assert rule(**keys).rule_hash != rule().rule_hash


class TestDefaults:
    def test_a_rule_of_two_lines_has_the_detectors_own(self):
        keys = rule().defaults(CATALOGUE)
        assert str(keys.condition) == "ratio > 1 and days >= 28 and observed >= 25"
        assert str(keys.recovery) == "ratio < 0.95"

    def test_a_condition_of_its_own_leaves_the_recovery_behind(self):
        assert rule(condition="ratio > 2").defaults(CATALOGUE).recovery is None

    def test_what_the_rule_says_wins(self):
        keys = rule(recovery="ratio < 0.5", severity="info", keep_firing_for="0s").defaults(CATALOGUE)
        assert (str(keys.recovery), [tier.severity for tier in keys.severity], keys.keep_firing_for) == (
            "ratio < 0.5",
            ["info"],
            timedelta(),
        )


class TestJudging:
    def test_a_condition_that_holds_is_a_finding_with_its_reason(self):
        found = finding({})
        assert (found.holds, found.recovers, found.severity) == (True, False, Severity.WARNING)
        assert found.because == ("ratio > 1 and days >= 28 and observed >= 25",)

    def test_a_condition_that_does_not_hold_says_what_failed(self):
        found = finding({"days": 12, "observed": 9})
        assert (found.holds, found.because) == (False, ("days is 12 days, not >= 28", "observed is 9, not >= 25"))

    def test_it_recovers_only_when_the_recovery_holds(self):
        assert not finding({"ratio": 0.97}).recovers
        assert finding({"ratio": 0.94}).recovers

    def test_without_a_recovery_it_recovers_as_soon_as_the_condition_ceases(self):
        assert finding({"ratio": 0.99}, condition="ratio > 1").recovers

    @pytest.mark.parametrize(("evidence", "severity"), [("strong", Severity.CRITICAL), ("moderate", Severity.WARNING)])
    def test_the_first_tier_that_holds_is_the_severity(self, evidence, severity):
        assert finding({"evidence": evidence}).severity is severity

    def test_without_a_tier_that_holds_it_is_worth_knowing(self):
        assert finding({}, severity={"critical": "ratio > 9"}).severity is Severity.INFO

    def test_what_is_not_there_neither_holds_nor_lasts(self):
        found = finding({}, present=False)
        assert (found.holds, found.recovers) == (False, True)

    @pytest.mark.parametrize(("present", "because"), [(True, ("present",)), (False, ("absent",))])
    def test_a_detector_without_a_condition_goes_by_presence(self, present, because):
        change = Rule.model_validate({"alert": "Leader replaced", "transition": {"leader": "any"}})
        found = judge(change, Reading(present=present), CATALOGUE)
        assert (found.holds, found.because) == (present, because)


@pytest.mark.parametrize(
    "keys",
    [{"lables": {}}, {"status": "on"}, {"no_data": "ok"}, {"on_revision": "tell"}, {"for": 5}, {"labels": {"a": 1}}],
    ids=lambda keys: next(iter(keys)),
)
def test_what_means_nothing_is_refused(keys):
    with pytest.raises(ValidationError):
        rule(**keys)


def test_a_rule_cannot_be_changed():
    with pytest.raises(ValidationError, match="frozen"):
        setattr(rule(), "alert", "another")  # noqa: B010 - the type checker knows that it is frozen


def test_a_set_has_the_rules_of_its_groups_in_order_and_the_indicators_they_name():
    other = Indicator(indicator="attacks", count="events")
    catalogue = Catalogue(indicators={"attacks": other, **CATALOGUE.indicators})
    rules = RuleSet(catalogue, (Group(rules=(rule(),)), Group(group="b", rules=(rule(alert="B"), rule(alert="C")))))
    assert [each.alert for each in rules.rules] == ["Deaths exceed 2019 pace", "B", "C"]
    assert [indicator.indicator for indicator in rules.indicators] == ["deaths"]


@pytest.mark.parametrize(
    ("members", "found"),
    [
        pytest.param({"a": ["a"]}, [["a"]], id="itself"),
        pytest.param({"a": ["b"], "b": ["c"], "c": ["a"]}, [["a", "b", "c"]], id="three, once"),
        pytest.param({"x": ["a"], "a": ["b"], "b": ["a"]}, [["a", "b"]], id="not what only leads there"),
        pytest.param({"a": ["b"], "b": ["a"], "c": ["c", "a"]}, [["a", "b"]], id="what meets it waits"),
        pytest.param({"a": ["b"], "b": ["a"], "c": ["d"], "d": ["c"]}, [["a", "b"], ["c", "d"]], id="two apart"),
    ],
)
def test_a_way_from_a_rule_back_to_it_is_found_once(members, found):
    rules = [Rule.model_validate({"alert": name, "combine": {"all": each}}) for name, each in members.items()]
    assert [[rule.alert for rule in cycle] for cycle in cycles(rules)] == found
