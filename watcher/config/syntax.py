"""What libyaml complains about, in words a person can act on.

libyaml names the token it stumbled over; the mistake often lies before it. Only places, and single characters of
punctuation, are repeated from the file: settings may hold secrets.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from yaml.error import YAMLError

#: Line and column from 1, what is wrong, and what to do about it.
Refusal = tuple[tuple[int, int], str, str]

_TAB = re.compile(r" *\t")
#: A blank that looks like a space and is none: what copying from a web page or a letter leaves behind.
_NO_SPACE = re.compile(r"[ ]*([^\S \t])")
#: A key whose value follows its ':' at once, which is no address; and a dash whose entry does.
_NO_BLANK = re.compile(r"[ ]*(?:-[ ]+)*[A-Za-z_][A-Za-z0-9_]*(:)(?=[^\s/])", re.ASCII)
_NO_BLANK_AFTER_DASH = re.compile(r"[ ]*(-)(?=[A-Za-z_][A-Za-z0-9_]*:(?:\s|$))", re.ASCII)
#: The first key of a line, behind any ``- ``.
_FIRST_KEY = re.compile(r"[ ]*(?:-[ ]+)*")

# libyaml's words -> (whether the place is where the construct began, summary, hint)
_SAYINGS: dict[str, tuple[bool, str, str]] = {
    "found unexpected end of stream": (True, "the quote opened here is never closed", "add the closing quote"),
    "found unexpected document indicator": (True, "the quote opened here is never closed", "add the closing quote"),
    "could not find expected ':'": (
        True,
        "this line has no ':' after its key",
        "write 'key: value', or indent the line if it goes on from the one above",
    ),
    "did not find expected ',' or ']'": (
        True,
        "the '[' opened here is not closed, or a ',' is missing",
        "look at the end of the list",
    ),
    "did not find expected ',' or '}'": (
        True,
        "the '{' opened here is not closed, or a ',' is missing",
        "look at the end of the map",
    ),
    "did not find expected node content": (
        False,
        "a value is missing here",
        "look for a bracket that is opened and not closed, or the reverse",
    ),
    "did not find expected <document start>": (
        False,
        "text stands after the end of the document",
        "look for a bracket too many",
    ),
    "block sequence entries are not allowed in this context": (
        False,
        "a list item ('- ') cannot begin here",
        "begin the list on a line of its own",
    ),
    "did not find expected comment or line break": (
        False,
        "after '|' or '>' the text begins on the next line",
        "put a value that begins with '|' or '>' in quotes",
    ),
    "found unknown escape character": (
        False,
        "an unknown escape after '\\' in a text with double quotes",
        "write '\\\\', or use single quotes",
    ),
    "did not find expected hexdecimal number": (
        False,
        "an unknown escape after '\\' in a text with double quotes",
        "write '\\\\', or use single quotes",
    ),
    "did not find expected alphabetic or numeric character": (
        True,
        "'&' and '*' begin anchors and aliases, which are not used here",
        "put the text in quotes",
    ),
    "found undefined tag handle": (True, "'!' begins a tag, which is not used here", "put the text in quotes"),
    "found unknown directive name": (True, "a line cannot begin with '%'", "put the text in quotes"),
    # The parser's own limit is far beyond ours; it looks ahead, and so may meet it first.
    "exceeded maximum nesting depth": (False, "nested deeper than 40 levels", "no file of watcher needs that"),
    "found incompatible YAML document": (False, "a version of YAML that is not known", "leave the %YAML line out"),
}

_ANYTHING_ELSE = (False, "this is no YAML", "look at the indentation, the quotes and the brackets up to here")


def explain(error: YAMLError, lines: Sequence[str]) -> Refusal:
    """Where the mistake lies, what it is, and what to do."""
    problem, context = getattr(error, "problem", None) or "", getattr(error, "context", None)
    row, column = _position(getattr(error, "problem_mark", None))
    if row >= len(lines):
        row, column = len(lines) - 1, len(lines[-1])
    if refusal := _false_blank(lines, row):
        return refusal
    if problem == "found character that cannot start any token":
        return _at(row, column, f"a value cannot begin with {lines[row][column : column + 1]!r}", "put it in quotes")
    if problem == "mapping values are not allowed in this context":
        return _stray_colon(lines, row, column)
    if problem in {"did not find expected key", "did not find expected '-' indicator"}:
        return _stray_token(lines, row, column)
    if context in {"while scanning a tag", "while parsing a tag"}:
        problem = "found undefined tag handle"
    at_start, summary, hint = _SAYINGS.get(problem, _ANYTHING_ELSE)
    start = getattr(error, "context_mark", None)
    if problem == "could not find expected ':'" and (refusal := _missing_blank(lines, _position(start)[0])):
        return refusal
    return _at(*(_position(start) if at_start and start else (row, column)), summary, hint)


def _position(mark: object) -> tuple[int, int]:
    return (getattr(mark, "line", 0), getattr(mark, "column", 0))


def _at(row: int, column: int, summary: str, hint: str) -> Refusal:
    return (row + 1, column + 1), summary, hint


def _false_blank(lines: Sequence[str], row: int) -> Refusal | None:
    """The blank that is no space in the indentation of a line, or of the one above it."""
    if found := _TAB.match(lines[row]):
        return _at(row, found.end() - 1, "a tab indents this line", "YAML allows only spaces for indentation")
    for each in (row, _line_above(lines, row)):
        if each is not None and (found := _NO_SPACE.match(lines[each])):
            what = "a blank that is no space indents this line"
            return _at(each, found.start(1), what, "delete the blanks at its beginning, and type spaces")
    return None


def _missing_blank(lines: Sequence[str], row: int) -> Refusal | None:
    """The ':' or '-' of a line, or of the one above it, behind which a blank is missing."""
    for each in (_line_above(lines, row), row):
        for pattern, hint in ((_NO_BLANK, "write 'key: value'"), (_NO_BLANK_AFTER_DASH, "write '- key: value'")):
            if each is not None and (found := pattern.match(lines[each])):
                return _at(each, found.start(1), f"a blank is missing behind this {found[1]!r}", hint)
    return None


def _stray_colon(lines: Sequence[str], row: int, column: int) -> Refusal:
    if refusal := _missing_blank(lines, row):
        return refusal
    if re.search(r":\s", lines[row][:column]):
        return _at(row, column, "a second ': ' on this line", "put a value that holds ': ' in quotes")
    above = _line_above(lines, row)
    if above is None:
        return _at(row, column, "a ':' cannot stand here", "put the text in quotes")
    hint = _line_up(lines, above) if ":" in lines[above] else f"is a ':' missing at the end of line {above + 1}?"
    return _at(row, _indent(lines[row]), "this line is indented deeper than the one it follows", hint)


def _stray_token(lines: Sequence[str], row: int, column: int) -> Refusal:
    line, above = lines[row], _line_above(lines, row)
    if line[column : column + 1] in {"]", "}"}:
        return _at(row, column, f"the {line[column]!r} here closes nothing", "remove it, or open it before")
    if column > _indent(line) or above is None:
        hint = "look for a missing or extra quote before it"
        return _at(row, column, "text stands here after the value has ended", hint)
    if line[column:].startswith("- ") and _first_key(lines[above]) == column:
        return _at(row, column, "a list item ('- ') stands among keys", "remove the '- ', or indent it under its key")
    return _at(row, column, "the indentation of this line fits no line above it", _line_up(lines, above))


def _line_above(lines: Sequence[str], row: int) -> int | None:
    return next((n for n in range(row - 1, -1, -1) if lines[n].strip() and not lines[n].lstrip().startswith("#")), None)


def _line_up(lines: Sequence[str], above: int) -> str:
    spaces = _first_key(lines[above])
    return (
        f"line {above + 1} has its key after {spaces} spaces" if spaces else f"line {above + 1} begins without spaces"
    )


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _first_key(line: str) -> int:
    found = _FIRST_KEY.match(line)
    return found.end() if found else 0
