"""`watcher backtest`: past days lived through again, and what the rules would have been worth."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
import subprocess
from typing import Any

import pytest

from tests.cli.records import raid, write

RULE = "Many deaths in a province of the Sahel region"
DAYS = ("--from", "2020-01-01", "--to", "2020-07-20")
LABELS = """\
from,to,admin2
2020-01-20,2020-02-10,Soum
2020-05-10,2020-05-12,Soum
2020-06-30,2020-07-10,Oudalan
2020-03-01,2020-03-05,Oudalan
"""


@pytest.fixture
def lived(home, it_is, run):
    """Half a year of raids in two provinces, loaded at its end; each was known a week after its day."""
    days = ["2020-01-05", "2020-01-20", "2020-03-10", "2020-05-05", "2020-05-08"]
    rows = [raid(number, day, 8) for number, day in enumerate(days, start=1)]
    rows.append(raid(20, "2020-05-20", 60, admin2="Oudalan"))
    rows.append(raid(21, "2020-06-25", 0, admin2="Oudalan"))
    write(home / "inbox" / "half.csv", rows)
    it_is("2020-07-20T09:00")
    run("check")
    return home


def told(good, *arguments: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(good("backtest", RULE, *DAYS, "--format", "json", *arguments))
    return found


def fired(trial: dict[str, Any]) -> list[tuple[str, str]]:
    return [(each["fired"], each["group"]["admin2"]) for each in trial["rules"][0]["list"]]


def test_it_tells_episodes_and_messages_by_what_was_known_on_each_day(lived, good):
    found = told(good)
    [trial] = found["trials"]
    assert trial["name"] == "as known"
    assert fired(trial) == [("2020-01-27", "Soum"), ("2020-05-15", "Soum"), ("2020-05-27", "Oudalan")]
    assert found["alerts_per_year"] == pytest.approx(3 / found["years"], abs=0.001)
    [desk] = trial["messages"]
    # Three beginnings and two ends; the last two end on one day, in one message.
    assert (desk["receiver"], desk["messages"] - desk["reminders"]) == ("desk", 5)


def test_by_hindsight_it_fires_when_the_records_happened(lived, good):
    [trial] = told(good, "--hindsight")["trials"]
    assert trial["name"] == "hindsight"
    assert fired(trial) == [("2020-01-21", "Soum"), ("2020-05-09", "Soum"), ("2020-05-21", "Oudalan")]


def test_both_kinds_of_knowledge_are_held_against_each_other(lived, good):
    found = told(good, "--as-known", "--hindsight")
    assert [each["name"] for each in found["trials"]] == ["as known", "hindsight"]
    assert [(each["which"], each["later_by_days"]) for each in found["difference"]] == [("both", 6)] * 3


def test_labels_say_what_was_found_and_how_late(lived, good):
    (lived / "episodes.csv").write_text(LABELS)
    [rule] = told(good, "--labels", "episodes.csv")["trials"][0]["rules"]
    episodes = rule["score"]["by_episode"]
    # Three labels have an alert; the one of March has none.
    assert (episodes["found"], episodes["missed"], episodes["wrong"]) == (2, 2, 1)
    assert rule["score"]["median_delay_days"] == 7
    assert rule["score"]["median_lead_days"] == 34


def test_labels_are_shown_as_tables_and_bars(lived, good):
    (lived / "episodes.csv").write_text(LABELS)
    said = good("backtest", RULE, *DAYS, "--labels", "episodes.csv", "--as-known", "--hindsight")
    assert "LABELS  4 episodes that people say were there" in said
    assert "2 of 4" in said
    assert "firing and labelled" in said
    assert "LATER KNOWLEDGE  changes 3 of 3 alerts" in said
    assert "LAST ALERT  27 May 2020: " in said


@pytest.mark.parametrize(
    ("text", "place"),
    [
        pytest.param("from,admin2\n", "episodes.csv:1:1: there is no column 'to'", id="a column is missing"),
        pytest.param("from,to,to\n", "episodes.csv:1:3: the column 'to' is there twice", id="a column is there twice"),
        pytest.param("from,to\n2020-01-01,soon\n", "episodes.csv:2:2: 'soon' is no day", id="what is no day"),
        pytest.param("from,to\n2020-01-01\n", "episodes.csv:2:1: 1 cells and 2 columns", id="a cell is missing"),
        pytest.param(
            "from,to\n\n2020-02-01,2020-01-01\n", "episodes.csv:3:2: 2020-01-01 lies before 2020-02-01", id="backwards"
        ),
    ],
)
def test_a_label_that_says_nothing_is_named_with_its_row_and_column(lived, run, text, place):
    (lived / "episodes.csv").write_text(text)
    said = run("backtest", RULE, *DAYS, "--labels", "episodes.csv")
    assert said.code == 78
    assert place in said.err


def test_a_label_that_no_alert_has_is_refused(lived, run):
    (lived / "episodes.csv").write_text("from,to,province\n2020-01-01,2020-01-02,Soum\n")
    said = run("backtest", RULE, *DAYS, "--labels", "episodes.csv")
    assert (said.code, said.out) == (2, "")
    assert "no alert of these rules has a label 'province' (there are: admin2)" in said.err


def test_more_alerts_than_the_budget_fail_the_pipeline(lived, run):
    kept, broken = (run("backtest", RULE, *DAYS, "--max-alerts-per-year", limit) for limit in ("6", "5"))
    assert (kept.code, kept.err) == (0, "")
    assert broken.code == 1
    assert "5.4 alerts a year, and --max-alerts-per-year is 5" in broken.err


def test_a_spreadsheet_gets_a_line_for_each_episode_of_each_trial(lived, good):
    out = good("backtest", RULE, *DAYS, "--as-known", "--hindsight", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert [(row["trial"], row["fired"]) for row in rows][::3] == [
        ("as known", "2020-01-27"),
        ("hindsight", "2020-01-21"),
    ]
    assert len(rows) == 6


# --- two versions -----------------------------------------------------------------------------------------------------


def stricter(text: str) -> str:
    return text.replace("condition: [value >= 10]", "condition: [value >= 50]")


def test_another_file_of_rules_stands_beside(lived, good):
    other = lived / "other"
    other.mkdir()
    for path in (lived / "rules").glob("*.yaml"):
        (other / path.name).write_text(stricter(path.read_text()))
    own, against = told(good, "--against", "other")["trials"]
    assert against["name"] == "as known, of other"
    assert (len(fired(own)), fired(against)) == (3, [("2020-05-27", "Oudalan")])


def test_one_file_stands_in_place_of_its_namesake_among_the_others(lived, good):
    """A copy to try something out: what it speaks of stands in the other files."""
    draft = lived / "drafts" / "sahel.yaml"
    draft.parent.mkdir()
    draft.write_text(stricter((lived / "rules" / "sahel.yaml").read_text()))
    own, against = told(good, "--against", "drafts/sahel.yaml")["trials"]
    assert against["name"] == "as known, of drafts/sahel.yaml"
    assert (len(fired(own)), fired(against)) == (3, [("2020-05-27", "Oudalan")])


def test_a_name_of_a_file_is_every_rule_in_it(lived, good):
    found = json.loads(good("backtest", "sahel", *DAYS, "--format", "json"))
    rules = [rule["alert"] for rule in found["trials"][0]["rules"]]
    assert RULE in rules
    assert len(rules) == len(set(rules)) == (lived / "rules" / "sahel.yaml").read_text().count("- alert:")


def test_a_revision_of_git_stands_beside(lived, good):
    def git(*arguments: str) -> None:
        who = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
        subprocess.run(["git", *who, *arguments], cwd=lived, check=True, capture_output=True)

    git("init", "-q")
    git("add", "rules")
    git("commit", "-qm", "as it was")
    path = lived / "rules" / "sahel.yaml"
    path.write_text(stricter(path.read_text()))
    own, against = told(good, "--against", "HEAD")["trials"]
    assert (len(fired(own)), len(fired(against))) == (1, 3)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param(["--against", "nowhere"], "there is no file 'nowhere' here", id="neither a file nor a revision"),
        pytest.param(["--against=--output=x"], "is no revision", id="an option of git"),
        pytest.param(["--step", "5h"], "--step 5h does not fit into days", id="a step that does not fit"),
        pytest.param(["--step", "soon"], "--step: ", id="no duration"),
        pytest.param(["--labels", "nowhere.csv"], "nowhere.csv cannot be read", id="no labels"),
        pytest.param(["--html", "no/such/folder.html"], "cannot be written", id="no folder for the page"),
    ],
)
def test_what_cannot_be_done_is_said(lived, run, arguments, said):
    told = run("backtest", RULE, *DAYS, *arguments)
    assert told.code == 2
    assert said in told.err


def test_without_git_a_revision_cannot_be_read(lived, run, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    told = run("backtest", RULE, *DAYS, "--against", "HEAD")
    assert told.code == 2
    assert "there is no git on this machine" in told.err


# --- what it rests on, and the page -----------------------------------------------------------------------------------


def test_of_records_that_were_loaded_on_one_day_it_says_that_as_known_means_nothing(lived, good):
    assert "only since they were loaded" not in good("backtest", RULE, *DAYS)
    with sqlite3.connect(lived / "state" / "watcher.db") as db:
        db.execute("update event set basis = 'load', known_from = (select max(known_from) from event)")
    said = good("backtest", RULE, *DAYS)
    assert "All 7 records of acled are known only since they were loaded, on 2020-07-02" in said
    assert "As known: not all records have a stamp" in said
    assert "only since they were loaded" not in good("backtest", RULE, *DAYS, "--hindsight")


def test_the_page_is_complete_in_itself_and_escaped(lived, good):
    path = lived / "rules" / "sahel.yaml"
    path.write_text(path.read_text().replace(RULE, "Deaths <b>&"))
    (lived / "episodes.csv").write_text(LABELS)
    arguments = ("--labels", "episodes.csv", "--as-known", "--hindsight", "--html", "page.html")
    good("backtest", "Deaths", *DAYS, *arguments)
    text = (lived / "page.html").read_text()
    assert "Deaths &lt;b&gt;&amp;" in text
    assert "<b>&" not in text
    # The timeline, and what the last alert was seen by.
    assert text.count("<svg") == 2
    for other in ("<script", "src=", "href=", "url(", "@import"):
        assert other not in text
    assert text.count("http") == text.count('xmlns="http://www.w3.org/2000/svg"')
    assert text.count('<rect class="label"') == 4
    assert "prefers-color-scheme: dark" in text


def test_a_finer_step_sees_more_moments(lived, good):
    found = told(good, "--step", "12h")
    assert fired(found["trials"][0])[0][0].startswith("2020-01-27T00:00")
    assert any(note.startswith("A turn every 12h") for note in found["notes"])


def test_nothing_is_written(lived, good):
    store = lived / "state" / "watcher.db"
    before = store.read_bytes()
    good("backtest", RULE, *DAYS, "--as-known", "--hindsight")
    assert store.read_bytes() == before
