"""The demo, played from its first week to its last: real messages, e-mails to look at, an installation to go on with."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from contextlib import closing
from email import policy
from email.parser import BytesParser
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest

from watcher import cli
from watcher.cli.demo import Screen, _conclude
from watcher.config.settings import load_settings
from watcher.demo import FIRST_TURN, LAST_TURN, Demo, Week
from watcher.demo.receiver import Receiver

HEADLINE = "Deaths in organised violence, Mozambique"
THREAT = "Islamic State, South Africa (threat): conditional since 6 Jul 2020, not known before"
RIVALRY = "ISGS and JNIM: clashing since 17 Apr 2020, not known before"


_ARRIVED = {
    "alerts": [
        {
            "status": "firing",
            "labels": {"severity": "warning"},
            "annotations": {"summary": "Many deaths"},
            "fingerprint": "0123456789abcdef",
        }
    ],
    "watcher": {
        "alerts": {"0123456789abcdef": {"evidence": {"chart": [["2020-01-01", 0, 1], ["2020-01-31", 30, 20]]}}},
    },
}


class Played(NamedTuple):
    folder: Path
    arrived: list[Mapping[str, Any]]
    weeks: list[Week]


@pytest.fixture(scope="module")
def played(tmp_path_factory) -> Played:
    folder = tmp_path_factory.mktemp("demo") / "home"
    arrived: list[Mapping[str, Any]] = []
    weeks: list[Week] = []
    with closing(Demo(folder, arrived.append)) as demo:
        demo.prepare()
        demo.play(weeks.append)
    return Played(folder, arrived, weeks)


def test_the_year_is_told_in_five_messages(played):
    told = [(each["notification_reason"], each["watcher"]["subject"]) for each in played.arrived]
    assert told == [
        ("first", f"[WARNING] {HEADLINE}: 4 % above the 2019 pace, 221 deaths to 27 Apr (weak evidence)"),
        ("first", f"[CRITICAL] {RIVALRY} (claimed by Islamic State (al-Naba), not verified)"),
        ("first", f"[WARNING] {THREAT} (stated by Ana Maria Baloi)"),
        ("repeat", f"[WARNING] (reminder) {HEADLINE}: 31 % above the 2019 pace, 447 deaths to 6 Jul (weak evidence)"),
        ("first", "[CRITICAL] AQIM, head (leader): Abdelmalek Droukdel killed, 3 Jun 2020 (stated by Ana Maria Baloi)"),
    ]


def test_the_headline_brings_its_chart_and_its_records(played):
    [detail] = played.arrived[3]["watcher"]["alerts"].values()
    days = [day for day, _, _ in detail["evidence"]["chart"]]
    assert (days[0], days[-1], len(days)) == ("2020-01-01", "2020-07-06", 188)
    assert detail["evidence"]["records_in_all"] > len(detail["evidence"]["records"]) > 0


def test_every_week_has_its_turn_and_brings_its_records(played):
    assert (played.weeks[0].day, played.weeks[-1].day, len(played.weeks)) == (FIRST_TURN, LAST_TURN, 31)
    assert all(week.records for week in played.weeks)


def test_the_emails_can_be_opened(played):
    paths = sorted((played.folder / "state" / "messages").rglob("*.eml"))
    letters = [BytesParser(policy=policy.default).parsebytes(path.read_bytes()) for path in paths]
    assert {letter["Subject"] for letter in letters} == {each["watcher"]["subject"] for each in played.arrived}


def test_one_can_go_on_with_the_installation(played, capsys):
    config = played.folder / "watcher.yaml"
    assert load_settings(config).timezone == "Africa/Maputo"
    assert cli.main(["alerts", "--config", str(config), "--format", "json"]) == 0
    assert HEADLINE in capsys.readouterr().out


@pytest.mark.parametrize(("encoding", "sign"), [("ascii", "* observed 30 "), ("utf-8", "⠒⠒ observed 30 ")])
def test_the_chart_is_drawn_with_what_the_locale_has(tmp_path, monkeypatch, encoding, sign):
    out = io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors="backslashreplace")
    monkeypatch.setattr("sys.stdout", out)
    screen = Screen()
    screen.arrived(_ARRIVED)
    _conclude(tmp_path, tmp_path / "watcher.yaml", screen, 1.0)
    out.flush()
    printed = out.buffer.getvalue().decode(encoding)
    assert sign in printed
    assert "\\u" not in printed
    assert ("●" in printed) == (encoding != "ascii")


def test_a_folder_with_something_in_it_is_left_alone(tmp_path, capsys):
    (tmp_path / "mine.txt").write_text("mine")
    assert cli.main(["demo", "--folder", str(tmp_path)]) == 2
    assert "the folder is not empty" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_the_receiver_takes_nothing_that_is_not_signed():
    arrived: list[Mapping[str, Any]] = []
    with closing(Receiver("whsec_bWFkZSB1cA==", arrived.append)) as receiver:
        answer = httpx.post(receiver.url, content=json.dumps({"alerts": []}), trust_env=False)
    assert (answer.status_code, arrived) == (401, [])
