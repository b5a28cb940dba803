"""Two totals compared: the article's case in words and as a document, and what cannot be compared."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from watcher.core.errors import ExitCode
from watcher.core.statistics.comparison import Totals, compare
from watcher.core.statistics.rates import Tally

ARTICLE = ("rate", "447/188d", "660/365d", "--attacks", "309", "--year-days", "366")


def test_it_works_the_article_through_every_test(good):
    assert good(*ARTICLE).splitlines() == [
        "NOW       447 / 188 days = 2.3777 a day",
        "BEFORE    660 / 365 days = 1.8082 a day, in 309 attacks of 2.136",
        "RATIO     2.3777 / 1.8082 = 1.315; the rate before gives 339.9 in 188 days",
        "AHEAD     2.3777 x 366 days = 870 by the end",
        "SCORE     log-likelihood ratio 9.79, over the dispersion D",
        "",
        "TOTALS                                   D  TEST      RATIO 95 %        P  SCORE  EVIDENCE  PROJECTED  VISIBLE FROM",
        "each counts for itself                   1  exact      1.16-1.48  5.5e-06   9.79  strong      816-928         1.165",
        "each counts for itself                   1  mid-p      1.17-1.48  4.8e-06   9.79  strong      816-928         1.165",
        "in lumps: least, the mean per attack  2.14  inflated   1.10-1.57   0.0011   4.58  moderate    792-957         1.236",
        "in lumps: assumed                        5  inflated   1.01-1.72    0.023   1.96  weak       755-1007         1.370",
        "",
        "TURNS     p stays under 5 % up to D 7.38, under 1 % up to D 3.69.",
        "          the evidence is moderate up to D 3.26, strong up to D 2.06.",
        "VERDICT   31 % above the rate before (projected 870, against 660); evidence weak at D 5, assumed:",
        "          attack counts needed.",
    ]


def test_the_page_shows_what_is_printed(good):
    page = Path(__file__).parents[2] / "docs" / "detectors" / "pace.md"
    assert f"$ watcher {' '.join(ARTICLE)}\n{good(*ARTICLE)}```" in page.read_text("utf-8")


@pytest.mark.parametrize(
    ("arguments", "verdict"),
    [
        pytest.param(
            ["447/195d", "660/365d", "--attacks", "309", "--year-days", "366"],
            "27 % above the rate before (projected 839, against 660); evidence weak at D 5, assumed: attack counts needed.",
            id="a week later",
        ),
        pytest.param(
            ["447/188d", "660/365d", "--attacks", "309", "--now-attacks", "190"],
            "31 % above the rate before (projected 868, against 660); evidence weak at D 5, assumed: the deaths of each "
            "attack are needed.",
            id="both attack counts",
        ),
        pytest.param(
            ["447/188d", "660/365d", "--dispersion", "2"],
            "31 % above the rate before (projected 868, against 660); evidence strong at D 2.",
            id="a known dispersion",
        ),
        pytest.param(
            ["190/188d", "309/365d"],
            "19 % above the rate before (projected 369, against 309); evidence weak at D 1, each counted for itself "
            "(deaths come in lumps: --attacks).",
            id="attacks count for themselves",
        ),
        pytest.param(
            ["40/400d", "10/400d"],
            "4.0 times the rate before; evidence strong at D 1, each counted for itself (deaths come in lumps: --attacks).",
            id="no year to lead to",
        ),
        pytest.param(
            ["5/30d", "50/50d"],
            "83 % below the rate before (projected 61, against 365); no evidence of a rise at D 1.",
            id="calmer",
        ),
        pytest.param(
            ["60/27d", "50/365d"],
            "16.2 times the rate before (projected 811, against 50); too early to say: it takes 28 days and 4 events.",
            id="too early",
        ),
        pytest.param(["0/30d", "0/365d"], "None, as before; no evidence of a rise at D 1.", id="nothing at all"),
        pytest.param(
            ["5/30d", "0/365d"],
            "5, and none before; evidence strong at D 1, each counted for itself (deaths come in lumps: --attacks).",
            id="nothing before",
        ),
    ],
)
def test_the_verdict_is_one_sentence(good, arguments, verdict):
    document = json.loads(good("rate", *arguments, "--format", "json"))
    assert document["verdict"] == verdict
    assert " ".join(good("rate", *arguments).split()).endswith(verdict)


def test_the_document_holds_the_numbers_in_full(good):
    document = json.loads(good(*ARTICLE, "--format", "json"))
    assert [(each["test"], round(each["dispersion"], 2)) for each in document["judgements"]] == [
        ("exact", 1),
        ("mid-p", 1),
        ("inflated", 2.14),
        ("inflated", 5),
    ]
    assert document["judgements"][0]["p_value"] == pytest.approx(5.51194497081e-06, rel=1e-9)
    assert document["largest_dispersion"] == pytest.approx(
        {"p_5_percent": 7.383, "p_1_percent": 3.691, "moderate": 3.262, "strong": 2.060}, abs=1e-3
    )
    assert (document["attack_ratio"], document["attacks_p"]) == (None, None)


def test_attacks_on_both_sides_say_whether_they_are_more_or_deadlier(good):
    text = good("rate", "447/188d", "660/365d", "--attacks", "309", "--now-attacks", "190")
    assert "ATTACKS   1.194 times their rate, exact p 0.031; with 1.101 times as much in each\n" in text


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        pytest.param(["447", "660/365d"], "NOW '447' is no total with its days (write e.g. 447/188d", id="no days"),
        pytest.param(["447/188d", "x/365d"], "BEFORE 'x/365d' is no total", id="no number"),
        pytest.param(["-4/188d", "1/365d"], "No such option", id="less than none"),
        pytest.param(["447/0d", "660/365d"], "NOW '447/0d' has no day (count the days with both ends", id="no day"),
        pytest.param(
            ["447/188d", "660/365d", "--year-days", "100"],
            "NOW has 188 days already, and --year-days 100 is less",
            id="a year that is over",
        ),
        pytest.param(["447/188d", "660/365d", "--dispersion", "0.5"], "0.5 is not in the range", id="too even"),
        pytest.param(["447/188d", "660/365d", "--attacks", "0"], "0 is not in the range", id="no attack"),
    ],
)
def test_what_cannot_be_compared_is_refused(run, arguments, complaint):
    said = run("rate", *arguments)
    assert (said.out, said.code) == ("", ExitCode.USAGE)
    assert complaint in said.err
    assert "Traceback" not in said.err


def test_a_few_deadly_attacks_are_too_few_to_be_judged():
    many, few = (compare(Totals(Tally(90, 60), Tally(50, 365), now_attacks=n)) for n in (4, 3))
    assert (many.main.dispersion, many.main.evidence) == (22.5, "moderate")
    assert few.main.evidence == "none"


@pytest.mark.parametrize("number", ["nan", "inf", "0.5", "-1", "many"])
def test_a_dispersion_that_is_none_is_refused(run, number):
    said = run("rate", "447/188d", "660/365d", "--dispersion", number)
    assert (said.code, said.out) == (2, "")
    assert "--dispersion" in said.err


def test_no_dispersion_is_less_than_the_mean_per_attack(good):
    said = json.loads(good("rate", "447/188d", "660/365d", "--attacks", "100", "--dispersion", "5", "--format", "json"))
    assert "evidence weak at D 6.6" in said["verdict"]
