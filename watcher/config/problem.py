"""What pydantic complains about, in words a person can act on, at the place where it stands in the file."""

from __future__ import annotations

import difflib
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, get_args

from pydantic import BaseModel, ValidationError

from watcher.config.document import KeyPath, MarkedDocument
from watcher.config.meaning import meaning
from watcher.core.errors import Problem, ProblemSeverity
from watcher.core.period import why_no_date

#: Keys that later versions know, by the word that people will look for.
LATER = frozenset(("overlap",))

#: No more of a value than this is repeated.
MAX_SHOWN = 60

#: Shorter texts are found in any sentence.
SHORTEST_SECRET = 6

_EXPECTED: Mapping[str, str] = {
    "string_type": "text",
    **dict.fromkeys(("int_type", "int_parsing", "int_from_float"), "a whole number"),
    **dict.fromkeys(("float_type", "float_parsing"), "a number"),
    **dict.fromkeys(("bool_type", "bool_parsing"), "true or false"),
    **dict.fromkeys(("tuple_type", "list_type"), "a list"),
    **dict.fromkeys(("dict_type", "mapping_type", "model_type", "model_attributes_type"), "a map of keys and values"),
    **dict.fromkeys(
        ("date_type", "date_parsing", "date_from_datetime_parsing", "date_from_datetime_inexact"),
        "a date such as 2020-06-03",
    ),
    **dict.fromkeys(("time_delta_type", "time_delta_parsing"), "a duration such as 14d"),
    "path_type": "a path",
}
_BOUNDS: Mapping[str, str] = {
    "greater_than_equal": "must be at least {ge}",
    "greater_than": "must be more than {gt}",
    "less_than_equal": "must be at most {le}",
    "less_than": "must be less than {lt}",
    "string_too_short": "must not be empty",
    "too_short": "the list must not be empty",
    "string_pattern_mismatch": "does not have the form {pattern}",
}


class Mistake(NamedTuple):
    """What is wrong at a path of a document, before it is known where in the file that is."""

    path: KeyPath
    summary: str
    hint: str = ""
    #: Whether the key is meant, not its value.
    at_key: bool = False
    severity: ProblemSeverity = ProblemSeverity.ERROR
    #: The key that is missing there, when that is what is wrong.
    missing: str = ""
    #: The part of a text of several lines that is meant.
    excerpt: str = ""

    @classmethod
    def of(cls, path: KeyPath, sentence: str, *, at_key: bool = False) -> Mistake:
        """From one sentence, ``what is wrong; what to do``."""
        summary, _, hint = sentence.partition("; ")
        return cls(path, summary, hint, at_key)

    def below(self, prefix: KeyPath) -> Mistake:
        """The same, seen from further up in the document."""
        return self._replace(path=prefix + self.path)

    def placed(self, document: MarkedDocument, *, check: str = "") -> Problem:
        """The same, with its place in the file.

        :param check: the name under which it is reported; else the document's.
        """
        line, column = document.mark(self.path, key=self.at_key)
        if self.excerpt:
            line, column = document.mark_in_block(self.path, self.excerpt)
        return Problem(
            document.path,
            line,
            column,
            self.summary,
            key=key_text(self.path),
            hint=self.hint,
            check=check or document.check,
            severity=self.severity,
        )


def key_text(path: KeyPath) -> str:
    """``rules[2].pace.above``, counting from 0 as every tool does."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return text.removeprefix(".")


def near(word: str, words: Iterable[str]) -> str:
    """``did you mean 'pace'?``, or nothing."""
    found = difflib.get_close_matches(word, [str(each) for each in words], n=1)
    return _did_you_mean(found[0]) if found else ""


def _did_you_mean(word: str) -> str:
    return f"did you mean {word!r}?"


def keys_of(model: type[BaseModel]) -> list[str]:
    """The keys of a model as they are written in YAML."""
    return [field.alias or name for name, field in model.model_fields.items()]


def unknown_key(path: KeyPath, known: Iterable[str]) -> Mistake:
    """The mistake for a key that has no meaning here."""
    key = str(path[-1])
    if key in LATER:
        return Mistake(
            path, f"{key!r} is not in this version of watcher", "remove it, or run a newer version", at_key=True
        )
    names = list(known)
    if key[:1].isspace() and key[0] not in " \t":
        hint = "delete the blanks at its beginning, and type spaces"
        return Mistake(path, "a blank that is no space stands before this key", hint, at_key=True)
    before, colon, _ = key.partition(":")
    if colon and before in names:
        return Mistake(path, f"a blank is missing behind {before + colon!r}", "write 'key: value'", at_key=True)
    return Mistake(path, f"unknown key {key!r}", _meant(key, names) or f"keys: {', '.join(names)}", at_key=True)


def _meant(key: str, names: Sequence[str]) -> str:
    """``did you mean 'alert'?``; what others call ``name`` is the first key of everything that has a name here."""
    return near(key, names) or (_did_you_mean(names[0]) if key == "name" and names else "")


def mistakes(
    error: ValidationError,
    document: MarkedDocument,
    model: type[BaseModel],
    prefix: KeyPath,
    *,
    spelled: Mapping[str, str] | None = None,
) -> list[Mistake]:
    """Everything pydantic found wrong with the value at ``prefix``, each mistake once.

    :param spelled: how keys are called in the file, where that is not the name of the field.
    """
    by_path: dict[KeyPath, list[_Complaint]] = defaultdict(list)
    for each in error.errors(include_url=False, include_input=False):
        complaint = _complaint(each, document, model, prefix, spelled or {})
        by_path[complaint.path].append(complaint)
    branches = [c.path for group in by_path.values() for c in group if c.in_union]
    found = [
        _mistake(path, group, document)
        for path, group in by_path.items()
        if not any(len(other) > len(path) and other[: len(path)] == path for other in branches)
    ]
    return [each for each in found if not (each.missing and any(_is_misspelt(each, other) for other in found))]


def _is_misspelt(missing: Mistake, other: Mistake) -> bool:
    """Whether a key is missing only because the other mistake is how it is written."""
    if not (other.at_key and other.path[:-1] == missing.path):
        return False
    return other.hint == _did_you_mean(missing.missing) or str(other.path[-1]).startswith(f"{missing.missing}:")


class _Complaint(NamedTuple):
    path: KeyPath
    #: One branch of several that were tried.
    in_union: bool
    kind: str
    message: str
    context: Mapping[str, Any]
    #: The model whose key is missing or unknown.
    model: type[BaseModel] | None


def _complaint(
    each: Any, document: MarkedDocument, model: type[BaseModel], prefix: KeyPath, spelled: Mapping[str, str]
) -> _Complaint:
    path, skipped = prefix, False
    loc = [spelled.get(str(step), step) for step in each["loc"]]
    for step in loc:
        if (*path, step) in document.marks:
            path = (*path, step)
        else:
            # The name of a branch of a union, or a value that a default gave.
            skipped = True
    kind, context = each["type"], each.get("ctx", {})
    if kind == "missing":
        path, skipped = (*path, loc[-1]), False
    path += tuple(getattr(context.get("error"), "path", ()))
    return _Complaint(path, skipped, kind, each["msg"], context, _model_at(model, each["loc"][:-1]))


def _model_at(model: type[BaseModel], loc: KeyPath) -> type[BaseModel] | None:
    current: type[BaseModel] | None = model
    for step in loc:
        name = _field(current, step) if current else None
        if current and name:
            current = next(_models_in(current.model_fields[name].annotation), None)
    return current


def _field(model: type[BaseModel], key: str | int) -> str | None:
    return next((name for name, field in model.model_fields.items() if key in {name, field.alias}), None)


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models_in(argument)


def _mistake(path: KeyPath, group: list[_Complaint], document: MarkedDocument) -> Mistake:
    first = group[0]
    if first.kind == "extra_forbidden":
        return unknown_key(path, keys_of(first.model) if first.model else ())
    if first.kind == "missing":
        return _missing(path, first)
    own = next((c for c in group if c.kind in {"value_error", "assertion_error"}), None)
    if own is not None:
        return _own_words(path, own, document)
    expected = [words for c in group if (words := _expectation(c))]
    if expected:
        return _not_expected(path, list(dict.fromkeys(expected)), group, document)
    if first.kind in _BOUNDS:
        bounds = {name: f"{each:g}" if isinstance(each, int | float) else each for name, each in first.context.items()}
        return Mistake(path, _BOUNDS[first.kind].format(**bounds))
    return Mistake(path, first.message[:1].lower() + first.message[1:])


def _missing(path: KeyPath, complaint: _Complaint) -> Mistake:
    key = str(path[-1])
    name = _field(complaint.model, key) if complaint.model else None
    said = meaning(complaint.model, name).rstrip(".").replace("``", "") if complaint.model and name else ""
    return Mistake(path[:-1], f"the key {key!r} is missing", f"{key}: {said}" if said else "", missing=key)


def _own_words(path: KeyPath, complaint: _Complaint, document: MarkedDocument) -> Mistake:
    error = complaint.context.get("error")
    value = document.at(path)
    if summary := getattr(error, "summary", ""):
        at_key = bool(path) and repr(path[-1]) in summary
        return Mistake(path, summary, getattr(error, "hint", ""), at_key)
    message = str(error) if error else complaint.message
    if isinstance(value, list):
        # The message repeats the item it is about: of three matchers one is wrong.
        path += next(((n,) for n, item in enumerate(value) if isinstance(item, str) and repr(item) in message), ())
    if document.is_discreet:
        message = _redacted(message, value)
    return Mistake.of(path, message)


def _redacted(message: str, value: object) -> str:
    """The message without the texts of a value that may be secret."""
    if isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            message = _redacted(message, each)
    elif isinstance(value, str) and value:
        message = message.replace(repr(value), "the value")
        if len(value) >= SHORTEST_SECRET:
            message = message.replace(value, "the value")
    return message


def _expectation(complaint: _Complaint) -> str:
    if complaint.kind in {"literal_error", "enum"}:
        return f"one of {', '.join(_words(complaint))}"
    return _EXPECTED.get(complaint.kind, "")


def _words(complaint: _Complaint) -> list[str]:
    return re.findall(r"'([^']*)'", str(complaint.context.get("expected", "")))


def _not_expected(path: KeyPath, expected: list[str], group: list[_Complaint], document: MarkedDocument) -> Mistake:
    value = document.at(path)
    words = [word for c in group for word in _words(c)]
    hint = near(value, words) if isinstance(value, str) and words else ""
    if not hint and "text" in expected and isinstance(value, bool | int | float):
        hint = "put it in quotes"
    if not hint and isinstance(value, str) and not document.is_discreet:
        hint = why_no_date(value)
    if not hint and "a list" in expected and isinstance(value, str):
        hint = "put it in square brackets"
    return Mistake(
        path, f"expected {' or '.join(expected)}, found {_shown(value, discreet=document.is_discreet)}", hint
    )


def _shown(value: object, *, discreet: bool) -> str:
    match value:
        case None | dict() | list():
            return {type(None): "nothing", dict: "a map", list: "a list"}[type(value)]
        case bool():
            return str(value).lower()
        case str():
            return "other text" if discreet else repr(value if len(value) <= MAX_SHOWN else f"{value[:MAX_SHOWN]}...")
        case _:
            return "a number" if discreet else str(value)
