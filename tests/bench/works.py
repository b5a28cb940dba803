"""What watcher does: ``python -m tests.bench.works WORK ...``, each in a process of its own."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from tests.bench.measure import NOW, Figures, tell, timed
from watcher.app import App, evaluate
from watcher.backtest.post import wordless_board
from watcher.backtest.trial import Knowledge, Plan, take
from watcher.cli.opening import open_settings, open_store
from watcher.cli.rulebook import find_rule
from watcher.core.period import DAY, Period
from watcher.feeds import feed_of, query_offsets
from watcher.ingest import ingest_file
from watcher.store.series import ensure_scopes
from watcher.store.snapshot import StoreSnapshot
from watcher.wiring import load_rule_set, open_app


def ingest(config: str, file: str) -> Figures:
    """A file of records: read twice, validated, versioned, with the series of the live rules."""
    settings = open_settings(Path(config))
    with closing(open_app(settings)) as app:
        feed = feed_of(settings, "acled")
        seconds, _ = timed(lambda: ingest_file(app.store, feed, Path(file), app.rules, now=NOW))
        answer = _stored(app.store.path)
    return {"seconds": seconds, "answer": answer}


def _stored(database: Path | None) -> list[int]:
    with closing(sqlite3.connect(str(database))) as db:
        return list(db.execute("select count(*), sum(fatalities) from event where known_to is null").fetchone())


def judge(config: str, more: str) -> Figures:
    """All rules: the readings alone, a whole evaluation with what it writes, and again after new records."""
    settings = open_settings(Path(config))
    load, app = timed(lambda: open_app(settings, time=lambda: NOW))
    with closing(app):
        with app.store.writing() as tx:
            build, _ = timed(lambda: ensure_scopes(tx, app.rules.indicators, now=NOW))
        read = [timed(lambda: _readings(app)) for _ in range(2)]
        first, (done, messages) = timed(lambda: evaluate(app, NOW))
        later = NOW + timedelta(hours=1)
        ingest_file(app.store, feed_of(settings, "acled"), Path(more), app.rules, now=later)
        after, (redone, _) = timed(lambda: evaluate(app, later))
        idle, _ = timed(lambda: evaluate(app, later))
    return {
        "seconds": min(seconds for seconds, _ in read),
        "answer": read[0][1],
        "load": load,
        "build": build,
        "first": first,
        "after": after,
        "idle": idle,
        "judged": [done.judged, redone.judged],
        "messages": messages,
    }


def _readings(app: App) -> list[int]:
    """The deaths of the baseline's year and of the current one, over all rules."""
    sums = [0, 0]
    with app.store.reading() as tx:
        snapshot = StoreSnapshot(tx, as_known=NOW, offsets=app.offsets)
        for rule in app.rules.rules:
            for reading in rule.detector.read(rule.parameters, app.rules.catalogue, snapshot):
                sums[0] += int(str(reading.values.get("baseline_total", 0)))
                sums[1] += int(str(reading.values.get("observed", 0)))
    return sums


def backtest(config: str, name: str, first: str, last: str) -> Figures:
    """One rule over past days, day by day: by what was known on each, and by hindsight."""
    settings = open_settings(Path(config))
    rules = load_rule_set(settings)
    rule = find_rule(rules, name)
    days = Period.between(date.fromisoformat(first), date.fromisoformat(last))
    plan = Plan(days, DAY, query_offsets(settings), wordless_board(settings), NOW)
    figures: dict[str, Any] = {}
    with open_store(settings, read_only=True) as store:
        for knowledge in Knowledge:
            with store.reading() as tx:
                seconds, trial = timed(lambda: take(tx, rules, [rule], plan, knowledge=knowledge))  # noqa: B023 - called at once
            [course] = trial.courses
            figures[knowledge.name.lower()] = seconds
            firing = sum(course.replay.firing_days(group) for group in course.replay.judged)
            figures["answer"] = firing
            figures["group_days"] = sum(course.replay.judged.values())
            figures["messages"] = sum(each.messages for each in trial.mail)
    return figures


WORKS: Mapping[str, Callable[..., Figures]] = {"ingest": ingest, "judge": judge, "backtest": backtest}

if __name__ == "__main__":
    tell(WORKS)
