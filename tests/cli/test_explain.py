from __future__ import annotations

import json

import pytest

from tests.cli.records import raid, write
from tests.installation import SETTINGS, installed
from watcher import cli

HEADLINE = "Mozambique fatality rate exceeds 2019 pace"


@pytest.fixture
def article(it_is, good, brought):
    """The article is known, and one turn was taken."""
    it_is("2020-08-02T09:00")
    brought(lambda: good("check"))


def words(text: str) -> str:
    """A text without its line breaks and indents."""
    return " ".join(text.split())


@pytest.mark.parametrize(
    "sentence",
    [
        HEADLINE,
        "rules/mozambique.yaml:39",
        "Is the rate of a period above a baseline's rate? pace: {indicator: moz_fatalities, above: 2019}",
        "the sum of fatalities, where {country: Mozambique, event_type: [Battles,",
        "when ratio > 1 and days >= 28 and observed >= 25",
        "Severity: critical when evidence = strong, otherwise warning",
        "ENDS when ratio < 0.95",
        "what was known on 2020-08-01 23:59 UTC; data to 6 Jul 2020",
        "447 deaths in 188 days; the 2019 pace gives 340 (ratio 1.315)",
        "2.38 deaths a day against 1.81 in 2019 (660 deaths in 309 attacks)",
        "870 by 31 December",
        "447 / 188 = 2.3777 a day; baseline 660 / 365 = 1.8082",
        "Dispersion D: 5, assumed",
        "1.005 to 1.720 (95 %)",
        "interval of the ratio 1.01-1.72 with assumed dispersion 5",
        "sequential score 1.96, strong needs 4.75",
        "HOLDS? Yes. - ratio > 1: yes, ratio is 1.315 - days >= 28: yes",
        "SEVERITY warning. - critical: no, evidence is weak, not = strong",
        "No 2020 attack count.",
        "The day to which 447 counts is assumed (6 July).",
        "Definition differs from the indicator's filter",
        "Grey Dynamics, Ana Maria Baloi, 2020-07, B2 (usually reliable, probably true; the desk's own grade)",
        "530fa5d20f93e75d: then no turn had seen it hold. More came later (1 step): watcher alerts 530fa5d20f93e75d",
        "evidence weak none, weak, moderate",
    ],
)
def test_the_headline_is_explained_from_the_stated_totals_alone(article, good, sentence):
    assert sentence in words(good("explain", HEADLINE, "--as-of", "2020-08-01"))


def test_how_the_alert_came_there_is_said_with_who_was_told(article, good):
    said = words(good("explain", HEADLINE, "--as-of", "2020-08-02"))
    assert "It is firing, since 2020-08-02 09:00 UTC." in said
    assert "inactive → firing, warning: it already held when watching began; told: desk/file/1" in said


def test_no_line_is_longer_than_a_person_reads_and_nothing_trails(article, good):
    argument = good("explain", HEADLINE, "--as-of", "2020-08-01").split("\nOUTPUT")[0].splitlines()
    assert max(map(len, argument)) <= 100
    assert [line for line in argument if line != line.rstrip()] == []


def test_before_the_article_was_known_it_says_what_is_missing(article, good):
    said = words(good("explain", HEADLINE, "--as-of", "2020-07-01"))
    assert "FOUND It cannot be judged: " in said
    assert "HOLDS?" not in said
    assert "ratio 1.315" not in said


def test_asking_changes_nothing(article, home, good):
    before = (home / "state" / "watcher.db").read_bytes()
    good("explain", HEADLINE)
    assert (home / "state" / "watcher.db").read_bytes() == before


def test_an_alert_is_named_by_the_beginning_of_its_fingerprint(article, good):
    [alert] = json.loads(good("alerts", "--format", "json"))
    said = good("explain", alert["fingerprint"][:6], "--as-of", "2020-08-01")
    assert said.startswith(HEADLINE)
    assert alert["fingerprint"] in said


@pytest.fixture
def provinces(home, it_is, good):
    """Three provinces, of which one has many deaths."""
    rows = [
        raid(1, "2020-06-25", 80),
        raid(2, "2020-06-26", 1, location="Elsewhere"),
        raid(3, "2020-06-26", 2, admin2="Oudalan"),
        raid(4, "2020-06-27", "", admin2="Seno"),
    ]
    write(home / "inbox" / "june.csv", rows)
    it_is("2020-07-20T09:00")
    good("check")


def test_a_rule_with_groups_lists_them_all_and_explains_those_that_hold(provinces, good):
    said = good("explain", "many deaths")
    assert "Oudalan  no" in said
    assert "value is 2, not >= 10" in said
    assert said.count("GROUP     ") == 1
    assert "GROUP     admin2 Soum" in said
    assert "81 deaths in 2 events" in said


def test_the_records_that_weigh_most_are_named_with_place_and_publisher(provinces, good):
    said = good("explain", "many deaths")
    assert "2020-06-25 BFO1 80 Nowhere, Soum, Sahel, Burkina Faso Made Up Daily 2020-07-02 00:00" in words(said)


def test_why_a_rule_did_not_fire_is_said_for_the_group_that_was_asked_for(home, provinces, it_is, good):
    later = [
        raid(1, "2020-06-25", 3, timestamp="1595462400"),
        raid(5, "2020-07-01", 0, admin2="Soum"),
    ]
    write(home / "inbox" / "later.csv", later)
    [alert] = json.loads(good("alerts", "--format", "json"))
    it_is("2020-07-24T09:00")
    good("check")
    said = words(good("explain", alert["fingerprint"]))
    assert "HOLDS? No: value is 4, not >= 10. - value >= 10: no, value is 4" in said
    assert "SEVERITY" not in said
    assert "It fired, and was taken back: as known afterwards, it would not have fired" in said


def test_a_rule_of_facts_is_explained_with_its_claims(article, good):
    said = words(good("explain", "isgs-jnim"))
    assert "Did the state of an entity change? transition: {rivalry: [$isgs, $jnim]}" in said
    assert "FIRES at every new occurrence" in said
    assert "ENDS by itself after 14d; nobody is told of its end" in said
    assert "al-Naba" in said
    assert "it was known before the rule came into force; nobody was told" in said


def test_an_experimental_rule_says_that_nobody_is_told(article, good):
    assert "STATUS    The rule is experimental" in good("explain", "control of an area")


def test_a_rule_that_waits_says_until_when(home, it_is, good):
    rules = home / "rules" / "sahel.yaml"
    rules.write_text(rules.read_text().replace("        contact:", "        for: 3d\n        contact:"))
    write(home / "inbox" / "june.csv", [raid(1, "2020-06-25", 20)])
    it_is("2020-07-20T09:00")
    good("check")
    said = words(good("explain", "many deaths"))
    assert "when value >= 10, for 3d" in said
    assert "The condition holds, and waits for the time that 'for' asks" in said
    assert "It fires at 2020-07-23 09:00 UTC unless it ceases before." in said


def test_rules_that_no_turn_has_taken_over_are_marked(good, it_is):
    it_is("2020-08-02T09:00")
    assert "NOTE      The rules changed since the last turn" in good("explain", HEADLINE)


def test_json_holds_condition_values_evidence_and_history(article, good):
    said = json.loads(good("explain", HEADLINE, "--as-of", "2020-08-01", "--format", "json"))
    [answer] = said["answers"]
    assert (answer["status"], answer["holds"], answer["severity"]) == ("ok", True, "warning")
    assert round(answer["values"]["ratio"], 3) == 1.315
    assert answer["condition"][0] == {"text": "ratio > 1", "found": "ratio is 1.315", "holds": True}
    assert answer["evidence"]["cites"] == ["baloi_2020"]
    assert [step["after"] for step in answer["history"]] == ["firing"]


def test_a_condition_of_alternatives_is_one_line(home, article, good):
    rules = home / "rules" / "mozambique.yaml"
    rules.write_text(rules.read_text() + "    condition: [days >= 28, {any: [ratio > 9, observed >= 400]}]\n")
    said = words(good("explain", HEADLINE, "--as-of", "2020-08-01"))
    assert "- ratio > 9 or observed >= 400: yes, ratio is 1.315, observed is 447" in said


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("Mozambique fatality rate exceed 2019 pace", f"did you mean '{HEADLINE}'?"),
        ("abcdef", "there is no alert 'abcdef'"),
        ("what", "there is no rule 'what' (watcher rules list)"),
    ],
)
def test_what_is_not_there_is_answered_with_the_nearest(run, name, told):
    said = run("explain", name)
    assert said.code == 2
    assert told in said.err


def test_the_alert_of_a_rule_that_is_gone_points_to_its_history(article, home, good, run):
    [alert] = json.loads(good("alerts", "--format", "json"))
    (home / "rules" / "mozambique.yaml").write_text(
        (home / "rules" / "mozambique.yaml").read_text().split("\nrules:")[0] + "\n"
    )
    said = run("explain", alert["fingerprint"])
    assert said.code == 2
    assert f"its history: watcher alerts {alert['fingerprint']}" in said.err


# --- the picture -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "begins"), [("pace.svg", b"<svg "), ("pace.png", b"\x89PNG")])
def test_the_picture_is_written_beside_the_words(article, good, tmp_path, name, begins):
    said = good("explain", HEADLINE, "--as-of", "2020-08-01", "--picture", str(tmp_path / name))
    assert "447 deaths in 188 days" in words(said)
    assert (tmp_path / name).read_bytes().startswith(begins)


@pytest.mark.parametrize(
    ("moment", "name", "fault"),
    [
        pytest.param("2020-08-01", "pace.gif", "neither SVG nor PNG (let the name end in .svg or .png)", id="a GIF"),
        pytest.param("2020-07-01", "pace.svg", "there is nothing to draw", id="nothing known"),
        pytest.param("2020-08-01", "nowhere/pace.svg", "cannot be written: No such file", id="no folder"),
    ],
)
def test_a_picture_that_cannot_be_written_is_a_fault_in_plain_words(article, run, tmp_path, moment, name, fault):  # noqa: PLR0917 - a table's columns
    said = run("explain", HEADLINE, "--as-of", moment, "--picture", str(tmp_path / name))
    assert said.code == 2
    assert fault in said.err


# --- what changed, and what came later ------------------------------------------------------------------------------------

PLACES = """\
version: 1
indicators:
  - {indicator: deaths, title: Deaths, sum: fatalities, where: {country: Mozambique}}
rules:
  - {alert: Many deaths, threshold: {indicator: deaths, window: 30d}, condition: [value >= 10]}
"""


@pytest.fixture
def told(tmp_path, monkeypatch):
    """Fired and told on 3 June; two days later a record has come and one was revised."""
    settings = SETTINGS.replace("instance: tested", "instance: tested\nrules: [rules]")
    with installed(tmp_path, rules=PLACES, settings=settings) as it:
        it.release("2020-06-01 12:00", "MOZ1  2020-05-28  1  Palma")
        it.turn("2020-06-01 13:00")
        it.release("2020-06-03 12:00", "MOZ2  2020-06-02  12  Palma")
        it.turn("2020-06-03 13:00")
        it.release("2020-06-05 12:00", "MOZ2  2020-06-02  14  Palma", "MOZ3  2020-06-02  5  Palma")
        it.turn("2020-06-05 13:00")
        monkeypatch.chdir(tmp_path)
        yield it


def explained(capsys, *arguments: str) -> str:
    capsys.readouterr()
    assert cli.main(["explain", "Many deaths", *arguments]) == 0
    return words(capsys.readouterr().out)


def test_it_says_what_changed_since_the_last_message(told, capsys):
    said = explained(capsys, "--as-known", "2020-06-05")
    assert (
        "CHANGED Since the last message (2020-06-03 13:00 UTC): the source revised 1 record and added 1 record: "
        "13 → 20 deaths. - new: MOZ3 - revised: MOZ2" in said
    )


def test_of_a_moment_before_it_fired_it_does_not_say_that_it_fires(told, capsys):
    said = explained(capsys, "--as-known", "2020-06-02")
    assert "HOLDS? No: " in said
    assert ": then no turn had seen it hold. More came later (1 step): watcher alerts " in said
    assert "It is firing" not in said
    assert "CHANGED" not in said


def test_of_a_moment_in_between_it_says_how_it_stood_then(told, capsys):
    told.release("2020-06-06 12:00", "MOZ2  2020-06-02  0  Palma", "MOZ3  2020-06-02  0  Palma")
    told.turn("2020-06-06 13:00")
    said = explained(capsys, "--as-known", "2020-06-04")
    assert ", as it stood then: It is firing, since 2020-06-03 12:00 UTC." in said
    assert "More came later (1 step)" in said


def test_the_terms_of_the_source_and_what_is_still_to_come_are_said(told, capsys):
    said = explained(capsys, "--as-known", "2020-06-05")
    assert "- acled: 3 records; terms: ACLED's terms of use: rows must not be passed on" in said
    assert "How much of these days is still to come in cannot be said: no record of the last 180 days" in said


def test_without_any_record_it_says_where_to_look(told, capsys):
    told.write_rules(PLACES.replace("country: Mozambique", "country: Mali"))
    said = explained(capsys, "--as-known", "2020-06-05")
    assert (
        "FOUND It cannot be judged: no records for Deaths. Look at: watcher status (how far each source goes)" in said
    )
