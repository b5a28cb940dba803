from __future__ import annotations

import re
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watcher.core.reading import Kind, Output, Value
from watcher.core.template import MAX_LENGTH, TemplateError, check, render

OUTPUTS = {
    output.name: output
    for output in (
        Output("observed", Kind.COUNT, "What was counted."),
        Output("ratio", Kind.RATIO, "Rate over rate."),
        Output("share", Kind.SHARE, "Share of a whole."),
        Output("as_of", Kind.DATE, "Last day."),
        Output("evidence", Kind.TEXT, "How sure.", ("none", "weak", "strong")),
    )
}
VALUES: dict[str, Value] = {
    "observed": 1447,
    "ratio": 1.3149,
    "share": 0.314,
    "as_of": date(2020, 7, 6),
    "evidence": "weak",
}

RENDERED = {
    "text stays text": ("Nothing to fill in.", "Nothing to fill in."),
    "an output writes itself": ("{ratio}, {share}, {as_of}, {evidence}", "1.315, 31 %, 6 Jul 2020, weak"),
    "a count has its thousands apart": ("{observed}", "1\N{NO-BREAK SPACE}447"),
    "a number in a format": ("{ratio:.1f} {observed:,.0f} {share:.1%} {ratio:.3g}", "1.3 1,447 31.4% 1.31"),
    "a date in a format": ("{as_of:%d.%m.%Y} {as_of:%Y-%m-%d}", "06.07.2020 2020-07-06"),
    "doubled braces are braces": ("{{ratio}} is {ratio}", "{ratio} is 1.315"),
    "braces around a field": ("{{{ratio}}}", "{1.315}"),
}


@pytest.mark.parametrize(("template", "text"), RENDERED.values(), ids=RENDERED.keys())
def test_templates_are_filled_in(template, text):
    assert check(template, OUTPUTS) == ()
    assert render(template, OUTPUTS, VALUES) == text


def test_a_value_that_is_not_there_is_unknown():
    assert render("{ratio} {ratio:.2f} {as_of:%Y}", OUTPUTS, {"ratio": None}) == "unknown unknown unknown"


def test_a_ratio_to_nothing_has_no_digits():
    assert render("{ratio} {ratio:.2f}", OUTPUTS, {"ratio": float("inf")}) == "infinite infinite"


REFUSED = {
    "an unknown output": ("{ratoi}", "the detector has no output 'ratoi'; did you mean {ratio}?"),
    "an output like no other": (
        "{xyz}",
        "the detector has no output 'xyz'; outputs: observed, ratio, share, as_of, evidence",
    ),
    "an attribute": ("{ratio.__class__}", "'{ratio.__class__}' is no field; write {output} or {output:format}"),
    "an index": ("{ratio[0]}", "'{ratio[0]}' is no field; write {output} or {output:format}"),
    "a conversion": ("{ratio!r}", "'{ratio!r}' is no field; write {output} or {output:format}"),
    "no name": ("{}", "'{}' is no field; write {output} or {output:format}"),
    "a field as Prometheus has them": (
        "{{ $value }} deaths",
        "'{{ $value }}' is no field; write {output} or {output:format}",
    ),
    "a field as Go has them": ("{{.Labels}}", "'{{.Labels}}' is no field; write {output} or {output:format}"),
    "a number": ("{0}", "'{0}' is no field; write {output} or {output:format}"),
    "a nested field": ("{ratio:{observed}}", "'{' is no field; write '{{' for the character itself"),
    "an opening brace": ("a { b", "'{' is no field; write '{{' for the character itself"),
    "a closing brace": ("a } b", "'}' is no field; write '}}' for the character itself"),
    "a width that fills the memory": (
        "{ratio:999999999d}",
        "'999999999d' is no format for a number; write e.g. .2f, ,.0f, .1% or .3g",
    ),
    "an empty format": ("{ratio:}", "'' is no format for a number; write e.g. .2f, ,.0f, .1% or .3g"),
    "a date's format for a number": ("{ratio:%Y}", "'%Y' is no format for a number; write e.g. .2f, ,.0f, .1% or .3g"),
    "a number's format for a date": (
        "{as_of:.2f}",
        "'.2f' is no format for a date; write %Y, %m, %d with '-', '.', '/' or spaces",
    ),
    "a month's name, which depends on the machine": (
        "{as_of:%B}",
        "'%B' is no format for a date; write %Y, %m, %d with '-', '.', '/' or spaces",
    ),
    "a format for text": ("{evidence:>9}", "'evidence' is text and takes no format; write {evidence}"),
    "a text without end": ("x" * (MAX_LENGTH + 1), "the text has 4001 characters; at most 4000 are allowed"),
}


@pytest.mark.parametrize(("template", "problem"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_no_template_is_refused_when_it_is_checked(template, problem):
    assert check(template, OUTPUTS)[0] == problem
    with pytest.raises(TemplateError, match=re.escape(problem)):
        render(template, OUTPUTS, VALUES)


@settings(deadline=None)
@given(st.text(alphabet="{}ratio:.2f%Y!x[] ", max_size=30))
def test_whatever_passes_the_check_can_be_rendered(template):
    if not check(template, OUTPUTS):
        assert isinstance(render(template, OUTPUTS, VALUES), str)


@settings(max_examples=50, deadline=None)
@given(st.text())
def test_any_text_can_be_written_with_doubled_braces(text):
    assert render(text.replace("{", "{{").replace("}", "}}"), OUTPUTS, VALUES) == text
