from __future__ import annotations

import json

import pytest

from tests.cli.records import raid, write


def append(path, text: str) -> None:
    path.write_text(path.read_text() + text)


LEFT_OUT = "information: 8 checks that need records were left out: "


def test_a_sound_installation_has_nothing_wrong_with_it(good):
    said = good("lint").splitlines()
    assert said == [
        "nothing is wrong; 4 rules, 3 receivers, 2 sources",
        "information: 7 remarks not shown (--level information)",
        f"{LEFT_OUT}there is no record in the store",
    ]
    assert good("lint", "--format", "json") == "[]\n"


def test_remarks_are_shown_when_they_are_asked_for_and_are_no_reason_to_fail(good):
    said = good("lint", "--level", "information")
    assert said.count("information: ") == 8
    assert "rules/mozambique.yaml:39:12: information: rules[0].alert: no test names this rule [rule/test]" in said
    assert said.splitlines()[-2] == "7 remarks; 4 rules, 3 receivers, 2 sources"


def test_only_what_is_bad_enough_is_shown_and_counts(home, run):
    append(home / "watcher.yaml", "receivers: {deks: {proxy: ''}}\n")
    assert run("lint").code == 1
    said = run("lint", "--level", "error")
    assert (said.code, said.out.splitlines()[0][:17]) == (0, "nothing is wrong;")


def test_other_tools_get_the_same_problems(home, run):
    append(home / "rules" / "mozambique.yaml", "    for: fortnight\n")
    said = run("lint", "--format", "github")
    assert said.code == 2
    assert said.out.startswith("::error file=rules/mozambique.yaml,line=41,col=10,title=rule/syntax::rules[0].for: ")
    document = json.loads(run("lint", "--format", "sarif").out)
    assert [result["ruleId"] for result in document["runs"][0]["results"]] == ["rule/syntax"]


def test_without_a_problem_github_gets_nothing_and_sarif_an_empty_run(good):
    assert good("lint", "--format", "github") == ""
    assert json.loads(good("lint", "--format", "sarif"))["runs"][0]["results"] == []


def test_what_comments_silence_is_counted(home, good):
    path = home / "rules" / "sahel.yaml"
    comment = "# watcher: ignore rule/test until 2999-12-31 because it is only a sketch"
    path.write_text(path.read_text().replace("      - alert: ISGS", f"      {comment}\n      - alert: ISGS"))
    assert "6 remarks not shown (--level information)\ninformation: 1 problem ignored by comments\n" in good("lint")


def test_the_records_of_the_store_are_looked_at(home, it_is, run):
    write(home / "inbox" / "june.csv", [raid(1, "2020-06-25", 20, admin1="Est")])
    it_is("2020-07-20T09:00")
    run("check")
    said = run("lint")
    assert said.code == 1
    assert "no record names the area 'Sahel' [rule/vocabulary]" in said.out
    assert LEFT_OUT not in said.out


def test_a_name_that_no_record_has_is_no_reason_to_open_anything_for_writing(home, it_is, run):
    write(home / "inbox" / "june.csv", [raid(1, "2020-06-25", 20)])
    it_is("2020-07-20T09:00")
    run("check")
    store = home / "state" / "watcher.db"
    before = store.read_bytes()
    run("lint")
    assert store.read_bytes() == before


def test_a_mistake_in_a_rule_is_shown_with_its_line_and_a_caret(home, run):
    append(home / "rules" / "mozambique.yaml", "  - {alert: Two, pace: {indicater: moz_fatalities, above: 2019}}\n")
    said = run("lint")
    assert (said.code, said.err) == (2, "")
    assert "rules/mozambique.yaml:41:25: error: rules[1].pace.indicater: unknown key 'indicater'" in said.out
    assert "\n    |                         ^^^^^^^^^ did you mean 'indicator'?" in said.out
    assert "\n1 error\n" in said.out


@pytest.mark.parametrize(
    ("file", "text", "told"),
    [
        ("watcher.yaml", "timezon: UTC\n", "did you mean 'timezone'?"),
        ("watcher.yaml", "mail: {host: mail.example.org}\n", "the key 'sender' is missing"),
        ("watcher.yaml", "receivers: {desk: {signing_secrets: [{file: no-secret}]}}\n", "the file cannot be read"),
        ("watcher.yaml", "  extra: {kind: acledd}\n", "there is no kind 'acledd'"),
        ("watcher.yaml", "  extra: {kind: table, options: {columns: {id: a}}}\n", "the key 'date' is missing"),
        ("notify.yaml", "  - name: duty\n    webhook_configs: [{urll: x}]\n", "did you mean 'url'?"),
        ("notify.yaml", "  - name: desk\n", "a second receiver 'desk'"),
        ("rules/sahel.yaml", "rulez: []\n", "did you mean 'rules'?"),
    ],
)
def test_a_mistake_anywhere_is_found_with_what_was_meant(home, run, file, text, told):
    path = home / file
    if text.startswith("  extra"):
        path.write_text(path.read_text().replace("sources:\n", f"sources:\n{text}"))
    else:
        append(path, text)
    said = run("lint")
    assert said.code == 2
    assert told in said.out


def test_all_mistakes_are_found_at_once(home, run):
    append(home / "watcher.yaml", "receivers: {desk: {signing_secrets: [{env: NO_SUCH_SECRET}]}}\n")
    append(home / "notify.yaml", "  - name: duty\n    webhook_configs: [{urll: x}]\n")
    append(home / "rules" / "mozambique.yaml", "rulez: []\n")
    found = json.loads(run("lint", "--format", "json").out)
    assert sorted({problem["check"] for problem in found}) == ["route/syntax", "rule/syntax", "settings/secret"]


def test_a_secret_is_never_repeated(home, run):
    (home / "secret").write_text("whsec_dG9wc2VjcmV0dG9wc2VjcmV0dG9wc2Vj")
    (home / "secret").chmod(0o644)
    append(home / "watcher.yaml", "receivers: {desk: {signing_secrets: [{file: secret}]}}\n")
    said = run("lint")
    assert said.code == 2
    assert "others can read the file" in said.out
    assert "dG9w" not in said.out


@pytest.mark.parametrize(
    ("file", "text", "told"),
    [
        ("watcher.yaml", "receivers: {deks: {proxy: ''}}\n", "there is no receiver 'deks' in notify.yaml"),
        ("notify.yaml", "  - name: duty\n    email_configs: [{to: duty@example.org}]\n", "no mail server is set"),
        ("rules/mozambique.yaml", "    status: test\n", ""),
        ("rules/more.yaml", "indicators:\n  - {indicator: x, count: events, source: acle}\n", "did you mean 'acled'?"),
    ],
    ids=["secrets of nobody", "mail without a server", "a rule on test", "a source that is not there"],
)
def test_what_loads_and_probably_does_not_do_what_was_meant_is_a_warning(home, run, file, text, told):
    path = home / file
    path.write_text((path.read_text() if path.exists() else "") + text)
    said = run("lint")
    assert said.code == (1 if told else 0)
    assert told in said.out
    assert ("warning: " in said.out) == bool(told)


def test_a_rule_on_test_needs_a_receiver_of_that_name(home, run):
    append(home / "rules" / "mozambique.yaml", "    status: test\n")
    notify = home / "notify.yaml"
    notify.write_text(notify.read_text().replace("name: test", "name: trial"))
    said = run("lint")
    assert said.code == 1
    assert "is on test, and there is no receiver named 'test' to be told" in said.out


def test_an_installation_without_rules_is_warned_about(home, run):
    for path in (home / "rules").iterdir():
        path.unlink()
    said = run("lint")
    assert said.code == 1
    assert "there is no rule; begin with: watcher rules new threshold" in said.out


def test_paths_are_looked_at_alone(home, run, good):
    append(home / "notify.yaml", "nonsense: 1\n")
    assert good("lint", "rules").splitlines() == [
        "nothing is wrong; 4 rules",
        "information: 7 remarks not shown (--level information)",
        f"{LEFT_OUT}only rule files are looked at",
    ]
    alone = home / "elsewhere.yaml"
    alone.write_text((home / "rules" / "sahel.yaml").read_text())
    said = run("lint", "elsewhere.yaml")
    assert said.code == 2
    assert "no citation 'baloi_2020'" in said.out, "it belongs to no set that would know the name"


def test_a_path_that_is_not_there_is_an_error(run):
    said = run("lint", "rulez")
    assert said.code == 2
    assert "rulez: error: cannot be read: no such file or folder" in said.out


@pytest.mark.parametrize("spoil", [lambda path: path.unlink(), lambda path: path.write_text("rules: [")])
def test_settings_that_cannot_be_read_are_an_error_like_any_other(home, run, spoil):
    spoil(home / "watcher.yaml")
    said = run("lint")
    assert (said.code, said.err) == (2, "")
    assert "watcher.yaml" in said.out
    [problem] = json.loads(run("lint", "--format", "json").out)
    assert problem["severity"] == "error"


def test_linting_opens_no_store(home, good):
    (home / "state" / "watcher.db").unlink()
    good("lint")
    assert not (home / "state" / "watcher.db").exists()


def test_a_file_of_the_set_may_name_what_stands_in_another_and_only_its_own_mistakes_are_told(home, run):
    (home / "rules" / "more.yaml").write_text(
        "rules:\n  - alert: More\n    threshold: {indicator: moz_fatalities, window: 7d}\n    condition: [value > 1]\n"
    )
    assert run("lint", "rules/more.yaml").out.startswith("nothing is wrong; 5 rules\n")
    append(home / "rules" / "sahel.yaml", "  - {alert: Broken}\n")
    assert "sahel.yaml" not in run("lint", "rules/more.yaml").out
    assert run("lint", "rules").code == 2
