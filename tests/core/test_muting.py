from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from watcher.core.interval import TimeInterval
from watcher.core.matcher import matchers
from watcher.core.muting import Hush, Inhibition, Muted, Silence, is_about_everything


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def silence(line: str, *, start="2026-07-01", end: str | None = "2026-07-08", during="", id=3) -> Silence:
    ends_at = at(end) if end else None
    return Silence(id, matchers(line), at(start), ends_at, "amina", "known", during)


INTERVALS = {"weekend": (TimeInterval.model_validate({"weekdays": ["saturday", "sunday"]}),)}
WEDNESDAY, SUNDAY = at("2026-07-01 12:00"), at("2026-07-05 12:00")
ACTIVE = {
    "at its begin": (silence("a=b"), at("2026-07-01"), True),
    "before its begin": (silence("a=b"), at("2026-06-30 23:59"), False),
    "at its end": (silence("a=b"), at("2026-07-08"), False),
    "without an end": (silence("a=b", end=None), at("2031-07-08"), True),
    "within its time interval": (silence("a=b", during="weekend"), SUNDAY, True),
    "outside of its time interval": (silence("a=b", during="weekend"), WEDNESDAY, False),
    "with a time interval that is gone": (silence("a=b", during="holidays"), SUNDAY, False),
}


@pytest.mark.parametrize(("one", "moment", "expected"), ACTIVE.values(), ids=ACTIVE.keys())
def test_a_silence_is_active(one, moment, expected):
    assert one.is_active(moment, INTERVALS) is expected


def inhibition(source: str, target: str, *equal: str, **keys) -> Inhibition:
    return Inhibition.model_validate(
        {"source_matchers": [source], "target_matchers": [target], "equal": list(equal), **keys}
    )


CRITICAL = {"alertname": "War", "severity": "critical", "country": "Mali"}
WARNING = {"alertname": "Deaths", "severity": "warning", "country": "Mali"}
ELSEWHERE = {**WARNING, "country": "Niger"}
INHIBITED = {
    "by what fires": (inhibition("severity=critical", "severity=warning"), WARNING, [CRITICAL], True),
    "not by nothing": (inhibition("severity=critical", "severity=warning"), WARNING, [], False),
    "not by what is no source": (inhibition("severity=critical", "severity=warning"), WARNING, [WARNING], False),
    "not what is no target": (inhibition("severity=critical", "severity=info"), WARNING, [CRITICAL], False),
    "where both are equal": (inhibition("severity=critical", "severity=warning", "country"), WARNING, [CRITICAL], True),
    "not where they differ": (
        inhibition("severity=critical", "severity=warning", "country"),
        ELSEWHERE,
        [CRITICAL],
        False,
    ),
    "where both lack the label": (
        inhibition("severity=critical", "severity=warning", "theatre"),
        WARNING,
        [CRITICAL],
        True,
    ),
    "not by itself": (inhibition("country=Mali", "severity=warning"), WARNING, [WARNING], False),
    "not by one that is a source and a target like it": (
        inhibition('severity=~".+"', 'country=~".+"', "country"),
        WARNING,
        [CRITICAL],
        False,
    ),
    "by a source that is no target, though it is a source itself": (
        inhibition("country=Mali", "severity=warning"),
        WARNING,
        [WARNING, CRITICAL],
        True,
    ),
}


@pytest.mark.parametrize(("rule", "target", "firing", "expected"), INHIBITED.values(), ids=INHIBITED.keys())
def test_an_alert_is_inhibited(rule, target, firing, expected):
    assert (rule.source_of(target, firing) is not None) is expected


MUTED = {
    "nothing": ([], [], None),
    "a silence about another": ([silence("country=Niger")], [], None),
    "a silence": (
        [silence("country=Mali")],
        [],
        Muted("silence 3 of amina, until 2026-07-08 00:00 UTC: known", 3, at("2026-07-08")),
    ),
    "a silence of weekends without an end": (
        [silence("country=Mali", end=None, during="weekend")],
        [],
        Muted("silence 3 of amina, without an end, during weekend: known", 3),
    ),
    "an inhibition": ([], [inhibition("severity=critical", "severity=warning")], Muted("inhibited by 'War' (Mali)")),
    "an inhibition with a name": (
        [],
        [inhibition("severity=critical", "severity=warning", name="worse")],
        Muted("inhibited by 'War' (Mali) (worse)"),
    ),
    "a silence before an inhibition": (
        [silence("country=Mali", end=None)],
        [inhibition("severity=critical", "severity=warning")],
        Muted("silence 3 of amina, without an end: known", 3),
    ),
}


@pytest.mark.parametrize(("silences", "inhibitions", "expected"), MUTED.values(), ids=MUTED.keys())
def test_what_mutes_an_alert_is_said(silences, inhibitions, expected):
    assert Hush(silences, inhibitions, [CRITICAL], INTERVALS).mutes(WARNING, SUNDAY) == expected


LABELS = st.dictionaries(st.sampled_from("abc"), st.sampled_from("12"))
TESTS = st.lists(
    st.builds("{}{}{}".format, st.sampled_from("abc"), st.sampled_from(["=", "!="]), st.sampled_from("12")),
    min_size=1,
    max_size=2,
)


@given(TESTS, TESTS, st.lists(st.sampled_from("abc"), max_size=2), st.lists(LABELS, min_size=1, max_size=5))
def test_of_all_that_fires_something_is_told(source, target, equal, firing):
    """However a rule is written, the alerts that fire do not all mute each other."""
    rule = Inhibition.model_validate({"source_matchers": source, "target_matchers": target, "equal": equal})
    assert any(rule.source_of(each, firing) is None for each in firing)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        pytest.param('a=""', True, id="a label that must not be there"),
        pytest.param('a!="b"', True, id="not one value"),
        pytest.param('a=~".*"', True, id="anything or nothing"),
        pytest.param('a=~".*", b="1"', False, id="one test that needs a label"),
        pytest.param('a=~".+"', False, id="a label of any value"),
    ],
)
def test_a_silence_about_everything_is_noticed(line, expected):
    assert is_about_everything(matchers(line)) is expected


@pytest.mark.parametrize(
    "keys",
    [{}, {"source_matchers": ["a=b"]}, {"target_matchers": ["a=b"]}, {"source_matchers": [], "target_matchers": []}],
)
def test_an_inhibition_names_both_sides(keys):
    with pytest.raises(ValidationError):
        Inhibition.model_validate(keys)
