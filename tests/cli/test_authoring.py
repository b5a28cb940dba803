from __future__ import annotations

import json

import pytest

from watcher.config.schema import rule_schema
from watcher.config.template import rule_template
from watcher.core.detectors import DETECTORS

MANY = "Many deaths in a province of the Sahel region"


# --- schema and new ---------------------------------------------------------------------------------------------------


def test_the_schema_is_one_document_for_a_file(good):
    assert json.loads(good("rules", "schema")) == rule_schema()


def test_schema_and_new_need_no_installation(home, good):
    for path in ("watcher.yaml", "notify.yaml"):
        (home / path).unlink()
    assert good("rules", "schema")
    assert good("rules", "new", "match")


@pytest.mark.parametrize("detector", DETECTORS)
def test_new_prints_the_template_of_a_detector(good, detector):
    assert good("rules", "new", detector) == rule_template(detector)


def test_what_new_prints_can_be_put_beside_the_other_rules(home, good, run):
    (home / "rules" / "mali.yaml").write_text(good("rules", "new", "surge"))
    assert "Attacks have doubled in a week" in good("rules", "list")
    said = run("lint")
    assert (": error" in said.out, said.code) == (False, 0)


def test_a_detector_that_does_not_exist_is_refused_with_those_that_do(run):
    said = run("rules", "new", "pase")
    assert said.code == 2
    assert "'pase' is not one of 'threshold', 'pace', " in said.err


# --- log --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def edit(home, it_is, good):
    """Edit a rule file and let the next turn put it in force: ``edit("12:00", "sahel.yaml", "10", "12")``."""
    it_is("2020-07-20T09:00")
    good("check")

    def edit(time: str, name: str, old: str, new: str) -> None:
        path = home / "rules" / name
        text = path.read_text()
        assert text.count(old) == 1
        path.write_text(text.replace(old, new))
        it_is(f"2020-07-20T{time}")
        good("check")

    return edit


def log(good, *options: str) -> list[str]:
    """The log, without the hashes that begin each set."""
    lines = good("rules", "log", *options).splitlines()
    return [line.split("  ", 1)[1] if line and not line.startswith(" ") else line for line in lines]


def test_before_the_first_turn_no_rules_were_in_force(good):
    assert good("rules", "log") == "no rules were in force yet (see: watcher check)\n"
    assert good("rules", "log", "--format", "json") == "[]\n"


def test_the_first_rules_are_told_as_such(edit, good):
    assert log(good) == ["in force from 2020-07-20 09:00 UTC  4 rules", "  the first rules", ""]


def test_the_hash_is_that_of_the_store(edit, good, store):
    with store.reading() as tx:
        [stored] = tx.exec_driver_sql("select content_hash from rule_set").scalars()
    assert good("rules", "log").startswith(f"{stored}  in force from ")


def test_an_edited_rule_is_shown_with_what_changed_in_it(edit, good):
    edit("12:00", "sahel.yaml", "condition: [value >= 10]", "condition: [value >= 12]\n        for: 2d")
    assert log(good) == [
        "in force from 2020-07-20 12:00 UTC  4 rules",
        "  rule many-deaths-in-a-province-of-the-sahel-region: changed",
        "    -- value >= 10",
        "    +- value >= 12",
        "    +for: 2d",
        "",
        "in force from 2020-07-20 09:00 UTC  4 rules",
        "  the first rules",
        "",
    ]


def test_what_a_rule_speaks_of_is_shown_too(edit, good):
    edit("12:00", "sahel.yaml", "where: {country: Burkina Faso, admin1: Sahel}", "where: {country: Burkina Faso}")
    assert log(good)[1:4] == ["  indicator sahel_deaths: changed", "    -  admin1: Sahel", ""]


def test_a_rule_that_comes_or_goes_is_shown_whole(edit, good):
    new = "rules:\n  - alert: All deaths\n    threshold: {indicator: moz_fatalities}\n    condition: [value >= 1]"
    edit("12:00", "mozambique.yaml", "rules:", new)
    edit("13:00", "mozambique.yaml", new, "rules:")
    said = log(good)
    assert said[:2] == ["in force from 2020-07-20 13:00 UTC  4 rules", "  rule all-deaths: removed"]
    assert {line[:5] for line in said[2 : said.index("")]} == {"    -"}
    added = said[said.index("") + 1 :]
    assert added[:3] == [
        "in force from 2020-07-20 12:00 UTC  5 rules",
        "  rule all-deaths: added",
        "    +alert: All deaths",
    ]


def test_a_long_value_stays_on_its_line(edit, good):
    words = "word " * 40
    edit("12:00", "sahel.yaml", "contact: sahel@example.org", f"description: {words}")
    assert f"    +description: {words.strip()}" in log(good)


def test_where_no_entry_changed_it_says_what_may_have(edit, good):
    edit("12:00", "sahel.yaml", "groups:", "# a comment\ngroups:")
    assert log(good)[1].startswith("  no entry changed, but something else in the files")


def test_a_stated_number_is_an_entry_as_well(edit, good):
    edit("12:00", "mozambique.yaml", "fatalities: 660", "fatalities: 661")
    assert log(good)[1:4] == ["  baseline moz_2019: changed", "    -fatalities: 660", "    +fatalities: 661"]


def test_the_limit_counts_the_newest_and_each_is_compared_with_the_one_before(edit, good):
    edit("12:00", "sahel.yaml", "value >= 10", "value >= 11")
    edit("13:00", "sahel.yaml", "value >= 11", "value >= 12")
    assert log(good, "--limit", "1") == [
        "in force from 2020-07-20 13:00 UTC  4 rules",
        "  rule many-deaths-in-a-province-of-the-sahel-region: changed",
        "    -- value >= 11",
        "    +- value >= 12",
        "",
    ]
    assert sum("in force" in line for line in log(good, "--limit", "2")) == 2
    assert log(good, "--limit", "3") == log(good)


def test_rules_that_come_into_force_again_are_told_again(edit, good):
    edit("12:00", "sahel.yaml", "value >= 10", "value >= 11")
    edit("13:00", "sahel.yaml", "value >= 11", "value >= 10")
    hashes = [line.split()[0] for line in good("rules", "log").splitlines() if "in force" in line]
    assert len(hashes) == 3
    assert hashes[0] == hashes[2] != hashes[1]


def test_json_holds_each_change_before_and_after(edit, good):
    edit("12:00", "sahel.yaml", "condition: [value >= 10]", "condition: [value >= 12]")
    newest, first = json.loads(good("rules", "log", "--format", "json"))
    assert (newest["in_force_from"], newest["rules"]) == ("2020-07-20T12:00:00+00:00", 4)
    [(name, change)] = newest["changed"].items()
    assert name == "rule many-deaths-in-a-province-of-the-sahel-region"
    assert (change["before"]["condition"], change["after"]["condition"]) == (["value >= 10"], ["value >= 12"])
    assert change["after"]["alert"] == MANY
    assert {each["before"] for each in first["changed"].values()} == {None}


def test_the_log_needs_no_rules_that_load(edit, home, good):
    (home / "rules" / "sahel.yaml").write_text("rules: [")
    assert "the first rules" in good("rules", "log")


def test_without_a_store_it_says_how_to_make_one(home, run):
    (home / "state" / "watcher.db").unlink()
    said = run("rules", "log")
    assert said.code == 74
    assert "watcher init" in said.err


def test_it_ends_quietly_when_its_reader_has_seen_enough(edit, shell):
    said = shell("rules", "schema", redirect="| head -n 1")
    assert (said.code, said.err) == (0, "")
