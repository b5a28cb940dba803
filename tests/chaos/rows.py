"""The rows of the chaos table: each does one kind of harm, in slices that can be run one by one.

A slice is (row, seed). It hands back figures that can be added up, or fails with the invariant that was broken.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

from tests.chaos.points import POINTS
from tests.chaos.process import end, start, wait_for
from tests.chaos.scene import Scene, judge, staged
from tests.chaos.turner import ROOT, Turner
from watcher.config.settings import load_settings
from watcher.core.errors import ExitCode
from watcher.store.engine import Store
from watcher.store.inspection import inspect

#: Numbers are added up, or the greatest is kept where the name begins with ``max``; lists are samples of one figure.
Figures = Mapping[str, Any]
#: Longer than five minutes: so long a breaker holds that a check with the product's own schedules has opened.
PATIENCE_S = 400.0


class Row(NamedTuple):
    """One row of the table."""

    code: str
    title: str
    #: How many slices the long tier has.
    slices: int
    #: (seed, folder) → figures.
    run: Callable[[int, Path], Figures]
    #: What it needs and this machine may not have; empty when it can run.
    lacks: Callable[[], str] = lambda: ""


ROWS: dict[str, Row] = {}


Run = Callable[..., Figures]


def row(code: str, title: str, *, slices: int, lacks: Callable[[], str] = lambda: "") -> Callable[[Run], Run]:
    """Enter a function into the table."""

    def enter(run: Run) -> Run:
        ROWS[code] = Row(code, title, slices, run, lacks)
        return run

    return enter


def finish(scene: Scene, turner: Turner) -> float:
    """Take turns until everything has been told; return the seconds to the first one after the harm."""
    begun = time.monotonic()
    turner.turn()
    first = time.monotonic() - begun
    while scene.missing() and time.monotonic() < begun + PATIENCE_S:
        turner.turn()
    return first


def recover(scene: Scene, turner: Turner) -> dict[str, list[float]]:
    """One turn, after a process was killed: seconds from its fork to its first commit, and to its first request."""
    scene.release()
    turner.turn()
    assert turner.committed is not None, "the turn after a kill stored nothing"
    recovery = {"s to the next commit": [turner.committed - turner.begun]}
    sent = [each.at for each in scene.receiver.requests() if each.at >= turner.begun]
    if sent and turner.cpu is not None:
        recovery |= {"s to the next request": [min(sent) - turner.begun], "s of CPU to the next request": [turner.cpu]}
    return recovery


def recover_cold(scene: Scene, turner: Turner) -> dict[str, list[float]]:
    """The same in a process of its own, which has an interpreter to start and every module to load."""
    scene.release()
    assert turner.turn(at="claim:after:1") == -signal.SIGKILL
    begun = time.monotonic()
    code, said = _shell_check(scene)
    assert code in {ExitCode.OK, ExitCode.DELIVERY}, said
    first = min(each.at for each in scene.receiver.requests() if each.at >= begun)
    return {"s from a cold start to the next request": [first - begun]}


def recover_daemon(scene: Scene) -> dict[str, list[float]]:
    """A daemon dies with a message on the wire, and more comes in: seconds from the next one's start to its request."""
    scene.release()
    dying = start(scene.settings, at="claim:after:1")
    assert dying.wait(PATIENCE_S) == -signal.SIGKILL
    end(dying)
    for _ in range(3):
        scene.release()
    loaded = scene.folder / "loaded"
    begun = time.monotonic()
    process = start(scene.settings, loaded=loaded)
    try:
        assert wait_for(lambda: scene.receiver.requests()[-1].at >= begun), "the next daemon sends nothing"
    finally:
        end(process)
    first = min(each.at for each in scene.receiver.requests() if each.at >= begun)
    ready = float(loaded.read_text())
    return {
        "s of Python until a daemon is loaded": [ready - begun],
        "s from there to its first request": [first - ready],
    }


def whole(settings: Path) -> None:
    """I11: every page, reference and hash of the store is as it was written."""
    with Store.open(load_settings(settings, environ={}).store.url) as store:
        assert list(inspect(store, (), deep=True)) == []


# --- C1-C3, C5: kills and faults at any moment ------------------------------------------------------------------------


@row("C1", "SIGKILL at a random moment of a turn; the receiver refuses or swallows 30 % of all requests", slices=54)
def kill_at_random(seed: int, folder: Path, kills: int = 40, *, cold: bool = True) -> Figures:
    chance = random.Random(seed)
    with staged(folder, seed=seed) as scene, Turner(scene.settings) as turner:
        turner.turn()
        killed = 0
        recoveries: defaultdict[str, list[float]] = defaultdict(list)
        while killed < kills:
            if chance.random() < 0.5:
                scene.release()
            # As long as a turn takes here and now: while much is to be sent, most moments are among the sending.
            if turner.turn(kill_after_s=chance.uniform(0.0, turner.whole_s)) != -signal.SIGKILL:
                continue
            killed += 1
            if killed % 4 == 0:
                for name, seconds in recover(scene, turner).items():
                    recoveries[name] += seconds
        last = {**recover_cold(scene, turner), **recover_daemon(scene)} if cold else {}
        finish(scene, turner)
        whole(scene.settings)
        return {"kills": killed + 3 * cold, **judge(scene), **recoveries, **last}


@row("C3", "SIGKILL three times before and after each step that stores or sends", slices=len(POINTS))
def kill_at_points(seed: int, folder: Path) -> Figures:
    point = POINTS[seed % len(POINTS)]
    with staged(folder, seed=seed, share=0.2) as scene, Turner(scene.settings) as turner:
        turner.turn()
        reached = 0
        for n in (1, 2, 3):
            # What a turn comes by once only is killed at that one time again.
            reached += any(_killed_at(scene, turner, f"{point}:{time}") for time in dict.fromkeys((n, 1)))
        assert reached == 3, f"{point} was come by {reached} times"
        recovery = recover(scene, turner)
        finish(scene, turner)
        whole(scene.settings)
        return {"points": 1, "kills": reached, **judge(scene), **recovery}


def _killed_at(scene: Scene, turner: Turner, moment: str) -> bool:
    for _ in range(3):
        scene.release()
    return turner.turn(at=moment) == -signal.SIGKILL


def _no_strace() -> str:
    return "" if shutil.which("strace") else "strace is not installed"


#: System call → how often one thread makes it in such a turn at most, and a few times more.
SYSCALLS = {"fdatasync": 15, "sendto": 15, "ftruncate": 10, "unlink": 5, "pwrite64": 200}
CASES = 5
SWEEP = tuple((call, n) for call, most in SYSCALLS.items() for n in range(1, most + 1, CASES))
FAULTS = ("pwrite64:error=ENOSPC", "pwrite64:error=EIO", "fdatasync:error=EIO", "openat:error=EMFILE")


@row(
    "C2", "SIGKILL at every system call that writes, syncs, sends, cuts or removes", slices=len(SWEEP), lacks=_no_strace
)
def kill_at_syscalls(seed: int, folder: Path) -> Figures:
    call, first = SWEEP[seed]
    return _injected(seed, folder, [f"{call}:signal=KILL:when={first + n}" for n in range(CASES)])


@row("C5", "a system call fails: disk full, I/O error, no more files", slices=60, lacks=_no_strace)
def fail_at_syscalls(seed: int, folder: Path, cases: int = 4) -> Figures:
    since = "+" if seed % 2 else ""
    injections = [f"{fault}:when={seed * 3 + 1}{since}" for fault in FAULTS[:cases]]
    return _injected(seed, folder, injections)


def _injected(seed: int, folder: Path, injections: list[str]) -> Figures:
    figures: Counter[str] = Counter()
    with staged(folder, seed=seed, share=0.0) as scene, Turner(scene.settings) as turner:
        turner.turn()
        for injection in injections:
            scene.release()
            code = _strace(scene, injection)
            figures["cases"] += 1
            figures["kills"] += code == -signal.SIGKILL or code == 128 + signal.SIGKILL
            # 127: without files not even the interpreter begins.
            assert code in {0, 1, 69, 70, 74, 75, 78, 79, 127, -signal.SIGKILL, 128 + signal.SIGKILL}, (injection, code)
            finish(scene, turner)
        whole(scene.settings)
        return {**figures, **without_emergency(scene)}


def _strace(scene: Scene, injection: str) -> int:
    call = injection.split(":", maxsplit=1)[0]
    command = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}", "-e", f"inject={injection}"]
    command += [sys.executable, "-m", "watcher", "check", "--config", str(scene.settings)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, timeout=PATIENCE_S, check=False, text=True)
    trouble = [line for line in done.stderr.splitlines() if line.startswith("Traceback")]
    assert not trouble or "EMFILE" in injection, done.stderr[-2000:]
    return done.returncode


# --- C6-C8: disks ----------------------------------------------------------------------------------------------------


def _no_mounts() -> str:
    return "" if os.geteuid() == 0 and shutil.which("mount") else "only root can mount a small disk"


@row("C6", "a disk of 4 MiB runs full, and is freed again", slices=10, lacks=_no_mounts)
def disk_full(seed: int, folder: Path) -> Figures:
    with ExitStack() as stack:
        scene, turner = _on_small_disk(stack, folder, seed)
        turner.turn()
        for _ in range(3):
            scene.release()
        filler = scene.folder / "state" / "filler"
        _fill(filler)
        told = len(scene.receiver.requests())
        codes = [_shell_check(scene) for _ in range(2)]
        assert all(code in {74, 79, 0} for code, _ in codes), codes
        assert any(code == 74 for code, _ in codes), codes
        after = [each for each in scene.receiver.requests()[told:] if not each.key.startswith("emg_")]
        emergency = len(scene.receiver.requests()[told:]) - len(after)
        assert emergency <= 1, "no more than one emergency message in a quarter of an hour"
        filler.unlink()
        begun = time.monotonic()
        finish(scene, turner)
        whole(scene.settings)
        figures = without_emergency(scene)
        return {
            "cases": 1,
            "emergency messages": emergency,
            "max s of the next turn": time.monotonic() - begun,
            **figures,
        }


def without_emergency(scene: Scene) -> Figures:
    """Judge what is no emergency message: that one is about the store and no alert of the input."""
    log = scene.folder / "received.jsonl"
    log.write_text("".join(line for line in log.read_text().splitlines(keepends=True) if '"emg_' not in line))
    return judge(scene)


def _on_small_disk(stack: ExitStack, folder: Path, seed: int) -> tuple[Scene, Turner]:
    state = folder / "state"
    state.mkdir(parents=True, mode=0o700)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m,mode=0700", "tmpfs", str(state)], check=True)
    stack.callback(subprocess.run, ["umount", "--lazy", str(state)], check=False)
    scene = stack.enter_context(staged(folder, seed=seed, share=0.0))
    return scene, stack.enter_context(Turner(scene.settings))


def _fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            return


def _shell_check(scene: Scene) -> tuple[int, str]:
    command = [sys.executable, "-m", "watcher", "check", "--config", str(scene.settings)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, timeout=PATIENCE_S, check=False, text=True)
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stderr


@row("C7", "the disk can only be read for a while", slices=10, lacks=_no_mounts)
def read_only(seed: int, folder: Path) -> Figures:
    with ExitStack() as stack:
        scene, turner = _on_small_disk(stack, folder, seed)
        turner.turn()
        scene.release()
        state = str(scene.folder / "state")
        subprocess.run(["mount", "-o", "remount,ro", state], check=True)
        code, said = _shell_check(scene)
        assert code == 74, (code, said)
        assert len(said.splitlines()) == 1, said
        subprocess.run(["mount", "-o", "remount,rw", state], check=True)
        finish(scene, turner)
        whole(scene.settings)
        return {"cases": 1, **without_emergency(scene)}


def _flip(path: Path, chance: random.Random) -> None:
    data = bytearray(path.read_bytes())
    data[chance.randrange(100, len(data))] ^= 1 << chance.randrange(8)
    path.write_bytes(data)


def _zero(path: Path, chance: random.Random) -> None:
    data = bytearray(path.read_bytes())
    page = chance.randrange(len(data) // 4096) * 4096
    data[page : page + 4096] = bytes(4096)
    path.write_bytes(data)


def _cut(path: Path, chance: random.Random) -> None:
    os.truncate(path, chance.randrange(path.stat().st_size))


def _swap(path: Path, chance: random.Random) -> None:
    data = bytearray(path.read_bytes())
    one, two = (chance.randrange(1, len(data) // 4096) * 4096 for _ in range(2))
    data[one : one + 4096], data[two : two + 4096] = data[two : two + 4096], data[one : one + 4096]
    path.write_bytes(data)


def _garble_log(path: Path, chance: random.Random) -> None:
    path.with_name(f"{path.name}-wal").write_bytes(chance.randbytes(40_000))


def _empty(path: Path, _chance: random.Random) -> None:
    path.write_bytes(b"")


def _folder(path: Path, _chance: random.Random) -> None:
    path.unlink()
    path.mkdir()


DAMAGES = {
    "bit flipped": _flip,
    "page zeroed": _zero,
    "cut off": _cut,
    "pages swapped": _swap,
    "log garbled": _garble_log,
    "emptied": _empty,
    "a folder in its place": _folder,
}


@row("C8", "the file is damaged at rest, in seven ways", slices=400)
def damaged(seed: int, folder: Path) -> Figures:
    name, damage = list(DAMAGES.items())[seed % len(DAMAGES)]
    with staged(folder, seed=seed, share=0.0) as scene:
        scene.release()
        assert _shell_in_process(scene, "check", "--no-notify") == 0
        path = scene.folder / "state" / "watcher.db"
        damage(path, random.Random(seed))
        code = _shell_in_process(scene, "doctor", "--deep")
        assert code in {0, 74, 78}, (name, code)
        told = _shell_in_process(scene, "check")
        assert told in {0, 74, 78, 79}, (name, told)
        assert all(each.told for each in scene.receiver.requests() if not each.key.startswith("emg_"))
        return {f"{name}: found": code != 0, f"{name}: nothing to find": code == 0}


def _shell_in_process(scene: Scene, *arguments: str) -> int:
    """The exit code of a command in a forked child: a crash of SQLite would be one, too."""
    child = os.fork()
    if child == 0:
        from watcher import cli  # noqa: PLC0415 - only the child needs it

        null = os.open(os.devnull, os.O_RDWR)
        os.dup2(null, 1)
        os.dup2(null, 2)
        os._exit(cli.main([*arguments, "--config", str(scene.settings)]))
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)
