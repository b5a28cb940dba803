"""The rule language as JSON Schema, for editors and for `check-jsonschema`: made from the models that read it.

What a schema cannot say, because it takes more than one place to see it (a name that nobody defined, an output that the
detector does not have), `watcher lint` says.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field
from pydantic.json_schema import GenerateJsonSchema

from watcher.config.facts import KEYS as FACT_KEYS
from watcher.config.meaning import meanings
from watcher.config.outputs_schema import branches, definitions
from watcher.config.sections import VERSION
from watcher.core.baseline import Baseline
from watcher.core.catalogue import ActorEntry, PersonEntry
from watcher.core.detectors import DETECTORS
from watcher.core.document import Document
from watcher.core.fact import Citation, KeyKind, StateDefinition, Verified
from watcher.core.indicator import Indicator
from watcher.core.period import LooseDate
from watcher.core.rule import Group, Rule
from watcher.core.selector import Place

#: The name of the shipped file, which rule files refer to in their first line.
FILE = "rules.schema.json"
DRAFT = "https://json-schema.org/draft/2020-12/schema"
#: A text without the braces of a template: a value in a label would make a new alert at every turn.
_FIXED = {"type": "string", "pattern": r"^[^{]*$"}
_LABEL = r"^(?!alertname$|severity$)[A-Za-z_][A-Za-z0-9_]*$"
_NAME = r"^[A-Za-z_][A-Za-z0-9_]*$"
Words = Annotated[list[str], Field(min_length=1)]


class FactShape(Document):
    """One dated statement: a state's name with its key, and what it was from when."""

    model_config = ConfigDict(extra="allow", json_schema_extra={"minProperties": 3})

    value: Annotated[str | bool | float, Field(alias="is")]
    """What it was."""
    since: Annotated[LooseDate, Field(alias="from")]
    """First day it held: a day, 2020-07, 2019-H2, 2019, or unknown."""
    until: LooseDate | None = None
    """Last day it held; absent while it holds."""
    known: LooseDate | None = None
    """When it was known; absent means the citation's date."""
    ended: str = ""
    """How it ended: killed, captured, replaced, ..."""
    extent: Literal["all", "most", "some"] = "all"
    """Over how much of the key it holds."""
    at_least: bool = False
    """The number or extent is a lower bound."""
    claimed_by: str = ""
    """Who claims it; absent when the cited author states it."""
    verified: bool | Verified = Verified.UNSTATED
    """Whether somebody other than the claimant confirmed it: true, false, partly."""
    note: str = ""
    """Context in the desk's own words."""
    cite: str = ""
    """Name of the citation."""


class RuleFileShape(Document):
    """A file of rules and what they speak about; all files of a folder are one set."""

    version: Literal[1] = 1
    """The version of the rule language."""
    citations: tuple[Citation, ...] = ()
    """Publications that facts and stated numbers are taken from."""
    actors: tuple[ActorEntry, ...] = ()
    """Groups, with every name that sources use for them."""
    people: tuple[PersonEntry, ...] = ()
    """People, with the spellings of their names."""
    places: tuple[Place, ...] = ()
    """Named areas."""
    vocabulary: dict[Annotated[str, Field(pattern=_NAME)], Words] = Field(default_factory=dict)
    """Lists of words, used as $name."""
    indicators: tuple[Indicator, ...] = ()
    """What is counted."""
    baselines: tuple[Baseline, ...] = ()
    """Stated numbers, with their citation."""
    states: tuple[StateDefinition, ...] = ()
    """Kinds of facts."""
    facts: tuple[FactShape, ...] = ()
    """Dated statements."""
    rules: tuple[Rule, ...] = ()
    """Rules; one group, called as the file."""
    groups: tuple[Group, ...] = ()
    """Rules that are evaluated together."""


class _Plain(GenerateJsonSchema):
    """Without what is of no use to a person who edits: titles of keys, and null for a key that may be left out.

    And with what each key means.
    """

    def model_schema(self, schema: Any) -> dict[str, Any]:
        model = schema["cls"]
        written = super().model_schema(schema)
        for name, said in meanings(model).items():
            written["properties"][model.model_fields[name].alias or name]["description"] = said
        return written

    def nullable_schema(self, schema: Any) -> dict[str, Any]:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: Any) -> dict[str, Any]:
        inner = super().default_schema(schema)
        return {key: value for key, value in inner.items() if key != "default" or value not in (None, "", [], {})}

    def get_default_value(self, schema: Any) -> Any:
        """The default as an author writes it: ``30d``."""
        default, written = super().get_default_value(schema), schema["schema"].get("serialization", {})
        is_plain = written.get("type") == "function-plain" and not written.get("info_arg")
        return written["function"](default) if is_plain and schema.get("default") is not None else default

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 - the base class's signature
        return False


def rule_schema() -> dict[str, Any]:
    """The schema of a rule file."""
    schema = RuleFileShape.model_json_schema(by_alias=True, schema_generator=_Plain)
    shapes: dict[str, Any] = schema["$defs"]
    for each in shapes.values():
        each.pop("title", None)
    _may_be_empty(schema)
    _of_a_rule(shapes["Rule"])
    _of_a_place(shapes["Place"])
    _of_a_state(shapes["StateDefinition"])
    _of_a_baseline(shapes["Baseline"])
    for name, keys in _ONE_OF.items():
        shapes[name]["oneOf"] = [{"required": [key]} for key in keys]
    shapes[_parameters("pace", shapes)]["oneOf"] = [{"required": ["above"]}, {"required": ["against"]}]
    for name in ("Members", _parameters("combine", shapes)):
        shapes[name]["anyOf"] = [{"required": ["all"]}, {"required": ["any"]}]
    shapes["Group"]["required"] = ["rules"]
    shapes["Group"]["properties"]["interval"]["not"] = {"pattern": r"^0+\s*[smhdwy]$"}
    for name in ("Rule", "Group"):
        labels = shapes[name]["properties"]["labels"]
        labels |= {"propertyNames": {"pattern": _LABEL}, "additionalProperties": _FIXED}
    for name, key in (("Indicator", "indicator"), ("ActorEntry", "actor"), ("Citation", "citation")):
        shapes[name]["properties"][key]["pattern"] = _NAME
    schema["$defs"] = dict(sorted({**shapes, **definitions()}.items()))
    schema = _read_well(schema)
    schema |= {"title": f"Rules of watcher, version {VERSION}", "$schema": DRAFT}
    return dict(sorted(schema.items(), key=lambda each: _ORDER.index(each[0])))


def schema_text() -> str:
    """The schema as the shipped file holds it."""
    return f"{json.dumps(rule_schema(), indent=2, ensure_ascii=False)}\n"


_ORDER = ("$schema", "title", "description", "type", "additionalProperties", "properties", "required", "$defs")
#: Of these keys a model has exactly one.
_ONE_OF = {"Indicator": ("count", "sum"), "Across": ("budget", "fdr", "top"), "Rule": tuple(DETECTORS)}


def _parameters(detector: str, shapes: Mapping[str, Any]) -> str:
    """The name that the parameters of a detector have among the shapes."""
    reference: str = shapes["Rule"]["properties"][detector]["$ref"]
    return reference.removeprefix("#/$defs/")


def _read_well(schema: dict[str, Any]) -> dict[str, Any]:
    """The parameters of a detector are called as the detector, and code is marked as editors know it."""
    text = json.dumps(schema).replace("``", "`")
    for name in DETECTORS:
        text = text.replace(f'"{_parameters(name, schema["$defs"])}"', f'"{name}"')
        text = text.replace(f'"#/$defs/{_parameters(name, schema["$defs"])}"', f'"#/$defs/{name}"')
    read: dict[str, Any] = json.loads(text)
    return read


def _may_be_empty(file: dict[str, Any]) -> None:
    """A section of which everything is commented out stays behind as its key, and a file as nothing."""
    file["type"] = ["object", "null"]
    for section in file["properties"].values():
        if section["type"] in {"array", "object"}:
            section["type"] = [section["type"], "null"]
    file["properties"]["vocabulary"]["additionalProperties"] = False


def _of_a_rule(rule: dict[str, Any]) -> None:
    """Of a detector's outputs only those that it has; a threshold says nothing by itself."""
    for key in ("condition", "recovery", "severity"):
        rule["properties"][key].pop("anyOf")
    rule["allOf"] = [*branches(), {"if": {"required": ["threshold"]}, "then": {"required": ["condition"]}}]


def _of_a_place(place: dict[str, Any]) -> None:
    """One name, or several; and something must say where it is."""
    keys = place["properties"]
    for key in ("country", "admin1", "admin2", "admin3", "location"):
        one = keys[key].pop("items")
        keys[key] |= {"anyOf": [one, {"type": keys[key].pop("type"), "items": one}]}
    place["properties"]["place"]["pattern"] = _NAME
    place["anyOf"] = [{"required": [key]} for key in keys if key not in {"place", "title"}]


def _of_a_state(state: dict[str, Any]) -> None:
    """Kinds of keys, and a name that a fact can have beside its own keys."""
    state["properties"]["state"] |= {"pattern": _NAME, "not": {"enum": list(FACT_KEYS)}}
    state["properties"]["key"]["anyOf"][0]["enum"] = list(KeyKind)
    state["properties"]["review_after"]["pattern"] = r"^(\d{1,5}\s*[smhdwy])?$"


def _of_a_baseline(baseline: dict[str, Any]) -> None:
    """A year, or days; and a number of deaths, of attacks, or both."""
    keys = baseline["properties"]
    keys["period"] = {"anyOf": [{"type": "integer"}, {"$ref": keys["period"].pop("$ref")}], **keys["period"]}
    keys["baseline"]["pattern"] = _NAME
    baseline["anyOf"] = [{"required": ["fatalities"]}, {"required": ["attacks"]}]


def described(schema: Mapping[str, Any]) -> list[tuple[str, bool]]:
    """Every key of the language, as ``Rule.alert``, and whether it says what it is."""
    models = {"file": schema, **schema["$defs"]}
    return [
        (f"{model}.{key}", bool(value.get("description")))
        for model, definition in models.items()
        for key, value in definition.get("properties", {}).items()
    ]
