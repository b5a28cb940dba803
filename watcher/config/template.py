"""Commented rules to begin with, one for each detector: every parameter with its default and what it means."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import yaml
from pydantic import TypeAdapter
from pydantic.fields import FieldInfo

from watcher.config.meaning import meaning
from watcher.config.schema import FILE
from watcher.core.catalogue import Catalogue
from watcher.core.condition import to_document
from watcher.core.detectors import DETECTORS
from watcher.core.detectors.frame import Defaults
from watcher.core.document import Document
from watcher.core.indicator import Indicator
from watcher.core.period import duration_text
from watcher.core.severity import SeverityTiers

#: What is counted; with a name of its own in each template, so that several can lie in one folder.
_INDICATOR = "{}_attacks"
#: What must be written, with a value that loads: an author changes these first.
_NEEDED: Mapping[str, Mapping[str, str]] = {
    "threshold": {"indicator": _INDICATOR.format("threshold")},
    "pace": {"indicator": _INDICATOR.format("pace"), "above": "2019"},
    "aberration": {"indicator": _INDICATOR.format("aberration")},
    "surge": {"indicator": _INDICATOR.format("surge")},
    "record": {"indicator": _INDICATOR.format("record")},
    "first_seen": {"field": "admin1", "where": "{country: Mali}", "lookback": "3y"},
    "absence": {"of": "records", "by": "[source]"},
    "resumption": {"indicator": _INDICATOR.format("resumption"), "after": "45d"},
    "transition": {"area_control": "any"},
    "match": {"where": "{country: Mali, fatalities: {above: 9}}"},
    "combine": {"all": "[The first rule, The second rule]"},
}
_NAMES: Mapping[str, str] = {
    "threshold": "Many attacks in a month",
    "pace": "Attack rate exceeds 2019 pace",
    "aberration": "More attacks in a week than its history explains",
    "surge": "Attacks have doubled in a week",
    "record": "Most attacks in 30 days for a year",
    "first_seen": "Attack in a region where there was none",
    "absence": "One of our sources brings nothing new",
    "resumption": "Attacks again after a lull",
    "transition": "Another group controls an area",
    "match": "An attack with ten deaths or more",
    "combine": "Two alerts at once",
}
#: A threshold says nothing by itself.
_CONDITIONS: Mapping[str, str] = {"threshold": "[value >= 20]"}
#: What a rule speaks about beside an indicator.
_BESIDE: Mapping[str, str] = {
    "transition": """
states:
  - state: area_control                       # what facts are about: {area_control: Ménaka, is: $isgs, from: 2020-06}
    title: control of the area
    key: area
    values: [actor, contested]                # any actor of `actors`, or nobody alone""",
    "combine": """
  # The rules that are combined; name others above, and remove these.
  - alert: The first rule
    match: {where: {country: Mali, fatalities: {above: 4}}}
    status: test
    author: the desk
    falsepositives: [When it fires without cause, and how to tell.]
  - alert: The second rule
    match: {where: {country: Burkina Faso, fatalities: {above: 4}}}
    status: test
    author: the desk
    falsepositives: [When it fires without cause, and how to tell.]""",
}
_WIDTH = 44


def rule_template(detector: str) -> str:
    """A file with one rule of a detector, and what it speaks about.

    :param detector: one of the eleven keys.
    """
    return "\n".join([*_head(detector), *_rule(detector), *_around(detector)]) + "\n"


def _head(detector: str) -> Iterator[str]:
    yield f"# yaml-language-server: $schema={FILE}"
    yield f"# A rule with the detector `{detector}`. What is commented out is the default. Then: watcher lint THIS-FILE"
    yield "version: 1"
    yield ""


def _rule(detector: str) -> Iterator[str]:
    parameters = DETECTORS[detector].Parameters
    yield "rules:"
    yield _said(f"  - alert: {_NAMES[detector]}", "a sentence; it is the alert's name")
    yield f"    {detector}:"
    needed = _NEEDED[detector]
    for key, value in needed.items():
        is_field = key in parameters.model_fields
        yield _said(
            f"      {key}: {value}", _meaning(parameters, key) if is_field else "the state, and the keys to watch"
        )
    for name, field in parameters.model_fields.items():
        key = field.alias or name
        if key not in needed:
            yield _said(f"      # {key}: {_default(parameters, name, field)}".rstrip(), _meaning(parameters, name))
    yield from _keys(detector)


def _keys(detector: str) -> Iterator[str]:
    """The keys of a rule that most authors want, with what holds when they are left out."""
    defaults = _rule_defaults(detector)
    if detector in _CONDITIONS:
        yield _said(f"    condition: {_CONDITIONS[detector]}", "all of these must hold")
    elif defaults.condition:
        yield _said(f"    # condition: {_flow(to_document(defaults.condition))}", "all of these must hold")
    if defaults.recovery:
        yield _said(f"    # recovery: {_flow(to_document(defaults.recovery))}", "and until these hold it goes on")
    severity = TypeAdapter(SeverityTiers).dump_python(SeverityTiers(defaults.severity), mode="json")
    yield _said(f"    # severity: {_flow(severity)}", "critical, warning, info, or {critical: ..., otherwise: warning}")
    if DETECTORS[detector].EVENT_LIKE:
        lasts = "how long an alert is shown as firing; it ends without a message"
    else:
        lasts = "how long it goes on after the condition has ceased"
        yield _said("    # for: 0s", "how long the condition must hold first, e.g. 2d")
    yield _said(f"    # keep_firing_for: {duration_text(defaults.keep_firing_for)}", lasts)
    yield _said("    status: test", "tells the receiver `test` only; `stable` once you trust it")
    yield "    author: the desk"
    yield "    falsepositives:"
    yield "      - When it fires without cause, and how to tell."


def _rule_defaults(detector: str) -> Defaults:
    """What holds for the rule of the template where it says nothing."""
    module = DETECTORS[detector]
    needed = {key: yaml.safe_load(value) for key, value in _NEEDED[detector].items()}
    name = _INDICATOR.format(detector)
    catalogue = Catalogue(indicators={name: Indicator(indicator=name, count="events")})
    return module.defaults(module.Parameters.model_validate(needed), catalogue)


def _around(detector: str) -> Iterator[str]:
    if "indicator" in _NEEDED[detector]:
        yield ""
        yield "indicators:"
        yield f"  - indicator: {_INDICATOR.format(detector)}"
        yield "    title: Attacks"
        yield "    count: events"
        yield "    where: {country: Mali, event_type: [Battles, Explosions/Remote violence, Violence against civilians]}"
    if detector in _BESIDE:
        yield _BESIDE[detector]


def _default(model: Any, name: str, field: FieldInfo) -> str:
    if field.is_required():
        return "..."
    written = model.model_construct().model_dump(mode="json", by_alias=True).get(field.alias or name)
    return "" if written in (None, "", [], {}) else _flow(written)


def _meaning(model: type[Document], name: str) -> str:
    return meaning(model, name).replace("``", "`").splitlines()[0]


def _said(code: str, meaning: str) -> str:
    return f"{code:<{_WIDTH}}  # {meaning}" if meaning else code


def _flow(value: object) -> str:
    """A value on one line."""
    return yaml.safe_dump(value, default_flow_style=True, width=1_000, sort_keys=False).removesuffix("\n...\n").strip()
