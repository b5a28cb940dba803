"""``rule/test``: a rule that no test file beside it speaks of."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

from watcher.config.document import load_document
from watcher.config.files import TESTS
from watcher.core.errors import ConfigError, Problem, ProblemSeverity
from watcher.core.label import slug
from watcher.lint.check import Context, found, name_of

NAME = "rule/test"
SEVERITY = ProblemSeverity.INFORMATION
NEEDS_DATA = False
FINDS = "A rule that no `*_test.yaml` beside it names."

_PATTERNS = ("*_test.yaml", "*_test.yml", f"{TESTS}/**/*_test.yaml", f"{TESTS}/**/*_test.yml")


def check(context: Context) -> Iterator[Problem]:
    """Look for the rule's name in the test files of its folder, and of the folders above it within the set."""
    tested = cache(_tested)
    for site in context.sites:
        path = Path(site.page.document.path)
        above = len(Path(site.page.name).parts)
        folders = [path.parent, *path.parent.parents][:above]
        names = {slug(name) for name in (site.rule.alert, site.rule.id) if name}
        if not any(names & tested(folder) for folder in folders):
            sentence = f"no test names this rule; write one in {TESTS}/{path.stem}_test.yaml, see: watcher test --help"
            yield found(NAME, site.page.document, name_of(site), sentence, severity=SEVERITY)


def _tested(folder: Path) -> frozenset[str]:
    """The rules that the test files of a folder name."""
    files = sorted({file for pattern in _PATTERNS for file in folder.glob(pattern)})
    return frozenset(slug(name) for file in files for name in _names_in(file))


def _names_in(file: Path) -> Iterator[str]:
    try:
        yield from _alertnames(load_document(file).value)
    except ConfigError:
        # `watcher test` says what is wrong with it.
        return


def _alertnames(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for key, each in value.items():
            if key == "alertname" and isinstance(each, str):
                yield each
            else:
                yield from _alertnames(each)
    elif isinstance(value, list):
        for each in value:
            yield from _alertnames(each)
