"""A slice of each row that is quick enough for every run of the tests; `make chaos` runs them to their full number."""

from __future__ import annotations

import pytest

from tests.chaos import replies, rows, sim
from tests.chaos.points import POINTS
from tests.chaos.rows import ROWS


def kills(seed, folder):
    return rows.kill_at_random(seed, folder, kills=8)


def few_histories(seed, folder):
    return sim.histories(seed, folder, number=1)


@pytest.mark.parametrize(
    ("run", "seed"),
    [
        pytest.param(kills, 0, id="C1 SIGKILL at random"),
        pytest.param(rows.kill_at_points, 14, id="C3 SIGKILL after a claim"),
        pytest.param(rows.kill_at_points, POINTS.index("enqueue:before"), id="C3 SIGKILL before a message is queued"),
        pytest.param(rows.damaged, 1, id="C8 a zeroed page"),
        pytest.param(sim.jumps, 0, id="C10 the clock jumps"),
        pytest.param(replies.tls_zoo, 0, id="C16 TLS"),
        pytest.param(few_histories, 0, id="C28 a simulated history"),
    ],
)
def test_a_slice_of(run, seed, tmp_path):
    assert not run(seed, tmp_path / "scene").get("lost")


def test_every_row_of_the_table_is_there():
    assert {"C1", "C2", "C3", "C5", "C6", "C7", "C8", "C10", "C15", "C16", "C18", "C19", "C28"} <= set(ROWS)
