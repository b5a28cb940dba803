from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import settings

from watcher import log

ROOT = Path(__file__).resolve().parents[1]
#: Real data lies beside the checkout, where there is any; it is never part of the project.
DATA = ROOT.parent / "shared" / "data"
REFERENCE = DATA.parent / "reference"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--reference-step", type=int, default=7, help="1 holds every row of the largest tables against us")


#: How many examples a property is tried on: a slice in the fast suite, and many for `make fuzz`.
settings.register_profile("slice", max_examples=12)
settings.register_profile("fuzz", max_examples=2_000, deadline=None)


def pytest_configure() -> None:
    settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "slice"))
    # Rules that everybody may write to are refused. Under umask 0 every test would write such, and a checkout holds such.
    os.umask(0o022)
    for folder in ("rules", "tests"):
        for path in (ROOT / folder, *(ROOT / folder).rglob("*")):
            if not path.is_symlink() and path.stat().st_mode & stat.S_IWOTH:
                path.chmod(path.stat().st_mode & 0o7755)


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
