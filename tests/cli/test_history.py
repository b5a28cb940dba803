from __future__ import annotations

import csv
import io
import json

import pytest

from tests.cli.records import raid, write


@pytest.fixture
def july(home, it_is, good):
    """Two provinces fire; one is acknowledged and judged, and a revision takes the other back."""
    rows = [raid(1, "2020-06-25", 80), raid(2, "2020-06-26", 12, admin2="Oudalan")]
    write(home / "inbox" / "june.csv", rows)
    it_is("2020-07-20T09:00")
    good("check")
    alerts = {each["group"]["admin2"]: each["fingerprint"] for each in json.loads(good("alerts", "--format", "json"))}
    it_is("2020-07-20T10:00")
    good("ack", alerts["Soum"], "--for", "3d", "--by", "Ana", "--note", "asked them")
    it_is("2020-07-20T11:00")
    good("verdict", alerts["Soum"], "true", "--by", "Ben")
    write(home / "inbox" / "later.csv", [raid(2, "2020-06-26", 3, admin2="Oudalan", timestamp="1595462400")])
    it_is("2020-07-23T09:00")
    good("check")
    return alerts


def rows(good, *options: str) -> list[tuple[str, str]]:
    return [
        (row["kind"], row["group"].get("admin2", ""))
        for row in json.loads(good("history", "--format", "json", *options))
    ]


def test_it_tells_everything_in_one_line_of_time(july, good):
    assert rows(good, "--alert", july["Soum"]) == [
        ("transition", "Soum"),
        ("delivery", "Soum"),
        ("acknowledgement", "Soum"),
        ("verdict", "Soum"),
    ]
    told = good("history", "--alert", july["Oudalan"])
    assert "inactive → firing" in told
    assert "firing → retracted" in told
    assert "delivered: retracted to desk/file/1" in told


@pytest.mark.parametrize(
    ("options", "kinds"),
    [
        pytest.param(["--state", "retracted"], {("transition", "Oudalan")}, id="a state"),
        pytest.param(["--reason", "retracted"], {("transition", "Oudalan")}, id="a reason"),
        pytest.param(["--kind", "verdict"], {("verdict", "Soum")}, id="a kind"),
        pytest.param(
            ["--severity", "critical", "--kind", "transition"],
            {("transition", "Soum"), ("transition", "")},
            id="a severity",
        ),
        pytest.param(["--label", "admin2=Soum", "--kind", "delivery"], {("delivery", "Soum")}, id="a label"),
        pytest.param(["--label", "admin2=Soum", "--state", "retracted"], set(), id="nothing is both"),
        pytest.param(["--since", "2020-07-21"], {("transition", "Oudalan"), ("delivery", "Oudalan")}, id="since a day"),
        pytest.param(["--until", "2020-07-19"], set(), id="up to a day"),
        pytest.param(
            ["--rule", "many-deaths", "--kind", "acknowledgement"], {("acknowledgement", "Soum")}, id="a rule"
        ),
        pytest.param(
            ["--label", "alertname=Many deaths in a province of the Sahel region", "--kind", "verdict"],
            {("verdict", "Soum")},
            id="the alert's name is a label",
        ),
    ],
)
def test_it_can_be_narrowed(july, good, options, kinds):
    assert set(rows(good, *options)) == kinds


def test_json_holds_what_the_table_has_no_room_for(july, good):
    found = json.loads(good("history", "--format", "json"))
    by_kind = {row["kind"]: row for row in found}
    assert by_kind["acknowledgement"]["until"] == "2020-07-23T10:00:00+00:00"
    assert by_kind["acknowledgement"]["note"] == "asked them"
    assert by_kind["verdict"]["verdict"] == "true"
    assert by_kind["delivery"]["delivery"] == "delivered"
    assert by_kind["transition"]["difference"]["after"] == 3
    assert [row["at"] for row in found] == sorted(row["at"] for row in found)


def test_csv_has_a_column_for_each_part(july, good):
    read = list(csv.DictReader(io.StringIO(good("history", "--format", "csv"))))
    assert read[0]["kind"] == "transition"
    assert read[-1]["what"] == "delivered: retracted to desk/file/1"


def test_nothing_is_a_sentence_and_a_misspelt_label_is_refused(good, run):
    assert good("history") == "nothing happened\n"
    assert "write country=MOZ" in run("history", "--label", "country").err
