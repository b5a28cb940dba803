"""When a running daemon takes edited rules over: once they lie still, or at once when it is told to; never twice."""

from __future__ import annotations

import pytest

from watcher.daemon import Lookout


@pytest.mark.parametrize(
    ("looks", "asked_at", "taken_over_at"),
    [
        pytest.param("AAAA", (), [], id="nothing changed"),
        pytest.param("ABBB", (), [2], id="a change that lies still"),
        pytest.param("ABCC", (), [3], id="a change that goes on first"),
        pytest.param("ABBB", (1,), [1], id="a change, and told at once: not again when it lies still"),
        pytest.param("ABCC", (1,), [1, 3], id="a change, told at once, and changed again"),
        pytest.param("AAAB", (1,), [1], id="told, and nothing had changed"),
    ],
)
def test_a_change_is_taken_over_once(looks, asked_at, taken_over_at):
    seen = iter(looks)
    lookout = Lookout(lambda: next(seen))
    taken = []
    for number in range(1, len(looks)):
        if lookout.has_changed() or number in asked_at:
            lookout.take_over()
            taken.append(number)
    assert taken == taken_over_at
