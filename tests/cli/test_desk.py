from __future__ import annotations

import json

import pytest

from watcher.store.alerts import dirty_marks


@pytest.fixture
def article(it_is, good, brought):
    """The facts of the article are known, and a turn was taken; now it is September."""

    def two_turns():
        for day in (13, 14):
            it_is(f"2020-09-{day}T09:00")
            good("check")

    brought(two_turns)
    it_is("2020-09-14T09:00")


def facts(good, state: str, *options: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(good("facts", state, *options, "--format", "json"))
    return found


def test_the_desk_states_a_fact_and_the_next_turn_tells_it(article, it_is, good):
    said = good("assert", "rivalry", "isgs,jnim", "truce", "--from", "2020-09-14", "--claimed-by", "al-Naba")
    assert said == (
        "asserted: rivalry of isgs, jnim is truce from 2020-09-14; "
        "claim of al-Naba, not verified; known from 2020-09-14\n"
    )
    it_is("2020-09-14T09:10")
    good("check")
    [alert] = json.loads(good("alerts", "--rule", "isgs-jnim", "--format", "json"))
    assert (alert["alert"], alert["state"]) == ("ISGS-JNIM relation changed", "firing")
    assert "clashing -> truce since 14 Sep 2020" in alert["headline"]


def test_what_the_desk_states_makes_the_next_turn_judge(article, good, store):
    good("assert", "control", "Malian Gourma", "contested", "--from", "2020-09")
    with store.reading() as tx:
        assert list(dirty_marks(tx)) == ["facts"]


def test_every_part_of_a_fact_can_be_stated(article, good):
    good(
        *("assert", "control", "Malian Gourma", "contested", "--from", "2020-08", "--until", "2020-09-10"),
        *("--known", "2020-09-12", "--ended", "replaced", "--extent", "some", "--at-least", "--claimed-by", "a patrol"),
        *("--verified", "partly", "--note", "seen twice", "--cite", "baloi_2020"),
    )
    fact = next(fact for fact in facts(good, "control") if fact["source"] == "desk")
    wanted = {
        "value": "contested",
        "from": "2020-08",
        "until": "2020-09-10 replaced",
        "ended": "replaced",
        "extent": "some",
        "at_least": True,
        "claimed_by": "a patrol",
        "verified": "partly",
        "note": "seen twice",
        "cite": "baloi_2020",
        "known": "2020-09-12",
        "said_by": "claim of a patrol, partly verified",
    }
    assert {name: fact[name] for name in wanted} == wanted


@pytest.mark.parametrize(
    ("state", "key", "value", "parts"),
    [
        ("rivalry", "isgs,jnim", "truce", ["isgs", "jnim"]),
        ("rivalry", "jnim-isgs", "truce", ["isgs", "jnim"]),
        ("rivalry", "[$jnim, $isgs]", "truce", ["isgs", "jnim"]),
        ("rivalry", "$isgs, $jnim", "truce", ["isgs", "jnim"]),
        ("leader", "group=aqim,role=head", "Yazid", ["aqim", "head"]),
        ("leader", "aqim,head", "Yazid", ["aqim", "head"]),
        ("leader", "{group: $aqim, role: head}", "Yazid", ["aqim", "head"]),
        ("control", "Inland Niger Delta", "$isgs", ["Inland Niger Delta"]),
        ("control", "Burkina-Niger border", "isgs", ["Burkina-Niger border"]),
    ],
    ids=["names", "either order", "as in a file", "with $", "named parts", "in order", "a map", "an area", "a hyphen"],
)
@pytest.mark.usefixtures("article")
def test_a_key_is_written_as_a_shell_takes_it_or_as_in_a_file(good, state, key, value, parts):
    good("assert", state, key, value, "--from", "2020-09")
    fact = next(fact for fact in facts(good, state) if fact["source"] == "desk")
    assert (fact["parts"], fact["value"]) == (parts, value.removeprefix("$"))


def test_a_person_is_called_by_one_name(article, good):
    said = good("assert", "leader", "aqim,head", "Abdelmalik Drukdal", "--from", "2004")
    assert "is Abdelmalek Droukdel from 2004" in said


def test_stating_it_again_is_nothing_new_and_otherwise_is_a_revision(article, good, store):
    statement = ("assert", "control", "Soum", "contested", "--from", "2020-09")
    good(*statement)
    assert good(*statement).startswith("nothing new: ")
    assert good(*statement, "--note", "seen").startswith("asserted: ")
    assert [fact["note"] for fact in facts(good, "control") if fact["source"] == "desk"] == ["seen"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["rivalri", "isgs,jnim", "truce"], "there is no state 'rivalri' (did you mean 'rivalry'?)"),
        (["rivalry", "isgs,jnin", "truce"], "KEY: no actor 'jnin' (did you mean 'jnim'?)"),
        (["rivalry", "isgs", "truce"], "KEY: 'rivalry' is about two actors"),
        (["rivalry", "isgs,jnim", "truse"], "VALUE: 'rivalry' is never 'truse' (did you mean 'truce'?)"),
        (["leader", "group=aqim", "Yazid"], "KEY: expected a map of group, role"),
        (["leader", "{group: aqim", "Yazid"], "KEY: the '{' opened here is not closed"),
        (["control", "Soum", "nobody"], "VALUE: 'control' is never 'nobody'"),
        (["control", "Soum", "isgs", "--cite", "balloi"], "--cite: no citation 'balloi'"),
        (["control", "Soum", "isgs", "--until", "2019"], "--until: 'until' lies before '--from'"),
        (["control", "Soum", "isgs", "--known", "soon"], "--known: 'soon' is no date"),
        (["control", "Soum", "isgs", "--extent", "much"], "'much' is not one of"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_a_file_may_not_say_the_desk_may_not_either(article, run, arguments, told):
    said = run("assert", *arguments, "--from", "2020-09")
    assert said.code == 2
    assert told in said.err


def test_a_date_that_is_none_is_refused_and_the_date_is_needed(article, run):
    said = run("assert", "control", "Soum", "isgs", "--from", "2020-0914")
    assert (said.code, said.err) == (
        2,
        "watcher: --from: '2020-0914' is no date (write 2020-06-03, 2020-06, 2019-H2, 2019 or unknown)\n",
    )
    assert "Missing option '--from'" in run("assert", "control", "Soum", "isgs").err


# --- confirm ----------------------------------------------------------------------------------------------------------


def test_a_claim_that_the_desk_confirms_is_known_as_confirmed_from_now_on(article, good):
    said = good("confirm", "rivalry", "isgs,jnim", "--from", "2020-04-17", "--note", "two reports")
    assert said == (
        "confirmed: rivalry of isgs, jnim is clashing from 2020-04-17; "
        "claim of al-Naba, confirmed; known from 2020-09-14\n"
    )
    before = facts(good, "rivalry", "--as-of", "2020-09-13")
    assert [fact["verified"] for fact in before] == ["unstated"] * 3
    desk = next(fact for fact in facts(good, "rivalry") if fact["source"] == "desk")
    assert (desk["verified"], desk["note"]) == ("true", "two reports")


def test_the_date_may_be_left_out_where_there_is_one_fact(article, good, run):
    assert "confirmed: control of Malian Gourma" in good("confirm", "control", "malian gourma")
    assert "confirmed: rivalry of isgs, jnim" in good("confirm", "rivalry", "JNIM,isgs", "--from", "2019-09")
    said = run("confirm", "rivalry", "isgs,jnim")
    assert said.code == 2
    assert "there are 3 facts on rivalry of isgs, jnim" in said.err
    assert "--from: 2019-09, 2020-04-17, unknown" in said.err


@pytest.mark.parametrize("command", ["confirm", "withdraw"])
@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["control", "Gourma"], "nothing is known of control of 'Gourma'"),
        (["contrl", "Malian Gourma"], "did you mean 'control'?"),
        (["control", "Malian Gourma", "--from", "2020-08"], "no fact on control of Malian Gourma is from '2020-08'"),
    ],
    ids=["unknown key", "unknown state", "unknown date"],
)
def test_a_fact_that_is_not_there_is_answered_with_what_is(article, run, command, arguments, told):
    said = run(command, *arguments)
    assert said.code == 2
    assert told in said.err


# --- withdraw ---------------------------------------------------------------------------------------------------------


def test_what_is_withdrawn_is_known_no_longer_and_stays_visible_as_known_before(article, it_is, good, store):
    good("assert", "rivalry", "isgs,jnim", "truce", "--from", "2020-09-14")
    it_is("2020-09-20T09:00")
    good("check")
    said = good("withdraw", "rivalry", "isgs,jnim", "--from", "2020-09-14")
    assert said.startswith("withdrawn: rivalry of isgs, jnim is truce from 2020-09-14; the desk")
    with store.reading() as tx:
        assert list(dirty_marks(tx)) == ["facts"]
    assert "truce" not in [fact["value"] for fact in facts(good, "rivalry")]
    assert "truce" in [fact["value"] for fact in facts(good, "rivalry", "--as-of", "2020-09-19")]


def test_of_one_key_only_what_the_desk_said_can_be_meant(article, it_is, good):
    good("assert", "rivalry", "isgs,jnim", "truce", "--from", "2020-09-14")
    assert "is truce from 2020-09-14" in good("withdraw", "rivalry", "isgs,jnim"), "the files' dates are no choice"


def test_an_alert_whose_fact_is_withdrawn_is_taken_back(article, it_is, good):
    good("assert", "rivalry", "isgs,jnim", "truce", "--from", "2020-09-14")
    it_is("2020-09-14T10:00")
    good("check")
    good("withdraw", "rivalry", "isgs,jnim", "--from", "2020-09-14")
    it_is("2020-09-14T11:00")
    good("check")
    states = {alert["alert"]: alert["state"] for alert in json.loads(good("alerts", "--all", "--format", "json"))}
    assert states["ISGS-JNIM relation changed"] == "retracted"


def test_what_stands_in_a_file_is_withdrawn_by_editing_the_file(article, run):
    said = run("withdraw", "control", "Malian Gourma")
    assert said.code == 2
    assert "file:sahel.yaml: the desk does not assert control of Malian Gourma from 2020-07 (edit the file" in said.err
