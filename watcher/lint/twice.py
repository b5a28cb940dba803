"""``rule/twice``: two rules that ask the same question, and let the same answers begin an alert."""

from __future__ import annotations

from collections.abc import Iterator

from watcher.config.rules import Site
from watcher.core.errors import Problem, ProblemSeverity
from watcher.lint.check import Context, found, name_of

NAME = "rule/twice"
SEVERITY = ProblemSeverity.WARNING
NEEDS_DATA = False
FINDS = "A rule with the detector, the parameters, the condition and the `across` of another."


def check(context: Context) -> Iterator[Problem]:
    """Go through the rules in the order of the files."""
    groups = {rule.identity: group for group in context.rules.groups for rule in group.rules}
    first: dict[tuple[str, str, str, str], Site] = {}
    for site in context.sites:
        rule = site.rule
        condition = rule.defaults(context.catalogue).condition
        asked = rule.parameters.model_dump_json(by_alias=True)
        across = str(groups[rule.identity].across_of(rule) or "")
        other = first.setdefault((rule.detector_name, asked, str(condition), across), site)
        if other is not site:
            line, _ = other.page.document.mark(name_of(other))
            place = f"{other.page.document.path}:{line}"
            sentence = (
                f"the same rule as {other.rule.alert!r} ({place}): everybody is told twice; "
                "remove one, or make it a severity of the other"
            )
            yield found(NAME, site.page.document, name_of(site), sentence)
