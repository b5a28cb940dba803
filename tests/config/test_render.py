from __future__ import annotations

import pytest

from watcher.config.render import render
from watcher.config.rules import load_rules
from watcher.core.errors import ConfigError, Problem


@pytest.fixture
def rendered(tmp_path):
    def lines(text: str) -> str:
        path = tmp_path / "a.yaml"
        path.write_text(text, encoding="utf-8")
        with pytest.raises(ConfigError) as refused:
            load_rules([path])
        return "\n".join(render(problem) for problem in refused.value.problems).replace(f"{tmp_path}/", "")

    return lines


def test_the_caret_stands_under_the_mistake(rendered):
    text = "rules:\n  - alert: x\n    pace: {indicater: deaths, above: 2019}\n"
    assert rendered(text) == (
        "a.yaml:3:12: rules[0].pace.indicater: unknown key 'indicater'\n"
        " 3 |     pace: {indicater: deaths, above: 2019}\n"
        "   |            ^^^^^^^^^ did you mean 'indicator'?"
    )


def test_wide_characters_take_two_columns(rendered):
    _, line, caret = rendered("citations:\n  - {citation: c, title: 莫桑比克, published: soon}\n").splitlines()
    wide = 4
    assert caret.index("^^^^ write") == line.index("soon") + wide


def test_a_text_in_quotes_is_marked_whole(rendered):
    _, line, caret = rendered("indicators:\n  - {indicator: d, sum: 'all deaths'}\n").splitlines()
    assert caret[line.index("'") :] == "^" * len("'all deaths'")


def test_a_long_line_is_cut_around_the_mistake(rendered):
    lines = rendered(f"rules:\n  - {{alert: {'x' * 200}, pase: {{}}, author: {'y' * 200}}}\n").splitlines()
    assert len(lines[1]) <= 120
    assert lines[1][lines[2].index("^") :].startswith("pase")


def test_characters_that_move_the_cursor_are_not_shown(rendered):
    assert "\x1b" not in rendered("a: \x1b[2J\n")


def test_a_problem_of_a_whole_file_is_one_line():
    assert render(Problem("rules/none.yaml", 0, 0, "there is no such file")) == "rules/none.yaml: there is no such file"


def test_a_file_that_may_hold_secrets_is_not_shown(tmp_path):
    path = tmp_path / "watcher.yaml"
    path.write_text("mail: {password: hunter2}\n", encoding="utf-8")
    shown = render(Problem(str(path), 1, 18, "a secret stands in the file", check="settings/syntax"))
    assert shown == f"{path}:1:18: a secret stands in the file"


@pytest.mark.parametrize("line", [2, 99])
def test_a_file_that_has_changed_since_is_not_shown(tmp_path, line):
    (tmp_path / "a.yaml").write_text("x: 1", encoding="utf-8")
    assert "|" not in render(Problem(str(tmp_path / "a.yaml"), line, 1, "gone"))
    assert "|" not in render(Problem(str(tmp_path / "b.yaml"), line, 1, "gone"))
