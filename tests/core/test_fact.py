from __future__ import annotations

from datetime import date

import pytest

from watcher.core.fact import Citation, Fact, Verified, known_on
from watcher.core.period import partial_date

ARTICLE = Citation(
    citation="article",
    title="An article",
    author="An Author",
    publisher="A Publisher",
    published="2020-07",
    reliability="B",
    credibility=2,
)


def fact(since: str = "2020-04-17", until: str | None = None, **fields) -> Fact:
    return Fact(state="rivalry", key=("isgs", "jnim"), value="clashing", since=since, until=until, **fields)


@pytest.mark.parametrize(
    ("since", "until", "day", "held"),
    [
        pytest.param("2020-04-17", None, date(2020, 4, 16), False, id="not before it began"),
        pytest.param("2020-04-17", None, date(2020, 4, 17), True, id="on its first day"),
        pytest.param("2020-04-17", None, date(2025, 1, 1), True, id="for as long as nobody says that it ended"),
        pytest.param("2020-04-17", "2020-09-14", date(2020, 9, 14), True, id="on its last day"),
        pytest.param("2020-04-17", "2020-09-14", date(2020, 9, 15), False, id="not after its last day"),
        pytest.param("2019-H2", None, date(2019, 10, 1), None, id="perhaps while it may not have begun yet"),
        pytest.param("2019-H2", None, date(2019, 12, 31), True, id="certainly when it must have begun"),
        pytest.param("2020-04-17", "2020-09", date(2020, 9, 10), None, id="perhaps while it may have ended already"),
        pytest.param("2020-04-17", "2020-09", date(2020, 10, 1), False, id="not when it must have ended"),
        pytest.param("2020-04-17", "unknown", date(2020, 5, 1), None, id="perhaps when nobody knows its end"),
        pytest.param("unknown", None, date(2020, 5, 1), True, id="since nobody knows when"),
        pytest.param("unknown", "2019-09", date(2019, 8, 31), True, id="since nobody knows when, until a month begins"),
        pytest.param("unknown", "2019-09", date(2019, 9, 15), None, id="perhaps in the month in which it ended"),
        pytest.param("unknown", "unknown", date(2019, 9, 15), None, id="nobody knows anything"),
    ],
)
def test_it_held(since, until, day, held):
    assert fact(since, until).holds_on(day) is held


def test_two_revisions_of_a_fact_have_the_same_identity():
    revised = fact(until="2020-09-14", note="It is over.")
    assert revised.identity == fact().identity == ("rivalry", ("isgs", "jnim"), "2020-04-17")


def test_a_citation_is_named_by_who_published_it_when_and_how_far_it_is_trusted():
    assert (ARTICLE.reference, ARTICLE.grade) == ("A Publisher, An Author, 2020-07, B2", "B2")
    assert Citation(citation="c", title="t", published="unknown").reference == "unknown, F6"


@pytest.mark.parametrize(
    ("known", "citation", "expected"),
    [
        pytest.param("2020-05-07", ARTICLE, "2020-05-07", id="when it says so itself"),
        pytest.param(None, ARTICLE, "2020-07", id="when its citation was published"),
        pytest.param(None, None, None, id="nobody says"),
    ],
)
def test_it_was_known(known, citation, expected):
    assert known_on(fact(known=known), citation) == (partial_date(expected) if expected else None)


@pytest.mark.parametrize(
    ("written", "read"),
    [(True, Verified.TRUE), (False, Verified.FALSE), ("partly", Verified.PARTLY)],
    ids=["true", "false", "partly"],
)
def test_verified_may_be_written_as_yaml_writes_it(written, read):
    assert fact(verified=written).verified is read
