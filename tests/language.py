"""Which keys of the rule language are used where: ``python -m tests.language`` prints the listing.

A document is walked along the JSON Schema of the language; every key that the schema knows is noted under the model that
it belongs to, as ``Rule.alert``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from watcher.config.document import load_document
from watcher.config.schema import described, rule_schema

ROOT = Path(__file__).parents[1]
#: What is shipped, and what the tests load without a mistake.
PLACES = (ROOT / "rules", ROOT / "tests" / "cli" / "installation" / "rules", ROOT / "tests" / "config" / "good")


def rule_files(places: Iterable[Path] = PLACES) -> list[Path]:
    """The rule files in which keys are looked for."""
    return [path for place in places for path in sorted(place.glob("*.yaml"))]


def keys() -> list[str]:
    """Every key of the language."""
    return [key for key, _ in described(rule_schema())]


def usage(paths: Iterable[Path]) -> dict[str, list[str]]:
    """By key, the files in which it is used."""
    schema = rule_schema()
    found: dict[str, list[str]] = defaultdict(list)
    for path in paths:
        for key in dict.fromkeys(_used(load_document(path).value, schema, "file", schema)):
            found[key].append(path.relative_to(ROOT).as_posix())
    return found


def _used(value: Any, node: Mapping[str, Any], model: str, schema: Mapping[str, Any]) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _used(item, node.get("items", {}), model, schema)
    elif isinstance(value, dict):
        for name, inside in _models(value, node, model, schema):
            for key, each in value.items():
                if key in inside.get("properties", {}):
                    yield f"{name}.{key}"
                    yield from _any_of(each, inside["properties"][key], name, schema)


def _any_of(value: Any, node: Mapping[str, Any], model: str, schema: Mapping[str, Any]) -> Iterator[str]:
    for option in [node, *node.get("anyOf", ())]:
        yield from _used(value, _resolved(option, schema)[1], model, schema)
        if isinstance(value, list):
            for item in value:
                yield from _any_of(item, option.get("items", {}), model, schema)
        elif "$ref" in option:
            name, inside = _resolved(option, schema)
            yield from _used(value, inside, name, schema)


def _models(
    value: Mapping[str, Any], node: Mapping[str, Any], model: str, schema: Mapping[str, Any]
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for option in [node, *node.get("anyOf", ())]:
        name, inside = _resolved(option, schema)
        if "properties" in inside and value.keys() & inside["properties"].keys():
            yield name or model, inside


def _resolved(node: Mapping[str, Any], schema: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    """What a reference means, with its name."""
    if "$ref" not in node:
        return "", node
    name = node["$ref"].rsplit("/", 1)[-1]
    return name, schema["$defs"][name]


def main() -> None:
    """Print each key with the first file that uses it."""
    used = usage(rule_files())
    for key in keys():
        places = used.get(key, [])
        more = f" and {len(places) - 1} more" if len(places) > 1 else ""
        print(f"{key:<40} {places[0] + more if places else 'NOT USED'}")
    print(f"{sum(key in used for key in keys())} of {len(keys())} keys are used")


if __name__ == "__main__":
    main()
