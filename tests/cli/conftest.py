"""A small installation in a folder of its own, and the commands run in it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.warm import warm_watcher
from watcher import cli, clock
from watcher.store.engine import Store
from watcher.store.migrate import create

INSTALLATION = Path(__file__).with_name("installation")
ROOT = Path(__file__).parents[2]
#: The command as anybody types it.
COLD = (sys.executable, "-m", "watcher")


class Said(NamedTuple):
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str


Run = Callable[..., Said]


@pytest.fixture(scope="session")
def _prepared(tmp_path_factory) -> Path:
    """The installation with an empty store, to be copied."""
    home: Path = tmp_path_factory.mktemp("prepared") / "home"
    shutil.copytree(INSTALLATION, home)
    (home / "inbox").mkdir()
    (home / "state").mkdir(mode=0o700)
    create(f"sqlite:///{home / 'state' / 'watcher.db'}").close()
    return home


@pytest.fixture
def home(tmp_path, monkeypatch, _prepared) -> Path:
    """The folder of the installation, where the test stands."""
    home: Path = tmp_path / "home"
    shutil.copytree(_prepared, home)
    monkeypatch.chdir(home)
    return home


@pytest.fixture
def run(home, capsys) -> Run:
    """Run a command in the installation, in this process."""

    def run(*arguments: str) -> Said:
        capsys.readouterr()
        code = cli.main(arguments)
        said = capsys.readouterr()
        return Said(code, said.out, said.err)

    return run


@pytest.fixture
def good(run) -> Callable[..., str]:
    """Run a command that must succeed in silence on standard error; return what it printed."""

    def good(*arguments: str) -> str:
        said: Said = run(*arguments)
        assert (said.err, said.code) == ("", 0)
        return said.out

    return good


@pytest.fixture(scope="module")
def _gone_before(tmp_path_factory) -> Path:
    """Where the steps of this module's fixtures have led."""
    kept: Path = tmp_path_factory.mktemp("gone_before")
    return kept


@pytest.fixture
def brought(home, _gone_before) -> Callable[[Callable[[], object]], None]:
    """Bring the installation to where these steps lead; of a module they are gone once, and then copied."""

    def brought(steps: Callable[[], object]) -> None:
        kept = _gone_before / steps.__qualname__
        if not kept.exists():
            steps()
            shutil.copytree(home, kept)
        shutil.copytree(kept, home, dirs_exist_ok=True)

    return brought


@pytest.fixture
def it_is(monkeypatch) -> Callable[[str], None]:
    """Set the clock: ``it_is("2020-08-02T09:00")``, UTC."""

    def it_is(moment: str) -> None:
        stopped = datetime.fromisoformat(moment).replace(tzinfo=UTC)

        class Stopped:
            @staticmethod
            def now(_zone: tzinfo) -> datetime:
                return stopped

        # The function itself is bound in many places; what it asks is not.
        monkeypatch.setattr(clock, "datetime", Stopped)

    return it_is


@pytest.fixture
def store(home):
    """The installation's store."""
    with Store.open(f"sqlite:///{home / 'state' / 'watcher.db'}") as opened:
        yield opened


@pytest.fixture
def shell(home) -> Run:
    """Run a command in a process of its own, as cron does: no environment, and standard input closed.

    It need not import anything, where it is not asked to be ``cold`` as cron's is.
    """

    def shell(*arguments: str, redirect: str = "<&-", timeout: float = 60, cold: bool = False) -> Said:
        watcher = COLD if cold else warm_watcher()
        command = ["/bin/sh", "-c", f'exec "$@" {redirect}', "sh", *watcher, *arguments]
        done = subprocess.run(
            command, env=bare_environment(), cwd=home, capture_output=True, timeout=timeout, check=False
        )
        return Said(done.returncode, done.stdout.decode(), done.stderr.decode())

    return shell


def bare_environment() -> dict[str, str]:
    """What ``env -i PATH=/usr/bin:/bin`` leaves; and where the package lies, for a checkout that is not installed."""
    coverage = {name: value for name, value in os.environ.items() if name.startswith("COVERAGE_PROCESS")}
    return {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), **coverage}
