from __future__ import annotations

import gc
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from hypothesis import settings
from sqlalchemy import Engine, create_engine
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.util import LRUCache

from watcher import log

ROOT = Path(__file__).resolve().parents[1]
#: Real data lies beside the checkout, where there is any; it is never part of the project.
DATA = ROOT.parent / "shared" / "data"
REFERENCE = DATA.parent / "reference"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--reference-step", type=int, default=7, help="1 holds every row of the largest tables against us")


#: How many examples a property is tried on: a slice in the fast suite, and many for `make fuzz`.
settings.register_profile("slice", max_examples=8)
settings.register_profile("fuzz", max_examples=2_000, deadline=None)


def pytest_configure(config: pytest.Config) -> None:
    settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "slice"))
    # Rules that everybody may write to are refused. Under umask 0 every test would write such, and a checkout holds such.
    os.umask(0o022)
    # Once, before there are workers: while they load, files of theirs come and go.
    if not hasattr(config, "workerinput"):
        for folder in ("rules", "tests"):
            for path in (ROOT / folder, *(ROOT / folder).rglob("*")):
                if not path.is_symlink() and path.stat().st_mode & stat.S_IWOTH:
                    path.chmod(path.stat().st_mode & 0o7755)


def pytest_collection_finish() -> None:
    # What has been imported and collected stays to the end: no need to look through it for garbage again and again.
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 1_000)


@pytest.fixture(scope="session", autouse=True)
def _statements_are_compiled_once() -> Iterator[None]:
    """Let all stores share what SQLAlchemy makes of a statement: each test opens its own, which took a third of its time."""
    compiled: LRUCache[Any, Any] = LRUCache(4_000)

    def create_and_share(*arguments: Any, **how: Any) -> Engine:
        engine = create_engine(*arguments, **how)
        engine._compiled_cache = compiled
        return engine

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("watcher.store.connection.create_engine", create_and_share)
        # The dialect is part of the key, and there is one for each store.
        patch.setattr(DefaultDialect, "__eq__", lambda one, other: type(one) is type(other))
        patch.setattr(DefaultDialect, "__hash__", lambda one: hash(type(one)))
        yield


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("WATCHER_") and name != "WATCHER_TEST_PG"]:
        monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def _no_log_of_an_earlier_test() -> Iterator[None]:
    yield
    log._SETUP.due = None
    structlog.reset_defaults()


@pytest.fixture
def reference_step(request: pytest.FixtureRequest) -> int:
    """Of the largest reference tables every n-th row is looked at; `make fuzz` looks at all."""
    step: int = request.config.getoption("--reference-step")
    return step


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real data, or a skip with the reason."""
    if not DATA.is_dir():
        pytest.skip("no real data beside the checkout (../shared/data)")
    return DATA


@pytest.fixture(scope="session")
def reference() -> Path:
    """The folder of reference tables, or a skip with the reason."""
    if not REFERENCE.is_dir():
        pytest.skip("no reference tables beside the checkout (../shared/reference)")
    return REFERENCE
