"""Detectors: each asks one question of an indicator or a state.

A detector is a module with the names of :class:`Detector`; the registry is a dict, and the type checker
holds every module against the protocol. A new detector is one file, one line here and one field of the rule.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from watcher.core.catalogue import Catalogue
from watcher.core.detectors import (
    aberration,
    absence,
    combine,
    first_seen,
    match,
    pace,
    record,
    resumption,
    surge,
    threshold,
    transition,
)
from watcher.core.detectors.frame import Defaults, Place
from watcher.core.indicator import Indicator
from watcher.core.reading import Output, Reading
from watcher.core.snapshot import Snapshot


class Detector(Protocol):
    """The contract of a detector module."""

    #: The outputs that conditions compare and templates print, by name.
    OUTPUTS: Mapping[str, Output]
    #: Whether its alerts are occurrences (a leader was killed) that end silently, not conditions that cease.
    EVENT_LIKE: bool
    #: The parameters, a frozen model: what stands under the detector's key in YAML.
    Parameters: Any

    def defaults(self, parameters: Any, catalogue: Catalogue) -> Defaults:
        """The condition, recovery, severity and times that hold where the rule says nothing."""

    def problems(self, parameters: Any, catalogue: Catalogue) -> Iterable[tuple[str | Place, str]]:
        """(parameter, what is wrong) for names that the catalogue does not know; with a "did you mean".

        Of a parameter that holds several names, the way to the one that is meant stands in place of the parameter.
        """

    def indicators(self, parameters: Any, catalogue: Catalogue) -> tuple[Indicator, ...]:
        """What it counts, the indicator that its readings speak of first: these have a series in the store."""

    def read(self, parameters: Any, catalogue: Catalogue, snapshot: Snapshot) -> Iterable[Reading]:
        """One reading per group, in a fixed order."""


DETECTORS: Mapping[str, Detector] = {
    "threshold": threshold,
    "pace": pace,
    "aberration": aberration,
    "surge": surge,
    "record": record,
    "first_seen": first_seen,
    "absence": absence,
    "resumption": resumption,
    "transition": transition,
    "match": match,
    "combine": combine,
}
