"""What lint works out about a rule's last year is worked out once, until the rule or the records change."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.installation import Installation, installed
from watcher.lint.installation import KEPT_IN, lint_installation
from watcher.lint.run import Linted

INDICATOR = """
indicators:
  - {indicator: deaths, sum: fatalities, by: [admin1]}
"""
MANY = """
  - alert: Many deaths
    threshold: {indicator: deaths, window: 7d}
    condition: [value >= 5]
"""
NONE = """
  - alert: No end of deaths
    threshold: {indicator: deaths, window: 7d}
    condition: [value >= 5000]
"""
BOTH = """
  - alert: Both
    combine: {all: [Many deaths, No end of deaths]}
"""


class Played:
    """Counts the rules that were replayed."""

    def __init__(self) -> None:
        self.rules = 0

    def __call__(self, done: int, days: int) -> None:
        self.rules += done == days


@pytest.fixture
def it(tmp_path) -> Iterator[Installation]:
    with installed(tmp_path, rules=f"{INDICATOR}rules:{MANY}{NONE}") as it:
        it.release("2020-07-06", *(f"MZM{day}  2020-06-{day:02}  {day % 9}  Palma" for day in range(1, 29)))
        it.turn("2020-07-06")
        yield it


def look(it: Installation) -> tuple[Linted, int]:
    """What lint finds, and how many rules it replayed for that."""
    played = Played()
    return lint_installation(it.settings, today=it.now.date(), progress=played), played.rules


def write(it: Installation, text: str) -> None:
    (it.folder / "rules" / "rules.yaml").write_text(text, encoding="utf-8")


def test_a_second_look_finds_the_same_without_a_replay(it):
    first, replayed = look(it)
    assert replayed == 2
    assert look(it) == (first, 0)
    assert any("it did not fire once" in problem.summary for problem in first.problems)


@pytest.mark.parametrize(
    ("rules", "replayed"),
    [
        pytest.param(f"{INDICATOR}rules:{MANY}{NONE.replace('5000', '50')}", 1, id="another bound: that rule"),
        pytest.param(f"{INDICATOR}rules:{NONE}{MANY}", 0, id="another order: none"),
        pytest.param(f"{INDICATOR.replace('admin1', 'admin2')}rules:{MANY}{NONE}", 2, id="another indicator: all"),
        pytest.param(f"{INDICATOR}rules:{MANY}{NONE}{BOTH}", 3, id="a combination: it, with its members"),
    ],
)
def test_what_an_edit_concerns_is_replayed(it, rules, replayed):
    look(it)
    write(it, rules)
    assert look(it)[1] == replayed


def test_a_combination_is_replayed_when_a_member_changes(it):
    write(it, f"{INDICATOR}rules:{MANY}{NONE}{BOTH}")
    look(it)
    write(it, f"{INDICATOR}rules:{MANY.replace('5]', '6]')}{NONE}{BOTH}")
    assert look(it)[1] == 3
    assert look(it)[1] == 0


def test_new_records_forget_everything(it):
    look(it)
    it.release("2020-07-07", "MZM99  2020-07-01  3  Palma")
    it.turn("2020-07-07")
    assert look(it)[1] == 2


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("{", id="half a file"),
        pytest.param("[]", id="something else"),
        pytest.param('{"stamp": "0", "past": {}}', id="another stamp"),
        pytest.param('{"past": 3}', id="no stamp"),
    ],
)
def test_what_is_kept_is_worked_out_again_when_it_cannot_be_read(it, text):
    first, _ = look(it)
    (it.settings.state_dir / KEPT_IN).write_text(text, encoding="utf-8")
    assert look(it) == (first, 2)
    assert look(it) == (first, 0)


def test_a_file_that_says_something_odd_about_a_rule_is_worked_out_again(it):
    first, _ = look(it)
    path = it.settings.state_dir / KEPT_IN
    document = json.loads(path.read_text(encoding="utf-8"))
    document["past"] = {key: {"judged": 3} for key in document["past"]}
    path.write_text(json.dumps(document), encoding="utf-8")
    assert look(it) == (first, 2)


def test_nothing_can_be_kept_and_lint_finds_the_same(it):
    (it.settings.state_dir / KEPT_IN).mkdir()
    first, _ = look(it)
    assert look(it) == (first, 2)
    assert not list(it.settings.state_dir.glob(f".{KEPT_IN}*"))
