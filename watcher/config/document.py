"""YAML as people write it here, with the line and column of every key and value.

Scalars follow the core schema of YAML 1.2: ``NO`` is a country and a date stays text. Anchors, aliases, tags, duplicate
keys, keys that are no plain text, a second document, nesting over 40 levels and files over 1 MB are refused.
libyaml's event stream is read one event at a time, so that no input can exhaust the stack.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from yaml import CSafeLoader
from yaml.error import YAMLError
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from watcher.config.scalar import plain
from watcher.config.syntax import explain
from watcher.core.errors import ConfigError, Problem

MAX_BYTES = 1_000_000
MAX_DEPTH = 40
MAX_PROBLEMS = 20

#: The way to a value: ``("rules", 2, "pace", "above")``.
KeyPath = tuple[str | int, ...]
#: Line and column, both from 1.
Mark = tuple[int, int]

# What YAML calls printable, without the characters that reorder text on the screen.
_FORBIDDEN = re.compile(
    "[^\t\n\r\x20-\x7e\x85\xa0-\u2029\u202f-\u2065\u206a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]",
)
#: What libyaml counts as the end of a line.
LINE_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class MarkedDocument:
    """What a file says, and where it says it."""

    #: As given; ``<text>`` when there is no file.
    path: str
    #: Dicts with text keys, lists, text, whole numbers, floats, booleans and None.
    value: Any
    #: The place of every value, by its path; ``()`` is the document itself.
    marks: Mapping[KeyPath, Mark]
    #: The place of every key, by the path of its value.
    keys: Mapping[KeyPath, Mark]
    text: str = field(repr=False)
    #: The name under which its mistakes are reported.
    check: str = "rule/syntax"

    @property
    def is_discreet(self) -> bool:
        """Whether its values stay out of messages: everything but rules may hold secrets."""
        return not self.check.startswith("rule/")

    def mark(self, path: KeyPath, *, key: bool = False) -> Mark:
        """The place of a value, or of its key; of the nearest one above when it does not exist."""
        while path:
            found = (key and self.keys.get(path)) or self.marks.get(path) or self.keys.get(path)
            if found:
                return found
            path = path[:-1]
            key = False
        return self.marks.get((), (1, 1))

    def mark_in_block(self, path: KeyPath, excerpt: str) -> Mark:
        """The place of part of a text that stands below '|' or '>'; that of any other value itself."""
        line, column = self.mark(path)
        lines = LINE_BREAK.split(self.text)
        indent = self.mark(path, key=True)[1]
        if lines[line - 1][column - 1 : column] in {"|", ">"}:
            for number, text in enumerate(lines[line:], start=line + 1):
                if text[:indent].strip():
                    break
                if excerpt in text:
                    return number, text.index(excerpt) + 1
        return line, column

    def at(self, path: KeyPath) -> Any:
        """The value at a path; None when there is none."""
        value = self.value
        for step in path:
            try:
                value = value[step]
            except (KeyError, IndexError, TypeError):
                return None
        return value


def load_document(source: Path | str | bytes, *, check: str = "rule/syntax") -> MarkedDocument:
    """Read a YAML file, or text that is at hand.

    :param check: the name under which its mistakes are reported.
    :raises ConfigError: with everything that is wrong with it.
    """
    path = str(source) if isinstance(source, Path) else "<text>"
    try:
        text = _text(_read(source) if isinstance(source, Path) else source)
        return _build(path, text, check)
    except _RefusedError as refused:
        problems = [Problem(path, *mark, summary, hint=hint, check=check) for mark, summary, hint in refused.found]
        raise ConfigError(problems) from None


class _RefusedError(Exception):
    """A document that cannot be used, with what was found: (mark, summary, hint)."""

    def __init__(self, *found: tuple[Mark, str, str]) -> None:
        super().__init__()
        self.found = found


def _read(path: Path) -> bytes:
    try:
        with open(path, "rb", opener=_open_at_once) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise _RefusedError(((0, 0), "this is a pipe or a device, not a file", "name a YAML file"))
            return file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        raise _RefusedError(((0, 0), *_unreadable(error))) from None


def _open_at_once(path: str, flags: int) -> int:
    # A pipe that nobody writes to would block for ever.
    return os.open(path, flags | os.O_NONBLOCK)


def _unreadable(error: OSError | ValueError) -> tuple[str, str]:
    if isinstance(error, FileNotFoundError):
        return "there is no such file", "check the path"
    if isinstance(error, PermissionError):
        return "the file cannot be read: permission denied", "let the user that runs watcher read it"
    if isinstance(error, IsADirectoryError):
        return "this is a folder, not a file", "name a YAML file"
    reason = error.strerror if isinstance(error, OSError) and error.strerror else "not a usable path"
    return f"the file cannot be read: {reason}", ""


def _text(data: bytes | str) -> str:
    if len(data) > MAX_BYTES:
        raise _RefusedError(((0, 0), "the file is larger than 1 MB", "split it; several files are one set"))
    text = (data if isinstance(data, str) else _decode(data)).removeprefix("\ufeff")
    if found := _FORBIDDEN.search(text):
        what = f"the character U+{ord(found[0]):04X} has no place in YAML"
        raise _RefusedError((_mark_of(text[: found.start()]), what, "remove it; is this a text file?"))
    return text


def _decode(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise _RefusedError(((1, 1), "the file is UTF-16", "save it as UTF-8"))
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8")
        raise _RefusedError((_mark_of(before), "the file is not UTF-8 text", "save it as UTF-8")) from None


def _mark_of(before: str) -> Mark:
    lines = LINE_BREAK.split(before)
    return (len(lines), len(lines[-1]) + 1)


def _build(path: str, text: str, check: str) -> MarkedDocument:
    carefully = cache(lambda: _read_carefully(text))
    try:
        value = _read_quickly(text)
    except (_IrregularError, YAMLError):
        value = carefully().root
    places = (_Places(lambda: carefully().marks), _Places(lambda: carefully().keys))
    return MarkedDocument(path, value, *places, text, check)


class _Places(Mapping[KeyPath, Mark]):
    """Lines and columns that are worked out when somebody asks: most files hold no mistake."""

    def __init__(self, find: Callable[[], Mapping[KeyPath, Mark]]) -> None:
        self._find = find

    def __getitem__(self, path: KeyPath) -> Mark:
        return self._find()[path]

    def __iter__(self) -> Iterator[KeyPath]:
        return iter(self._find())

    def __len__(self) -> int:
        return len(self._find())


# --- values alone, as fast as can be ----------------------------------------------------------------------------------


class _IrregularError(Exception):
    """Something that only a careful reading can speak of."""


def _read_quickly(text: str) -> Any:
    """The value of a document in which nothing is wrong.

    :raises _IrregularError: when anything is; and YAMLError.
    """
    next_event: Callable[[], Any] = CSafeLoader(text).get_event
    stack = _Stack()
    put, scalar = stack.put, stack.scalar
    while (kind := type(event := next_event())) is not StreamEndEvent:
        if kind is ScalarEvent:
            scalar(event)
        elif kind is MappingStartEvent or kind is SequenceStartEvent:
            if event.anchor is not None or event.tag is not None or len(stack.above) >= MAX_DEPTH:
                raise _IrregularError
            put({} if kind is MappingStartEvent else [], is_open=True)
        elif kind is MappingEndEvent or kind is SequenceEndEvent:
            stack.container, stack.key = stack.above.pop()
        elif kind is AliasEvent or (kind is DocumentStartEvent and stack.container):
            raise _IrregularError
    return stack.container[0] if stack.container else None


class _Stack:
    """The map or list that is being read, and those above it; the root is the one item of a list."""

    __slots__ = ("above", "container", "key")

    def __init__(self) -> None:
        self.container: Any = []
        #: The key that waits for its value.
        self.key: str | None = None
        self.above: list[tuple[Any, str | None]] = []

    def scalar(self, event: ScalarEvent) -> None:
        if event.anchor is not None or event.tag is not None:
            raise _IrregularError
        value = event.value
        if self.key is None and type(self.container) is dict:
            if value in self.container:
                raise _IrregularError
            self.key = value
        else:
            self.put(value if event.style else plain(value))

    def put(self, value: Any, *, is_open: bool = False) -> None:
        if type(self.container) is list:
            self.container.append(value)
        elif self.key is None:
            raise _IrregularError
        else:
            self.container[self.key] = value
            self.key = None
        if is_open:
            self.above.append((self.container, None))
            self.container, self.key = value, None


# --- values with their places, and everything that is wrong -----------------------------------------------------------


def _read_carefully(text: str) -> _Builder:
    """A document with the place of every key and value.

    :raises _RefusedError: with everything that is wrong with it.
    """
    builder = _Builder()
    try:
        parser = CSafeLoader(text)
        steps, event = builder.steps, parser.get_event()
        while type(event) is not StreamEndEvent:
            if step := steps.get(type(event)):
                step(event)
            event = parser.get_event()
    except YAMLError as error:
        builder.found.append(explain(error, LINE_BREAK.split(text)))
    if builder.found:
        raise _RefusedError(*builder.found)
    return builder


class _Frame:
    """A map or list that is being read."""

    __slots__ = ("container", "key", "path")

    def __init__(self, container: Any, path: KeyPath) -> None:
        self.container = container
        self.path = path
        #: The key that waits for its value.
        self.key: str | None = None

    @property
    def expects_key(self) -> bool:
        return self.key is None and type(self.container) is dict


class _Builder:
    """Turns events into values, with a stack of its own."""

    def __init__(self) -> None:
        self.root: Any = None
        self.marks: dict[KeyPath, Mark] = {}
        self.keys: dict[KeyPath, Mark] = {}
        self.found: list[tuple[Mark, str, str]] = []
        self.documents = 0
        self.stack: list[_Frame] = []
        self.steps: Mapping[type, Callable[[Any], None]] = {
            ScalarEvent: self.scalar,
            MappingStartEvent: self.mapping,
            SequenceStartEvent: self.sequence,
            MappingEndEvent: self.end,
            SequenceEndEvent: self.end,
            AliasEvent: self.alias,
            DocumentStartEvent: self.document,
        }

    def refuse(self, mark: Mark, summary: str, hint: str) -> None:
        self.found.append((mark, summary, hint))
        if len(self.found) >= MAX_PROBLEMS:
            raise _RefusedError(*self.found)

    def stop(self, mark: Mark, summary: str, hint: str) -> None:
        raise _RefusedError(*self.found, (mark, summary, hint))

    def document(self, event: DocumentStartEvent) -> None:
        self.documents += 1
        if self.documents > 1:
            self.stop(_mark(event), "a second document begins here ('---')", "one file holds one document")

    def alias(self, event: AliasEvent) -> None:
        what, hint = "'*' begins an alias, which is not used here", "repeat the text, or put it in quotes"
        if self.stack and self.stack[-1].expects_key:
            self.stop(_mark(event), what, hint)
        self.refuse(_mark(event), what, hint)
        self.put(None, _mark(event))

    def scalar(self, event: ScalarEvent) -> None:
        mark = _mark(event)
        if event.anchor is not None or event.tag is not None:
            self.decorated(event, mark)
        if self.stack and self.stack[-1].expects_key:
            self.key(self.stack[-1], event.value, mark)
        else:
            self.put(event.value if event.style else plain(event.value), mark)

    def key(self, frame: _Frame, key: str, mark: Mark) -> None:
        path = (*frame.path, key)
        if key in frame.container:
            first = self.keys[path]
            self.refuse(mark, f"the key {key!r} stands twice in this map", f"it stands first on line {first[0]}")
        self.keys[path] = mark
        frame.key = key

    def mapping(self, event: MappingStartEvent) -> None:
        self.open({}, event)

    def sequence(self, event: SequenceStartEvent) -> None:
        self.open([], event)

    def open(self, container: Any, event: MappingStartEvent | SequenceStartEvent) -> None:
        mark = _mark(event)
        if event.anchor is not None or event.tag is not None:
            self.decorated(event, mark)
        if len(self.stack) >= MAX_DEPTH:
            self.stop(mark, f"nested deeper than {MAX_DEPTH} levels", "no file of watcher needs that")
        if self.stack and self.stack[-1].expects_key:
            self.stop(mark, "a key must be plain text, not a list or a map", "put it in quotes if it is text")
        self.stack.append(_Frame(container, self.put(container, mark)))

    def end(self, _event: object) -> None:
        self.stack.pop()

    def put(self, value: Any, mark: Mark) -> KeyPath:
        path: KeyPath = ()
        if not self.stack:
            self.root = value
        elif (frame := self.stack[-1]).key is None:
            path = (*frame.path, len(frame.container))
            frame.container.append(value)
        else:
            path = (*frame.path, frame.key)
            frame.container[frame.key] = value
            frame.key = None
        self.marks[path] = mark
        return path

    def decorated(self, event: ScalarEvent | MappingStartEvent | SequenceStartEvent, mark: Mark) -> None:
        if event.anchor is not None:
            self.refuse(mark, "'&' begins an anchor, which is not used here", "put the text in quotes")
        if event.tag is not None:
            self.refuse(mark, "'!' begins a tag, which is not used here", "put the text in quotes")


def _mark(event: Any) -> Mark:
    mark = event.start_mark
    return (mark.line + 1, mark.column + 1)
