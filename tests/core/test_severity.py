from __future__ import annotations

import pytest
from pydantic import TypeAdapter

from watcher.core.severity import Severity, SeverityTiers, severity_tiers

ADAPTER = TypeAdapter(SeverityTiers)


def test_severities_are_ranked():
    assert sorted(Severity, key=lambda each: each.rank) == [Severity.INFO, Severity.WARNING, Severity.CRITICAL]


READ = {
    "one word": ("critical", [("critical", None)]),
    "a tier and the rest": (
        {"critical": "evidence = strong", "otherwise": "info"},
        [("critical", "evidence = strong"), ("info", None)],
    ),
    "tiers from the worst down, however they are written": (
        {"otherwise": "info", "warning": ["ratio > 1", "days > 28"], "critical": "ratio > 2"},
        [("critical", "ratio > 2"), ("warning", "ratio > 1 and days > 28"), ("info", None)],
    ),
    "a tier alone": ({"critical": {"any": ["a = b", "c = d"]}}, [("critical", "(a = b or c = d)")]),
}


@pytest.mark.parametrize(("raw", "tiers"), READ.values(), ids=READ.keys())
def test_severities_are_read(raw, tiers):
    found = severity_tiers(raw).tiers
    assert [(tier.severity, str(tier.when) if tier.when else None) for tier in found] == tiers


@pytest.mark.parametrize("raw", [raw for raw, _ in READ.values()], ids=READ.keys())
def test_severities_come_back_as_they_were_written(raw):
    tiers = severity_tiers(raw)
    assert severity_tiers(tiers) is tiers
    assert ADAPTER.validate_python(ADAPTER.dump_python(tiers)) == tiers


REFUSED = {
    "a misspelt word": ("critcal", "'critcal' is no severity; one of: critical, warning, info"),
    "a level of another product": ({"high": "ratio > 1"}, "'high' is no severity"),
    "a rest that is no severity": ({"critical": "ratio > 1", "otherwise": "nothing"}, "'nothing' is no severity"),
    "a condition that is none": ({"critical": "very"}, "'very' is no comparison"),
    "a list": (["critical"], "expected critical, warning or info"),
    "an empty map": ({}, "expected critical, warning or info"),
    "a number": (1, "expected critical, warning or info"),
}


@pytest.mark.parametrize(("raw", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_anything_else_is_refused(raw, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        severity_tiers(raw)


def test_editors_learn_the_shape():
    assert {"type": "string", "enum": ["info", "warning", "critical"]} in ADAPTER.json_schema()["anyOf"]
