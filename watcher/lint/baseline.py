"""``rule/baseline``: a baseline whose days overlap the period that is compared with it, or are not over."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from watcher.core.catalogue import Catalogue
from watcher.core.detectors.frame import period_text
from watcher.core.detectors.pace import Parameters
from watcher.core.errors import Problem, ProblemSeverity
from watcher.core.period import Period
from watcher.lint.check import Context, found

NAME = "rule/baseline"
SEVERITY = ProblemSeverity.WARNING
NEEDS_DATA = False
FINDS = "A baseline period that overlaps the period it is compared with, or a year that has not ended."


def check(context: Context) -> Iterator[Problem]:
    """Lay the two periods of each `pace` rule side by side: as of the records, or of today where there are none."""
    for site in context.sites:
        pace = site.rule.pace
        if pace is None:
            continue
        if isinstance(pace.above, int) and Period.of_year(pace.above).end > context.today:
            sentence = (
                f"{pace.above} has not ended, so it is no baseline yet and the rule judges nothing; write a year that is "
                f"over: {context.today.year - 1}"
            )
            yield found(NAME, site.page.document, (*site.path, "pace", "above"), sentence)
            continue
        last = (context.data.watermark(site.rule) if context.data else None) or context.today
        now, before = pace.window(last), _baseline(pace, last, context.catalogue)
        if before is not None and now.days > 0 and now.start < before.end and before.start < now.end:
            sentence = (
                f"the period {period_text(now)} overlaps its baseline, {period_text(before)}: days are compared with "
                "themselves; choose an earlier baseline, or a later period"
            )
            yield found(NAME, site.page.document, (*site.path, "pace", "above"), sentence)


def _baseline(pace: Parameters, last: date, catalogue: Catalogue) -> Period | None:
    if isinstance(pace.above, int):
        # The same days of another year never overlap; those of this one are the period itself.
        return Period.of_year(pace.above) if pace.compare != "same_period" or pace.above == last.year else None
    stated = (each for file in catalogue.baselines.values() for each in file)
    return next((each.days for each in stated if each.baseline == pace.above), None)
