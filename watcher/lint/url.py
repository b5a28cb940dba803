"""``citation/url``: a cited address that no longer answers. Only asked when the network may be used (``--online``)."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from watcher.config.document import KeyPath
from watcher.config.page import Page
from watcher.core.errors import Problem, ProblemSeverity
from watcher.lint.check import Context, found

NAME = "citation/url"
SEVERITY = ProblemSeverity.WARNING
NEEDS_DATA = False
FINDS = "A cited address that does not answer (`--online`)."


def check(context: Context) -> Iterator[Problem]:
    """Ask for every address once."""
    if context.fetch is None:
        return
    fetch = cache(context.fetch)
    for page in context.pages:
        for path, url in _addresses(page):
            why = fetch(url)
            if why:
                sentence = f"the address cannot be had: {why}; cite an archived copy, or the publication without it"
                yield found(NAME, page.document, path, sentence)


def _addresses(page: Page) -> Iterator[tuple[KeyPath, str]]:
    for path, raw in page.items("citations"):
        if raw.get("url"):
            yield (*path, "url"), raw["url"]
    groups = [((*path, "rules"), raw["rules"]) for path, raw in page.items("groups")]
    for path, rules in [(("rules",), page.sections.get("rules") or []), *groups]:
        for index, raw in enumerate(rules):
            for number, reference in enumerate(raw.get("references") or ()):
                if reference.startswith(("https://", "http://")):
                    yield (*path, index, "references", number), reference
