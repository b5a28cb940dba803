"""The daemon: frozen, asked to stop, started twice, and its rules edited to garbage while it runs."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.chaos.process import end, start, wait_for
from tests.chaos.rows import PATIENCE_S, Figures, row, whole
from tests.chaos.scene import RULES, Scene, judge, staged
from watcher.core.errors import ExitCode


@contextmanager
def running(scene: Scene) -> Iterator[subprocess.Popen[str]]:
    """A daemon that has told what it found at its start, and is killed in the end if it still lives."""
    process = start(scene.settings)
    try:
        begins = wait_for(lambda: bool(scene.receiver.taken()))
        assert begins, f"the daemon does not begin; its exit code: {process.poll()}"
        yield process
    finally:
        end(process)


@row("C12", "the process is frozen in the middle of its work and goes on", slices=10)
def frozen(seed: int, folder: Path, seconds: float = 30.0) -> Figures:
    with staged(folder, seed=seed, share=0.2) as scene, running(scene) as process:
        for _ in range(3):
            scene.release()
        time.sleep(random.Random(seed).uniform(0.0, 1.0))
        process.send_signal(signal.SIGSTOP)
        time.sleep(seconds)
        scene.release()
        process.send_signal(signal.SIGCONT)
        begun = time.monotonic()
        wait_for(lambda: not scene.missing())
        return {"freezes": 1, **judge(scene), "max s until all was told": time.monotonic() - begun}


@row("C13", "SIGTERM at a random moment", slices=200)
def terminated(seed: int, folder: Path) -> Figures:
    with staged(folder, seed=seed, share=0.2) as scene:
        with running(scene) as process:
            for _ in range(3):
                scene.release()
            time.sleep(random.Random(seed).uniform(0.0, 1.5))
            process.send_signal(signal.SIGTERM)
            begun = time.monotonic()
            code = process.wait(PATIENCE_S)
            drain = time.monotonic() - begun
            assert code == ExitCode.OK, f"it ended with {code}"
        log = scene.folder / "state" / "watcher.db-wal"
        assert not log.exists() or log.stat().st_size == 0, "the log was not moved into the store"
        with running(scene):
            wait_for(lambda: not scene.missing())
        return {"stops": 1, **judge(scene), "max drain s": drain}


@row("C14", "two daemons and ten checks are started together; one of the daemons is killed", slices=20)
def together(seed: int, folder: Path) -> Figures:
    with staged(folder, seed=seed, share=0.0) as scene:
        scene.release()
        daemons = [start(scene.settings) for _ in range(2)]
        checks = [start(scene.settings, "check") for _ in range(10)]
        codes = [each.wait(PATIENCE_S) for each in checks]
        assert set(codes) <= {ExitCode.OK, ExitCode.LOCKED}, codes
        assert wait_for(lambda: any(each.poll() is not None for each in daemons)), "two daemons run"
        [loser] = [each for each in daemons if each.poll() is not None]
        [winner] = [each for each in daemons if each is not loser]
        assert loser.returncode == ExitCode.LOCKED, loser.returncode
        scene.release()
        wait_for(lambda: not scene.missing())
        winner.kill()
        winner.wait(PATIENCE_S)
        assert start(scene.settings, "check").wait(PATIENCE_S) == ExitCode.OK, "a lock was left behind"
        for each in (*daemons, *checks):
            if each.stderr is not None:
                each.stderr.close()
        return {"rounds": 1, "locked out": codes.count(ExitCode.LOCKED) + 1, **judge(scene)}


def _truncate(path: Path) -> None:
    path.write_text("")


def _half(path: Path) -> None:
    path.write_text(RULES[: len(RULES) // 2])


def _binary(path: Path) -> None:
    path.write_bytes(os.urandom(2_000))


def _sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(1 << 30)


def _link(path: Path) -> None:
    path.symlink_to("/dev/zero")


def _whole(path: Path) -> None:
    path.write_text(RULES)


_GARBAGE = (_truncate, _half, _binary, _sparse, _link, None)


def _put(path: Path, make: Callable[[Path], None] | None) -> None:
    """Edit a file in one step, for what lies between two steps is a third state, which is told as well."""
    if make is None:
        path.unlink()
    else:
        fresh = path.with_suffix(".fresh")
        make(fresh)
        fresh.replace(path)


@row("C23", "the rules are edited to garbage, in six ways, while records come in", slices=12)
def garbage(seed: int, folder: Path, seconds: float = 4.0) -> Figures:
    spoil = _GARBAGE[seed % len(_GARBAGE)]
    with staged(folder, seed=seed, share=0.0) as scene, running(scene) as process:
        rules = scene.folder / "rules" / "rules.yaml"
        _put(rules, spoil)
        time.sleep(seconds)
        scene.release()
        told = wait_for(lambda: not scene.missing(), 20)
        assert told, "I16 the last good rules stay in force"
        assert process.poll() is None
        _put(rules, _whole)
        scene.release()
        wait_for(lambda: not scene.missing())
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE_S)
        # Only now: until it has stopped it may tell of its rules, that they load again for one.
        ours = [each for each in scene.receiver.requests() if b'"WatcherRulesInvalid"' in each.body]
        begun = [each for each in ours if b'"status":"firing"' in each.body]
        assert len({each.key for each in begun}) <= 1, "one alert for one state of the files"
        _leave_out(scene, b'"WatcherRulesInvalid"')
        whole(scene.settings)
        return {"edits": 2, **judge(scene)}


def _leave_out(scene: Scene, name: bytes) -> None:
    """Judge what is no alert about ourselves: those are in no input file."""
    taken = scene.receiver.requests()
    log = scene.folder / "received.jsonl"
    lines = log.read_text().splitlines(keepends=True)
    log.write_text("".join(line for line, each in zip(lines, taken, strict=True) if name not in each.body))
