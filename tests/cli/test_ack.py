from __future__ import annotations

import json

import pytest

from tests.cli.records import raid, write


@pytest.fixture
def firing(home, it_is, good):
    """One alert fires; its fingerprint."""
    write(home / "inbox" / "june.csv", [raid(1, "2020-06-25", 80)])
    it_is("2020-07-20T09:00")
    good("check")
    [alert] = json.loads(good("alerts", "--format", "json"))
    it_is("2020-07-20T10:00")
    return str(alert["fingerprint"])


def test_it_says_who_until_when_and_with_which_note(firing, good):
    said = good("ack", firing[:5], "--for", "3d", "--note", "asked them", "--by", "Ana")
    assert said == (
        "Many deaths in a province of the Sahel region: acknowledged by Ana on 20 Jul 2020, 10:00 UTC "
        "until 23 Jul 2020, 10:00 UTC: asked them\n"
    )


def test_a_day_means_its_end(firing, good):
    good("ack", firing, "--until", "2020-07-22", "--by", "Ana")
    [alert] = json.loads(good("alerts", "--format", "json"))
    assert alert["acknowledgement"]["until"] == "2020-07-22T23:59:59.999000+00:00"


def test_alerts_and_status_show_it_while_it_holds(firing, good, it_is):
    good("ack", firing, "--for", "1d", "--by", "Ana", "--note", "mine")
    assert "by Ana" in good("alerts")
    assert "acknowledged by Ana on 20 Jul 2020, 10:00 UTC until 21 Jul 2020, 10:00 UTC: mine" in good("alerts", firing)
    assert json.loads(good("status", "--format", "json"))["alerts"][0]["acknowledged"] == "by Ana"
    assert "by Ana" in good("status")
    it_is("2020-07-21T10:00")
    assert "by Ana" not in good("alerts")


def test_it_can_be_taken_back(firing, good):
    good("ack", firing, "--by", "Ana")
    assert good("ack", firing, "--undo", "--by", "Ben").endswith(": reminds again\n")
    assert json.loads(good("alerts", "--format", "json"))[0]["acknowledgement"] is None


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        pytest.param(["--for", "1d", "--until", "2020-07-22"], "--until and --for say the same", id="two times"),
        pytest.param(["--for", "soon"], "--for: 'soon' is no duration", id="no duration"),
        pytest.param(["--until", "2020-07-19"], "--until 2020-07-19 is over", id="a time that is over"),
    ],
)
def test_what_cannot_be_meant_is_refused(firing, run, options, problem):
    said = run("ack", firing, *options)
    assert said.code == 2
    assert problem in said.err


def test_what_is_over_needs_no_acknowledgement(firing, home, run, good, it_is):
    write(home / "inbox" / "later.csv", [raid(1, "2020-06-25", 1, timestamp="1595462400")])
    it_is("2020-07-23T09:00")
    good("check")
    said = run("ack", firing)
    assert said.code == 2
    assert "this alert is retracted: there is nothing to acknowledge" in said.err


def test_without_a_name_it_is_the_user(firing, good):
    good("ack", firing)
    [alert] = json.loads(good("alerts", "--format", "json"))
    assert alert["acknowledgement"]["author"]
