"""The oracle bites: each mistake that others have made, built in on purpose, is caught by the row that is there for it."""

from __future__ import annotations

import pytest

from tests.chaos import turner
from tests.chaos.mutants import MUTANTS
from tests.chaos.scene import judge, staged
from tests.chaos.sim import jumps, simulate


@pytest.mark.parametrize(
    ("mutant", "caught"),
    [
        pytest.param("M1", "I1 no loss", id="M1: marked as delivered before it is sent"),
        pytest.param("M3", "I6 order", id="M3: no order"),
        pytest.param("M4", "I3 nothing that was never queued", id="M4: another key at each try"),
        pytest.param("M7", "I2 one key has one body", id="M7: written anew at each try"),
    ],
)
def test_a_simulated_history_catches(monkeypatch, mutant, caught):
    MUTANTS[mutant](monkeypatch.setattr)
    with pytest.raises(AssertionError, match=rf"^{caught}"):
        list(map(_history, range(5)))


def _history(seed: int) -> None:
    simulate(seed, processes=1, steps=100)


def test_a_jump_of_the_clock_catches_m6_no_clamp(monkeypatch, tmp_path):
    MUTANTS["M6"](monkeypatch.setattr)
    with pytest.raises(AssertionError, match=r"^I15 liveness"):
        jumps(7, tmp_path)


def test_a_kill_between_two_transactions_catches_m2_by_the_oracle_of_the_input(tmp_path, monkeypatch):
    monkeypatch.setattr(turner, "PATIENCE_S", 5)
    with staged(tmp_path, seed=1, share=0.0) as scene, turner.Turner(scene.settings, mutant="M2") as mutated:
        mutated.turn()
        scene.release()
        assert mutated.turn(at="enqueue:before:2") == -9
        for _ in range(2):
            mutated.turn()
        with pytest.raises(AssertionError, match=r"^I1 no loss"):
            judge(scene)
