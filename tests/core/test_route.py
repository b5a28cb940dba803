from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from watcher.core.matcher import matchers
from watcher.core.route import Route, Target, span, span_text, unreachable


def route(*children, **keys) -> Route:
    return Route.model_validate({"receiver": "desk", "routes": list(children), **keys})


def child(*tests, **keys):
    return {"matchers": list(tests), **keys}


READ = {
    "a value in quotes": ('severity="critical"', [("severity", "=", "critical")]),
    "a value without quotes": ("severity=critical", [("severity", "=", "critical")]),
    "spaces around everything": ('  severity  !=  "info"  ', [("severity", "!=", "info")]),
    "an expression": ('country=~"Mali|Niger"', [("country", "=~", "Mali|Niger")]),
    "not an expression": ('country!~"M.*"', [("country", "!~", "M.*")]),
    "several on a line": ('a="1", b!="2"', [("a", "=", "1"), ("b", "!=", "2")]),
    "several in braces": ('{a="1",b=~"2",}', [("a", "=", "1"), ("b", "=~", "2")]),
    "a comma and a brace in quotes": ('a="x, {y}"', [("a", "=", "x, {y}")]),
    "an escaped quote": (r'a="say \"no\""', [("a", "=", 'say "no"')]),
    "an empty value": ('a=""', [("a", "=", "")]),
    "an empty value without quotes": ("a=", [("a", "=", "")]),
    "a name in quotes": ('"a b"="c"', [("a b", "=", "c")]),
    "text of any script": ('place="Ménaka"', [("place", "=", "Ménaka")]),
}


@pytest.mark.parametrize(("line", "expected"), READ.values(), ids=READ.keys())
def test_matchers_are_read_as_alertmanager_reads_them(line, expected):
    assert [(each.name, each.op, each.value) for each in matchers(line)] == expected


@pytest.mark.parametrize(
    "line",
    [
        "",
        "{}",
        "severity",
        "=critical",
        'a="b" c="d"',
        "a==b",
        'a="b',
        'a=~"("',
        'a=~"(?=x)"',
        r'a="\q"',
        "a=b c",
        'a=~"' + "x" * 501 + '"',
    ],
)
def test_what_is_no_matcher_is_refused(line):
    with pytest.raises(ValueError, match=r"matcher|regular expression|escape"):
        matchers(line)


MATCHES = {
    "equal": ('a="x"', {"a": "x"}, True),
    "not equal": ('a="x"', {"a": "y"}, False),
    "unequal": ('a!="x"', {"a": "y"}, True),
    "a label that is not there is empty": ('a=""', {}, True),
    "a label that is not there is unequal": ('a!="x"', {}, True),
    "a label that is not there matches an expression for nothing": ('a=~"x?"', {}, True),
    "an expression holds for the whole value": ('a=~"x"', {"a": "xy"}, False),
    "alternatives hold for the whole value": ('a=~"x|y"', {"a": "y"}, True),
    "an expression that must not hold": ('a!~"x.*"', {"a": "xy"}, False),
    "accents and case count": ('a="menaka"', {"a": "Ménaka"}, False),
}


@pytest.mark.parametrize(("line", "labels", "expected"), MATCHES.values(), ids=MATCHES.keys())
def test_matchers_are_judged(line, labels, expected):
    assert matchers(line)[0].matches(labels) is expected


def receivers(tree: Route, **labels: str) -> list[str]:
    return [target.receiver for target in tree.targets(labels)]


class TestWalking:
    def test_a_root_alone_takes_everything(self):
        assert receivers(route()) == ["desk"]

    def test_the_first_child_that_matches_wins(self):
        tree = route(child("a=1", receiver="one"), child("a=1", receiver="two"))
        assert receivers(tree, a="1") == ["one"]

    def test_a_child_that_continues_lets_the_next_be_asked(self):
        tree = route(child("a=1", receiver="one", **{"continue": True}), child("a=1", receiver="two"))
        assert receivers(tree, a="1") == ["one", "two"]

    def test_the_root_is_not_asked_when_a_child_matched_even_one_that_continues(self):
        assert receivers(route(child("a=1", receiver="one", **{"continue": True})), a="1") == ["one"]

    def test_a_route_without_a_matching_child_is_itself_the_match(self):
        tree = route(child("a=1", receiver="one", routes=[child("b=2", receiver="two")]))
        assert receivers(tree, a="1", b="2") == ["two"]
        assert receivers(tree, a="1") == ["one"]
        assert receivers(tree, b="2") == ["desk"]

    def test_all_matchers_of_a_route_must_hold(self):
        tree = route(child("a=1", "b=2", receiver="one"))
        assert receivers(tree, a="1") == ["desk"]
        assert receivers(tree, a="1", b="2") == ["one"]

    def test_no_receiver_is_told_twice(self):
        tree = route(child("a=1", **{"continue": True}), child("a=1", group_by=["x"]), group_by=["y"])
        assert tree.targets({"a": "1"}) == (Target("desk", ("y",), timedelta(hours=4)),)


class TestWhatARouteDoesNotSay:
    def test_it_has_from_the_route_above(self):
        tree = route(child("a=1", repeat_interval="1d", routes=[child("b=2", receiver="two")]), group_by=["alertname"])
        assert tree.targets({"a": "1", "b": "2"}) == (Target("two", ("alertname",), timedelta(days=1)),)

    def test_an_empty_list_is_said(self):
        tree = route(child("a=1", group_by=[]), group_by=["alertname"])
        assert tree.targets({"a": "1"})[0].group_by == ()

    def test_the_root_reminds_after_four_hours(self):
        assert route().targets({})[0].repeat_interval == timedelta(hours=4)


SPANS = {"30s": 30, "5m": 300, "1h30m": 5_400, "7d": 604_800, "1w2d": 777_600, "1y": 31_536_000, "0s": 0, "0": 0}


@pytest.mark.parametrize(("text", "seconds"), SPANS.items())
def test_times_are_read_as_alertmanager_reads_them(text, seconds):
    assert span(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "30", "5 m", "1m1h", "-5m", "1.5h", "5M", "200y", "9" * 30 + "y"])
def test_what_is_no_time_is_refused(text):
    with pytest.raises(ValueError, match=r"length of time|hundred years"):
        span(text)


@given(st.integers(0, 10**12).map(lambda ms: timedelta(milliseconds=ms)))
def test_a_time_comes_back_as_it_was_written(length):
    assert span(span_text(length)) == length


def test_the_hours_of_a_route_are_its_own():
    tree = route(child("a=1", active_time_intervals=["x"], group_wait="1m", routes=[child("b=2")]))
    outer, inner = tree.targets({"a": "1"})[0], tree.targets({"a": "1", "b": "2"})[0]
    assert (outer.active, outer.group_wait, outer.position) == (("x",), timedelta(minutes=1), (0,))
    assert (inner.active, inner.group_wait, inner.position) == ((), timedelta(minutes=1), (0, 0))


UNREACHABLE = {
    "nothing": ([child("a=1"), child("a=2"), child()], ()),
    "a route after one that takes everything": ([child(), child("a=1")], ((1,),)),
    "a route after one with fewer matchers": ([child("a=1"), child("b=2", "a=1")], ((1,),)),
    "not after one that continues": ([child("a=1", **{"continue": True}), child("a=1")], ()),
    "a route that asks a label for two values": ([child("a=1", "a=2")], ((0,),)),
    "a route below one that asks for another value": ([child("a=1", routes=[child("a=2"), child("b=1")])], ((0, 0),)),
    "below an unreachable route nothing more is said": ([child(), child("a=1", routes=[child("a=2")])], ((1,),)),
    "an expression says nothing for certain": ([child('a=~".*"'), child("a=1")], ()),
}


@pytest.mark.parametrize(("children", "expected"), UNREACHABLE.values(), ids=UNREACHABLE.keys())
def test_unreachable_routes_are_found(children, expected):
    assert unreachable(route(*children)) == expected


NAMES = st.sampled_from("ab")
VALUES = st.sampled_from("12")
LINES = st.builds("{}{}{}".format, NAMES, st.sampled_from(["=", "!=", "=~", "!~"]), VALUES)
LEAVES = st.fixed_dictionaries({"matchers": st.lists(LINES, max_size=2), "continue": st.booleans()})
TREES = st.recursive(
    LEAVES,
    lambda below: st.builds(lambda leaf, routes: {**leaf, "routes": routes}, LEAVES, st.lists(below, max_size=3)),
    max_leaves=8,
)


def marked(tree, position=()):
    """The tree with every route's position as its receiver."""
    below = [marked(each, (*position, index)) for index, each in enumerate(tree.get("routes", []))]
    return {**tree, "receiver": str(position), "routes": below}


@settings(deadline=None)
@given(st.lists(TREES, max_size=3), st.dictionaries(NAMES, VALUES))
def test_every_alert_goes_somewhere_and_never_to_an_unreachable_route(routes, labels):
    tree = Route.model_validate(marked({"routes": routes}))
    found = receivers(tree, **labels)
    assert found
    assert not set(found) & {str(position) for position in unreachable(tree)}


@pytest.mark.parametrize(
    "keys",
    [
        pytest.param({"group_by": ["...", "a"]}, id="every label and another"),
        pytest.param({"group_by": ["a b"]}, id="a label with a space"),
        pytest.param({"repeat_interval": "0s"}, id="a reminder at once"),
        pytest.param({"matchers": 5}, id="matchers that are a number"),
        pytest.param({"matchers": [{"name": "a", "op": "=", "value": "b"}]}, id="a matcher that is a map"),
        pytest.param({"group_interval": "0s"}, id="no time between two messages"),
        pytest.param({"group_wait": "30"}, id="a time without a unit"),
        pytest.param({"match": {"a": "b"}}, id="a key that is not in force"),
    ],
)
def test_what_means_nothing_is_refused(keys):
    with pytest.raises(ValidationError):
        route(**keys)


def test_a_route_comes_back_as_it_was_written():
    tree = route(child('a="1"', receiver="one", **{"continue": True}), group_by=["..."])
    assert Route.model_validate(tree.model_dump(mode="json", by_alias=True, exclude_unset=True)) == tree
