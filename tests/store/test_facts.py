"""Facts: a file is a snapshot, the desk has its own, and no correction rewrites what was known."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from watcher.core.errors import DataError, UsageError
from watcher.core.event import Basis
from watcher.core.fact import DESK, Citation, Fact, Verified
from watcher.store.citations import find_citations, sync_citations
from watcher.store.facts import (
    assert_fact,
    confirm_fact,
    find_facts,
    sync_fact_files,
    sync_facts,
    withdraw_fact,
)

FILE = "file:sahel.yaml"
CITATIONS = {"brief": Citation(citation="brief", title="A brief", published="2020-07", reliability="B", credibility=2)}
PUBLISHED = datetime(2020, 7, 31, tzinfo=UTC)
LOADED = datetime(2020, 8, 1, 12, tzinfo=UTC)
LATER = datetime(2020, 9, 1, 12, tzinfo=UTC)


def a_fact(**changed) -> Fact:
    fields = {"state": "rivalry", "key": ("isgs", "jnim"), "value": "strained", "since": "2019-09", "cite": "brief"}
    return Fact.model_validate(fields | changed)


def sync(store, *facts, source=FILE, now=LOADED):
    with store.writing() as tx:
        return sync_facts(tx, source, facts, CITATIONS, now=now)


def values(store, *, as_known=None, **where):
    with store.reading() as tx:
        return [each.fact.value for each in find_facts(tx, as_known=as_known, **where)]


def only(store):
    with store.reading() as tx:
        [version] = find_facts(tx)
    return version


@pytest.mark.parametrize(
    ("changed", "known_from", "basis"),
    [
        pytest.param({"known": "2020-05-07"}, datetime(2020, 5, 7, tzinfo=UTC), Basis.STAMP, id="its own day"),
        pytest.param(
            {"known": "2019-H2"}, datetime(2019, 12, 31, tzinfo=UTC), Basis.STAMP, id="the last day of half a year"
        ),
        pytest.param({}, PUBLISHED, Basis.STAMP, id="without its own, the last day of the month of its citation"),
        pytest.param({"known": "unknown"}, LOADED, Basis.LOAD, id="unknown means when it was loaded"),
        pytest.param({"cite": ""}, LOADED, Basis.LOAD, id="without a citation, when it was loaded"),
        pytest.param({"known": "2020-12"}, datetime(2020, 12, 31, tzinfo=UTC), Basis.STAMP, id="a day to come"),
    ],
)
def test_a_first_version_is_known_from(store, changed, known_from, basis):
    done = sync(store, a_fact(**changed))
    version = only(store)
    assert (version.known_from, version.basis, version.recorded_at) == (known_from, basis, LOADED)
    assert done == (1, 0, 0, known_from)


def test_a_fact_comes_back_as_it_was_written(store):
    fact = a_fact(
        since="unknown", until="2020-H1", ended="killed", extent="most", at_least=True, claimed_by="Amaq", verified=False,
        note='Tillabéri, "near" the border',
    )  # fmt: skip
    sync(store, fact)
    assert only(store).fact == fact


def test_the_same_file_again_changes_nothing(store):
    sync(store, a_fact())
    before = only(store)
    assert sync(store, a_fact(), now=LATER) == (0, 0, 0, None)
    assert only(store) == before


def test_a_correction_does_not_rewrite_what_was_known(store):
    sync(store, a_fact(known="2020-05-07"))
    assert sync(store, a_fact(known="2020-05-07", value="clashing"), now=LATER) == (0, 1, 0, LATER)
    assert values(store, as_known=LOADED) == ["strained"]
    assert values(store, as_known=LATER) == ["clashing"]
    assert only(store).basis is Basis.LOAD


def test_a_correction_that_names_a_later_day_is_known_from_that_day(store):
    sync(store, a_fact())
    sync(store, a_fact(value="clashing", known="2020-10-01"), now=LATER)
    assert values(store, as_known=datetime(2020, 9, 30, tzinfo=UTC)) == ["strained"]
    assert values(store, as_known=datetime(2020, 10, 1, tzinfo=UTC)) == ["clashing"]


def test_what_disappears_from_a_file_is_closed_and_stays_visible_as_known_before(store):
    sync(store, a_fact())
    assert sync(store, now=LATER) == (0, 0, 1, LATER)
    assert values(store) == []
    assert values(store, as_known=LOADED) == ["strained"]
    assert values(store, as_known=LATER) == []


def test_what_comes_back_is_known_from_then_and_not_from_its_date(store):
    sync(store, a_fact())
    sync(store)
    sync(store, a_fact(), now=LATER)
    assert only(store).known_from == LATER


def test_a_fact_that_disappears_before_its_day_was_never_known(store):
    sync(store, a_fact(known="2021"))
    sync(store, now=LATER)
    assert values(store, as_known=datetime(2022, 1, 1, tzinfo=UTC)) == []


def test_each_file_answers_for_its_own_facts_only(store):
    sync(store, a_fact())
    sync(store, a_fact(value="clashing", since="2020-04-17"), source="file:other.yaml")
    assert sync(store, now=LATER).closed == 1
    assert values(store) == ["clashing"]


def test_a_fact_that_moves_to_another_file_is_known_without_a_gap_and_never_twice(store):
    files = {"file:a.yaml": (a_fact(),)}
    for moved, now in ((files, LOADED), ({"file:b.yaml": (a_fact(),)}, LATER)):
        with store.writing() as tx:
            sync_fact_files(tx, moved, CITATIONS, now=now)
    for moment in (PUBLISHED, LATER, datetime(2021, 1, 1, tzinfo=UTC)):
        assert values(store, as_known=moment) == ["strained"]


def test_a_file_that_is_gone_says_nothing_any_more(store):
    sync(store, a_fact())
    with store.writing() as tx:
        assert_fact(tx, a_fact(state="control", key=("Soum",), value="jnim"), now=LOADED)
        changes = sync_fact_files(tx, {"file:new.yaml": (a_fact(since="2020"),)}, CITATIONS, now=LATER)
    assert changes == (1, 0, 1, PUBLISHED)
    with store.reading() as tx:
        assert [version.source for version in find_facts(tx)] == [DESK, "file:new.yaml"]


def test_two_facts_of_one_identity_in_a_file_are_refused(store):
    with pytest.raises(DataError, match="rivalry of isgs, jnim from 2019-09"):
        sync(store, a_fact(), a_fact(value="clashing"))


def test_facts_are_found_by_state_and_key_in_the_order_of_their_first_possible_days(store):
    other = a_fact(state="control", key=("Soum",), value="contested", since="2020")
    early, late, unknown = (a_fact(since=since, value=value) for since, value in
                            (("2019-H2", "strained"), ("2020-04-17", "clashing"), ("unknown", "cordial")))  # fmt: skip
    sync(store, late, unknown, other, early)
    assert values(store) == ["contested", "cordial", "strained", "clashing"]
    assert values(store, state="rivalry") == ["cordial", "strained", "clashing"]
    assert values(store, key=("Soum",)) == ["contested"]


# --- the desk ----------------------------------------------------------------------------------------------------------


def test_what_the_desk_asserts_is_never_touched_by_a_file(store):
    with store.writing() as tx:
        asserted = assert_fact(tx, a_fact(value="truce"), now=LOADED)
    sync(store, a_fact())
    sync(store, now=LATER)
    assert only(store) == asserted
    assert asserted.source == DESK


def test_the_desk_is_known_from_the_date_of_the_citation_it_gives(store):
    with store.writing() as tx:
        sync_citations(tx, CITATIONS, now=LOADED)
        assert assert_fact(tx, a_fact(), now=LATER).known_from == PUBLISHED


def test_a_second_opinion_of_the_desk_on_what_a_file_says_does_not_reach_back(store):
    sync(store, a_fact())
    with store.writing() as tx:
        assert assert_fact(tx, a_fact(value="truce", known="2020-07-01"), now=LATER).known_from == LATER
    assert values(store, as_known=LOADED) == ["strained"]


def test_asserting_the_same_again_changes_nothing(store):
    with store.writing() as tx:
        first = assert_fact(tx, a_fact(), now=LOADED)
        assert assert_fact(tx, a_fact(), now=LATER) == first


def test_asserting_something_else_revises(store):
    with store.writing() as tx:
        assert_fact(tx, a_fact(cite=""), now=LOADED)
        assert_fact(tx, a_fact(cite="", value="clashing"), now=LATER)
    assert values(store) == ["clashing"]
    assert values(store, as_known=LOADED) == ["strained"]


def test_confirming_what_a_file_says_makes_it_the_desks_as_well(store):
    sync(store, a_fact(claimed_by="al-Naba", note="Why"))
    with store.writing() as tx:
        confirmed = confirm_fact(tx, a_fact().identity, now=LATER, note="Two witnesses")
    assert (confirmed.source, confirmed.known_from) == (DESK, LATER)
    assert (confirmed.fact.verified, confirmed.fact.note) == (Verified.TRUE, "Two witnesses")
    assert str(confirmed.fact.known) == "2020-09-01"
    with store.reading() as tx:
        assert {each.source: each.fact.verified for each in find_facts(tx)} == {
            FILE: Verified.UNSTATED,
            DESK: Verified.TRUE,
        }


def test_confirming_without_a_note_keeps_the_note(store):
    sync(store, a_fact(note="Why"))
    with store.writing() as tx:
        assert confirm_fact(tx, a_fact().identity, now=LATER).fact.note == "Why"


def test_confirming_takes_the_desks_own_word_before_a_files(store):
    with store.writing() as tx:
        assert_fact(tx, a_fact(value="truce"), now=LOADED)
    sync(store, a_fact())
    with store.writing() as tx:
        assert confirm_fact(tx, a_fact().identity, now=LATER).fact.value == "truce"


def test_what_is_withdrawn_stays_visible_as_known_before(store):
    with store.writing() as tx:
        assert_fact(tx, a_fact(cite=""), now=LOADED)
        withdrawn = withdraw_fact(tx, a_fact().identity, now=LATER)
    assert (withdrawn.known_to, withdrawn.fact.value) == (LATER, "strained")
    assert values(store) == []
    assert values(store, as_known=LOADED) == ["strained"]


def test_what_is_withdrawn_before_its_day_ends_where_it_would_have_begun(store):
    with store.writing() as tx:
        asserted = assert_fact(tx, a_fact(known="2021-01-01"), now=LOADED)
        assert withdraw_fact(tx, a_fact().identity, now=LATER).known_to == asserted.known_from


@pytest.mark.parametrize(
    ("act", "message"),
    [
        pytest.param(confirm_fact, "no fact says rivalry of isgs, jnim from 2019-09", id="confirm"),
        pytest.param(withdraw_fact, "no fact says rivalry of isgs, jnim from 2019-09", id="withdraw"),
    ],
)
def test_there_must_be_a_fact_to(store, act, message):
    with store.writing() as tx, pytest.raises(UsageError, match=message):
        act(tx, a_fact().identity, now=LATER)


def test_a_files_fact_is_withdrawn_in_the_file(store):
    sync(store, a_fact())
    with store.writing() as tx, pytest.raises(UsageError, match=r"file:sahel\.yaml.*edit the file"):
        withdraw_fact(tx, a_fact().identity, now=LATER)


# --- citations ----------------------------------------------------------------------------------------------------------


def test_citations_are_kept_when_no_file_names_them_any_more(store):
    with store.writing() as tx:
        assert sync_citations(tx, CITATIONS, now=LOADED) == 1
        assert sync_citations(tx, {}, now=LATER) == 0
        assert find_citations(tx) == CITATIONS


def test_a_new_grade_replaces_the_old_one(store):
    regraded = {"brief": CITATIONS["brief"].model_copy(update={"credibility": 3})}
    with store.writing() as tx:
        sync_citations(tx, CITATIONS, now=LOADED)
        assert sync_citations(tx, regraded, now=LATER) == 1
        assert sync_citations(tx, regraded, now=LATER) == 0
        assert find_citations(tx)["brief"].grade == "B3"
