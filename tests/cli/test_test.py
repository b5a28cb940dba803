"""`watcher test`, as it is typed."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from watcher import cli
from watcher.cli.test import command

RULES = """\
indicators: [{indicator: attacks, count: events, where: {country: Mali}}]
rules: [{alert: Many attacks, threshold: {indicator: attacks, window: 7d}, condition: [value >= 3]}]
"""
TESTS = """\
rule_files: [../own.yaml]
tests:
  - name: three attacks are many
    input_events: [{spread: {from: 2020-01-01, to: 2020-01-03, events: 3}, country: Mali}]
    alert_rule_test: [{eval_time: 2020-01-04, alertname: Many attacks, exp_alerts: [{exp_values: {value: 3}}]}]
  - name: two are not
    input_events: [{spread: {from: 2020-01-01, to: 2020-01-03, events: 2}, country: Mali}]
    alert_rule_test: [{eval_time: 2020-01-04, alertname: Many attacks, exp_alerts: []}]
"""


@pytest.fixture
def own(tmp_path, monkeypatch) -> Path:
    """A folder with rules and their tests, and without any settings."""
    folder: Path = tmp_path / "own"
    (folder / "rules" / "tests").mkdir(parents=True)
    (folder / "rules" / "own.yaml").write_text(RULES, encoding="utf-8")
    (folder / "rules" / "tests" / "own_test.yaml").write_text(TESTS, encoding="utf-8")
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def typed(own, capsys):
    """Type a command in that folder."""

    def typed(*arguments: str):
        code = cli.main(["test", *arguments])
        return code, *capsys.readouterr()

    return typed


def spoil(own: Path) -> None:
    save(own / "rules" / "own.yaml", RULES.replace(">= 3", ">= 4"))


def save(path: Path, text: str) -> None:
    """Put a text in the place of a file, in one step."""
    new = path.with_name(".new")
    new.write_text(text, encoding="utf-8")
    new.replace(path)


@pytest.mark.parametrize("path", [[], ["rules/tests"], ["rules"], ["rules/tests/own_test.yaml"]])
def test_without_settings_the_tests_that_are_named_or_lie_here_are_run(typed, path):
    assert typed(*path) == (0, "ok       rules/tests/own_test.yaml  2 tests\n\n2 tests passed\n", "")


def test_a_test_that_fails_says_why_and_exits_1(own, typed):
    spoil(own)
    code, out, err = typed()
    assert (code, err) == (1, "")
    assert "rules/tests/own_test.yaml:5  2020-01-04 00:00  Many attacks: an alert is missing" in out
    assert "value is 3, not >= 4" in out
    assert out.endswith("\n1 test passed, 1 failed\n")


@pytest.mark.parametrize("file", ["rules/own.yaml", "rules/tests/own_test.yaml"])
def test_a_file_that_is_invalid_is_shown_with_a_caret_and_exits_2(own, typed, file):
    (own / file).write_text("rulez: []\n", encoding="utf-8")
    code, out, _ = typed()
    assert code == 2
    assert f"{file}:1:1: rulez: unknown key 'rulez'\n 1 | rulez: []\n   | ^^^^^" in out
    assert out.endswith("0 tests passed, 1 file invalid\n")


def test_an_invalid_file_does_not_keep_the_others_from_running(own, typed):
    (own / "rules" / "tests" / "a_test.yaml").write_text("tests: []\n", encoding="utf-8")
    code, out, _ = typed()
    assert code == 2
    assert out.endswith("\n2 tests passed, 1 file invalid\n")


def test_only_the_tests_that_are_wanted_are_run(typed):
    assert typed("--run", "^two")[:2] == (0, "ok       rules/tests/own_test.yaml  1 test\n\n1 test passed\n")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["nowhere"], "nowhere: there is no such file or folder"),
        (["--run", "nothing"], "no test has a name like 'nothing'"),
        (["--run", "("], "'(' is no regular expression"),
        (["--junit", "nowhere/out.xml"], "nowhere/out.xml: cannot be written"),
    ],
)
def test_what_cannot_be_done_is_a_line_and_exits_2(typed, arguments, told):
    code, _, err = typed(*arguments)
    assert code == 2
    assert told in err


def test_a_folder_without_tests_is_no_success(own, typed):
    (own / "rules" / "tests" / "own_test.yaml").unlink()
    assert typed()[::2] == (2, "watcher: rules/tests: there is no test here (test files are called *_test.yaml)\n")
    (own / "rules" / "tests").rmdir()
    assert typed()[::2] == (
        2,
        "watcher: there is no folder of rule tests: rules/tests (name a test file or a folder)\n",
    )


def test_coverage_says_what_no_test_reaches(typed):
    _, out, _ = typed("--coverage")
    assert "coverage: 1 of 1 rules, 1 of 2 ways through them\n  Many attacks  not reached: recovers\n" in out


def test_a_program_gets_all_of_it(own, typed):
    spoil(own)
    code, out, _ = typed("--format", "json", "--coverage")
    document = json.loads(out)
    assert (code, document["passed"], document["failed"]) == (1, 1, 1)
    assert document["files"][0]["tests"][0]["failures"][0]["line"] == 5
    assert document["coverage"] == [{"rule": "Many attacks", "ways": {"fires": False, "recovers": False}}]


def test_a_build_server_gets_a_file(own, typed):
    spoil(own)
    assert typed("--junit", "out.xml")[0] == 1
    cases = ET.parse(own / "out.xml").getroot().findall("testsuite/testcase")
    assert [(case.get("name"), len(case)) for case in cases] == [("three attacks are many", 1), ("two are not", 0)]


def test_with_settings_the_tests_beside_their_rules_are_run_and_coverage_is_asked_of_all_of_these(home, run):
    (home / "rules" / "own.yaml").write_text(RULES, encoding="utf-8")
    (home / "rules" / "tests").mkdir()
    (home / "rules" / "tests" / "own_test.yaml").write_text(TESTS, encoding="utf-8")
    said = run("test", "--coverage")
    assert (said.code, said.err) == (0, "")
    assert said.out.startswith("ok       rules/tests/own_test.yaml  2 tests\n")
    assert "coverage: 1 of 5 rules" in said.out


def test_every_option_is_explained():
    assert [
        option.name for option in command.params if not getattr(option, "help", "") and option.name != "paths"
    ] == []


def test_a_watch_runs_again_after_a_change_and_ends_on_ctrl_c(own):
    rules = own / "rules" / "own.yaml"
    watch = subprocess.Popen(
        [sys.executable, "-u", "-m", "watcher", "test", "--watch"],
        # Whoever runs the tests in the background may ignore it, and children inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - no thread is at work here
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=own,
    )
    try:
        assert until(watch, "watched").endswith("2 tests passed\n\n2 files are watched; Ctrl-C ends it\n")
        spoil(own)
        assert "1 test passed, 1 failed" in until(watch, "watched")
        save(rules, "rules: [")
        assert "1 file invalid" in until(watch, "watched")
        save(rules, RULES)
        assert "2 tests passed" in until(watch, "watched")
        spoil(own)
        assert "1 failed" in until(watch, "watched")
        watch.send_signal(signal.SIGINT)
        _, err = watch.communicate(timeout=30)
        assert (watch.returncode, err) == (1, "")
    finally:
        watch.kill()
        watch.wait()


def test_a_watch_of_one_file_says_so(own):
    save(own / "rules" / "tests" / "own_test.yaml", "half: [")
    watch = subprocess.Popen(
        [sys.executable, "-u", "-m", "watcher", "test", "rules/tests/own_test.yaml", "--watch"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=own,
    )
    try:
        assert until(watch, "watched").endswith("\n1 file is watched; Ctrl-C ends it\n")
    finally:
        watch.kill()
        watch.communicate()


def until(process: subprocess.Popen[str], word: str) -> str:
    """What the process prints up to the line with the word."""
    assert process.stdout is not None
    text = ""
    for line in process.stdout:
        text += line
        if word in line:
            return text
    raise AssertionError(text)
