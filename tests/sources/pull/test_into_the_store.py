"""From the APIs into the store: whole or not at all, the better release wins, and the operator is told in words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from tests.installation import Installation, at, installed
from tests.sources.pull import test_acled_api, test_ucdp_api
from tests.sources.pull.api import PASSWORD, TOKEN, USER, Acled, Api, Said, Ucdp, always, clash, deletion, event, said
from watcher.core.selector import EVERYTHING
from watcher.sources.pull import acled, ucdp
from watcher.store.events import find_events, history
from watcher.store.pulls import find_pulls
from watcher.store.sources import find_sources

PAGE = (Path(__file__).parents[3] / "docs" / "reference" / "source-faults.md").read_text("utf-8")
SETTINGS = """\
sources:
  asked:
    kind: {kind}
    every: 6h
    hold_above: 1
    query_offset: 0d
    allow_networks: [127.0.0.0/8]
    pull: {{url: '{url}', {pull}}}
"""
PULL = {
    "acled": "user: {env: ACLED_USER}, password: {env: ACLED_PASSWORD}, from: 2026-01-01, limit: 2",
    "ucdp": "token: {env: UCDP_TOKEN}, pagesize: 2",
}


@pytest.fixture(autouse=True)
def _secrets_and_no_pauses(monkeypatch):
    monkeypatch.setattr(acled, "_PAUSE", timedelta())
    monkeypatch.setattr(ucdp, "_PAUSE", timedelta())
    monkeypatch.setenv("ACLED_USER", USER)
    monkeypatch.setenv("ACLED_PASSWORD", PASSWORD)
    monkeypatch.setenv("UCDP_TOKEN", TOKEN)


@contextmanager
def asking(folder: Path, api: Api) -> Iterator[Installation]:
    """An installation that asks this API."""
    kind = "acled" if isinstance(api, Acled) else "ucdp"
    with (
        api.serving() as server,
        installed(folder, settings=SETTINGS.format(kind=kind, url=server.url(""), pull=PULL[kind])) as it,
    ):
        yield it


def deaths(it: Installation) -> dict[str, int | None]:
    with it.app.store.reading() as tx:
        return {version.event.external_id: version.event.fatalities for version in find_events(tx, EVERYTHING)}


def spooled(it: Installation) -> str:
    return "".join(
        path.read_text("utf-8")
        for path in (it.folder / "state" / "pulls").rglob("*")
        if path.is_file() and path.suffix != ".tokens"
    )


# --- what becomes of what was pulled ----------------------------------------------------------------------------------


def test_events_revisions_and_deletions_of_acled_are_stored(tmp_path):
    api = Acled(rows=[event(n) for n in range(3)])
    with asking(tmp_path, api) as it:
        it.turn("2026-11-01 12:00")
        assert deaths(it) == {"MLI0": 4, "MLI1": 4, "MLI2": 4}
        api.rows = [event(0), event(1, fatalities="0", stamp=1_793_600_000)]
        api.deleted = [deletion(2, stamp=1_793_600_500)]
        [done] = it.turn("2026-11-02 12:00").ingested
        assert deaths(it) == {"MLI0": 4, "MLI1": 0}
        assert (done.revised, done.deleted, done.added) == (1, 1, 0)


def test_a_mass_restamp_makes_no_version(tmp_path):
    api = Acled(rows=[event(n) for n in range(40)])
    with asking(tmp_path, api) as it:
        it.turn("2026-11-01 12:00")
        api.rows = [event(n, stamp=1_793_600_000) for n in range(40)]
        [done] = it.turn("2026-11-02 12:00").ingested
        assert (done.unchanged, done.revised) == (40, 0)


def test_a_check_from_cron_does_not_log_in_each_time(tmp_path):
    api = Acled(rows=[event(1)])
    with asking(tmp_path, api) as it:
        for hour in (0, 6, 12):
            it.turn(f"2026-11-01 {hour:02}:00")
            it.restart()
    assert len(api.logins) == 1


def test_an_older_release_never_replaces_a_newer_one(tmp_path):
    api = Ucdp(releases={"26.1": [clash(1, best=1), clash(2)], "26.0.1": [clash(1, best=5)]})
    with asking(tmp_path, api) as it:
        it.turn("2026-04-01 12:00")
        assert deaths(it) == {"1": 5, "2": 12}
        api.releases["26.01.26.02"] = [clash(1, best=7)]
        api.releases["26.0.2"] = [clash(1, best=6), clash(3)]
        it.turn("2026-04-02 12:00")
        assert deaths(it) == {"1": 7, "2": 12}
        with it.app.store.reading() as tx:
            assert [version.event.fatalities for version in history(tx, "asked", "1")] == [5, 7]


def test_asked_anew_the_older_release_changes_nothing(tmp_path):
    api = Ucdp(releases={"26.1": [clash(1, best=1)], "26.0.1": [clash(1, best=5)]})
    with asking(tmp_path, api) as it:
        it.turn("2026-04-01 12:00")
        it.now = at("2026-04-02 12:00")
        api.releases["26.0.1"] = []
        assert it.app.pullers is not None
        it.app.pullers.pull(it.app.feeds["asked"], since=at("2020-01-01").date())
        [done] = it.turn("2026-04-02 12:00").ingested
        assert (done.older, deaths(it)) == (1, {"1": 5})


def test_what_a_final_release_has_no_more_is_taken_back_unless_a_later_candidate_has_it(tmp_path):
    moved = clash(3, day="2025-12-31")
    api = Ucdp(releases={"25.1": [clash(1, day="2024-05-05")], "25.0.12": [clash(2, day="2025-12-01"), moved]})
    with asking(tmp_path, api) as it:
        it.turn("2026-04-01 12:00")
        assert deaths(it) == {"1": 12, "2": 12, "3": 12}
        api.releases |= {"26.1": [clash(1, day="2024-05-05")], "26.0.1": [clash(3, day="2026-01-01")]}
        [done] = it.turn("2026-04-02 12:00").ingested
        assert deaths(it) == {"1": 12, "3": 12}
        assert done.deleted == 1


@pytest.mark.parametrize("api", [Acled(rows=[event(n) for n in range(6)]), Ucdp(releases={"26.1": [clash(n) for n in range(1, 7)]})], ids=["acled", "ucdp"])  # fmt: skip
def test_nothing_half_is_stored_and_a_killed_pull_goes_on_where_it_was(tmp_path, api):
    api.fault = lambda asked: Said(503) if asked.asked["page"] == "2" else None
    with asking(tmp_path, api) as it:
        it.turn("2026-11-01 12:00")
        assert deaths(it) == {}
        assert spooled(it).count("River Front") >= 2
        api.fault = lambda _: None
        api.asked.clear()
        it.restart()
        it.turn("2026-11-01 12:10")
        assert len(deaths(it)) == 6
        assert api.asked[0].asked["page"] == "2"
        assert not any(secret in spooled(it) for secret in (USER, PASSWORD, TOKEN, "access-1", "refresh-1"))


def test_a_row_that_cannot_be_read_is_quarantined_and_a_changed_layout_is_told(tmp_path):
    rows = [event(n, lunar_phase="full") for n in range(30)]
    rows[3]["event_date"] = "2026-13-01"
    with asking(tmp_path, Acled(rows=rows)) as it:
        [done] = it.turn("2026-11-01 12:00").ingested
        assert (done.added, done.quarantined) == (29, 1)
        with it.app.store.reading() as tx:
            assert [pull.unknown for pull in find_pulls(tx)] == [("lunar_phase",)]
        it.turn("2026-11-01 12:01")
        assert "[INFO] asked has changed its layout" in it.subjects()


def test_a_changed_layout_stays_one_while_nothing_new_comes(tmp_path):
    with asking(tmp_path, Ucdp(releases={"26.1": [clash(1, lunar_phase="full")]})) as it:
        it.turn("2026-04-01 12:00")
        it.turn("2026-04-02 12:00")
        with it.app.store.reading() as tx:
            assert [pull.unknown for pull in find_pulls(tx)] == [("lunar_phase",)]


# --- what the operator sees -------------------------------------------------------------------------------------------


SEEN = {
    "login": test_acled_api.LOGIN_FAULTS,
    "acled": [*test_acled_api.NEEDS_PERSON, *test_acled_api.PASSES],
    "ucdp": [*test_ucdp_api.NEEDS_PERSON, *test_ucdp_api.PASSES],
}


@pytest.mark.parametrize(
    "words", [pytest.param(each.values[1], id=f"{kind}, {each.id}") for kind, rows in SEEN.items() for each in rows]
)
def test_the_page_of_faults_says_what_each_means(words):
    assert words in PAGE


FORBIDDEN = said({"message": "Access denied"}, 403)
FAULTS = [
    pytest.param(
        Acled(login_fault=lambda _: said({}, 400)), "the login is refused", True, id="acled, a wrong password"
    ),
    pytest.param(Acled(fault=always(FORBIDDEN)), "the account may not read events", True, id="acled, no access"),
    pytest.param(Acled(fault=always(Said(503))), "it is in trouble itself", False, id="acled, in trouble"),
    pytest.param(Ucdp(fault=always(FORBIDDEN)), "it refuses the token (403)", True, id="ucdp, a wrong token"),
    pytest.param(Ucdp(fault=always(Said(503))), "it is in trouble itself", False, id="ucdp, in trouble"),
]


@pytest.mark.parametrize(("api", "words", "needs_person"), FAULTS)
def test_the_operator_is_told_what_is_wrong(tmp_path, api, words, needs_person):
    with asking(tmp_path, api) as it:
        [failure] = it.turn("2026-11-28 12:00").failures
        assert words in str(failure)
        assert it.subjects() == (["[WARNING] asked cannot be read"] if needs_person else [])
        with it.app.store.reading() as tx:
            [source] = find_sources(tx)
            [pull] = find_pulls(tx)
        assert (source.needs_person, source.cursor) == (needs_person, "")
        assert (pull.due_at - it.now >= timedelta(hours=1)) is needs_person
