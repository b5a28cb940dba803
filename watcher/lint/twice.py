"""``rule/twice``: two rules that ask the same question and hold it against the same condition."""

from __future__ import annotations

from collections.abc import Iterator

from watcher.config.rules import Site
from watcher.core.errors import Problem, ProblemSeverity
from watcher.lint.check import Context, found, name_of

NAME = "rule/twice"
SEVERITY = ProblemSeverity.WARNING
NEEDS_DATA = False
FINDS = "A rule with the detector, the parameters and the condition of another."


def check(context: Context) -> Iterator[Problem]:
    """Go through the rules in the order of the files."""
    first: dict[tuple[str, str, str], Site] = {}
    for site in context.sites:
        rule = site.rule
        condition = rule.defaults(context.catalogue).condition
        asked = rule.parameters.model_dump_json(by_alias=True)
        other = first.setdefault((rule.detector_name, asked, str(condition)), site)
        if other is not site:
            line, _ = other.page.document.mark(name_of(other))
            place = f"{other.page.document.path}:{line}"
            sentence = (
                f"the same rule as {other.rule.alert!r} ({place}): everybody is told twice; "
                "remove one, or make it a severity of the other"
            )
            yield found(NAME, site.page.document, name_of(site), sentence)
