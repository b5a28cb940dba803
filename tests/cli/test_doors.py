from __future__ import annotations

import subprocess
import sys

import click
import pytest

from tests.cli.conftest import ROOT
from watcher.cli import SECTIONS, doors
from watcher.core.errors import ExitCode

COMMANDS = [name for section in SECTIONS.values() for name in section]
#: Commands inside commands, as they are typed.
WHOLE = sorted(
    f"{name} {inner}" if inner else name
    for name in COMMANDS
    for found in [doors.get_command(click.Context(doors), name)]
    for inner in (found.commands if isinstance(found, click.Group) else [""])
)
HEAVY = ("sqlalchemy", "httpx", "apscheduler", "pydantic", "structlog", "alembic", "yaml")


def found(name: str) -> click.Command:
    command: click.Command = doors
    for word in name.split():
        assert isinstance(command, click.Group)
        command = command.get_command(click.Context(command), word) or doors
    return command


@pytest.mark.parametrize("name", COMMANDS)
def test_every_help_teaches_with_an_example(name, run):
    said = run(name, "--help")
    assert (said.code, said.err) == (0, "")
    assert f"\n  watcher {name}" in said.out or f"&& watcher {name}" in said.out
    assert "\\b" not in said.out


@pytest.mark.parametrize("name", WHOLE)
def test_every_option_says_what_it_does(name):
    silent = [p.name for p in found(name).params if isinstance(p, click.Option) and not p.help]
    assert silent == []


@pytest.mark.parametrize("name", WHOLE)
def test_every_command_and_option_is_in_the_reference(name):
    page = (ROOT / "docs" / "reference" / "cli.md").read_text()
    own = page.split(f"\n### watcher {name}\n", 1)
    assert len(own) == 2, f"docs/reference/cli.md has no heading '### watcher {name}'"
    part = own[1].split("\n### ")[0].split("\n## ")[0]
    options = [
        option for p in found(name).params if isinstance(p, click.Option) for option in p.opts if option[:2] == "--"
    ]
    assert [option for option in options if f"`{option}" not in part and option not in {"--config", "--help"}] == []


def test_every_exit_code_is_in_the_reference():
    page = (ROOT / "docs" / "reference" / "cli.md").read_text()
    assert [code for code in ExitCode if f"\n| {code.value} |" not in page] == []


def test_the_examples_of_the_reference_name_commands_and_options_that_exist():
    page = (ROOT / "docs" / "reference" / "cli.md").read_text()
    typed = [line for block in page.split("```console\n")[1:] for line in block.split("```")[0].splitlines()]
    commands = [line.removeprefix("$ ").split() for line in typed if line.startswith("$ watcher ")]
    assert commands
    for words in commands:
        name = next(name for name in (" ".join(words[1:3]), words[1]) if name in WHOLE)
        known = {option for p in found(name).params for option in p.opts} | {"--help"}
        unknown = [word for word in words if word.startswith("--") and word.split("=")[0] not in known]
        assert (name, unknown) == (name, [])


def test_the_list_of_commands_imports_none_of_them():
    script = f"import sys, watcher.cli; watcher.cli.main(['--help']); print([m for m in {HEAVY} if m in sys.modules])"
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    assert said.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("chek", "there is no command 'chek'; did you mean 'check'?"),
        ("xyzzy", "there is no command 'xyzzy'; see: watcher --help"),
    ],
)
def test_a_misspelt_command_is_answered_with_the_nearest(run, typed, told):
    said = run(typed)
    assert said.code == 2
    assert told in said.err


def test_the_version_is_a_line(run):
    said = run("--version")
    assert (said.code, said.out.strip().count(".")) == (0, 2)


# --- errors -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def broken(monkeypatch):
    """`watcher status`, which fails in some way."""

    def broken(error: BaseException) -> None:
        @click.command()
        def command() -> None:
            raise error

        monkeypatch.setattr("watcher.cli.status.command", command)

    return broken


def test_a_bug_is_called_one_with_its_place_and_what_to_send(run, broken):
    broken(ZeroDivisionError("oh"))
    said = run("status")
    assert said.code == 70
    assert said.err.startswith("watcher: a bug, at test_doors.py:")
    assert "ZeroDivisionError: oh" in said.err
    assert "WATCHER_TRACEBACK=1" in said.err
    assert "Traceback" not in said.err


def test_a_bug_shows_its_traceback_when_asked(run, broken, monkeypatch):
    monkeypatch.setenv("WATCHER_TRACEBACK", "1")
    broken(ZeroDivisionError("oh"))
    assert "Traceback" in run("status").err


@pytest.mark.parametrize("error", [KeyboardInterrupt(), click.Abort()], ids=["ctrl-c", "abort"])
def test_an_interruption_is_no_bug(run, broken, error):
    broken(error)
    assert run("status").code == 130


def test_an_error_that_repeats_data_cannot_move_the_cursor(run):
    said = run("explain", "\x1b[2J")
    assert said.code == 2
    assert "\x1b" not in said.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param(["quarantine", "dismiss", "9" * 30], "is not in the range", id="a row that no store can number"),
        pytest.param(["silence", "expire", "9" * 30], "is not in the range", id="a silence that no store can number"),
        pytest.param(["release", "9" * 30], "is not in the range", id="a change that no store can number"),
        pytest.param(["outbox", "list", "--limit", "9" * 30], "is not in the range", id="more than there can be"),
        pytest.param(["backup", ".", "--verify"], ". is a folder (name the backup in it)", id="a folder for a backup"),
    ],
)
def test_what_cannot_be_is_a_mistake_of_whoever_types_it(run, arguments, words):
    said = run(*arguments)
    assert (said.code, words in said.err) == (2, True), said.err
