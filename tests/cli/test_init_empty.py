"""A desk that begins with nothing: records first, then the names in them, then the first rule."""

from __future__ import annotations

import json

import pytest

from tests.cli.records import raid, write
from watcher.config.schema import schema_text
from watcher.core.detectors import DETECTORS


@pytest.fixture
def desk(home, monkeypatch, good):
    """An installation without a rule, where the test stands."""
    good("init", "desk", "--empty")
    monkeypatch.chdir(home / "desk")
    return home / "desk"


def test_records_can_be_read_and_their_names_looked_up_before_the_first_rule(desk, good, run, it_is):
    it_is("2020-07-20T09:00")
    write(desk / "first.csv", [raid(1, "2020-07-05", 3)])
    assert good("ingest", "first.csv", "--source", "acled") == "first.csv: 1 rows: 1 new\n"
    assert "Burkina Faso" in good("vocabulary", "countries")
    assert run("check").code == 78


def test_once_there_were_rules_a_folder_without_one_is_refused(desk, good, run, it_is):
    it_is("2020-07-20T09:00")
    rule = desk / "rules" / "pace.yaml"
    rule.write_text(good("rules", "new", "threshold"))
    write(desk / "first.csv", [raid(1, "2020-07-05", 3)])
    good("ingest", "first.csv", "--source", "acled")
    run("check")
    rule.unlink()
    write(desk / "second.csv", [raid(2, "2020-07-06", 3)])
    said = run("ingest", "second.csv", "--source", "acled")
    assert (said.code, said.out) == (78, "")
    assert "there is not a single rule here; begin with `watcher rules new threshold`" in said.err


def test_lint_says_how_to_begin(desk, run):
    assert "rules: warning: there is no rule; begin with: watcher rules new threshold" in run("lint").out


def test_an_editor_finds_the_schema_that_the_first_line_of_a_template_names(desk, run):
    schema = desk / "rules" / "rules.schema.json"
    assert schema.read_text("utf-8") == schema_text() == run("rules", "schema").out
    schema.unlink()
    assert f"written  {schema.relative_to(desk)}" in run("init").out
    assert schema.exists()


@pytest.mark.parametrize("detector", DETECTORS)
def test_a_template_has_nothing_wrong_with_it_in_a_new_folder(desk, good, detector):
    (desk / "rules" / "new.yaml").write_text(good("rules", "new", detector))
    assert good("lint").startswith("nothing is wrong; ")


def test_all_templates_have_nothing_wrong_with_them_in_one_folder(desk, good):
    for detector in DETECTORS:
        (desk / "rules" / f"{detector}.yaml").write_text(good("rules", "new", detector))
    assert good("lint").startswith(f"nothing is wrong; {len(DETECTORS) + 2} rules, ")


def test_where_a_mistake_is_stands_as_seen_from_here_in_every_form(desk, run):
    (desk / "rules" / "bad.yaml").write_text("rules:\n  - {alert: A, pase: {}}\n")
    assert run("lint").out.startswith("rules/bad.yaml:2:16: error: ")
    for arguments in ((), ("rules",), (str(desk / "rules" / "bad.yaml"),)):
        said = json.loads(run("lint", *arguments, "--format", "json").out)
        assert [problem["path"] for problem in said] == ["rules/bad.yaml"]
