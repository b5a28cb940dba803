"""Rules: what a person writes, and how a reading is judged by one."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import Field

from watcher.core.across import Across, Weighed
from watcher.core.catalogue import Catalogue
from watcher.core.condition import Condition
from watcher.core.detectors import DETECTORS, Detector
from watcher.core.detectors.aberration import Parameters as Aberration
from watcher.core.detectors.absence import Parameters as Absence
from watcher.core.detectors.combine import Parameters as Combine
from watcher.core.detectors.first_seen import Parameters as FirstSeen
from watcher.core.detectors.frame import Defaults, Tier
from watcher.core.detectors.match import Parameters as Match
from watcher.core.detectors.pace import Parameters as Pace
from watcher.core.detectors.record import Parameters as Record
from watcher.core.detectors.resumption import Parameters as Resumption
from watcher.core.detectors.surge import Parameters as Surge
from watcher.core.detectors.threshold import Parameters as Threshold
from watcher.core.detectors.transition import Parameters as Transition
from watcher.core.document import Document
from watcher.core.fact import Fact
from watcher.core.indicator import Indicator
from watcher.core.label import Labels, fingerprint, slug
from watcher.core.period import DAY, Duration
from watcher.core.reading import Reading
from watcher.core.severity import Severity, SeverityTiers

DEFAULT_INTERVAL = timedelta(minutes=1)
WEEK = timedelta(weeks=1)
#: The entry of a rule set that says which rules stand in which group, in the order of the files.
ORDER = "order"


class RuleStatus(StrEnum):
    """How far a rule's alerts travel."""

    #: Routed.
    STABLE = "stable"
    #: Goes to the receiver named ``test`` only.
    TEST = "test"
    #: Evaluated and shown, never delivered.
    EXPERIMENTAL = "experimental"


class Rule(Document):
    """One rule: a name, one detector with its parameters, and what follows when it holds."""

    alert: str
    """Its name, a sentence; the identity unless ``id`` is given."""
    id: str = ""
    """Its identity, when the name is to be free to change."""
    formerly: tuple[str, ...] = ()
    """Former names or ids, the oldest first; alerts keep their state through the renaming."""

    threshold: Threshold | None = None
    """A value over a window."""
    pace: Pace | None = None
    """Is the rate of a period above a baseline's rate?"""
    aberration: Aberration | None = None
    """Is this week beyond what the series' own history predicts?"""
    surge: Surge | None = None
    """Percent change against the mean of the windows before."""
    record: Record | None = None
    """The highest, or lowest, value in a long time."""
    first_seen: FirstSeen | None = None
    """A value that was not seen before."""
    absence: Absence | None = None
    """Nothing for longer than usual: a quiet area, a silent source."""
    resumption: Resumption | None = None
    """Events again after a lull."""
    transition: Transition | None = None
    """Did the state of an entity change?"""
    match: Match | None = None
    """Any record that matches, clustered."""
    combine: Combine | None = None
    """And, or, not over other alerts within a time."""

    condition: Condition | None = None
    """Comparisons of the detector's outputs; all must hold. Absent: the detector's default."""
    recovery: Condition | None = None
    """When a firing alert ends. Absent: the detector's default, else when the condition no longer holds."""
    severity: SeverityTiers | None = None
    """critical, warning or info; or {critical: <comparison>, otherwise: warning}."""
    hold: Duration = Field(default=timedelta(), alias="for")
    """How long the condition must hold before the alert fires (``for``)."""
    keep_firing_for: Duration | None = None
    """How long the alert goes on after the condition has ceased."""
    limit: Annotated[int, Field(ge=0, strict=True)] = 0
    """The most alerts of the rule that may fire at once; with more, none of the new ones begins. 0: no limit."""
    across: Across | None = None
    """Which of many groups may begin an alert at once: {budget: 1 per week}, {fdr: 0.1} or {top: 10}."""
    no_data: Literal["keep_last", "resolve", "alert"] = "keep_last"
    """What to do when there is nothing to judge by."""
    on_revision: Literal["retract", "ignore"] = "retract"
    """What to do when a revision takes an alert's ground away."""
    query_offset: Duration | None = None
    """Ignore the newest days; wins over the group's and the source's."""
    status: RuleStatus = RuleStatus.STABLE
    """stable (routed), test (receiver ``test`` only), experimental (never delivered)."""
    labels: Mapping[str, str] = Field(default_factory=dict)
    """Labels for routing; fixed text, never a value."""
    summary: str = ""
    """Template of the headline; absent: the detector's own sentence."""
    description: str = ""
    """Template of the text; absent: the detector's own."""
    runbook: str = ""
    """Where it says what to do."""
    contact: str = ""
    """Whom to call."""
    falsepositives: tuple[str, ...] = ()
    """When it fires without cause."""
    references: tuple[str, ...] = ()
    """Publications behind the rule."""
    author: str = ""
    """Who answers for it."""
    tags: tuple[str, ...] = ()
    """Words to find it by."""

    @cached_property
    def identity(self) -> str:
        """Its oldest former name, else ``id``, else the name: what its alerts are known by for ever."""
        return slug(self.formerly[0] if self.formerly else self.id or self.alert)

    @cached_property
    def detector_name(self) -> str:
        """The key of its one detector; empty for a rule of our own, which has none."""
        return next((name for name in DETECTORS if getattr(self, name) is not None), "")

    @property
    def detector(self) -> Detector:
        """Its one detector."""
        return DETECTORS[self.detector_name]

    @property
    def parameters(self) -> Any:
        """The detector's parameters."""
        return getattr(self, self.detector_name)

    @property
    def is_event_like(self) -> bool:
        """Whether its alerts are occurrences that end silently."""
        return self.detector_name in DETECTORS and self.detector.EVENT_LIKE

    @property
    def look_every(self) -> timedelta:
        """How often it looks at days that it did not look at before: events are dated by the day, or judged by weeks."""
        return WEEK if self.aberration is not None and self.aberration.every == "week" else DAY

    @property
    def members(self) -> tuple[str, ...]:
        """The names of the rules whose alerts it combines."""
        return self.combine.names if self.combine else ()

    @cached_property
    def rule_hash(self) -> str:
        """Hash over everything that can change what the rule says."""
        text = json.dumps(self.model_dump(mode="json", by_alias=True, exclude_defaults=True), sort_keys=True)
        return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()

    def indicators(self, catalogue: Catalogue) -> tuple[Indicator, ...]:
        """What it counts, the indicator that its readings speak of first."""
        return self.detector.indicators(self.parameters, catalogue) if self.detector_name else ()

    def fingerprint(self, group: Labels) -> str:
        """Identity of the alert of one group."""
        return fingerprint(self.identity, group)

    def defaults(self, catalogue: Catalogue) -> Defaults:
        """The rule's own keys, with the detector's defaults in the gaps."""
        own = self.detector.defaults(self.parameters, catalogue)
        return Defaults(
            condition=self.condition or own.condition,
            recovery=self.recovery or (None if self.condition else own.recovery),
            severity=self.severity.tiers if self.severity else own.severity,
            keep_firing_for=own.keep_firing_for if self.keep_firing_for is None else self.keep_firing_for,
        )


def _name(fact: Fact) -> tuple[str, ...]:
    state, key, since = fact.identity
    return state, *key, "from", since


def named_alerts(rules: Iterable[Rule]) -> dict[str, str]:
    """The identity of each rule by its name and its id; empty for a rule that is only shown."""
    return {
        name: "" if rule.status is RuleStatus.EXPERIMENTAL else rule.identity
        for rule in rules
        for name in (rule.id, rule.alert)
        if name
    }


def ranks(rules: Sequence[Rule]) -> dict[str, int]:
    """How many rules deep each rule combines others, by identity: members are judged before what they are members of.

    A rule that is its own member, through others or not, has no rank.
    """
    by_name = {slug(name): rule for rule in rules for name in (rule.id, rule.alert) if name}
    found: dict[str, int] = {}
    waiting = {rule.identity: rule for rule in rules}
    while ready := [rule for rule in waiting.values() if _members_of(rule, by_name) <= found.keys()]:
        for rule in ready:
            found[rule.identity] = max((found[each] + 1 for each in _members_of(rule, by_name)), default=0)
            del waiting[rule.identity]
    return found


def cycles(rules: Sequence[Rule]) -> list[tuple[Rule, ...]]:
    """The ways from a rule through its members back to it, each once, and none that meets another.

    :param rules: those without a rank.
    """
    by_name = {slug(name): rule for rule in rules for name in (rule.id, rule.alert) if name}
    by_identity = {rule.identity: rule for rule in rules}
    found: list[tuple[Rule, ...]] = []
    seen: set[str] = set()
    for rule in rules:
        way: list[str] = []
        here: str | None = rule.identity
        # Every rule without a rank has a member without one, so that following them comes back to where it was.
        while here is not None and here not in seen:
            seen.add(here)
            way.append(here)
            here = min(_members_of(by_identity[here], by_name), default=None)
        if here in way:
            found.append(tuple(by_identity[each] for each in way[way.index(here) :]))
    return found


def _members_of(rule: Rule, by_name: Mapping[str, Rule]) -> set[str]:
    return {by_name[name].identity for name in map(slug, rule.members) if name in by_name}


class Group(Document):
    """Rules that are evaluated together."""

    group: str = "rules"
    """Its name."""
    interval: Duration = DEFAULT_INTERVAL
    """How often its rules are evaluated, on the grid from the UTC epoch."""
    query_offset: Duration | None = None
    """Ignore the newest days; wins over the source's."""
    across: Across | None = None
    """Which series of all its rules may begin an alert at once: {budget: 1 per week}, {fdr: 0.1} or {top: 10}."""
    labels: Mapping[str, str] = Field(default_factory=dict)
    """Labels that every rule of the group carries."""
    rules: tuple[Rule, ...] = ()
    """Its rules."""

    def across_of(self, rule: Rule) -> Across | None:
        """What decides which series of a rule may begin an alert: the rule's own, or the group's."""
        return rule.across or self.across

    def weighed_with(self, rule: Rule) -> tuple[Rule, ...]:
        """The rules whose series are weighed together with a rule's, itself among them; none without ``across``."""
        if self.across is not None and rule.across is None:
            return self.rules
        return (rule,) if rule.across else ()


@dataclass(frozen=True, slots=True)
class RuleSet:
    """All rules in force, with everything they speak about."""

    catalogue: Catalogue
    groups: tuple[Group, ...]
    #: Hash over every file that was read.
    content_hash: str = ""

    @property
    def rules(self) -> tuple[Rule, ...]:
        """Every rule, in the order of the files."""
        return tuple(rule for group in self.groups for rule in group.rules)

    @property
    def indicators(self) -> tuple[Indicator, ...]:
        """What live rules count, each measure once: only these have a series in the store."""
        counted = (indicator for rule in self.rules for indicator in rule.indicators(self.catalogue))
        return tuple({indicator.scope_key: indicator for indicator in counted}.values())

    @property
    def entries(self) -> dict[str, str]:
        """Everything it says, as JSON, by ``rule <identity>``, ``indicator <name>`` and so on."""
        catalogue = self.catalogue
        said: dict[str, Document] = {f"rule {rule.identity}": rule for rule in self.rules}
        said |= {f"group {group.group}": group.model_copy(update={"rules": ()}) for group in self.groups}
        for kind in ("citation", "actor", "place", "indicator", "state"):
            shelf: Mapping[str, Document] = getattr(catalogue, f"{kind}s")
            said |= {f"{kind} {name}": each for name, each in shelf.items()}
        said |= {f"person {name}": each for name, each in catalogue.people.items()}
        said |= {f"baseline {each.baseline}": each for file in catalogue.baselines.values() for each in file}
        said |= {f"fact {' '.join(_name(each))}": each for file in catalogue.facts.values() for each in file}
        texts = {name: each.model_dump_json(by_alias=True, exclude_defaults=True) for name, each in said.items()}
        texts |= {f"vocabulary {name}": json.dumps(words) for name, words in catalogue.vocabulary.items()}
        return {
            **texts,
            ORDER: json.dumps([[each.group, [rule.identity for rule in each.rules]] for each in self.groups]),
        }


@dataclass(frozen=True, slots=True)
class Finding:
    """A reading judged by a rule: does it hold now, how badly, and why."""

    rule: str
    reading: Reading
    holds: bool
    #: Whether a firing alert may end: the recovery condition, where there is one, holds.
    recovers: bool
    severity: Severity
    #: The comparisons that hold, or those that do not.
    because: tuple[str, ...]
    #: What the reading comes to among all that are looked at together; None when it is judged by itself.
    weighed: Weighed | None = None

    @property
    def is_held_back(self) -> bool:
        """Whether the condition holds and ``across`` lets no alert begin by it."""
        return self.holds and self.weighed is not None and not self.weighed.begins


def judge(rule: Rule, reading: Reading, catalogue: Catalogue, *, weighed: Weighed | None = None) -> Finding:
    """Hold a reading against the rule's condition, recovery and severity.

    :param weighed: what it comes to among all readings that ``across`` looks at together.
    """
    outputs, keys = rule.detector.OUTPUTS, rule.defaults(catalogue)
    values = reading.values
    holds = reading.present and (keys.condition is None or keys.condition.holds(values, outputs))
    recovers = not holds and (keys.recovery is None or not reading.present or keys.recovery.holds(values, outputs))
    return Finding(
        rule=rule.identity,
        reading=reading,
        holds=holds,
        recovers=recovers,
        severity=_severity(keys.severity, reading, rule.detector),
        because=(
            *_because(keys.condition, reading, rule.detector, holds=holds),
            *([weighed.text] if weighed is not None and holds else []),
        ),
        weighed=weighed if holds else None,
    )


def _severity(tiers: tuple[Tier, ...], reading: Reading, detector: Detector) -> Severity:
    for tier in tiers:
        if tier.when is None or tier.when.holds(reading.values, detector.OUTPUTS):
            return Severity(tier.severity)
    return Severity.INFO


def _because(condition: Condition | None, reading: Reading, detector: Detector, *, holds: bool) -> tuple[str, ...]:
    if condition is None or not reading.present:
        return ("present",) if reading.present else ("absent",)
    return (str(condition),) if holds else condition.failing(reading.values, detector.OUTPUTS)
