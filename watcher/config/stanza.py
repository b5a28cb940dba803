"""Stanzas: what to write into watcher.yaml for a source, with a comment on every key, made from the models themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, get_args

import yaml
from pydantic.fields import FieldInfo

from watcher.config.meaning import meaning
from watcher.config.source import SourceSettings
from watcher.core.document import Document
from watcher.core.period import duration_text
from watcher.core.secret import SecretReference

#: What is written for a key that nobody gave.
_EXAMPLES: Mapping[str, str] = {
    "url": "https://example.org/data.csv",
    "username": "desk@example.org",
    "email": "desk@example.org",
    "from": "2018-01-01",
    "countries": "[Mali, Niger]",
    "quad_classes": "[4]",
    "appname": "example.org-watcher",
    "columns": "{id: ref, date: day, country: land}",
}
#: What every source may be told beside its kind, and where it is asked or read.
OWN = tuple(name for name in SourceSettings.model_fields if name not in {"kind", "paths", "pull", "options"})
_SECTION = re.compile(r"^sources:[ \t]*(#.*)?$", re.MULTILINE)
_WIDTH = 110


def stanza(
    name: str, kind: str, *, reading: type[Document], pulling: type[Document] | None, given: Mapping[str, str]
) -> str:
    """A source as it stands in watcher.yaml: needed keys with an example, the others as comments.

    :param reading: the model of its options.
    :param pulling: the model of what it is told when it is asked over the network; None for files.
    :param given: values of keys that are known, as they are to be written.
    """
    lines = [f"  {name}:", f"    kind: {kind}", *_own(given)]
    if pulling is None:
        lines += [
            "    # Files, folders or patterns: what appears there is read at the next turn.",
            f"    paths: [incoming/{name}]",
        ]
    else:
        lines += ["    # How it is asked over the network.", "    pull:", *_keys(pulling, given)]
    if any(field.is_required() for field in reading.model_fields.values()) or not keys_of(reading).isdisjoint(given):
        lines += ["    # How it is read.", "    options:", *_keys(reading, given)]
    return "\n".join(lines) + "\n"


def _own(given: Mapping[str, str]) -> Iterator[str]:
    """The keys that every source has, as far as they are given."""
    for name in OWN:
        if name in given:
            yield from (f"    # {line}" for line in _wrapped(meaning(SourceSettings, name)))
            yield f"    {name}: {given[name]}"


def keys_of(*models: type[Document] | None) -> set[str]:
    """The keys of models, as they are written."""
    return {field.alias or name for model in models if model for name, field in model.model_fields.items()}


def inserted(text: str, addition: str) -> str | None:
    """A settings file with one source more; None where its ``sources`` are not a block that can be added to."""
    found = _SECTION.search(text)
    if found is not None:
        head, tail = text[: found.end()], text[found.end() :]
        return f"{head}\n{addition.rstrip()}{tail}"
    if re.search(r"^sources:", text, re.MULTILINE):
        return None
    return f"{text.rstrip()}\n\nsources:\n{addition}" if text.strip() else f"sources:\n{addition}"


def _keys(model: type[Document], given: Mapping[str, str]) -> Iterator[str]:
    written = ((field.alias or name, field, meaning(model, name)) for name, field in model.model_fields.items())
    ordered = sorted(written, key=lambda item: not (item[1].is_required() or item[0] in given))
    for name, field, said in ordered:
        for line in _wrapped(said):
            yield f"      # {line}"
        if name in given:
            yield f"      {name}: {given[name]}"
        elif field.is_required():
            yield f"      {name}: {_example(name, field)}"
        else:
            yield f"      # {name}: {_default(name, field)}"


def _example(name: str, field: FieldInfo) -> str:
    if _is_secret(field):
        return f"{{file: secrets/{name}}}"
    return str(field.examples[0]) if field.examples else _EXAMPLES.get(name, "...")


def _default(name: str, field: FieldInfo) -> str:
    value: Any = field.get_default(call_default_factory=True)
    if _is_secret(field):
        return f"{{file: secrets/{name}}}"
    if isinstance(value, timedelta):
        return duration_text(value)
    if isinstance(value, Document) or value in (None, "", (), {}):
        return _EXAMPLES.get(name, "...")
    plain = sorted(value) if isinstance(value, frozenset) else value
    written: str = yaml.safe_dump(
        list(plain) if isinstance(plain, tuple) else plain, default_flow_style=True, width=10_000
    )
    return written.removesuffix("\n").removesuffix("\n...")


def _is_secret(field: FieldInfo) -> bool:
    return SecretReference in (field.annotation, *get_args(field.annotation))


def _wrapped(text: str) -> Iterator[str]:
    words = " ".join(text.replace("`", "").split())
    while len(words) > _WIDTH:
        cut = words.rfind(" ", 0, _WIDTH)
        yield words[:cut]
        words = words[cut + 1 :]
    if words:
        yield words
