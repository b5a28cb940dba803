"""``actor/alias``: an alias list that covers the same name twice, or a name that two actors claim."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from watcher.config.document import KeyPath
from watcher.config.page import Page
from watcher.core.catalogue import ActorEntry
from watcher.core.errors import Problem, ProblemSeverity
from watcher.core.label import fold
from watcher.lint.check import Context, found

NAME = "actor/alias"
SEVERITY = ProblemSeverity.WARNING
NEEDS_DATA = False
FINDS = "A name that stands twice in an alias list, or under two actors at once."


class _Claim(NamedTuple):
    """A name that an actor goes by, and where it says so."""

    actor: ActorEntry
    name: str
    page: Page
    path: KeyPath


def check(context: Context) -> Iterator[Problem]:
    """Go through the alias lists in the order of the files."""
    first: dict[str, list[_Claim]] = {}
    for claim in _claims(context):
        others = first.setdefault(fold(claim.name), [])
        for other in others:
            sentence = _clash(claim, other)
            if sentence:
                yield found(NAME, claim.page.document, claim.path, sentence)
                break
        others.append(claim)


def _claims(context: Context) -> Iterator[_Claim]:
    for page in context.pages:
        for path, raw in page.items("actors"):
            actor = context.catalogue.actors[raw["actor"]]
            yield _Claim(actor, actor.actor, page, (*path, "actor"))
            if actor.title:
                yield _Claim(actor, actor.title, page, (*path, "title"))
            for index, alias in enumerate(actor.aliases):
                yield _Claim(actor, alias, page, (*path, "aliases", index))


def _clash(claim: _Claim, other: _Claim) -> str:
    """What is wrong with a name that was claimed before; empty when nothing is."""
    if claim.actor.actor == other.actor.actor:
        # The short name and the title are names of their own; repeating them as an alias does no harm.
        both_aliases = "aliases" in claim.path and "aliases" in other.path
        return f"the alias {claim.name!r} stands twice in this list; take one out" if both_aliases else ""
    if not _meet(claim.actor, other.actor):
        return ""
    line, _ = other.page.document.mark(other.path)
    where = f"{other.page.document.path}:{line}"
    return (
        f"{claim.name!r} is also a name of {other.actor.actor!r} ({where}): its events count for both; "
        "take it out of one, or give both lists valid_from and valid_until"
    )


def _meet(one: ActorEntry, other: ActorEntry) -> bool:
    """Whether there is a day on which both lists are valid."""
    first = max(one.valid_from or date.min, other.valid_from or date.min)
    return first <= min(one.valid_until or date.max, other.valid_until or date.max)
