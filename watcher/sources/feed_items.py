"""Items: what an RSS or Atom feed holds, as objects of text, one per line.

A feed is written by strangers. So it is looked through before anything else reads it: how large it is, how deep it nests,
whether it declares entities, which can grow without end, and whether it is a feed at all.
"""

from __future__ import annotations

import html
import io
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from time import struct_time
from typing import Any
from xml.parsers import expat

from watcher.core.errors import DataError
from watcher.later import Later

# Only who has feeds needs it.
_feedparser = Later("feedparser")

#: The keys of an item.
NAMES = ("id", "link", "title", "summary", "published", "updated", "publisher", "author", "categories")
#: A larger feed is none, in bytes.
MOST = 10 << 20
#: One that is not well-formed is read by patient means, which take longer.
MOST_DAMAGED = 1 << 20
MOST_ELEMENTS = 50_000
DEEPEST = 64
#: So much of a text is kept, in characters.
_KEPT = {"id": 2_000, "link": 2_000, "title": 2_000, "summary": 2_000, "publisher": 200, "author": 200}
_CATEGORIES = 20
_LONGEST_CATEGORY = 100
#: What may hold mark-up where nobody says that it is plain.
_MARKED_UP = frozenset({"title", "summary", "value"})
#: Of a text with mark-up, so much is looked at.
_MOST_MARKED_UP = 20_000
#: A year, a month, or seconds: what the library makes a day of, and is none.
_NO_DAY = re.compile(r"\d{4}(-\d{2})?|\d{9,}", re.ASCII)
_ROOTS = frozenset({"rss", "feed", "rdf"})
_TAG = re.compile(r"<[^<>]*>")
_FIRST = re.compile(rb"<([A-Za-z_][\w.:-]*)")
_ENCODING = re.compile(rb"<\?xml[^>]{0,200}encoding\s*=\s*[\"']([\w.-]{1,40})", re.IGNORECASE)
_ENTITY = re.compile(rb"<!\s*ENTITY", re.IGNORECASE)
_END = re.compile(rb"</\s*(?:\w+:)?(?:rss|feed|rdf)\s*>", re.IGNORECASE)
_NO_FEED = "open the address in a browser: it may be a login, a block page, or a moved address"
#: What the library fails with on what it did not foresee.
_UNFORESEEN = (ArithmeticError, AssertionError, AttributeError, LookupError, RecursionError, TypeError, ValueError)


class CutOff(DataError):
    """A feed without its end: it may come whole the next time."""


def lines_of_feed(feed: bytes) -> list[bytes]:
    """The items of a feed as JSON Lines.

    :raises DataError: when it is none, or is made to do harm; :class:`CutOff` when its end is missing.
    """
    return [json.dumps(item, ensure_ascii=True).encode() + b"\n" for item in _items(feed)]


def _items(feed: bytes) -> Iterator[dict[str, str]]:
    feed = feed.lstrip()
    look_through(feed)
    try:
        # From a stream: of a text it would believe that it is an address or the name of a file.
        found = _feedparser.parse(io.BytesIO(feed), sanitize_html=False, resolve_relative_uris=False)
    except ImportError:
        what = "this is a feed, and the package that reads them is not installed"
        raise DataError(what, todo="pip install 'watcher[rss]'") from None
    except _UNFORESEEN as error:
        raise DataError(f"the feed cannot be read: {type(error).__name__}", todo="please report it") from None
    publisher = _text({**found.feed}, "title")
    yield from _told_apart([_item(entry, publisher) for entry in found.entries])


def look_through(feed: bytes) -> None:
    """Refuse what is no feed, or is made to do harm.

    :raises DataError: with what is wrong.
    """
    if len(feed) > MOST:
        raise DataError(f"the feed is larger than {MOST >> 20} MB", todo="this is no feed of news; see its address")
    look = _Look()
    parser = look.parser()
    try:
        parser.Parse(feed, True)
    except (expat.ExpatError, LookupError, ValueError):
        # Not well-formed, or in an encoding that this parser does not know.
        _look_through_damaged(feed, look.root)


def _look_through_damaged(feed: bytes, root: str) -> None:
    """The same for one that is not well-formed, as many are that people read all the same."""
    # In UTF-16 every other byte is NUL.
    plain = feed.replace(b"\0", b"")
    if not root:
        first = _FIRST.search(plain[:4_096])
        _check_root(first[1].decode("ascii", "replace") if first else "")
    if len(feed) > MOST_DAMAGED:
        what = f"the feed is not well-formed, and larger than {MOST_DAMAGED >> 20} MB"
        raise DataError(what, todo="tell whoever publishes it")
    if _ENTITY.search(plain) or _ENTITY.search(_decoded(plain)):
        raise _declares()
    # Each element has two tags.
    if plain.count(b"<") > 2 * MOST_ELEMENTS:
        raise _too_many()
    if not _END.search(plain[-4_096:]):
        raise CutOff("the feed is cut off before its end", todo="check that it came whole")


def _decoded(plain: bytes) -> bytes:
    """The feed by the encoding that it says it has: in some, letters hide from whoever looks at bytes."""
    said = _ENCODING.match(plain)
    try:
        return plain.decode(said[1].decode("ascii"), "replace").encode("utf-8", "replace") if said else b""
    except (LookupError, ValueError):
        return b""


class _Look:
    """What a parser has seen so far."""

    def __init__(self) -> None:
        self.root = ""
        self._depth = 0
        self._elements = 0

    def parser(self) -> expat.XMLParserType:
        """A parser that stops at what must not be."""
        parser = expat.ParserCreate()
        parser.StartElementHandler = self._begin
        parser.EndElementHandler = self._end
        parser.EntityDeclHandler = self._declare
        return parser

    def _begin(self, name: str, _: Mapping[str, str]) -> None:
        if not self.root:
            _check_root(name)
            self.root = name
        self._depth += 1
        self._elements += 1
        if self._depth > DEEPEST or self._elements > MOST_ELEMENTS:
            raise _too_many()

    def _end(self, _: str) -> None:
        self._depth -= 1

    def _declare(self, _name: str, is_parameter: bool, value: str | None, *_: str | None) -> None:
        # Early RSS names a list of entities elsewhere, which nobody fetches.
        if not is_parameter or value is not None:
            raise _declares()


def _too_many() -> DataError:
    what = f"the feed nests deeper than {DEEPEST} elements, or has more than {MOST_ELEMENTS:,}"
    return DataError(what, todo="this is no feed of news; see its address")


def _declares() -> DataError:
    what = "the feed declares entities, by which a few lines can grow without end"
    return DataError(what, todo="no feed needs them; see whether its address is the right one")


def _check_root(name: str) -> None:
    local = name.rpartition(":")[2].lower()
    if local in _ROOTS:
        return
    if local in {"html", "head", "body"}:
        raise DataError("this is a web page, and no feed", todo=_NO_FEED)
    what = f"this is no feed: its first element is {name[:40]!r}" if name else "this is no feed"
    raise DataError(what, todo=_NO_FEED)


# --- items ------------------------------------------------------------------------------------------------------------


def _item(entry: Mapping[str, Any], publisher: str) -> dict[str, str]:
    # A plain mapping: the library's own takes one date for another, with a warning.
    known = {**entry}
    texts = {name: _text(known, name) for name in ("id", "link", "title", "summary", "author")}
    texts["summary"] = texts["summary"] or _text(_first(known, "content"), "value")
    texts["publisher"] = _text({**(known.get("source") or {})}, "title") or publisher
    kept = {name: text[: _KEPT[name]] for name, text in texts.items()}
    dates = {name: _moment(known, name) for name in ("published", "updated")}
    return kept | dates | {"categories": "; ".join(_categories(known))}


def _first(known: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = known.get(name) or [{}]
    return dict(found[0])


def _text(known: Mapping[str, Any], name: str) -> str:
    """A text without its mark-up, in one line."""
    value = known.get(name)
    text = value if isinstance(value, str) else ""
    if name in _MARKED_UP and (known.get(f"{name}_detail") or {}).get("type") != "text/plain":
        text = html.unescape(_TAG.sub(" ", text[:_MOST_MARKED_UP]))
    return " ".join(text.split())


def _categories(known: Mapping[str, Any]) -> Iterator[str]:
    for tag in (known.get("tags") or [])[:_CATEGORIES]:
        term = tag.get("label") or tag.get("term")
        if isinstance(term, str) and (name := " ".join(term.replace(";", ",").split())):
            yield name[:_LONGEST_CATEGORY]


def _moment(known: Mapping[str, Any], name: str) -> str:
    """A date in ISO 8601 and UTC; as it was written where nobody can read it, or it names no day."""
    parsed, written = known.get(f"{name}_parsed"), known.get(name)
    said = written.strip()[:_LONGEST_CATEGORY] if isinstance(written, str) else ""
    if not isinstance(parsed, struct_time) or _NO_DAY.fullmatch(said):
        return said
    try:
        return datetime(*parsed[:6], tzinfo=UTC).isoformat()
    except ValueError:
        return said


def _told_apart(items: list[dict[str, str]]) -> Iterable[dict[str, str]]:
    """The items, without ids that several have which lead to different places: they tell nothing apart."""
    places: dict[str, set[str]] = defaultdict(set)
    for item in items:
        places[item["id"]].add(item["link"])
    return [item | {"id": ""} if len(places[item["id"]]) > 1 else item for item in items]
