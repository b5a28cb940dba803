"""``rule/bound``: a number that makes no sense for its output: ``change >= 100`` where 100 % is meant."""

from __future__ import annotations

from collections.abc import Iterator

from watcher.config.check import comparisons_of
from watcher.core.condition import Comparison
from watcher.core.detectors.frame import whole
from watcher.core.errors import Problem, ProblemSeverity
from watcher.core.reading import Kind, Output
from watcher.lint.check import Context, found

NAME = "rule/bound"
SEVERITY = ProblemSeverity.WARNING
NEEDS_DATA = False
FINDS = "A number that a share, a ratio or a probability hardly ever comes to."

#: A share of ten is 1 000 %, and nobody writes that for it.
LARGE_SHARE = 10
#: Twenty times as much as expected.
LARGE_RATIO = 20


def check(context: Context) -> Iterator[Problem]:
    """Look at every number that a rule compares an output with."""
    for site in context.sites:
        outputs, raw = site.rule.detector.OUTPUTS, site.page.document.at(site.path)
        for path, each in comparisons_of(site.rule, raw):
            if sentence := doubt(each, outputs[each.output]):
                yield found(NAME, site.page.document, (*site.path, *path), sentence)


def doubt(each: Comparison, output: Output) -> str:
    """What is odd about a number, and what was probably meant; empty when nothing is."""
    number = each.literal
    if not isinstance(number, float) or each.unit:
        return ""
    meant = f"did you mean '{each} %'?"
    if output.kind is Kind.SHARE and abs(number) >= LARGE_SHARE:
        return f"'{each}' asks for {whole(number * 100)} %; {meant}"
    if output.kind is Kind.RATIO and abs(number) >= LARGE_RATIO:
        return f"'{each}' asks for {whole(number)} times as much; {meant}"
    if output.kind is Kind.PROBABILITY and not 0 <= number <= 1:
        holds = "always" if each.holds({each.output: 0.5}, {each.output: output}) else "never"
        hint = meant if 0 <= number <= 100 else "write a number from 0 to 1"  # noqa: PLR2004 - percent
        return f"{each.output!r} lies between 0 and 1, so that '{each}' is {holds} true; {hint}"
    return ""
