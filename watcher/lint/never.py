"""``rule/never``: a rule that did not fire once in the last stored year, or could not even be judged."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

from watcher.core.detectors.frame import period_text
from watcher.core.errors import Problem, ProblemSeverity
from watcher.core.reading import Output
from watcher.lint import vocabulary
from watcher.lint.check import Context, found, name_of

if TYPE_CHECKING:
    from watcher.lint.past import Past

NAME = "rule/never"
SEVERITY = ProblemSeverity.WARNING
NEEDS_DATA = True
FINDS = "A rule that could not be judged, or did not fire, in the last stored year."


def check(context: Context) -> Iterator[Problem]:
    """Replay each rule over the last stored year."""
    if context.data is None:
        return
    explains = cache(lambda: vocabulary.explains(context))
    for site in context.sites:
        past = context.data.past(site.rule)
        if past.has_fired or explains()(site):
            continue
        document, year = site.page.document, period_text(past.days)
        if past.judged or (site.rule.is_event_like and not past.problem):
            nearest = _nearest(past, site.rule.detector.OUTPUTS.get(past.output))
            sentence = f"it did not fire once, {year}{nearest}; see: watcher rules preview"
            yield found(NAME, document, name_of(site), sentence, severity=ProblemSeverity.INFORMATION)
        else:
            why = f": {past.problem}" if past.problem else ""
            yield found(NAME, document, name_of(site), f"it could not be judged on any day, {year}{why}")


def _nearest(past: Past, output: Output | None) -> str:
    """The largest value that was seen."""
    if output is None or past.largest is None:
        return ""
    return f"; the largest {output.name} was {output.format(past.largest)}"
