from __future__ import annotations

import pytest
from sqlalchemy import text

from tests.store.records import A_CLASH, indicator, take
from tests.store.test_outbox import NOW, queue
from watcher.store.inspection import inspect
from watcher.store.series import ensure_scopes

DEATHS = indicator()


@pytest.fixture
def full(store):
    """A store with records, a series and a message."""
    with store.writing() as tx:
        ensure_scopes(tx, [DEATHS], now=NOW)
    take(store, A_CLASH, indicators=[DEATHS])
    queue(store, "a")
    return store


@pytest.mark.parametrize("deep", [False, True])
def test_nothing_is_wrong_with_what_is_as_it_was_written(full, deep):
    assert list(inspect(full, [DEATHS], deep=deep)) == []


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        pytest.param("update message set body_sha256 = 'x'", "messages that are not as they were written: msg_a", id="a message"),
        pytest.param("update event set fatalities = fatalities + 1", "records that are not as they were written: ", id="a record"),
        pytest.param("update event set location = 'Elsewhere'", "records that are not as they were written: ", id="a place"),
        pytest.param("update series set total = total + 1", "differs from the records", id="a sum"),
    ],
)  # fmt: skip
def test_what_was_changed_behind_our_back_is_found_by_looking_deep(full, damage, said):
    with full.writing() as tx:
        tx.execute(text(damage))
    assert list(inspect(full, [DEATHS], deep=False)) == []
    assert any(said in each for each in inspect(full, [DEATHS], deep=True))
