"""Stated baselines: a file is a snapshot, a name is one entry, and no correction rewrites what was known."""

from __future__ import annotations

from datetime import UTC, datetime

from watcher.core.baseline import Baseline
from watcher.core.fact import Citation
from watcher.store.baselines import find_baselines, sync_baseline_files, sync_baselines

CITATIONS = {"brief": Citation(citation="brief", title="A brief", published="2020-07")}
PUBLISHED = datetime(2020, 7, 31, tzinfo=UTC)
LOADED = datetime(2020, 8, 1, 12, tzinfo=UTC)
LATER = datetime(2020, 9, 1, 12, tzinfo=UTC)


def a_baseline(name="moz_2019", **changed) -> Baseline:
    fields = {
        "baseline": name,
        "period": 2019,
        "fatalities": 660,
        "attacks": 309,
        "indicators": ["deaths"],
        "cite": "brief",
    }
    return Baseline.model_validate(fields | changed)


def sync(store, *baselines, source="file:mozambique.yaml", now=LOADED):
    with store.writing() as tx:
        return sync_baselines(tx, source, baselines, CITATIONS, now=now)


def deaths(store, **where):
    with store.reading() as tx:
        return [each.baseline.fatalities for each in find_baselines(tx, **where)]


def test_a_baseline_comes_back_as_it_was_written(store):
    written = a_baseline(
        period={"from": "2020-01-01", "to": "2020-07-06", "cutoff": "assumed"}, at_least=True, dispersion=5
    )
    sync(store, written)
    with store.reading() as tx:
        [version] = find_baselines(tx)
    assert version.baseline == written
    assert (version.source, version.known_from, version.recorded_at) == ("file:mozambique.yaml", PUBLISHED, LOADED)


def test_its_own_date_wins_over_the_citations(store):
    assert sync(store, a_baseline(known="2020-06")).known_from == datetime(2020, 6, 30, tzinfo=UTC)


def test_the_same_file_again_changes_nothing(store):
    sync(store, a_baseline())
    assert sync(store, a_baseline(), now=LATER) == (0, 0, 0, None)


def test_a_correction_does_not_rewrite_what_was_known(store):
    sync(store, a_baseline())
    assert sync(store, a_baseline(fatalities=700), now=LATER) == (0, 1, 0, LATER)
    assert deaths(store, as_known=LOADED) == [660]
    assert deaths(store, as_known=LATER) == [700]


def test_what_disappears_is_closed(store):
    sync(store, a_baseline())
    assert sync(store, now=LATER) == (0, 0, 1, LATER)
    assert deaths(store) == []
    assert deaths(store, as_known=LOADED) == [660]


def test_a_baseline_that_moves_to_another_file_stays_one_entry(store):
    for source, now in (("file:b.yaml", LOADED), ("file:a.yaml", LATER), ("file:c.yaml", LATER)):
        with store.writing() as tx:
            sync_baseline_files(tx, {source: (a_baseline(),)}, CITATIONS, now=now)
            assert [each.source for each in find_baselines(tx)] == [source]
    assert deaths(store, as_known=PUBLISHED) == [660]
    assert deaths(store, as_known=LATER) == [660]


def test_each_file_answers_for_its_own_baselines_only(store):
    sync(store, a_baseline())
    assert sync(store, a_baseline("other", fatalities=1), source="file:other.yaml") == (1, 0, 0, PUBLISHED)
    assert deaths(store) == [660, 1]


def test_a_file_that_is_gone_says_nothing_any_more(store):
    sync(store, a_baseline())
    with store.writing() as tx:
        assert sync_baseline_files(tx, {}, CITATIONS, now=LATER) == (0, 0, 1, LATER)
    assert deaths(store) == []


def test_baselines_of_an_indicator_are_found_by_first_day(store):
    sync(
        store,
        a_baseline("moz_2020", period=2020, fatalities=447),
        a_baseline(),
        a_baseline("attacks_2018", period=2018, indicators=["attacks"]),
    )
    assert deaths(store, indicator="deaths") == [660, 447]
    assert deaths(store, indicator="nothing") == []
