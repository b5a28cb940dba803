from __future__ import annotations

import json

import pytest
import yaml

from tests.cli.records import raid, write
from watcher.config.rules import load_rules

HEADLINE = "Mozambique fatality rate exceeds 2019 pace"
NAMES = [
    HEADLINE,
    "Many deaths in a province of the Sahel region",
    "ISGS-JNIM relation changed",
    "Control of an area changed hands",
]


def states(good) -> dict[str, str]:
    return {row["alert"]: row["state"] for row in json.loads(good("rules", "list", "--format", "json"))}


def test_rules_are_listed_with_detector_severity_status_and_place(good):
    lines = [" ".join(line.split()) for line in good("rules", "list").splitlines()]
    assert lines == [
        "ALERT DETECTOR SEVERITY STATUS STATE FILE",
        f"{HEADLINE} pace critical or warning stable not judged yet rules/mozambique.yaml:39",
        f"{NAMES[1]} threshold critical or warning stable not judged yet rules/sahel.yaml:33",
        "ISGS-JNIM relation changed transition critical or info stable not judged yet rules/sahel.yaml:38",
        "Control of an area changed hands transition warning experimental not judged yet rules/sahel.yaml:41",
    ]


def test_the_list_says_how_each_rule_stands(home, it_is, good):
    write(home / "inbox" / "june.csv", [raid(1, "2020-06-25", 20), raid(2, "2020-06-25", 30, admin2="Oudalan")])
    it_is("2020-07-20T09:00")
    good("check")
    found = states(good)
    assert found.pop(HEADLINE).startswith("cannot be judged: ")
    assert found == {NAMES[1]: "2 firing", NAMES[2]: "does not hold", NAMES[3]: "does not hold"}


def test_the_list_needs_no_store(home, good):
    (home / "state" / "watcher.db").unlink()
    assert set(states(good).values()) == {"not judged yet"}


def test_a_rule_is_shown_as_its_author_wrote_it(good):
    text = good("rules", "show", "mozambique")
    assert text.startswith("# rules/mozambique.yaml:39\n")
    assert yaml.safe_load(text) == {
        "rules": [{"alert": HEADLINE, "pace": {"indicator": "moz_fatalities", "above": 2019}}]
    }


def test_in_full_a_rule_has_every_default_in_place(good):
    [group] = yaml.safe_load(good("rules", "show", HEADLINE, "--full"))["groups"]
    [rule] = group["rules"]
    assert (group["group"], group["interval"]) == ("mozambique", "1m")
    assert rule["pace"]["assumed_dispersion"] == 5
    assert rule["condition"] == ["ratio > 1", "days >= 28", "observed >= 25"]
    assert rule["recovery"] == ["ratio < 0.95"]
    assert rule["severity"] == {"critical": ["evidence = strong"], "otherwise": "warning"}
    wanted = {
        "for": "0s",
        "keep_firing_for": "0s",
        "no_data": "keep_last",
        "on_revision": "retract",
        "status": "stable",
    }
    assert {name: rule[name] for name in wanted} == wanted


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("options", [[], ["--full"]], ids=["as written", "in full"])
def test_what_is_shown_can_be_read_back_and_means_the_same(home, good, name, options):
    text = good("rules", "show", name, *options)
    before = load_rules([home / "rules"])
    named = [path.read_text().split("\nrules:")[0].split("\ngroups:")[0] for path in sorted((home / "rules").iterdir())]
    again = home / "again"
    again.mkdir()
    for number, sections in enumerate(named):
        (again / f"{number}.yaml").write_text(sections)
    (again / "rule.yaml").write_text(text)
    [after] = load_rules([again]).rules
    rule = next(rule for rule in before.rules if rule.alert == name)
    assert (after.identity, after.parameters) == (rule.identity, rule.parameters)
    assert after.defaults(before.catalogue) == rule.defaults(before.catalogue)


def test_json_holds_the_same_as_yaml(good):
    assert json.loads(good("rules", "show", "isgs", "--full", "--format", "json")) == yaml.safe_load(
        good("rules", "show", "isgs", "--full")
    )


def test_a_misspelt_name_is_answered_with_the_nearest(run):
    said = run("rules", "show", "Mozambique fatality exceeds 2019 pace")
    assert said.code == 2
    assert f"did you mean '{HEADLINE}'?" in said.err


def test_broken_rules_are_reported_at_their_place(home, run):
    (home / "rules" / "sahel.yaml").write_text("rules:\n  - {alert: x, pase: {}}\n")
    said = run("rules", "list")
    assert said.code == 78
    assert "rules/sahel.yaml:2:16: rules[0].pase: unknown key 'pase'" in said.err
