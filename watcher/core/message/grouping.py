"""Grouping: which alerts share a message, and why we speak."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from watcher.core.alert import Reason, State
from watcher.core.message import Item, NotifyReason
from watcher.core.route import EVERY_LABEL


def group_labels(labels: Mapping[str, str], group_by: Sequence[str]) -> dict[str, str]:
    """The labels that a route groups by, as far as the alert has them."""
    names = sorted(labels) if EVERY_LABEL in group_by else group_by
    return {name: labels[name] for name in names if name in labels}


def group_key(receiver: str, labels: Mapping[str, str]) -> str:
    """A group's name: the receiver and the labels it is grouped by."""
    inside = ", ".join(f'{name}="{value}"' for name, value in sorted(labels.items()))
    return f"{receiver}:{{{inside}}}"


def decide(items: Sequence[Item], *, others_open: bool) -> NotifyReason:
    """Why a message about these items is sent.

    :param others_open: whether the group has further firing alerts that it was told of.
    """
    if all(item.transition.reason is Reason.STATE_AT_START for item in items):
        return NotifyReason.STATE_AT_START
    if any(item.transition.after is State.RETRACTED for item in items):
        return NotifyReason.RETRACTED
    if any(item.transition.reason is Reason.WORSE for item in items):
        return NotifyReason.WORSE
    if any(not item.is_over for item in items):
        return NotifyReason.NEW_ALERTS if others_open else NotifyReason.FIRST
    return NotifyReason.SOME_RESOLVED if others_open else NotifyReason.ALL_RESOLVED
