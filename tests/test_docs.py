"""The pages are true: what they show is typed, line by line, and what they name exists."""

from __future__ import annotations

import fcntl
import os
import re
import shlex
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import click
import pytest

from tests.warm import warm_watcher
from watcher.cli import doors
from watcher.config.settings import load_settings

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]

_BLOCK = re.compile(r"^( *)```(\w+)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
_COLOUR = re.compile(r"\x1b\[[0-9;]*[mK]")
_ROWS_AND_COLUMNS = struct.pack("HHHH", 50, 100, 0, 0)
#: Home of the person who follows a page.
_HOME = "/home/you"
#: A daemon is ended by a signal, which must reach the daemon itself.
_PROGRAM = """\
#!/bin/sh
if [ "$1" = run ]; then exec {cold} "$@"; fi
exec {warm} "$@"
"""


@dataclass(frozen=True)
class Step:
    """What a page does next: it writes a file, or types a command and shows what that prints."""

    file: str = ""
    text: str = ""
    command: str = ""
    shows: tuple[str, ...] = ()


def blocks(page: Path) -> Iterator[tuple[str, str, str]]:
    """Each block of a page: the paragraph before it, its language, its text."""
    text = page.read_text("utf-8")
    for match in _BLOCK.finditer(text):
        before = text[: match.start()].rstrip().rpartition("\n\n")[2]
        body = "".join(line.removeprefix(match[1]) for line in match[3].splitlines(keepends=True))
        yield before, match[2], body


def steps(page: Path) -> Iterator[Step]:
    """The steps of a page that is to be followed. A file is named in backticks, last in the paragraph before it."""
    file = ""
    for before, language, body in blocks(page):
        if language in {"yaml", "csv"}:
            file = ([file, *re.findall(r"`([\w/.-]+\.(?:yaml|csv))`", before)])[-1]
            yield Step(file=file, text=body)
        if language == "console":
            for part in re.split(r"^\$ ", body, flags=re.MULTILINE)[1:]:
                command, _, shows = part.partition("\n")
                yield Step(command=command, shows=tuple(shows.splitlines()))


# --- pages that are followed ------------------------------------------------------------------------------------------


class Person:
    """Somebody who follows a page at a terminal."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.folder = home
        programs = home / ".programs"
        programs.mkdir()
        watcher = programs / "watcher"
        cold = shlex.join([sys.executable, "-m", "watcher"])
        watcher.write_text(_PROGRAM.format(cold=cold, warm=shlex.join(warm_watcher())), encoding="utf-8")
        watcher.chmod(0o755)
        path = f"{programs}:{os.environ.get('PATH', os.defpath)}"
        self.environ = {"PATH": path, "HOME": str(home), "TERM": "dumb", "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8"}

    def follow(self, step: Step) -> None:
        if step.file:
            target = self.folder / step.file
            target.parent.mkdir(exist_ok=True)
            target.write_text(step.text, encoding="utf-8")
        elif step.command.startswith("cd "):
            self.folder /= step.command.removeprefix("cd ")
        else:
            printed = self.type(step.command)
            assert shown_in(step.shows, printed), f"$ {step.command}\n" + "\n".join(printed)

    def type(self, command: str) -> list[str]:
        """Type a command at a terminal of a hundred columns; return the lines it prints."""
        ours, theirs = os.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, _ROWS_AND_COLUMNS)
        process = subprocess.Popen(
            ["/bin/sh", "-c", command], stdin=theirs, stdout=theirs, stderr=theirs, cwd=self.folder, env=self.environ
        )
        os.close(theirs)
        printed = b"".join(_chunks(ours))
        os.close(ours)
        assert process.wait() == 0, printed.decode()
        text = _COLOUR.sub("", printed.decode()).replace("\r\n", "\n").replace("\N{NO-BREAK SPACE}", " ")
        return text.replace(str(self.home), _HOME).splitlines()


def _chunks(terminal: int) -> Iterator[bytes]:
    while True:
        try:
            chunk = os.read(terminal, 65_536)
        except OSError:
            # Linux says so when nobody writes to the terminal any more.
            return
        if not chunk:
            return
        yield chunk


def shown_in(shows: Sequence[str], printed: Sequence[str]) -> bool:
    """Whether what a page shows is what was printed; `...` stands for any text, and on a line of its own for any lines."""
    lines = [r"(?:.*\n)*?" if line == "..." else _line(line) for line in shows]
    return re.fullmatch("".join(lines), "".join(f"{line.rstrip()}\n" for line in printed)) is not None


def _line(line: str) -> str:
    return ".*".join(re.escape(part) for part in line.rstrip().split("...")) + "\n"


@pytest.mark.parametrize(
    ("shows", "printed", "expected"),
    [
        pytest.param(["a", "b"], ["a", "b "], True, id="the same lines are the same, whatever blanks end them"),
        pytest.param(["a"], ["a", "b"], False, id="a line more is not the same"),
        pytest.param(["a", "...", "d"], ["a", "b", "c", "d"], True, id="three dots stand for lines"),
        pytest.param(["a", "..."], ["a"], True, id="and for none"),
        pytest.param(["known from ..."], ["known from 2020-06-03"], True, id="three dots stand for text in a line"),
        pytest.param(["a (1)"], ["a [1]"], False, id="other signs mean themselves"),
    ],
)
def test_a_page_shows_what_is_printed(shows, printed, expected):
    assert shown_in(shows, printed) is expected


@pytest.fixture
def person(tmp_path):
    return Person(tmp_path)


def test_the_tutorial_can_be_followed(person):
    followed = list(steps(DOCS / "tutorial" / "first-alert.md"))
    assert [step.file for step in followed if step.file].count("inbox/log.csv") == 3
    for step in followed:
        person.follow(step)


def test_a_fresh_folder_can_be_operated_as_the_page_says(person):
    for step in steps(DOCS / "operate" / "from-a-fresh-folder.md"):
        person.follow(step)


def test_a_fact_can_be_corrected_as_the_page_says(person):
    person.type("watcher init desk && cd desk && watcher check --no-notify")
    person.follow(Step(command="cd desk"))
    for step in steps(DOCS / "how-to" / "correct-a-fact.md"):
        if step.shows:
            person.follow(step)


# --- what every page names --------------------------------------------------------------------------------------------


def commands(page: Path) -> Iterator[str]:
    """Every `watcher ...` in the blocks and in the text of a page."""
    for _, language, body in blocks(page):
        if language in {"console", "sh"}:
            yield from re.findall(
                r"^(?:\$ |[\w ;&|./=-]*\bas_)?watcher ([^\n#|>&]*)", body.replace("\\\n", " "), re.MULTILINE
            )
    yield from re.findall(r"(?<!`)`watcher ([^`\n]+)`(?!`)", page.read_text("utf-8"))


COMMANDS = [
    pytest.param(command, id=f"{name}: {command.strip()}")
    for name, page in zip(NAMES, PAGES, strict=True)
    for command in dict.fromkeys(commands(page))
]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_that_a_page_names_can_be_typed(command):
    words = [word for word in shlex.split(command) if word not in {"...", "|"}]
    assert complaint(doors, words) is None


def complaint(group: click.Group, words: list[str]) -> str | None:
    """What the command line has against these words; arguments may be left out, as prose does."""
    context = click.Context(group)
    while isinstance(group, click.Group) and words:
        found = group.get_command(context, words[0])
        if found is None:
            return f"there is no command {words[0]!r}"
        words = words[1:]
        if not isinstance(found, click.Group):
            return _options_complaint(found, words)
        group = found
    return None


def _options_complaint(command: click.Command, words: list[str]) -> str | None:
    known: Mapping[str, click.Parameter] = {
        spelling: each for each in command.params for spelling in (*each.opts, *each.secondary_opts)
    }
    wrong = [word for word in words if word.startswith("-") and len(word) > 1 and word.partition("=")[0] not in known]
    return f"no such option: {wrong[0]}" if wrong else None


SETTINGS = [
    pytest.param(body, id=f"{page.name}, {number}")
    for page in sorted((DOCS / "how-to").glob("*.md"))
    for number, body in enumerate((body for _, language, body in blocks(page) if language == "yaml"), start=1)
]


@pytest.mark.parametrize("body", SETTINGS)
def test_settings_that_a_page_shows_load(body, tmp_path):
    (tmp_path / "watcher.yaml").write_text(body, encoding="utf-8")
    assert load_settings(tmp_path / "watcher.yaml", environ={})


def anchors(page: Path) -> set[str]:
    """The headings of a page as links name them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_every_link_of_a_page_leads_somewhere(page):
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text("utf-8")):
        if target.startswith(("http://", "https://")):
            continue
        path, _, anchor = target.partition("#")
        other = (page.parent / path).resolve() if path else page
        assert other.exists(), target
        assert not anchor or anchor in anchors(other), target


@pytest.mark.parametrize("page", PAGES[1:], ids=NAMES[1:])
def test_every_page_can_be_reached_from_the_index(page):
    index = (DOCS / "index.md").read_text("utf-8")
    assert page.name == "index.md" or f"({page.relative_to(DOCS)})" in index


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_a_page_begins_with_its_title_and_has_no_other(page):
    lines = page.read_text("utf-8").splitlines()
    fences = [number for number, line in enumerate(lines) if line.lstrip().startswith("```")]
    inside = {number for first, last in zip(fences[::2], fences[1::2], strict=True) for number in range(first, last)}
    titles = [number for number, line in enumerate(lines) if line.startswith("# ") and number not in inside]
    assert titles == [0]
