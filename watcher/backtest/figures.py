"""A backtest as a document: the one source of what is printed, exported and drawn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from watcher.backtest.post import Mail
from watcher.backtest.trial import Course, Knowledge, Pair, Plan, Trial, compare
from watcher.core.alert import State
from watcher.core.period import DAY, day_start, duration_text
from watcher.core.score import Rates, Score
from watcher.replayed import PastEpisode


@dataclass(frozen=True, slots=True)
class Backtest:
    """Everything that was found."""

    plan: Plan
    #: The version of the settings first, judged by what was known first.
    trials: tuple[Trial, ...]
    #: What the numbers rest on, in sentences.
    notes: tuple[str, ...] = ()

    @property
    def pairs(self) -> tuple[Pair, ...]:
        """By what was known, held against hindsight; nothing where only one of them was asked for."""
        own = {each.knowledge: each for each in self.trials if not each.version}
        if len(own) < len(Knowledge):
            return ()
        return compare(own[Knowledge.AS_KNOWN], own[Knowledge.HINDSIGHT])

    @property
    def per_year(self) -> float:
        """Episodes a year of the version of the settings: what a budget is held against."""
        return self.trials[0].episodes / self.plan.years


def document(found: Backtest) -> dict[str, Any]:
    """Everything, as JSON has it."""
    plan = found.plan
    return {
        "from": plan.days.start,
        "to": plan.days.last,
        "step": duration_text(plan.every),
        "years": round(plan.years, 3),
        "notes": list(found.notes),
        "labels": None if plan.labels is None else len(plan.labels),
        "alerts_per_year": round(found.per_year, 3),
        "trials": [_trial(each, plan) for each in found.trials],
        "difference": [pair_row(each) for each in found.pairs],
    }


def _trial(trial: Trial, plan: Plan) -> dict[str, Any]:
    return {
        "name": trial.name,
        "version": trial.version,
        "knowledge": trial.knowledge.value,
        "messages": [message_row(each, plan) for each in trial.mail],
        "rules": [rule_row(trial, each, plan) for each in trial.courses],
    }


def message_rows(found: Backtest) -> Iterator[dict[str, Any]]:
    """What each receiver would have got, in each trial."""
    for trial in found.trials:
        yield from ({"trial": trial.name, **message_row(each, found.plan)} for each in trial.mail)


def message_row(mail: Mail, plan: Plan) -> dict[str, Any]:
    """What one receiver would have got."""
    return {
        "receiver": mail.receiver,
        "messages": mail.messages,
        "reminders": mail.reminders,
        "digests": mail.digests,
        "most_a_day": mail.most_a_day,
        "never_told": mail.never_told,
        "messages_per_year": round(mail.messages / plan.years, 1),
    }


def rule_rows(found: Backtest) -> Iterator[dict[str, Any]]:
    """Each rule in each trial, without its episodes."""
    for trial in found.trials:
        for course in trial.courses:
            yield {"trial": trial.name, **rule_row(trial, course, found.plan)}


def rule_row(trial: Trial, course: Course, plan: Plan) -> dict[str, Any]:
    """One rule in one trial."""
    episodes = course.episodes
    lengths = sorted(_length(each, plan) for each in episodes)
    return {
        "alert": course.rule.alert,
        "rule": course.rule.identity,
        "rule_hash": course.rule.rule_hash,
        "episodes": len(episodes),
        "episodes_per_year": round(len(episodes) / plan.years, 2),
        "groups_fired": course.alerts,
        "groups_judged": len(course.replay.judged),
        "judgements": sum(course.replay.judged.values()),
        "retracted": sum(each.end is State.RETRACTED for each in episodes),
        "median_days": lengths[len(lengths) // 2] if lengths else None,
        "problem": course.replay.problem,
        "score": _score(course.score),
        "list": [episode_row(trial, course, each, plan) for each in episodes],
    }


def episode_rows(found: Backtest) -> Iterator[dict[str, Any]]:
    """Each episode of each trial."""
    for trial in found.trials:
        for course in trial.courses:
            yield from (episode_row(trial, course, each, found.plan) for each in course.episodes)


def episode_row(trial: Trial, course: Course, each: PastEpisode, plan: Plan) -> dict[str, Any]:
    """One episode."""
    reading = each.finding.reading
    return {
        "trial": trial.name,
        "rule": course.rule.identity,
        "fired": _moment(each.since, plan),
        "ended": _moment(each.until, plan),
        "how": each.end.value if each.end else "goes on",
        "days": _length(each, plan),
        "severity": list(dict.fromkeys(severity.value for _, severity in each.severities)),
        "group": dict(each.group),
        "fingerprint": each.fingerprint,
        "headline": reading.telling.headline,
        "values": dict(reading.values),
    }


def pair_row(pair: Pair) -> dict[str, Any]:
    """One alert by both kinds of knowledge."""
    both = pair.as_known is not None and pair.hindsight is not None
    only = "only as known" if pair.hindsight is None else "only by hindsight"
    return {
        "alert": pair.rule,
        "group": dict(pair.group),
        "which": "both" if both else only,
        "as_known": pair.as_known.since if pair.as_known else None,
        "hindsight": pair.hindsight.since if pair.hindsight else None,
        "later_by_days": None if pair.delay is None else _days(pair.delay),
    }


def score_rows(found: Backtest) -> Iterator[dict[str, Any]]:
    """What each rule is worth, held against the labels."""
    for row in rule_rows(found):
        told = row["score"]
        if told is not None:
            episodes, days = told["by_episode"], told["by_day"]
            yield {
                "trial": row["trial"],
                "alert": row["alert"],
                "found": f"{episodes['found']} of {episodes['found'] + episodes['missed']}",
                "hit_rate": episodes["recall"],
                "false_alarms": episodes["wrong"],
                "delay_days": told["median_delay_days"],
                "lead_days": told["median_lead_days"],
                "precision": episodes["precision"],
                "f1": episodes["f1"],
                "day_precision": days["precision"],
                "day_recall": days["recall"],
                "day_f1": days["f1"],
            }


def _score(score: Score | None) -> dict[str, Any] | None:
    if score is None:
        return None
    lead, delay = score.median_lead, score.median_delay
    return {
        "by_episode": _rates(score.by_episode),
        "by_day": _rates(score.by_day),
        "median_delay_days": None if delay is None else _days(delay),
        "median_lead_days": None if lead is None else _days(lead),
        "labels_outside": score.outside,
    }


def _rates(rates: Rates) -> dict[str, Any]:
    shares = {"precision": rates.precision, "recall": rates.recall, "f1": rates.f1}
    return {**rates._asdict(), **{name: None if each is None else round(each, 3) for name, each in shares.items()}}


def _length(each: PastEpisode, plan: Plan) -> float:
    return _days((each.until or day_start(plan.days.end)) - each.since)


def _days(span: timedelta) -> float:
    days = span / DAY
    return int(days) if days == int(days) else round(days, 2)


def _moment(moment: datetime | None, plan: Plan) -> object:
    """A day, where each tick is the first instant of one."""
    return moment.date() if moment is not None and plan.every % DAY == timedelta() else moment


def notes_on_labels(found: Sequence[Trial]) -> Iterator[str]:
    """Labels that could not be found because no day of theirs was gone through."""
    outside = max((each.score.outside for trial in found for each in trial.courses if each.score), default=0)
    if outside:
        yield f"{outside} of the labels lie outside the days gone through and are left out."
