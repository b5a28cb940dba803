"""How far a pull from UCDP has come: which releases are left, and which have been replaced."""

from __future__ import annotations

import json
from typing import NamedTuple

from watcher.sources.ucdp_release import Release


class Place(NamedTuple):
    """Where to go on."""

    #: The first of them is being asked.
    left: tuple[Release, ...]
    #: All that are to be believed now.
    releases: tuple[Release, ...]
    #: What was taken earlier and has been replaced since; what became of its events is not known yet.
    replaced: tuple[Release, ...] = ()
    #: The page that is asked next; the first is 0.
    page: int = 0
    #: How many rows the release has, as its first page said.
    total: int = 0
    #: How many rows have come in all.
    brought: int = 0

    @classmethod
    def read(cls, text: str) -> Place | None:
        """A place as it was written down; None when it is none."""
        try:
            known = json.loads(text)
            known |= {name: named(known[name]) for name in ("left", "releases", "replaced")}
            return cls(**known)
        except (AttributeError, KeyError, TypeError, ValueError):
            return None

    @property
    def text(self) -> str:
        """The place, to be written down."""
        lists = {name: names(getattr(self, name)) for name in ("left", "releases", "replaced")}
        return json.dumps(self._asdict() | lists, sort_keys=True)

    @property
    def replacements(self) -> dict[Release, list[Release]]:
        """What has been replaced, by what replaces it; what nothing replaces is left out."""
        found: dict[Release, list[Release]] = {}
        for old in self.replaced:
            if better := [release for release in self.releases if release.replaces(old)]:
                found.setdefault(max(better), []).append(old)
        return found

    def behind(self, rows: int, total: int, pagesize: int) -> Place:
        """The place behind a page: the next page, or the next release behind the last one."""
        further = self._replace(page=self.page + 1, total=total, brought=self.brought + rows)
        if further.page * pagesize < total:
            return further
        return further._replace(left=self.left[1:], page=0, total=0)

    def again(self) -> Place:
        """The beginning of the release."""
        return self._replace(page=0, total=0)

    def without(self, replaced: list[Release]) -> Place:
        """The same place, when it is known what became of some."""
        return self._replace(replaced=tuple(each for each in self.replaced if each not in replaced))


def names(releases: tuple[Release, ...]) -> list[str]:
    """Releases as they are written down."""
    return [release.name for release in releases]


def named(texts: list[str]) -> tuple[Release, ...]:
    """Releases by their names.

    :raises ValueError: when one is none.
    """
    return tuple(map(Release.read, texts))
