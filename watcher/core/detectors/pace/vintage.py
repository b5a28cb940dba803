"""Which knowledge the baseline of ``pace`` is counted by: today's, or that of the time when it was as old as now.

Two periods of the same age miss as much to late reports each, and have been added to for as long.
"""

from __future__ import annotations

from dataclasses import replace

from watcher.core.detectors.frame import period_text
from watcher.core.detectors.pace.sides import Missing, Plan
from watcher.core.reading import day_text
from watcher.core.snapshot import Snapshot


def at_same_age(plan: Plan, snapshot: Snapshot) -> Plan | Missing:
    """The plan with its baseline as known when it was as old as the current period is now, or why nobody can say."""
    if plan.now_stated or plan.before_stated:
        which = plan.now if plan.now_stated else plan.before
        return Missing(
            f"the number for {period_text(which)} is stated, and nobody can say what was known at an age",
            plan.now.start,
        )
    moment = snapshot.as_known - (plan.now.last - plan.before.last)
    kept = snapshot.kept_since(plan.indicator)
    if kept is None or moment < kept:
        why = (
            f"records are kept as they came only since {day_text(kept.date())}"
            if kept
            else snapshot.basis_note(plan.indicator)
        )
        asked = f"what was known of {period_text(plan.before)} on {day_text(moment.date())} cannot be told"
        return Missing(f"{asked}: {why or 'no source has been loaded to its end yet'}", plan.now.start)
    note = f"Both periods are counted as known at the same age: {period_text(plan.before)} as known on {day_text(moment.date())}."
    return replace(plan, before_known=moment, notes=(*plan.notes, note))
