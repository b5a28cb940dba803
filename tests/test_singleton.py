from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from datetime import timedelta

import pytest

from watcher.core.errors import ExitCode, Locked
from watcher.singleton import holding, is_held

HOLDER = """\
import sys, signal
from pathlib import Path
from watcher.singleton import holding
with holding(Path(sys.argv[1]), who="a check"):
    print("held", flush=True)
    signal.pause()
"""


@pytest.fixture
def lock(tmp_path):
    return tmp_path / "turn.lock"


def test_a_second_holder_is_refused_and_told_who_holds_it(lock):
    with holding(lock, who="the daemon"), pytest.raises(Locked) as refused, holding(lock, who="a check"):
        pass
    assert str(refused.value) == f"{lock}: the daemon, process {os.getpid()} is at work (try again later)"
    assert refused.value.exit_code is ExitCode.LOCKED


def test_whoever_is_done_lets_go(lock):
    with holding(lock, who="a check"):
        assert is_held(lock)
    assert not is_held(lock)
    with holding(lock, who="another"):
        assert lock.read_text().startswith("another")


def test_a_lock_that_nobody_ever_took_is_not_held(lock):
    assert not is_held(lock)
    assert not lock.exists()


def test_patience_is_rewarded(lock):
    taken, done = threading.Event(), threading.Event()

    def hold() -> None:
        with holding(lock, who="a slow turn"):
            taken.set()
            done.wait(5)

    slow = threading.Thread(target=hold)
    slow.start()
    assert taken.wait(5)
    done.set()
    with holding(lock, who="a check", patience=timedelta(seconds=5)):
        assert is_held(lock)
    slow.join()


def test_a_short_name_follows_a_long_one_without_its_end(lock):
    for who in ("somebody with a long name", "me"):
        with holding(lock, who=who):
            assert lock.read_text() == f"{who}, process {os.getpid()}\n"


def test_the_lock_of_a_killed_process_is_free(lock):
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(lock)], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        assert is_held(lock)
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        assert not is_held(lock)


def test_only_its_owner_may_touch_the_file(lock):
    with holding(lock, who="a check"):
        assert lock.stat().st_mode & 0o777 == 0o600
