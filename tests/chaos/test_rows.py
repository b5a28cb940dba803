"""A slice of each row that is quick enough for every run of the tests; `make chaos` runs them to their full number."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.chaos import clocks, model, replies, rows, sim
from tests.chaos.__main__ import MODULES
from tests.chaos.points import POINTS
from tests.chaos.receiver import heard
from tests.chaos.rows import ROWS


def kills(seed, folder):
    return rows.kill_at_random(seed, folder, kills=4, cold=False)


def around_the_change(seed, folder):
    return clocks.digests(seed, folder, around=timedelta(minutes=40))


def a_short_life(seed, folder):
    return model.model(seed, folder, number=1, steps=10)


def a_history(seed, folder):
    return sim.simulate(seed, processes=2, steps=200)


def a_day_back(seed, folder):
    return sim.jumps(seed, folder, by=[timedelta(days=-1)])


@pytest.mark.parametrize(
    ("run", "seed"),
    [
        pytest.param(kills, 0, id="C1 SIGKILL at random"),
        pytest.param(rows.kill_at_points, POINTS.index("claim:after"), id="C3 SIGKILL after a claim"),
        pytest.param(rows.kill_at_points, POINTS.index("enqueue:before"), id="C3 SIGKILL before a message is queued"),
        pytest.param(rows.damaged, 1, id="C8 a zeroed page"),
        pytest.param(a_day_back, 0, id="C10 the clock jumps"),
        pytest.param(around_the_change, 0, id="C11 an hour comes twice"),
        pytest.param(replies.tls_zoo, 0, id="C16 TLS"),
        pytest.param(a_history, 0, id="C28 a simulated history"),
        pytest.param(a_short_life, 0, id="C29 a model of an installation"),
    ],
)
def test_a_slice_of(run, seed, tmp_path):
    assert not run(seed, tmp_path / "scene").get("lost")


def test_every_row_of_the_table_is_there():
    assert MODULES
    wanted = (1, 2, 3, 5, 6, 7, 8, 10, 11, 12, 13, 14, 15, 16, 18, 19, 20, 22, 23, 28, 29, 30, 31)
    assert sorted(ROWS, key=lambda code: int(code[1:])) == [f"C{number}" for number in wanted]


def test_a_line_that_the_receiver_is_writing_is_read_when_it_is_whole(tmp_path):
    log = tmp_path / "received.jsonl"
    assert heard(log) == []
    line = '{"key": "msg_1", "body": "e30=", "answer": 204, "at": 1.0}'
    log.write_text(f"{line}\n{line[:30]}")
    assert [each.key for each in heard(log)] == ["msg_1"]
