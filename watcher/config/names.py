"""Names are unique over the set of files, whatever file they stand in."""

from __future__ import annotations

from watcher.config.document import KeyPath
from watcher.config.page import Page
from watcher.config.problem import Mistake


class Register:
    """What has a name already, and where."""

    def __init__(self) -> None:
        self._places: dict[tuple[str, str], tuple[Page, KeyPath]] = {}

    def add(self, kind: str, name: str, page: Page, path: KeyPath, *, key: str = "") -> bool:
        """Enter a name; report it when there is one already, and say whether it is new.

        :param kind: the word for what is named; names of different kinds do not clash.
        :param key: what makes two names the same, when that is not their spelling.
        """
        first, place = self._places.setdefault((kind, key or name), (page, path))
        if first is page and place == path:
            return True
        line, column = first.document.mark(place)
        at = f"on line {line}" if first is page else f"at {first.name}:{line}:{column}"
        page.report([Mistake(path, f"a second {kind} {name!r}", f"the first is {at}")])
        return False
