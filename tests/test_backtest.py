"""A backtest lives through the days as turns did: the same transitions, and never a record before it was known."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, example, given, settings

from tests.installation import Installation, at, installed
from tests.test_determinism import Releases, Row
from tests.test_replay import DAYS, NAMES, RULES, lived, rule_of
from watcher.backtest.post import wordless_board
from watcher.backtest.trial import Knowledge, Plan, Trial, take
from watcher.core.period import DAY, Period, day_start
from watcher.feeds import query_offsets
from watcher.replay import Player
from watcher.store.past import PastSnapshot

__all__ = ["lived"]

Changes = list[tuple[Any, ...]]


def played(it: Installation, name: str, days: Period = DAYS, **how: Any) -> Changes:
    with it.app.store.reading() as tx:
        player = Player(tx, it.app.rules, offsets=query_offsets(it.settings), days=days, **how)
        steps = player.play(rule_of(it.app.rules, name)).steps
    return sorted(
        (
            *(each.alert.fingerprint, each.alert.seq, each.tick, each.change.before, each.alert.state),
            *(each.alert.severity, each.change.reason, each.notify),
        )
        for each in steps
    )


def made(it: Installation, name: str) -> Changes:
    """The transitions that turns stored."""
    identity = rule_of(it.app.rules, name).identity
    return sorted(
        (each.fingerprint, each.seq, each.tick, each.before, each.after, each.severity, each.reason, each.notify)
        for each in it.transitions()
        if each.rule == identity
    )


@pytest.mark.parametrize("name", NAMES)
def test_it_makes_the_transitions_that_turns_made(lived, name):
    changes = played(lived, name)
    assert changes
    assert changes == made(lived, name)


BEGIN = date(2020, 6, 1)
WHOLE = Period.between(BEGIN, BEGIN + 14 * DAY)


#: A record that moves back in time when its alert has ended already.
TAKEN_BACK_AFTER_ITS_END = {
    5: [Row("MOZ2", 0, 0, "Palma"), Row("MOZ3", 0, 25, "Palma"), Row("MOZ1", 3, 0, "Palma")],
    97: [Row("MOZ2", 0, 4, "Mueda"), Row("MOZ1", 2, 0, "Mueda")],
    149: [Row("MOZ3", 1, 4, "Palma"), Row("MOZ1", 3, 10, "Palma")],
    158: [Row("MOZ3", 2, 10, "Mueda"), Row("MOZ1", 0, 0, "Palma"), Row("MOZ2", 1, 0, "Palma")],
}


@settings(max_examples=3, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(releases=Releases)
@example(releases=TAKEN_BACK_AFTER_ITS_END)
def test_of_any_releases_it_makes_the_transitions_that_turns_made(releases, tmp_path_factory):
    with installed(tmp_path_factory.mktemp("any"), rules=RULES) as it:
        live_through(it, releases)
        for name in NAMES:
            assert played(it, name, WHOLE) == made(it, name), name


def live_through(it: Installation, releases: dict[int, list[Row]]) -> None:
    """A turn at the first instant of each day, after what came out before it."""
    it.release("2020-05-31 12:00", "MOZ0  2020-05-30  0  Palma")
    waiting = sorted((at("2020-06-01") + timedelta(hours=hours), rows) for hours, rows in releases.items())
    for number in range(WHOLE.days):
        tick = day_start(BEGIN + number * DAY)
        while waiting and waiting[0][0] <= tick:
            moment, rows = waiting.pop(0)
            it.release(f"{moment:%Y-%m-%d %H:%M}", *(row.written(moment) for row in rows))
        it.turn(f"{tick:%Y-%m-%d %H:%M}")


def test_a_backtest_that_reads_what_is_current_is_caught(lived, monkeypatch):
    """A planted look ahead: sums as they are now. The transitions are no longer those that were made."""
    now = at("2020-07-01")
    real = PastSnapshot.__init__

    def looking_ahead(self: PastSnapshot, *arguments: Any, as_known: datetime, **how: Any) -> None:
        real(self, *arguments, as_known=as_known, **how)
        self._moment = int(now.timestamp() * 1000)

    monkeypatch.setattr(PastSnapshot, "__init__", looking_ahead)
    assert played(lived, "At once") != made(lived, "At once")


# --- hindsight --------------------------------------------------------------------------------------------------------


def taken(it: Installation, name: str, knowledge: Knowledge) -> Trial:
    plan = Plan(DAYS, DAY, query_offsets(it.settings), wordless_board(it.settings), at("2020-07-01"))
    with it.app.store.reading() as tx:
        return take(tx, it.app.rules, [rule_of(it.app.rules, name)], plan, knowledge=knowledge)


def episodes(trial: Trial) -> list[tuple[str, str, str]]:
    [course] = trial.courses
    return [(each.group[0][1], f"{each.since:%m-%d}", each.end.value if each.end else "") for each in course.episodes]


def test_by_hindsight_what_was_taken_back_never_fires_and_the_rest_fires_after_its_day(lived):
    assert episodes(taken(lived, "At once", Knowledge.AS_KNOWN)) == [
        ("Mueda", "06-04", "retracted"),
        ("Palma", "06-04", "resolved"),
        ("Mueda", "06-15", ""),
    ]
    assert episodes(taken(lived, "At once", Knowledge.HINDSIGHT)) == [
        ("Palma", "06-03", "resolved"),
        ("Mueda", "06-14", ""),
    ]


@pytest.mark.parametrize("name", NAMES)
def test_by_hindsight_no_day_looks_beyond_itself(lived, name):
    """The first days of a longer backtest are those of a shorter one: what comes later changes nothing before."""
    for knowledge in (None, at("2020-07-01")):
        whole = played(lived, name, DAYS, hindsight=knowledge)
        for last in (date(2020, 6, 9), date(2020, 6, 14)):
            part = played(lived, name, Period.between(DAYS.start, last), hindsight=knowledge)
            assert part == [each for each in whole if each[2] <= day_start(last)]


def test_messages_are_those_that_were_sent(lived):
    """As the outbox of the installation has them, of the rule alone."""
    trial = taken(lived, "At once", Knowledge.AS_KNOWN)
    sent = [
        line
        for line in (Path(lived.folder) / "desk.jsonl").read_text().splitlines()
        if '"alertname":"At once"' in line.replace(": ", ":")
    ]
    [desk] = trial.mail
    assert (desk.receiver, desk.messages) == ("desk", len(sent))
