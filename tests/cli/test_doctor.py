from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections import namedtuple

import pytest

from watcher.cli import doctor


def levels(said) -> dict[str, str]:
    return {each["what"]: each["level"] for each in json.loads(said.out)["findings"]}


def test_a_sound_house_is_a_list_of_what_is_well(home, run):
    said = run("doctor", "--deep", "--format", "json")
    assert said.code == 0
    assert {what: level for what, level in levels(said).items() if what not in {"sqlite", "filesystem"}} == {
        "rules": "ok",
        "routes": "ok",
        "permission": "ok",
        "disk": "ok",
        "store": "ok",
        "outbox": "ok",
        "clock": "ok",
        "source": "warning",
    }
    assert "every page, message and record is whole" in run("doctor", "--deep").out


@pytest.mark.parametrize(
    ("damage", "code", "told"),
    [
        pytest.param(lambda home: (home / "rules" / "sahel.yaml").write_text("rules: ["), 78, "sahel.yaml:1", id="rules"),
        pytest.param(lambda home: (home / "notify.yaml").write_text("route: 1"), 78, "route", id="routes"),
        pytest.param(lambda home: os.truncate(home / "state" / "watcher.db", 5_000), 74, "watcher restore BACKUP", id="a store that was cut"),
        pytest.param(lambda home: (home / "state" / "watcher.db").unlink(), 74, "watcher init", id="no store"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_what_to_do(home, run, damage, code, told):
    damage(home)
    answer = run("doctor")
    assert answer.code == code
    line = next(line for line in answer.out.splitlines() if line.startswith("error"))
    assert told in line


def test_too_little_room_is_a_warning(home, run, monkeypatch):
    usage = namedtuple("usage", "total used free")  # noqa: PYI024 - as shutil's own
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**12, 0, 10**10))
    said = run("doctor", "--format", "json")
    assert (said.code, levels(said)["disk"]) == (0, "warning")


def test_an_old_sqlite_and_a_disk_elsewhere_are_told(home, run, monkeypatch):
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 40, 1))
    monkeypatch.setattr(doctor, "is_on_network", lambda _: True)
    said = run("doctor", "--format", "json")
    assert (levels(said)["sqlite"], levels(said)["filesystem"]) == ("warning", "warning")


def test_a_backup_is_put_back(home, run, good):
    good("backup", "copy.db")
    assert "copy.db: whole, " in good("backup", "copy.db", "--verify")
    os.truncate(home / "state" / "watcher.db", 5_000)
    assert "is damaged" in run("status").err
    assert "watcher restore BACKUP" in run("status").err
    assert "restored from copy.db" in good("restore", "copy.db")
    good("status")


def test_what_everybody_may_write_is_an_error(home, run):
    (home / "notify.yaml").chmod(0o666)
    said = run("doctor")
    assert said.code == 78
    assert f"everybody may write {home / 'notify.yaml'}: chmod o-w" in said.out


def test_what_everybody_may_read_is_a_warning(home, run):
    (home / "state").chmod(0o755)
    said = run("doctor", "--format", "json")
    assert (said.code, levels(said)["permission"]) == (0, "warning")


def test_a_clock_that_was_set_back_is_an_error(home, run, it_is, good):
    it_is("2020-07-21T09:00")
    good("check")
    it_is("2020-07-20T09:00")
    said = run("doctor")
    assert said.code == 78
    assert "it is 1d behind the end of the last run" in said.out


def test_a_source_without_its_secret_and_one_that_was_never_read_are_told(home, run, good):
    arguments = ("url=https://example.org/x.csv", "token={file: secrets/none}")
    good("source", "add", "table", "net", "--write", *(part for each in arguments for part in ("--set", each)))
    said = run("doctor")
    assert said.code == 78
    assert "net: secret file secrets/none: the file cannot be read" in said.out
    assert "acled: never read (see: watcher source test acled)" in said.out
