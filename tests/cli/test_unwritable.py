"""Commands asked by somebody who may not write, to the folder of the store or to a place that is named."""

from __future__ import annotations

import subprocess

import pytest

from tests.cli.conftest import Said, bare_environment
from tests.cli.records import raid, write
from tests.unprivileged import bound_by_modes
from tests.warm import warm_watcher

READING = [
    pytest.param(command, id=" ".join(command))
    for command in (
        ("alerts", "--all", "--format", "json"),
        ("explain", "mozambique-fatality"),
    )
]


@pytest.fixture
def locked(home, it_is, good):
    """A turn was taken, and now the folder of the store cannot be written, not even by its owner."""
    write(home / "inbox" / "june.csv", [raid(1, "2020-06-25", 80)])
    it_is("2020-08-02T09:00")
    good("check")
    (home / "state").chmod(0o500)
    yield home / "state"
    (home / "state").chmod(0o700)


@pytest.fixture
def asked(home):
    """Run a command as somebody bound by the modes of files."""

    def asked(*arguments: str) -> Said:
        bound_by_modes()
        command = [*warm_watcher(), *arguments]
        done = subprocess.run(
            command, cwd=home, env=bare_environment(), capture_output=True, check=False, stdin=subprocess.DEVNULL
        )
        return Said(done.returncode, done.stdout.decode(), done.stderr.decode())

    return asked


@pytest.mark.parametrize("command", READING)
def test_it_answers_as_where_it_may_write(locked, asked, command):
    here = asked(*command)
    assert (here.code, here.err) == (0, "")
    locked.chmod(0o700)
    assert here == asked(*command)


def test_status_says_how_things_stand(locked, asked):
    said = asked("status")
    assert (said.code, said.err) == (0, "")
    assert "turn    last 2020-08-02 09:00 UTC" in said.out
    assert "daemon  not running" in said.out


def test_a_monitor_gets_its_line(locked, asked):
    said = asked("status", "--format", "nagios")
    assert (said.code, said.err) == (2, "")
    assert said.out.startswith("WATCHER CRITICAL - 1 critical, 1 warning | ")


def test_a_lock_that_may_not_be_looked_at_hides_the_daemon_and_nothing_else(locked, asked):
    locked.chmod(0o700)
    (locked / "daemon.lock").touch(0o000)
    locked.chmod(0o500)
    said = asked("status")
    assert (said.code, said.err) == (0, "")
    assert "daemon  not to be seen by this user" in said.out
    nagios = asked("status", "--format", "nagios", "--max-age", "26h")
    assert nagios.code == 3
    assert " ago | " in nagios.out


def test_a_folder_that_may_not_be_entered_is_one_line(locked, asked):
    locked.chmod(0)
    said = asked("status")
    assert said.code == 74
    assert said.err.count("\n") == 1
    assert "watcher.db: the store cannot be opened: Permission denied" in said.err


@pytest.mark.parametrize(
    "command", [("check",), ("ingest", "inbox/june.csv", "--source", "acled")], ids=["check", "ingest"]
)
def test_what_must_write_says_whose_folder_it_must_be(locked, asked, command):
    (locked / "watcher.db").chmod(0o400)
    said = asked(*command)
    assert said.code == 74
    assert said.err.count("\n") == 1
    assert "must" in said.err


@pytest.fixture
def theirs(tmp_path):
    """Two folders of somebody else's: one that may be looked into, and one that may not."""
    folders = [tmp_path / "open", tmp_path / "shut"]
    for folder, mode in zip(folders, (0o555, 0), strict=True):
        folder.mkdir()
        folder.chmod(mode)
    yield tmp_path
    for folder in folders:
        folder.chmod(0o700)


@pytest.mark.parametrize(
    ("command", "named"),
    [
        pytest.param(("init", "open"), "open/watcher.yaml", id="init in a folder of somebody else's"),
        pytest.param(("init", "shut/x"), "shut/x", id="init in a folder that may not be entered"),
        pytest.param(("demo", "--folder", "open"), "open/inbox", id="demo in a folder of somebody else's"),
        pytest.param(("demo", "--folder", "shut/x"), "shut/x", id="demo in a folder that may not be entered"),
        pytest.param(("backup", "open/b.db"), "open/.b.db.partial", id="backup into a folder of somebody else's"),
        pytest.param(("backup", "shut/b.db"), "shut/b.db", id="backup into a folder that may not be entered"),
        pytest.param(("test", "shut/x_test.yaml"), "shut/x_test.yaml", id="a test that may not be read"),
    ],
)
def test_a_place_that_is_not_ours_is_one_line_and_74(home, theirs, asked, command, named):
    *words, place = command
    said = asked(*words, str(theirs / place))
    assert (said.code, said.err.count("\n")) == (74, 1)
    assert said.err.startswith(f"watcher: {theirs / named}: ")
    assert "Permission denied" in said.err


def test_a_monitor_hears_of_a_place_that_is_not_ours_in_its_own_words(locked, asked):
    locked.chmod(0o700)
    for name in ("check.lock", "check.missed"):
        (locked / name).touch()
    locked.chmod(0o500)
    said = asked("check", "--format", "nagios")
    assert (said.code, said.err) == (3, "")
    assert said.out.startswith(f"WATCHER UNKNOWN - {locked / 'check.missed'}: cannot be read or written: Permission")


def test_where_the_fault_lies_is_printed_for_whoever_asks(home, theirs, run, monkeypatch):
    (theirs / "file").touch()
    assert "Traceback" not in run("init", str(theirs / "file" / "x")).err
    monkeypatch.setenv("WATCHER_TRACEBACK", "1")
    said = run("init", str(theirs / "file" / "x"))
    assert said.code == 74
    assert "NotADirectoryError" in said.err
    assert said.err.endswith("Not a directory (check the path)\n")


def test_a_mode_that_was_repaired_on_the_store_alone_is_explained_with_the_files_that_kept_it(home, asked, it_is, good):
    it_is("2020-08-02T09:00")
    good("check")
    store = home / "state" / "watcher.db"
    store.chmod(0o400)
    assert asked("check").code == 74
    store.chmod(0o600)
    said = asked("check")
    if said.code == 0:
        pytest.skip("this SQLite leaves no file with the old mode behind")
    assert (said.code, "chmod u+rw" in said.err, "watcher.db-shm" in said.err) == (74, True, True)
    store.with_name("watcher.db-shm").chmod(0o600)
    store.with_name("watcher.db-wal").chmod(0o600)
    assert asked("check").code == 0
