"""A store is moved from SQLite to PostgreSQL while messages wait: nothing is lost, told twice, or decided otherwise."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg

from tests.chaos.fleet import _no_server, cluster
from tests.chaos.process import end, start, wait_for
from tests.chaos.receiver import Receiver
from tests.chaos.rows import PATIENCE_S, Figures, row, whole
from tests.chaos.scene import FIRST_DAY, HEADER, SECRET, Scene, judge, staged
from tests.chaos.scene import row as record
from tests.chaos.turner import ROOT
from watcher.core.errors import ExitCode

#: Of the records so many are revised once.
_REVISED = 1_000
#: Numbers of records that no release of the scene uses.
_BEYOND = 1_000_000


@row("C31", "a store of 100,000 records is moved to PostgreSQL while messages wait", slices=1, lacks=_no_server)
def moved(seed: int, folder: Path, records: int = 100_000) -> Figures:
    with cluster() as server, staged(folder, seed=seed, share=1.0) as scene:
        _fill(scene, records)
        _check(scene)
        for _ in range(3):
            scene.release()
            _check(scene)
        waiting, before = _waiting(scene), _replayed(scene)
        assert waiting, "messages wait"
        begun = time.monotonic()
        _command(scene, "migrate-store", server.url)
        seconds = time.monotonic() - begun
        rows = _same_rows(scene.folder / "state" / "watcher.db", server.url)
        with Receiver(folder / "later.jsonl", SECRET, share=0.0, seed=seed) as receiver:
            scene.receiver = receiver
            scene.configure("watcher.yaml", state="state", store=server.url)
            assert [_waiting(scene), _replayed(scene)] == [waiting, before], "it waits and decides as before"
            scene.release()
            process = start(scene.settings)
            try:
                wait_for(lambda: not scene.missing())
                process.send_signal(signal.SIGTERM)
                assert process.wait(PATIENCE_S) == ExitCode.OK
            finally:
                end(process)
            assert _waiting(scene) == []
            whole(scene.settings)
            figures = judge(scene)
    transitions = len(before["transitions"])
    return {"records": records, "waiting": len(waiting), "rows": rows, "transitions": transitions, **figures} | {
        "max s of the move": seconds
    }


def _fill(scene: Scene, records: int) -> None:
    """Put in so many attacks of one place, and revisions of some."""
    rows = [record(_BEYOND + n, "Anywhere", FIRST_DAY - timedelta(days=n % 300)) for n in range(records)]
    inbox = scene.folder / "inbox"
    (inbox / "history.csv").write_text(HEADER + "".join(rows))
    revised = [_revision(each) for each in rows[: min(_REVISED, records // 20)]]
    (inbox / "history_revised.csv").write_text(HEADER + "".join(revised))


def _revision(line: str) -> str:
    """The same attack with three deaths, stamped a day later."""
    before, _, stamp = line.rstrip("\n").rpartition(",1,,")
    return f"{before},3,,{int(stamp) + 86_400}\n"


def _check(scene: Scene) -> None:
    process = start(scene.settings, "check")
    try:
        assert process.wait(PATIENCE_S) == ExitCode.OK
    finally:
        end(process)


def _command(scene: Scene, *command: str, code: int = ExitCode.OK) -> str:
    line = [sys.executable, "-m", "watcher", *command, "--config", str(scene.settings)]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == code, f"{' '.join(command)} ended with {done.returncode}: {done.stdout}{done.stderr}"
    return done.stdout


def _replayed(scene: Scene) -> Any:
    return json.loads(_command(scene, "replay", "--all", "--format", "json"))


def _waiting(scene: Scene) -> list[str]:
    """Deliveries that are neither made nor given up."""
    told = _command(scene, "outbox", "list", "--format", "json")
    return sorted(each["id"] for each in json.loads(told) if each["state"] not in {"delivered", "dead"})


def _same_rows(old: Path, new: str) -> int:
    """How many rows arrived: counted in both databases, table by table, past our own code."""
    address = new.replace("postgresql+psycopg", "postgresql")
    with closing(sqlite3.connect(old)) as here, psycopg.connect(address) as there:
        tables = [name for (name,) in here.execute("select name from sqlite_master where type = 'table'")]
        tables = [name for name in tables if not name.startswith(("sqlite_", "alembic"))]
        counts = [f'select count(*) from "{name}"' for name in tables]
        counted = [here.execute(count).fetchall() for count in counts]
        arrived = [there.execute(count).fetchall() for count in counts]
    assert counted == arrived, tables
    return sum(rows for [(rows,)] in counted)
