from __future__ import annotations

import csv
import io
import json

import pytest


@pytest.fixture
def article(it_is, good):
    """The facts and numbers of the article are known."""
    it_is("2020-08-02T09:00")
    good("check", "--no-notify")


def told(good, *options: str) -> list[tuple[str, str, str]]:
    """(state, value, whether it holds) of each fact."""
    rows = json.loads(good("facts", *options, "--format", "json"))
    return [(row["state"], row["value"], row["holds"]) for row in rows]


def test_facts_are_listed_with_who_says_so_how_sure_and_since_when(article, good):
    lines = [" ".join(line.split()) for line in good("facts").splitlines()]
    assert lines[0] == "HOLDS STATE KEY IS FROM UNTIL SAID BY GRADE KNOWN SOURCE NOTE"
    assert (
        "yes control Malian Gourma jnim (at least most) 2020-07 Ana Maria Baloi B2 2020-07-31 file:sahel.yaml" in lines
    )
    assert (
        "yes rivalry isgs, jnim clashing 2020-04-17 claim of al-Naba, not verified B2 2020-05-07 file:sahel.yaml"
        in lines
    )
    assert (
        "no leader aqim, head Abdelmalek Droukdel unknown 2020-06-03 killed Ana Maria Baloi B2 2020-07-31 file:sahel.yaml"
        in lines
    )


@pytest.mark.parametrize(
    ("options", "found"),
    [
        (["rivalry"], ["cordial", "strained", "clashing"]),
        (["rivalry", "--as-of", "2020-07-01"], ["clashing"]),
        (["--as-of", "2020-07-01"], ["clashing"]),
        (["--as-of", "2020-05-06"], []),
        (["--key", "droukdel"], ["Abdelmalek Droukdel"]),
        (["--key", "JNIM"], ["jnim", "cordial", "strained", "clashing"]),
        (["--key", "$aqim"], ["Abdelmalek Droukdel"]),
        (["--key", "al-Qaeda in the Islamic Maghreb"], ["Abdelmalek Droukdel"]),
        (["--key", "Drukdal"], ["Abdelmalek Droukdel"]),
        (["--key", "Greater Sahara"], ["cordial", "strained", "clashing"]),
        (["--kind", "area"], ["jnim"]),
        (["--kind", "dyad"], ["cordial", "strained", "clashing"]),
        (["--kind", "parts"], ["Abdelmalek Droukdel"]),
        (["--kind", "country"], []),
    ],
    ids=lambda value: " ".join(value) if (value and value[0][:2] == "--") or "rivalry" in value else "",
)
def test_facts_are_picked_by_state_key_kind_and_day(article, good, options, found):
    assert [value for _, value, _ in told(good, *options)] == found


def test_what_became_known_later_is_not_shown(article, good):
    assert good("facts", "--as-of", "2020-05-06") == "no such fact was known then\n"


def test_of_each_key_one_fact_holds_on_a_day(article, good):
    assert told(good, "rivalry", "--as-of", "2020-08-01") == [
        ("rivalry", "cordial", "no"),
        ("rivalry", "strained", "no"),
        ("rivalry", "clashing", "yes"),
    ]


def test_a_fact_with_a_vague_date_may_hold(home, it_is, good):
    text = (home / "rules" / "sahel.yaml").read_text()
    late = "  - {control: Soum, is: contested, from: 2020-H2, known: 2020-07-01, cite: baloi_2020}\n\ngroups:"
    (home / "rules" / "sahel.yaml").write_text(text.replace("\ngroups:", late, 1))
    it_is("2020-08-02T09:00")
    good("check", "--no-notify")
    assert told(good, "--key", "soum") == [("control", "contested", "maybe")]


def test_csv_and_json_hold_what_the_text_leaves_out(article, good):
    [row] = json.loads(good("facts", "control", "--format", "json"))
    assert (row["extent"], row["at_least"], row["cite"]) == ("most", True, "baloi_2020")
    assert row["reference"] == "Grey Dynamics, Ana Maria Baloi, 2020-07, B2"
    rows = list(csv.DictReader(io.StringIO(good("facts", "rivalry", "--format", "csv"))))
    assert [row["said_by"] for row in rows][-1] == "claim of al-Naba, not verified"


def test_a_misspelt_state_is_answered_with_the_nearest(article, run):
    said = run("facts", "rivalri")
    assert (said.code, said.err) == (2, "watcher: there is no state 'rivalri' (did you mean 'rivalry'?)\n")


def test_facts_can_be_read_while_the_rules_are_broken(article, home, good):
    (home / "rules" / "mozambique.yaml").write_text("rules: [")
    assert "clashing" in good("facts", "rivalry")


# --- stated numbers ---------------------------------------------------------------------------------------------------


def test_stated_numbers_are_listed_with_their_days_rate_and_citation(article, good):
    lines = [" ".join(line.split()) for line in good("baseline").splitlines()]
    assert lines == [
        "BASELINE FROM TO DAYS DEATHS ATTACKS DEATHS A DAY CUTOFF GRADE CITE KNOWN SPEAKS FOR",
        "moz_2019 2019-01-01 2019-12-31 365 660 309 1.808 stated B2 baloi_2020 2020-07-31 moz_fatalities",
        "moz_2020_to_date 2020-01-01 2020-07-06 188 447 2.378 assumed B2 baloi_2020 2020-07-31 moz_fatalities",
    ]


def test_one_number_is_shown_with_everything_that_is_said_about_it(article, good):
    said = good("baseline", "moz_2019")
    assert "NUMBER    moz_2019: Mozambique in 2019, as stated" in said
    assert "STATED    660 deaths and 309 attacks in 365 days (1.808 deaths a day)" in said
    assert 'COUNTED   deaths and attacks "in terrorist attacks"; not the filter of the indicator' in said
    assert "SOURCE    baloi_2020: Grey Dynamics, Ana Maria Baloi, 2020-07, B2" in said
    assert "the last day is assumed by the desk" in good("baseline", "moz_2020_to_date")


def test_a_lower_bound_is_marked(home, it_is, good):
    rules = home / "rules" / "mozambique.yaml"
    rules.write_text(rules.read_text().replace("fatalities: 660", "at_least: true\n    fatalities: 660"))
    it_is("2020-08-02T09:00")
    good("check", "--no-notify")
    assert ">= 660" in good("baseline")
    assert ">= 660 deaths and >= 309 attacks" in good("baseline", "moz_2019")


def test_a_number_that_was_not_known_then_is_not_shown(article, good):
    assert good("baseline", "--as-of", "2020-06-30") == "no stated number was known then\n"
    assert json.loads(good("baseline", "--as-of", "2020-06-30", "--format", "json")) == []


def test_a_misspelt_number_is_answered_with_the_nearest(article, run):
    said = run("baseline", "moz_2018")
    assert said.code == 2
    assert "there is no baseline 'moz_2018' (did you mean 'moz_2019'?)" in said.err
