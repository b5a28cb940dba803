from __future__ import annotations

import pytest

from watcher.core.errors import ConfigError
from watcher.ruletest.load import Shelf, files_behind, load_tests
from watcher.ruletest.suite import find_test_files
from watcher.ruletest.watch import stamps

CHECK = "alert_rule_test: [{eval_time: 2020-01-06, alertname: Many deaths, exp_alerts: [%s]}]"


@pytest.mark.parametrize(
    ("tests", "place", "told"),
    [
        pytest.param("- {name: a}", "3:5", "tests[0]: the test expects nothing", id="a test that expects nothing"),
        pytest.param(
            "- {name: a, exp_notifications: []}", "3:5", "nothing happens", id="a test in which nothing happens"
        ),
        pytest.param("- {name: a, exp_alerts: []}", "3:15", "unknown key 'exp_alerts'", id="a key in the wrong place"),
        pytest.param(
            f"- {{name: a, {CHECK % ''}}}\n- {{name: a, {CHECK % ''}}}", "4:12", "a second test 'a'", id="a name twice"
        ),
        pytest.param(
            "- {name: a, alert_rule_test: [{eval_time: noon, alertname: Many deaths, exp_alerts: []}]}",
            "3:45",
            "'noon' is no moment; write 2020-07-07",
            id="a moment that is none",
        ),
        pytest.param(
            "- {name: a, alert_rule_test: [{eval_time: 2020-01-06, alertname: Many death, exp_alerts: []}]}",
            "3:68",
            "no rule 'Many death'; did you mean 'Many deaths'?",
            id="a rule that is not there",
        ),
        pytest.param(
            f"- {{name: a, {CHECK % '{exp_values: {valu: 3}}'}}}",
            "3:108",
            "the detector has no output 'valu'; did you mean 'value'?",
            id="an output that the detector does not have",
        ),
        pytest.param(
            f"- {{name: a, {CHECK % '{exp_values: {value: {gte: many}}}'}}}",
            "3:115",
            "'value' is a number",
            id="a bound that is no number",
        ),
        pytest.param(
            f"- {{name: a, {CHECK % '{exp_values: {value: {min: 3}}}'}}}",
            "3:116",
            "unknown key 'min'",
            id="an unknown bound",
        ),
        pytest.param(
            f"- {{name: a, {CHECK % '{exp_state: fireing}'}}}", "3:106", "did you mean 'firing'?", id="an unknown state"
        ),
        pytest.param(
            f"- {{name: a, {CHECK % '{exp_annotations: {sumary: x}}'}}}",
            "3:113",
            "did you mean 'summary'?",
            id="an annotation that no message has",
        ),
        pytest.param(
            "- {name: a, input_events: [{event_date: 2020-01-01, countri: Mali}], exp_notifications: []}",
            "3:55",
            "did you mean 'country'?",
            id="a key of an event misspelt",
        ),
        pytest.param(
            "- {name: a, input_events: [{event_date: 2020-01-01, country: Maly}], exp_notifications: []}",
            "3:64",
            "unknown country 'Maly'; did you mean 'Mali'?",
            id="a country that is none",
        ),
        pytest.param(
            "- {name: a, input_facts: [{rivalry: [$jnim, $isgs], is: ware, from: 2020}], exp_notifications: []}",
            "3:59",
            "did you mean 'war'?",
            id="a value that a state never has",
        ),
        pytest.param(
            "- {name: a, input_facts: [{rivalry: [$jnim, $isgs], is: war, from: unknown}], exp_notifications: []}",
            "3:29",
            "nothing says when the fact became known",
            id="a fact that is never known",
        ),
        pytest.param(
            "- {name: a, input_facts: [{rivalry: [$jnim, $isgs], is: war, from: 2020, withdrawn: 2020}],"
            " exp_notifications: []}",
            "3:87",
            "'2020' is no moment",
            id="a withdrawal without a day",
        ),
        pytest.param(
            "- {name: a, input_facts: [{rivalry: [$jnim, $isgs], is: war, from: 2020-02-01, withdrawn: 2020-01-01}],"
            " exp_notifications: []}",
            "3:93",
            "withdrawn before it was known",
            id="a withdrawal that comes too early",
        ),
        pytest.param(
            "- {name: a, input_events: [{event_date: 2020-01-01}], exp_notifications: [{receiver: dsk}]}",
            "3:88",
            "no receiver 'dsk'; did you mean 'desk'?",
            id="a receiver that is not there",
        ),
        pytest.param(
            "- {name: a, input_events: [{event_date: 2020-01-01}], exp_notifications: [{alertname: Few deaths}]}",
            "3:89",
            "no rule 'Few deaths'",
            id="a message about a rule that is not there",
        ),
        pytest.param(
            f"- {{name: a, start: 2020-02-01, {CHECK % ''}}}",
            "3:22",
            "before the rules come into force",
            id="a late start",
        ),
        pytest.param("rule_files: []\ntests: []\n", "1:13", "must not be empty", id="no rules"),
        pytest.param(
            "rule_files: [no.yaml]\ntests: [{name: a}]\n", "1:14", "no such file", id="rules that are not there"
        ),
        pytest.param("rule_files: ['no*.yaml']\ntests: [{name: a}]\n", "1:14", "no such file", id="a pattern of none"),
        pytest.param(
            "rule_files: [rules.yaml]\nnotify_file: no.yaml\ntests: [{name: a}]\n",
            "2:14",
            "no such file",
            id="no routes",
        ),
        pytest.param("rule_files: [rules.yaml]\ntest: []\n", "2:1", "did you mean 'tests'?", id="a section misspelt"),
        pytest.param("# nothing\n", "1:1", "the key 'rule_files' is missing", id="an empty file"),
    ],
)
def test_a_mistake_is_found_at_its_place(write, tests, place, told):
    path = write(tests)
    with pytest.raises(ConfigError) as refused:
        load_tests(path, {})
    problems = [str(problem) for problem in refused.value.problems]
    assert any(problem.startswith(f"{path}:{place}: ") and told in problem for problem in problems), problems


def test_every_mistake_is_found_at_once(write):
    path = write("""
    - name: a
      input_events: [{country: Mali}, {event_date: 2020-01-01, country: Maly}]
      alert_rule_test: [{eval_time: 2020-01-06, alertname: Many death, exp_alerts: []}]
      exp_notifications: [{receiver: dsk}]
    """)
    with pytest.raises(ConfigError) as refused:
        load_tests(path, {})
    assert len(refused.value.problems) == 4


def test_a_mistake_in_the_rules_is_told_where_it_stands(folder, write):
    (folder / "rules.yaml").write_text("rulez: []\n", encoding="utf-8")
    with pytest.raises(ConfigError) as refused:
        load_tests(write(f"- {{name: a, {CHECK % ''}}}"), {})
    assert str(refused.value.problems[0]).startswith(f"{folder / 'rules.yaml'}:1:1: ")


@pytest.mark.parametrize("named", ["[../rules.yaml]", "['../ru*.yaml']", "[..]", "[../rules.yaml, ../rules.yaml]"])
def test_rules_are_named_from_where_the_test_file_stands(folder, named):
    tests = folder / "tests"
    tests.mkdir()
    path = tests / "some_test.yaml"
    path.write_text(f"rule_files: {named}\ntests: [{{name: a, {CHECK % ''}}}]\n", encoding="utf-8")
    assert [rule.id for rule in load_tests(path, {}).rules.rules] == ["", "deaths", "", ""]


def test_files_of_one_folder_share_their_rules(write):
    path = write(f"- {{name: a, {CHECK % ''}}}")
    shelf: Shelf = {}
    assert load_tests(path, shelf).rules is load_tests(path, shelf).rules


def test_test_files_are_found_by_their_names(folder, write):
    path = write(f"- {{name: a, {CHECK % ''}}}")
    (folder / "deep").mkdir()
    (folder / ".hidden").mkdir()
    other = folder / "deep" / "two_test.yml"
    for each in (other, folder / ".hidden" / "three_test.yaml", folder / "test_four.yaml"):
        each.write_text("", encoding="utf-8")
    assert find_test_files([folder]) == (other, path)
    assert find_test_files([path, folder]) == (path, other)
    assert find_test_files([folder / "rules.yaml"]) == (folder / "rules.yaml",)
    with pytest.raises(FileNotFoundError):
        find_test_files([folder / "nowhere"])


def test_what_a_test_file_rests_on_is_known(folder, write):
    path = write(f"rule_files: [rules.yaml]\nnotify_file: notify.yaml\ntests: [{{name: a, {CHECK % ''}}}]\n")
    assert list(files_behind(path)) == [path, folder / "rules.yaml", folder / "notify.yaml"]
    path.write_text("half: [", encoding="utf-8")
    assert list(files_behind(path)) == [path]


def test_what_an_invalid_test_file_rests_on_is_known_as_far_as_it_says(folder, write):
    path = write("rule_files: [rules.yaml, 3]\nnotify_file: notify.yaml\ntests: []\nnothing: known\n")
    assert list(files_behind(path)) == [path, folder / "rules.yaml", folder / "notify.yaml"]
    path.write_text("rule_files: rules.yaml\nnotify_file: [3]\n", encoding="utf-8")
    assert list(files_behind(path)) == [path]
    path.write_text("just a text\n", encoding="utf-8")
    assert list(files_behind(path)) == [path]


def test_a_stamp_changes_with_its_file(folder):
    rules, missing = folder / "rules.yaml", folder / "missing.yaml"
    before = stamps([folder, missing])
    assert before[missing] is None
    assert stamps([folder, missing]) == before
    rules.write_text("rules: []\n", encoding="utf-8")
    assert stamps([folder, missing]) != before
    (folder / "new.yaml").write_text("", encoding="utf-8")
    assert set(stamps([folder])) == {rules, folder / "new.yaml"}
