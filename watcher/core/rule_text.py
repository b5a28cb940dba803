"""Rule sets as text: what a set said is put together again when its files have long changed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TypeVar

from watcher.core.baseline import Baseline
from watcher.core.catalogue import ActorEntry, Catalogue, PersonEntry
from watcher.core.document import Document
from watcher.core.fact import Citation, Fact, StateDefinition
from watcher.core.indicator import Indicator
from watcher.core.rule import ORDER, Group, Rule, RuleSet, named_alerts
from watcher.core.selector import Place

#: The file that facts and stated numbers are filed under: no rule asks in which they stood.
_FILE = "stored"

Written = TypeVar("Written", bound=Document)


def rule_set_from(entries: Mapping[str, str], content_hash: str) -> RuleSet:
    """The rule set that said this.

    :param entries: as :attr:`watcher.core.rule.RuleSet.entries` has them.
    """
    rules, groups = _shelf(entries, "rule", Rule), _shelf(entries, "group", Group)
    vocabulary = {entry: text for entry, text in entries.items() if entry.startswith("vocabulary ")}
    catalogue = Catalogue(
        citations=_shelf(entries, "citation", Citation),
        actors=_shelf(entries, "actor", ActorEntry),
        people=_shelf(entries, "person", PersonEntry),
        places=_shelf(entries, "place", Place),
        vocabulary={entry.partition(" ")[2]: tuple(json.loads(text)) for entry, text in vocabulary.items()},
        indicators=_shelf(entries, "indicator", Indicator),
        states=_shelf(entries, "state", StateDefinition),
        baselines={_FILE: tuple(_shelf(entries, "baseline", Baseline).values())},
        facts={_FILE: tuple(_shelf(entries, "fact", Fact).values())},
        alerts=named_alerts(rules.values()),
    )
    whole = tuple(
        groups[name].model_copy(update={"rules": tuple(rules[each] for each in inside)})
        for name, inside in json.loads(entries[ORDER])
    )
    return RuleSet(catalogue, whole, content_hash)


def _shelf(entries: Mapping[str, str], kind: str, model: type[Written]) -> dict[str, Written]:
    """Everything of one kind, by its name."""
    found = ((*entry.partition(" "), text) for entry, text in entries.items())
    return {name: model.model_validate_json(text) for each, _, name, text in found if each == kind}
