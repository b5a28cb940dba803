"""Items: a transition with everything that a message says about it."""

from __future__ import annotations

from watcher.bench import Bench, Told
from watcher.core.alert import Transition
from watcher.core.message import Item
from watcher.core.template import render
from watcher.store.alerts import find_transitions
from watcher.store.reviews import last_acknowledgement
from watcher.store.schema import Tx
from watcher.switchboard import labels_of


def item_of(bench: Bench, told: Told) -> Item:
    """A transition with everything that is said about it."""
    rule, alert, transition = told.rule, told.alert, told.transition
    earlier = _earlier(bench.tx, transition)
    keys = rule.defaults(bench.catalogue) if transition.rule_hash else None
    outputs = rule.detector.OUTPUTS if transition.rule_hash else {}
    return Item(
        transition=transition,
        alert=rule.alert,
        labels=labels_of(rule, told.group, transition.group, transition.severity),
        starts_at=alert.fired_at or transition.tick,
        ends_at=alert.ended_at,
        summary=render(rule.summary, outputs, transition.values) if rule.summary else "",
        description=render(rule.description, outputs, transition.values) if rule.description else "",
        runbook=rule.runbook,
        contact=rule.contact,
        falsepositives=rule.falsepositives,
        ends_when=str(keys.recovery) if keys and keys.recovery else "",
        before={"tick": earlier.tick.isoformat(), "severity": earlier.severity.value} if earlier else None,
        previous_values=earlier.values if earlier else {},
        detector=rule.detector_name if transition.rule_hash else "",
        outputs=outputs,
        acknowledgement=last_acknowledgement(bench.tx, alert),
    )


def _earlier(tx: Tx, transition: Transition) -> Transition | None:
    """What was told of this episode last, before this."""
    history = find_transitions(tx, fingerprint=transition.fingerprint, episode=transition.episode)
    return next(
        (each.transition for each in history if each.transition.notify and each.transition.seq < transition.seq), None
    )
