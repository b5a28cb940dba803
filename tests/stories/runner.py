"""Plays a story, and writes down what really happened, in the story's own words.

A story is a whole run as text: the rules, then moments with what is done and what follows from it. Whoever plays it
gets the text back with the real messages, states and exit codes in the places of the expected ones. A story that comes
true does not change; of one that does not, the difference is for a person to read. README.md lists what a story may say.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from tests.stories.page import Section, Step, lines_of, sections, steps, written
from tests.stories.receiver import Receivers
from tests.stories.stage import SECRET, Stage
from tests.stories.vocabulary import LOOKS, play_of
from watcher.shipped import shipped


def play(story: str, folder: Path) -> str:
    """The story as it really happens, in an installation of its own in an empty folder."""
    with Receivers(SECRET) as receivers:
        stage = Stage(folder, receivers)
        try:
            real = written(each for section in sections(story) for each in _section(stage, section))
            stage.replay()
            return real
        finally:
            stage.close()


def _section(stage: Stage, section: Section) -> Iterator[Section]:
    """A section as it really was; of a moment that repeats itself also each time that was not as expected."""
    moments = section.moments
    if not moments:
        _prepare(stage, section)
    elif stage.app is None:
        stage.open()
    if len(moments) == 1:
        yield _moment(stage, moments[0], section)
        return
    yield section
    for moment in moments:
        real = _moment(stage, moment, section)
        if real.lines != section.lines:
            yield real._replace(heading=f"at {moment:%Y-%m-%d %H:%M}")


def _prepare(stage: Stage, section: Section) -> None:
    """What stands before the first moment: the rules, the routes, comments."""
    match section.heading:
        case "the rules as shipped":
            shutil.copytree(shipped("rules"), stage.folder / "rules", dirs_exist_ok=True)
        case "the rules":
            stage.write_rules(section.text)
        case "the routes":
            stage.write_routes(section.text)
        case "the desk is spared":
            stage.spare(section.text)
        case heading if heading and not heading.startswith("#"):
            raise ValueError(f"a story has no section {heading!r}; see README.md")


def _moment(stage: Stage, moment: datetime, section: Section) -> Section:
    """A moment as it really was."""
    stage.now = moment
    done: list[Step] = []
    for each in steps(section):
        done += _step(stage, each) if each.says_something else [each]
    return section._replace(lines=lines_of([*done, *stage.unexpected()]))


def _step(stage: Stage, wanted: Step) -> Iterator[Step]:
    """A step as it really was, after whatever arrived before it and stands nowhere in the story."""
    play, said = play_of(wanted)
    if play not in LOOKS:
        yield from stage.unexpected()
    real = play(stage, wanted, *said)
    yield from [real] if isinstance(real, Step) else real or [wanted]
