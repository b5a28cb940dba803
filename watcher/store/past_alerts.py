"""How alerts stood at a past moment: read out of their history, which is never edited."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime

from watcher.core.alert import Alert, State, Transition
from watcher.store.alerts import find_transitions
from watcher.store.schema import Tx

_ENDS = frozenset({State.RESOLVED, State.RETRACTED, State.EXPIRED})


def alerts_at(tx: Tx, moment: datetime, *, rule: str = "", states: Collection[State] = ()) -> list[Alert]:
    """The alerts of a rule, or in some states, as the ticks up to a moment had left them, by rule and group."""
    histories: dict[str, list[Transition]] = defaultdict(list)
    for stored in reversed(find_transitions(tx, rule=rule, up_to=moment)):
        histories[stored.transition.fingerprint].append(stored.transition)
    found = (_standing(history) for history in histories.values())
    return sorted(
        (each for each in found if not states or each.state in states), key=lambda each: (each.rule, each.group)
    )


def _standing(history: Sequence[Transition]) -> Alert:
    """An alert after its transitions."""
    last = history[-1]
    episode = [each for each in history if each.episode == last.episode]
    waits = last.after is State.PENDING
    # While one waits for its next episode, what is kept is of the last.
    began = None if waits else next((each for each in episode if each.after.is_open or each.after in _ENDS), None)
    fired_at = began.tick if began else None
    return Alert(
        fingerprint=last.fingerprint,
        rule=last.rule,
        group=last.group,
        state=last.after,
        severity=last.severity,
        worst=max((each.severity for each in episode), key=lambda severity: severity.rank),
        episode=last.episode,
        seq=last.seq,
        active_at=last.tick if waits else fired_at,
        fired_at=fired_at,
        ended_at=last.tick if last.after in _ENDS else None,
        fired_watermark=began.watermark if began else None,
        told=began.notify if began else False,
    )
