"""PostgreSQL: a server that is restarted the hard way, and two daemons on one store, killed at random."""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.chaos.rows import PATIENCE_S, Figures, finish, row, whole, without_emergency
from tests.chaos.scene import Scene, judge, staged
from tests.chaos.turner import Turner


def _binaries() -> Path | None:
    return max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name), default=None)


def _no_server() -> str:
    return "" if _binaries() and shutil.which("runuser") else "Debian's PostgreSQL is not installed"


class Cluster:
    """A PostgreSQL server of our own, with the durability it has by default."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.url = f"postgresql+psycopg://postgres@/postgres?host={folder}"
        self._run("initdb", "--auth=trust", "--username=postgres", "--encoding=UTF8")
        self.control("start")

    def control(self, action: str) -> None:
        """``start``, ``restart`` or ``stop``, the hard way."""
        how = [] if action == "start" else ["-m", "immediate"]
        self._run("pg_ctl", "-w", "-l", f"{self._folder}/log", "-o", f"-h '' -k {self._folder}", *how, action)

    def _run(self, tool: str, *arguments: str) -> None:
        command = ["runuser", "-u", "postgres", "--", f"{_binaries()}/{tool}", "-D", f"{self._folder}/data", *arguments]
        subprocess.run(
            command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=self._folder, timeout=60
        )


@contextmanager
def cluster() -> Iterator[Cluster]:
    """A fresh server."""
    folder = Path(tempfile.mkdtemp(prefix="watcher-chaos-pg-"))
    shutil.chown(folder, "postgres")
    server = Cluster(folder)
    try:
        yield server
    finally:
        server.control("stop")
        shutil.rmtree(folder)


@row("C22", "two daemons on one PostgreSQL store, each killed at random moments", slices=10, lacks=_no_server)
def two_daemons(seed: int, folder: Path, kills: int = 20) -> Figures:
    with cluster() as server:
        return kill_both(server.url, seed, folder, kills=kills)


def kill_both(url: str, seed: int, folder: Path, *, kills: int) -> Figures:
    """Two processes take turns on one store, each is killed so many times at random moments, and all is told."""
    with staged(folder, seed=seed, share=0.2, store=url) as scene:
        other = scene.configure("other.yaml", state="other", store=url)
        killed = [0, 0]

        def live(which: int, settings: Path) -> None:
            chance = random.Random(seed * 2 + which)
            with Turner(settings) as turner:
                while killed[which] < kills:
                    code = turner.turn(kill_after_s=chance.uniform(0.0, max(1.0, turner.whole_s)))
                    killed[which] += code == -signal.SIGKILL

        with Turner(scene.settings) as turner:
            turner.turn()
            daemons = [threading.Thread(target=live, args=each) for each in enumerate((scene.settings, other))]
            for each in daemons:
                each.start()
            while any(each.is_alive() for each in daemons):
                scene.release()
                time.sleep(0.7)
            figures = last_turn(scene, turner)
        whole(scene.settings)
        return {"kills": sum(killed), **judge(scene), **figures}


def last_turn(scene: Scene, turner: Turner) -> Figures:
    """The turn after the harm tells whatever is left, so its seconds say little without how many requests it made."""
    before = len(scene.receiver.requests())
    begun = time.monotonic()
    seconds = finish(scene, turner)
    requests = [each.at for each in scene.receiver.requests()[before:]]
    figures = {"max s of the next turn": seconds, "max requests in it and after it": len(requests)}
    return {**figures, "s to the next request": [requests[0] - begun]} if requests else figures


@row("C20", "PostgreSQL is restarted the hard way under load", slices=20, lacks=_no_server)
def restarts(seed: int, folder: Path, times: int = 5) -> Figures:
    with cluster() as server, staged(folder, seed=seed, share=0.2, store=server.url) as scene:
        with Turner(scene.settings) as turner:
            turner.turn()
            stop = threading.Event()

            def work() -> None:
                while not stop.is_set():
                    turner.turn()

            worker = threading.Thread(target=work)
            worker.start()
            for _ in range(times):
                scene.release()
                time.sleep(random.Random(seed).uniform(0.3, 1.5))
                server.control("restart")
            stop.set()
            worker.join(PATIENCE_S)
            figures = last_turn(scene, turner)
        whole(scene.settings)
        return {"restarts": times, **without_emergency(scene), **figures}
