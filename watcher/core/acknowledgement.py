"""Acknowledgement: somebody has seen an alert and looks after it, so it need not remind them.

It is a statement that is never edited: a later one about the same alert takes its place. It holds for one episode, as
severe as that was when it was made: what gets worse speaks again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from watcher.core.alert import Alert
from watcher.core.severity import Severity


class Acknowledgement(NamedTuple):
    """Who has seen an alert, until when that counts, and what they say about it."""

    fingerprint: str
    episode: int
    #: The worst severity of the episode at that moment.
    severity: Severity
    at: datetime
    #: From then on the alert reminds again; None: when its episode ends.
    until: datetime | None
    author: str
    note: str = ""

    def holds(self, alert: Alert, now: datetime) -> bool:
        """Whether it still keeps the alert's reminders back."""
        return (
            alert.state.is_open
            and alert.episode == self.episode
            and alert.worst.rank <= self.severity.rank
            and (self.until is None or now < self.until)
        )


def standing(said: Sequence[Acknowledgement], alert: Alert, now: datetime) -> Acknowledgement | None:
    """The last of an alert's acknowledgements, the oldest first, where it still holds; else None."""
    return said[-1] if said and said[-1].holds(alert, now) else None
