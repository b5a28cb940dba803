"""The cron contract, in a process of its own: ``env -i PATH=/usr/bin:/bin``, standard input closed."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from collections.abc import Sequence
from datetime import timedelta

import pytest

from tests.cli.conftest import COLD, bare_environment
from tests.cli.records import raid, write
from tests.warm import warm_watcher
from watcher import clock
from watcher.singleton import holding


@pytest.fixture
def news(home):
    """Many deaths last week."""
    day = clock.wall().date() - timedelta(days=8)
    rows = [raid(1, day.isoformat(), 80, location="Ménaka"), *(raid(n, day.isoformat(), 0) for n in range(2, 40))]
    write(home / "inbox" / "last_week.csv", rows)


def test_a_turn_is_silent_whatever_fires_and_a_second_sends_nothing(home, news, shell):
    assert shell("check", cold=True) == (0, "", "")
    assert shell("check", cold=True) == (0, "", "")
    assert len((home / "state" / "told.jsonl").read_text().splitlines()) == 1


@pytest.mark.parametrize(
    ("spoil", "arguments", "code"),
    [
        (lambda home: None, ["check", "--fail-on", "warning"], 1),
        (lambda home: (home / "state" / "watcher.db").unlink(), ["check"], 74),
        (lambda home: (home / "rules" / "sahel.yaml").write_text("rules: ["), ["check"], 78),
    ],
    ids=["fires", "no store", "broken rules"],
)
@pytest.mark.usefixtures("news")
def test_the_shell_is_handed_the_exit_code_and_a_line(home, shell, spoil, arguments, code):
    spoil(home)
    said = shell(*arguments)
    assert said.code == code
    assert bool(said.err) == (code != 1)
    assert "Traceback" not in said.err


def test_a_lock_that_somebody_holds_is_75(home, shell):
    with holding(home / "state" / "check.lock", who="a check"):
        assert shell("check") == (75, "", "")


def test_the_time_wall_is_124(home, shell):
    with holding(home / "state" / "turn.lock", who="a slow turn"):
        said = shell("check", "--timeout", "1")
    assert said.code == 124
    assert said.err == "watcher: not done after 1 s; what is stored stays, the next turn goes on\n"


@pytest.mark.parametrize(
    ("arguments", "redirect"),
    [(["rules", "list"], "<&-"), (["status"], ">/dev/full"), (["ask"], "2>&1")],
    ids=["an answer", "a full disk", "no such command"],
)
def test_a_command_that_is_warm_says_what_a_cold_one_says(home, shell, arguments, redirect):
    said = shell(*arguments, redirect=redirect)
    assert said.out + said.err
    assert said == shell(*arguments, redirect=redirect, cold=True)


@pytest.mark.parametrize("redirect", ["<&- >&- 2>&-", ">/dev/full"], ids=["all closed", "a full disk"])
def test_closed_streams_do_not_end_a_turn(home, news, shell, run, redirect):
    assert shell("check", redirect=redirect, cold=True).code == 0
    assert len((home / "state" / "told.jsonl").read_text().splitlines()) == 1
    assert json.loads(run("status", "--format", "json").out)["counts"]["critical"] == 1


CUT_OFF = (
    "watcher: standard output cannot be written: No space left on device "
    "(what was printed is cut off; make room, or print elsewhere)\n"
)


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["events"], id="a list longer than any buffer"),
        pytest.param(["status"], id="a page"),
        pytest.param(["status", "--format", "json"], id="one long document, written at once"),
        pytest.param(["status", "--format", "nagios"], id="a line for a monitor"),
        pytest.param(["check", "--format", "json"], id="a line, written when all is done"),
        pytest.param(["--version"], id="what click prints"),
        pytest.param(["events", "--help"], id="help"),
    ],
)
def test_a_full_disk_under_standard_output_is_a_line_and_74(home, news, shell, arguments):
    said = shell(*arguments, redirect=">/dev/full")
    assert (said.code, said.err) == (74, CUT_OFF)


def test_a_full_disk_under_standard_output_costs_no_turn(home, news, shell, run):
    assert shell("check", "--format", "json", redirect=">/dev/full", cold=True).code == 74
    assert len((home / "state" / "told.jsonl").read_text().splitlines()) == 1
    [done] = json.loads(run("status", "--format", "json").out)["runs"]
    assert done["exit_code"] == 0


@pytest.mark.parametrize(
    ("arguments", "code"),
    [(["events", "--where", "{"], 2), (["nonsense"], 2), (["status"], 0)],
    ids=["a mistake", "no such command", "nothing to say there"],
)
def test_a_full_disk_under_standard_error_leaves_the_exit_code(home, shell, arguments, code):
    assert shell(*arguments, redirect="2>/dev/full").code == code


def test_a_program_that_writes_at_once_is_no_different(home, news):
    environment = {**bare_environment(), "PYTHONUNBUFFERED": "1"}
    command = ["/bin/sh", "-c", f"{shlex.quote(sys.executable)} -m watcher status >/dev/full"]
    said = subprocess.run(command, env=environment, cwd=home, capture_output=True, text=True, check=False)
    assert (said.returncode, said.stderr) == (74, CUT_OFF)


def test_closed_output_never_writes_into_the_store(home, news, shell, run):
    run("check", "--no-notify")
    assert shell("events", redirect=">&- 2>&-", cold=True).code == 0
    assert (home / "state" / "watcher.db").read_bytes()[:15] == b"SQLite format 3"
    assert run("events", "--limit", "1").out.endswith("acled (the newest 1 are shown; --limit 0 shows all)\n")


def test_names_are_printed_in_any_locale(home, news, run):
    run("check")
    command = [sys.executable, "-m", "watcher", "events", "--where", "{location: Ménaka}"]
    environment = {**bare_environment(), "PYTHONIOENCODING": "ascii"}
    said = subprocess.run(command, env=environment, cwd=home, capture_output=True, check=True)
    assert rb"M\xe9naka" in said.stdout


def piped(home, arguments: str, reader: str, watcher: Sequence[str]) -> tuple[str, str]:
    """What a reader in a pipe prints, and then the exit code of the command before it."""
    script = f'{{ {shlex.join(watcher)} {arguments}; echo "code $?" >&2; }} | {reader}'
    said = subprocess.run(
        ["/bin/sh", "-c", script], env=bare_environment(), cwd=home, capture_output=True, text=True, check=True
    )
    return said.stdout, said.stderr


def test_a_reader_that_has_seen_enough_is_no_error(home, news, run):
    run("check")
    printed, said = piped(home, "events --format csv", "head -1", COLD)
    assert printed.startswith("id,date,")
    assert said == "code 0\n"


@pytest.mark.parametrize("arguments", ["events", "status --format json", "--help", "check --format json"])
def test_a_reader_that_is_gone_before_the_first_line_is_no_error(home, news, arguments):
    gone = "exec <&-; cat /dev/null"
    assert piped(home, arguments, f'sh -c "{gone}"', warm_watcher()) == ("", "code 0\n")


def test_a_reader_that_is_gone_changes_nothing_about_the_exit_code(home, news):
    assert piped(home, "check --fail-on warning --format json", "true", warm_watcher()) == ("", "code 1\n")


def test_what_it_writes_is_not_for_everybody_whatever_the_umask(home):
    command = f"umask 0; exec {shlex.quote(sys.executable)} -m watcher init desk --empty"
    subprocess.run(["/bin/sh", "-c", command], env=bare_environment(), cwd=home, check=True, capture_output=True)
    assert [path for path in (home / "desk").rglob("*") if path.stat().st_mode & 0o002] == []
