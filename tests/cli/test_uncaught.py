"""Faults that nobody caught: they reach the log as every fault does, and no secret with them."""

from __future__ import annotations

import io
import json
import logging
import subprocess
import sys
import threading
from typing import Any

import pytest
from pydantic import SecretStr

from tests.cli.conftest import ROOT, bare_environment
from watcher import log
from watcher.cli import uncaught

CANARY = "CANARY-of-a-thread/+"


class Out(io.StringIO):
    """A log, and the one line of it."""

    def told(self) -> dict[str, Any]:
        assert CANARY not in self.getvalue()
        [line] = self.getvalue().splitlines()
        said: dict[str, Any] = json.loads(line)
        return said


@pytest.fixture
def out(monkeypatch) -> Out:
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setattr(sys, "unraisablehook", sys.unraisablehook)
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    monkeypatch.setattr(logging, "lastResort", logging.lastResort)
    monkeypatch.setattr(log, "_HIDDEN", set())
    log.hide([SecretStr(CANARY)])
    stream = Out()
    log.configure(style="json", stream=stream)
    uncaught.watch()
    return stream


def fail() -> None:
    raise ValueError(f"{CANARY} was refused")


def in_a_thread(work) -> None:
    thread = threading.Thread(target=work, name="desk")
    thread.start()
    thread.join()


def test_a_fault_in_a_thread_is_logged_with_its_place_and_without_the_secret(out):
    in_a_thread(fail)
    line = out.told()
    assert (line["event"], line["level"], line["thread"]) == ("a thread ended by a fault", "error", "desk")
    [told] = line["exception"]
    assert (told["exc_type"], told["exc_value"]) == ("ValueError", "*** was refused")
    assert told["frames"][-1]["name"] == "fail"


def test_a_thread_that_ends_itself_is_no_fault(out):
    in_a_thread(sys.exit)
    assert out.getvalue() == ""


def test_a_fault_in_a_destructor_is_logged(out):
    class Thing:
        def __del__(self) -> None:
            fail()

    thing = Thing()
    del thing
    assert out.told()["event"] == "a fault where nobody could catch it"


def test_a_fault_that_ends_the_process_is_logged(out):
    try:
        fail()
    except ValueError as fault:
        sys.excepthook(ValueError, fault, fault.__traceback__)
    assert out.told()["event"] == "the process ended by a fault"


def test_what_a_library_logs_is_logged_as_ours(out):
    """The timetable's: a job of it that fails."""
    library = logging.getLogger("tests.library")
    library.propagate = False
    library.info("it is quiet")
    try:
        fail()
    except ValueError:
        library.exception("Job of %s raised an exception", CANARY)
    line = out.told()
    assert (line["event"], line["level"], line["library"]) == (
        "Job of *** raised an exception",
        "error",
        "tests.library",
    )
    assert line["exception"][0]["exc_value"] == "*** was refused"


def test_a_process_that_set_up_no_log_tells_as_well():
    program = f"""
import threading
from pydantic import SecretStr
from watcher import __main__, cli, log

def command():
    log.hide([SecretStr({CANARY!r})])
    thread = threading.Thread(target=lambda: int({CANARY!r}))
    thread.start()
    thread.join()
    return 0

cli.main = command
__main__.main()
"""
    done = subprocess.run(
        [sys.executable, "-c", program], env=bare_environment(), cwd=ROOT, capture_output=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout) == (0, b"")
    said = json.loads(done.stderr)
    assert said["event"] == "a thread ended by a fault"
    assert CANARY.encode() not in done.stderr
