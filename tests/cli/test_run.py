"""`watcher run`: a daemon in a process of its own, told and asked as systemd and people do."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path

import pytest

from tests.cli.conftest import bare_environment
from tests.cli.records import raid, write
from watcher import clock
from watcher.config.files import content_hash, stamps_of
from watcher.config.settings import load_settings
from watcher.core.errors import ConfigError
from watcher.singleton import holding
from watcher.wiring import load_rule_set

#: Whatever takes longer has failed.
PATIENCE_S = 30


class Daemon:
    """A running daemon, and what it tells systemd."""

    def __init__(self, home: Path, folder: Path) -> None:
        self._heard = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._heard.settimeout(PATIENCE_S)
        address = folder / "notify"
        self._heard.bind(str(address))
        self.log = (folder / "log").open("w+")
        environment = {**bare_environment(), "NOTIFY_SOCKET": str(address)}
        command = [sys.executable, "-m", "watcher", "run"]
        self.process = subprocess.Popen(
            command, cwd=home, env=environment, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log
        )

    def wait_for(self, word: str) -> None:
        """Wait until it tells systemd this."""
        while word not in self._heard.recv(4_096).decode():
            pass

    def reload(self) -> None:
        """Ask for the rules anew, and wait until that is done."""
        self.process.send_signal(signal.SIGHUP)
        self.wait_for("RELOADING=1")
        self.wait_for("READY=1")

    def stop(self) -> int:
        """Ask it to stop; its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE_S)

    def logged(self) -> list[dict[str, object]]:
        """Its log, line by line."""
        self.log.seek(0)
        return [json.loads(line) for line in self.log]

    def close(self) -> None:
        """End it, however it stands."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.log.close()
        self._heard.close()


def _sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(1 << 30)


def _open_to_all(path: Path) -> None:
    path.write_text("rules: []\n")
    path.chmod(0o666)


def _one_that_hangs_whoever_reads_it(path: Path) -> None:
    os.mkfifo(path)


DAMAGES: Mapping[str, Callable[[Path], object]] = {
    "half a file": lambda path: path.write_text("rules:\n  - alert: Hal"),
    "smart quotes": lambda path: path.write_text("rules:\n  - alert: \u201cMany deaths\u201d\n    treshold: {}\n"),
    "binary garbage": lambda path: path.write_bytes(bytes(range(256))),
    "a sparse file of a gigabyte": _sparse,
    "a pipe": _one_that_hangs_whoever_reads_it,
    "a file that everybody may write to": _open_to_all,
}


@pytest.fixture
def daemon(home, tmp_path) -> Iterator[Daemon]:
    """A daemon that is ready."""
    started = Daemon(home, tmp_path)
    try:
        started.wait_for("READY=1")
        yield started
    finally:
        started.close()


def deaths(number: int, count: int):
    """An event of last week."""
    day = clock.wall().date() - timedelta(days=8)
    return raid(number, day.isoformat(), count)


def told(home) -> list[str]:
    path = home / "state" / "told.jsonl"
    lines = path.read_text().splitlines() if path.exists() else []
    return [json.loads(line)["notification_reason"] for line in lines]


def test_check_asks_the_running_daemon_for_a_turn_and_reports_its_result(daemon, home, run):
    write(home / "inbox" / "last_week.csv", [deaths(1, 80)])
    said = run("check", "--format", "json")
    assert (said.code, said.err) == (0, "")
    assert json.loads(said.out)["firing"]["critical"] == 1
    assert told(home) == ["state_at_start"]
    assert run("check").out == ""
    assert run("check", "--fail-on", "critical").code == 1
    assert run("check", "--format", "nagios").code == 2
    assert run("check", "--print", "firing").out.startswith("critical  ")


def test_a_turn_that_was_asked_for_is_logged_and_a_run_even_when_there_was_nothing_to_do(daemon, run):
    for _ in range(2):
        assert run("check", "--no-notify").code == 0
    runs = json.loads(run("status", "--format", "json").out)["runs"]
    assert [(each["door"], each["exit_code"], bool(each["finished_at"])) for each in runs] == [("daemon", 0, True)] * 2
    assert [line["event"] for line in daemon.logged()].count("turn") >= 2


def test_a_file_of_just_a_page_is_logged_and_told(daemon, home, run):
    day = (clock.wall().date() - timedelta(days=30)).isoformat()
    write(home / "page", [raid(n, day, 0) for n in range(4_999)]).rename(home / "inbox" / "page.csv")
    told = "page.csv: exactly 4999 rows, which is a page and may not be the whole"
    said = run("check")
    assert said.code == 0
    warnings = [line["warning"] for line in daemon.logged() if line["event"] == "a file may be a page only"]
    assert len(warnings) == 1
    assert warnings[0].startswith(told)
    assert said.err in {"", f"watcher: {warnings[0]}\n"}, "the daemon's own turn may have come first"


def test_what_the_daemon_stumbled_over_is_in_the_status(daemon, home, run, good):
    (home / "inbox" / "page.csv").write_text("<html>")
    run("check")
    assert "LOOK    source acled: this is a web page or XML" in good("status")


def test_a_moment_of_the_past_is_not_asked_of_the_daemon(daemon, run):
    said = run("check", "--as-of", "2020-01-01")
    assert said.code == 2
    assert "--as-of needs a turn of its own, and the daemon is at work (stop it first)" in said.err


def test_sigterm_ends_it_with_zero_and_leaves_nothing_behind(daemon, home):
    assert (home / "state" / "daemon.sock").exists()
    assert daemon.stop() == 0
    assert not (home / "state" / "daemon.sock").exists()
    assert not (home / "state" / "watcher.db-wal").exists()
    assert [line["event"] for line in daemon.logged()][-1] == "stopped"


def test_the_turn_that_is_going_on_is_ended_before_the_store_is_closed(home, tmp_path):
    write(home / "inbox" / "last_week.csv", [deaths(1, 80)])
    started = Daemon(home, tmp_path)
    try:
        with holding(home / "state" / "turn.lock", who="somebody"):
            started.wait_for("READY=1")
            started.process.send_signal(signal.SIGTERM)
            started.wait_for("STOPPING=1")
        assert started.process.wait(PATIENCE_S) == 0
        assert [line["event"] for line in started.logged()][-1] == "stopped"
    finally:
        started.close()


def test_broken_rules_leave_the_last_good_ones_in_force_and_everybody_hears_it(daemon, home, run, good):
    rules = home / "rules" / "sahel.yaml"
    sound = rules.read_text()
    rules.write_text("rules: [")
    daemon.reload()
    write(home / "inbox" / "last_week.csv", [deaths(1, 80)])
    said = run("check")
    assert said.code == 78
    assert "rules not reloaded, the last good ones stay in force: " in said.err
    assert "sahel.yaml:1:9" in said.err
    assert sorted(told(home)) == ["first", "state_at_start"], "the alert about the rules, and what already holds"
    status = good("status")
    assert "daemon  running\n" in status
    assert "LOOK    rules not reloaded, the last good ones stay in force" in status
    assert run("status", "--format", "nagios").code == 3
    rules.write_text(sound)
    daemon.reload()
    assert run("check").code == 0
    status = good("status")
    assert "LOOK" not in status
    assert "WAITING TO BE TOLD\nENDPOINT     WAITS" in status, "the end is told when the route's group_interval is over"


def test_an_edit_is_taken_over_within_seconds_without_being_asked(daemon, home, run):
    write(home / "inbox" / "last_week.csv", [deaths(1, 20)])
    assert run("check", "--fail-on", "critical").code == 0
    rules = home / "rules" / "sahel.yaml"
    edited = rules.with_name(".sahel.yaml.swp")
    edited.write_text(rules.read_text().replace("critical: value >= 50", "critical: value >= 20"))
    edited.replace(rules)
    daemon.wait_for("RELOADING=1")
    daemon.wait_for("READY=1")
    assert run("check", "--fail-on", "critical").code == 1


def test_a_damaged_file_in_its_rules_folder_is_survived_and_told(daemon, home, run):
    _one_that_hangs_whoever_reads_it(home / "rules" / "new.yaml")
    daemon.wait_for("RELOADING=1")
    daemon.wait_for("READY=1")
    write(home / "inbox" / "last_week.csv", [deaths(1, 80)])
    said = run("check")
    assert said.code == 78
    assert "new.yaml" in said.err
    assert sorted(told(home)) == ["first", "state_at_start"]


@pytest.mark.parametrize("damage", list(DAMAGES.values()), ids=list(DAMAGES))
def test_what_a_reload_does_with_the_rules_folder_survives(home, damage):
    damaged = home / "rules" / "new.yaml"
    before = (stamps_of([home / "rules"]), content_hash([home / "rules"]))
    damage(damaged)
    settings = load_settings(home / "watcher.yaml", environ={})
    with pytest.raises(ConfigError, match=r"new\.yaml"):
        load_rule_set(settings)
    after = (stamps_of([home / "rules"]), content_hash([home / "rules"]))
    assert (before[0] == after[0], before[1] == after[1]) == (False, False)


def test_a_folder_that_is_no_longer_open_to_all_is_taken_over_again(daemon, home, run):
    for mode, code in ((0o777, 78), (0o755, 0)):
        (home / "rules").chmod(mode)
        daemon.wait_for("RELOADING=1")
        daemon.wait_for("READY=1")
        assert run("check").code == code


def test_rules_that_were_changed_are_taken_over(daemon, home, run):
    write(home / "inbox" / "last_week.csv", [deaths(1, 20)])
    assert run("check", "--fail-on", "critical").code == 0
    rules = home / "rules" / "sahel.yaml"
    rules.write_text(rules.read_text().replace("critical: value >= 50", "critical: value >= 20"))
    daemon.reload()
    assert run("check", "--fail-on", "critical").code == 1


def test_a_test_of_a_receiver_goes_through_the_daemon(daemon, home, good):
    assert good("drill", "desk") == "desk/file/1: told\n"
    assert told(home) == ["drill"]


def test_a_second_daemon_names_the_first_and_gives_up(daemon, shell):
    said = shell("run")
    assert said.code == 75
    assert f"the daemon, process {daemon.process.pid}" in said.err


def test_records_can_be_read_in_while_it_runs(daemon, home, good, run):
    write(home / "june.csv", [deaths(1, 80)])
    assert "1 new" in good("ingest", "june.csv", "--source", "acled")
    assert run("check", "--fail-on", "critical").code == 1


def test_it_can_be_killed_and_nothing_is_lost(daemon, home, run):
    write(home / "inbox" / "last_week.csv", [deaths(1, 80)])
    os.kill(daemon.process.pid, signal.SIGKILL)
    daemon.process.wait(PATIENCE_S)
    assert run("check").code == 0
    assert told(home) == ["state_at_start"]


def test_the_daemon_serves_the_links_of_messages_and_nothing_without_a_base_url(home, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with (home / "watcher.yaml").open("a") as settings:
        settings.write(f"base_url: https://watcher.example.org\nweb: {{listen: '127.0.0.1:{port}'}}\n")
    daemon = Daemon(home, tmp_path)
    try:
        daemon.wait_for("READY=1")
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
        connection.request("GET", "/links/forged")
        assert connection.getresponse().status == 403
        connection.close()
        assert daemon.stop() == 0
        assert (home / "state" / "links.key").stat().st_mode & 0o777 == 0o600
        key = (home / "state" / "links.key").read_text()
        assert key not in json.dumps(daemon.logged())
    finally:
        daemon.close()
