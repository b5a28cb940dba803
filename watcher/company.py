"""Company: which alerts of a group go on, so that a message can say whether it is the last of them that ended."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from watcher.bench import Bench
from watcher.core.alert import Alert, State
from watcher.store.alerts import find_alerts
from watcher.store.told import told_open
from watcher.switchboard import Rulebook, Switchboard, labels_of, root_slot, routed, rule_of, rulebook


@dataclass(slots=True)
class _Audience:
    """What an endpoint knows of the alerts that go on."""

    #: The group each stands in, by fingerprint.
    groups: dict[str, str]
    #: Those it was told of.
    told: set[str]


@dataclass(frozen=True, slots=True)
class Company:
    """The alerts that go on, by endpoint and by the group they stand in now, in whatever message they were told."""

    bench: Bench
    board: Switchboard
    _audiences: dict[str, _Audience] = field(default_factory=dict)

    def goes_on(self, endpoint: str, group_key: str, *, besides: Collection[str]) -> bool:
        """Whether the endpoint was told of an alert of a group that goes on, besides some."""
        audience = self._audience(endpoint)
        return any(audience.groups.get(each) == group_key for each in audience.told.difference(besides))

    def hears(self, endpoint: str, fingerprints: Collection[str]) -> None:
        """Remember that a message about these alerts was written for the endpoint."""
        self._audience(endpoint).told.update(fingerprints)

    def _audience(self, endpoint: str) -> _Audience:
        known = self._audiences.get(endpoint)
        if known is None:
            open_ = find_alerts(self.bench.tx, states=[state for state in State if state.is_open])
            book = rulebook(self.bench.rules)
            groups = {each.fingerprint: self._group(endpoint, each, book) for each in open_}
            known = self._audiences[endpoint] = _Audience(groups, told_open(self.bench.tx, endpoint))
        return known

    def _group(self, endpoint: str, alert: Alert, book: Rulebook) -> str:
        place = rule_of(alert, book)
        if place is None:
            return ""
        labels = labels_of(place[1], place[0], alert.group, alert.severity)
        slots = {slot.endpoint.name: slot.key for slot in routed(place[1], labels, self.board)}
        return slots.get(endpoint) or root_slot(self.board.endpoints[endpoint], labels, self.board).key
