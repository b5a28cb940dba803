from __future__ import annotations

import contextlib
import os
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from watcher.config.document import MAX_BYTES, MAX_DEPTH, _read_carefully, _RefusedError, load_document
from watcher.config.scalar import plain
from watcher.core.errors import ConfigError


def refusal(source: Path | str | bytes) -> str:
    with pytest.raises(ConfigError) as refused:
        load_document(source)
    return str(refused.value).removeprefix("<text>:").strip()


SCALARS = {
    "Norway is a country": ("NO", "NO"),
    "on is a word": ("on", "on"),
    "yes is a word": ("yes", "yes"),
    "y is a word": ("y", "y"),
    "a leading zero makes an identifier": ("012", "012"),
    "an octal number has an o": ("0o17", 15),
    "a hexadecimal number has an x": ("0x1F", 31),
    "a date stays text": ("2020-06-03", "2020-06-03"),
    "a month stays text": ("2020-06", "2020-06"),
    "a time stays text": ("12:30:45", "12:30:45"),
    "a year is a number": ("2019", 2019),
    "underscores make no number": ("1_000", "1_000"),
    "a sign is part of a number": ("-7", -7),
    "a plus sign is part of a number": ("+7", 7),
    "a fraction": ("1.315", 1.315),
    "an exponent": ("1e3", 1000.0),
    "a fraction without its zero": (".5", 0.5),
    "infinity": ("-.inf", float("-inf")),
    "inf without the dot is a word": ("inf", "inf"),
    "nineteen digits are an identifier": ("1234567890123456789", "1234567890123456789"),
    "a number too large for a float is text": ("1e400", "1e400"),
    "true": ("true", True),
    "False": ("False", False),
    "null": ("null", None),
    "a tilde is nothing": ("~", None),
    "Arabic digits are text": ("١٢", "١٢"),
    "a lone sign is text": ("-x", "-x"),
    "a lone dot is text": (".", "."),
}


@pytest.mark.parametrize(("text", "value"), SCALARS.values(), ids=SCALARS.keys())
def test_plain_scalars_follow_the_core_schema(text, value):
    found = load_document(f"key: {text}\n").value["key"]
    assert (found, type(found)) == (value, type(value))


def test_not_a_number_is_a_float():
    assert str(plain(".NaN")) == "nan"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("a: 'NO'", id="in single quotes"),
        pytest.param('a: "2019"', id="in double quotes"),
        pytest.param("a: |-\n  true", id="in a block"),
        pytest.param("a: >-\n  1.5", id="in a folded block"),
    ],
)
def test_whatever_is_quoted_is_text(text):
    assert isinstance(load_document(text).value["a"], str)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"a: 1\nb: [x, y]\n", id="line feeds"),
        pytest.param(b"a: 1\r\nb: [x, y]\r\n", id="carriage returns and line feeds"),
        pytest.param(b"a: 1\rb: [x, y]\r", id="carriage returns"),
        pytest.param(b"\xef\xbb\xbfa: 1\nb: [x, y]\n", id="a byte order mark"),
        pytest.param(b"---\na: 1\nb: [x, y]\n...\n", id="document markers"),
        pytest.param(b"# a comment\na: 1 # one\nb:\n- x\n- y", id="comments, and no line end at the end"),
    ],
)
def test_files_are_read_however_they_end_their_lines(data):
    assert load_document(data).value == {"a": 1, "b": ["x", "y"]}


@pytest.mark.parametrize("text", ["", "# nothing but a comment\n", "---\n"])
def test_an_empty_file_holds_nothing(text):
    assert load_document(text).value is None


def test_every_key_and_value_knows_its_place():
    document = load_document("rules:\n  - alert: x\n    pace: {above: 2019, of: [a,\n      b]}\n")
    assert document.keys == {
        ("rules",): (1, 1),
        ("rules", 0, "alert"): (2, 5),
        ("rules", 0, "pace"): (3, 5),
        ("rules", 0, "pace", "above"): (3, 12),
        ("rules", 0, "pace", "of"): (3, 25),
    }
    assert document.marks[("rules", 0, "pace", "of", 1)] == (4, 7)
    assert document.marks[("rules", 0, "pace", "above")] == (3, 19)
    assert document.marks[("rules", 0)] == (2, 5)


def test_what_does_not_exist_has_the_place_of_what_is_above_it():
    document = load_document("a:\n  b: {c: 1}\n")
    assert document.mark(("a", "b", "x", "y")) == (2, 6)
    assert document.mark(("a", "b"), key=True) == (2, 3)
    assert document.mark(("z",)) == (1, 1)
    assert document.at(("a", "b", "c")) == 1
    assert document.at(("a", "b", "c", "d")) is None


def test_columns_count_characters_and_not_bytes():
    assert load_document("a: {é: Ménaka, b: 1}").keys[("a", "b")] == (1, 16)


REFUSED = {
    "a tab as indentation": ("a:\n\t- b\n", "2:1: a tab indents this line"),
    "a tab that continues a text": ("a: b\n\tc: d\n", "2:1: a tab indents this line"),
    "a tab after spaces": ("a: b\n  \tc: d\n", "2:3: a tab indents this line"),
    "an indentation that fits nothing": (
        "r:\n  - a: 1\n    b: 1\n   c: 1\n",
        "4:4: the indentation of this line fits no line above it",
    ),
    "a key under a text": (
        "a: 1\n  b: 2\n",
        "2:3: this line is indented deeper than the one it follows; line 1 begins without spaces",
    ),
    "a colon missing above": (
        "a:\n  pace\n    b: x\n",
        "3:5: this line is indented deeper than the one it follows; is a ':' missing at the end of line 2?",
    ),
    "a list item among keys": ("a: 1\n- b\n", "2:1: a list item ('- ') stands among keys"),
    "a key after a list": ("- a\nb: 1\n", "2:1: the indentation of this line fits no line above it"),
    "a colon in a text": ("a: b: c\n", "1:5: a second ': ' on this line"),
    "a quote never closed": ("x: 1\na: 'b\nc: 1\n", "2:4: the quote opened here is never closed"),
    "a quote closed by a later one": ('a: "x\nb: "y"\n', "2:5: text stands here after the value has ended"),
    "an apostrophe in single quotes": ("a: 'it's'\n", "1:8: text stands here after the value has ended"),
    "a list never closed": ("a: [1, 2\nb: 3\n", "1:4: the '[' opened here is not closed"),
    "a map never closed": ("a: {x: 1\nb: 3\n", "1:4: the '{' opened here is not closed"),
    "a bracket at the end of the file": ("a: [", "1:5: a value is missing here"),
    "a bracket that closes nothing": ("a: 1\n]\n", "2:1: the ']' here closes nothing"),
    "a bracket too many": ("{a: 1}}", "1:7: text stands after the end of the document"),
    "a line without a colon": ("a: 1\nfoo\nb: 2\n", "2:1: this line has no ':' after its key"),
    "an at sign": ("a: @x\n", "1:4: a value cannot begin with '@'"),
    "a directive": ("%x\n", "1:1: a line cannot begin with '%'"),
    "another version of YAML": ("%YAML 3.0\n---\na: 1\n", "1:1: a version of YAML that is not known"),
    "an escape": ('a: "\\q"\n', "1:5: an unknown escape"),
    "a list on the line of its key": ("a: - x\n", "1:4: a list item ('- ') cannot begin here"),
    "text behind a block's sign": ("a: >x\n", "1:5: after '|' or '>' the text begins on the next line"),
    "an anchor": ("a: &x 1\n", "1:4: '&' begins an anchor"),
    "an anchor without a name": ("a: &\n", "1:4: '&' and '*' begin anchors and aliases"),
    "an alias": ("a: *x\n", "1:4: '*' begins an alias"),
    "a tag": ("a: !!python/name:os.system x\n", "1:4: '!' begins a tag"),
    "a tag with an unknown handle": ("a: !e!x y\n", "1:4: '!' begins a tag"),
    "a broken tag": ("a: !<x\n", "1:4: '!' begins a tag"),
    "a tag on a list": ("a: !!set [x]\n", "1:4: '!' begins a tag"),
    "a second document": ("a: 1\n---\nb: 2\n", "2:1: a second document begins here"),
    "a key twice": ("a: 1\nb: 2\na: 3\n", "3:1: the key 'a' stands twice in this map; it stands first on line 1"),
    "a key twice on one line": ("{a: 1, a: 2}", "1:8: the key 'a' stands twice in this map"),
    "a list as a key": ("? [a]\n: b\n", "1:3: a key must be plain text"),
    "a map as a key": ("{a: 1}: b\n", "1:1: a key must be plain text"),
    "a control character": ("a: \x01b\n", "1:4: the character U+0001 has no place in YAML"),
    "a NUL": ("a: 1\nb: \x00", "2:4: the character U+0000 has no place in YAML"),
    "half a surrogate pair": ("a: \ud800", "1:4: the character U+D800 has no place in YAML"),
    "a character that reorders text": ("a: \u202eb", "1:4: the character U+202E has no place in YAML"),
    "a byte order mark inside": ("a: b\ufeffc", "1:5: the character U+FEFF has no place in YAML"),
    "a key without end": ("x" * 1100 + ": 1", "1:1101: a ':' cannot stand here"),
    "brackets without end": ("[" * 200_000, "1:1001: nested deeper than 40 levels"),
    "more brackets than are allowed": ("[" * 500, f"1:{MAX_DEPTH + 1}: nested deeper than 40 levels"),
    "maps without end": ("{a: " * 20_000, "1:161: nested deeper than 40 levels"),
    "Latin-1": (b"a: 1\nb: caf\xe9\n", "2:7: the file is not UTF-8 text"),
    "UTF-16": ("a: 1".encode("utf-16"), "1:1: the file is UTF-16"),
    "more than a megabyte": (b"#" * (MAX_BYTES + 1), "the file is larger than 1 MB"),
}


@pytest.mark.parametrize(("text", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_read_is_refused_at_its_place(text, message):
    assert refusal(text).startswith(message)


def test_several_mistakes_are_reported_together():
    with pytest.raises(ConfigError) as refused:
        load_document("a: &x 1\na: 2\nb: !t y\n")
    assert [(problem.line, problem.column) for problem in refused.value.problems] == [(1, 4), (2, 1), (3, 4)]


def test_the_report_of_a_hopeless_file_ends_somewhere():
    with pytest.raises(ConfigError) as refused:
        load_document("\n".join(f"a: &x{n} 1" for n in range(1000)))
    assert len(refused.value.problems) <= 21


def test_nesting_up_to_the_limit_is_read():
    assert load_document("[" * MAX_DEPTH + "]" * MAX_DEPTH).value


def test_a_billion_laughs_are_refused_at_the_first():
    assert "'&' begins an anchor" in refusal("a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n")


class TestFiles:
    def test_a_file_is_named_in_its_problems(self, tmp_path):
        path = tmp_path / "rules.yaml"
        path.write_text("a: *x", encoding="utf-8")
        assert refusal(path).startswith(f"{path}:1:4: ")

    def test_a_missing_file_is_said_to_be_missing(self, tmp_path):
        assert refusal(tmp_path / "none.yaml") == f"{tmp_path}/none.yaml: there is no such file; check the path"

    def test_a_folder_is_no_file(self, tmp_path):
        assert refusal(tmp_path) == f"{tmp_path}: this is a folder, not a file; name a YAML file"

    def test_a_pipe_nobody_writes_to_does_not_block(self, tmp_path):
        os.mkfifo(tmp_path / "pipe.yaml")
        assert "this is a pipe or a device" in refusal(tmp_path / "pipe.yaml")

    def test_a_device_without_end_is_no_file(self):
        assert "this is a pipe or a device" in refusal(Path("/dev/zero"))

    def test_a_file_full_of_holes_is_not_read_to_its_end(self, tmp_path):
        with (tmp_path / "holes.yaml").open("wb") as file:
            file.truncate(1 << 40)
        assert "the file is larger than 1 MB" in refusal(tmp_path / "holes.yaml")

    def test_a_file_below_a_file_cannot_be_read(self, tmp_path):
        (tmp_path / "a").write_text("", encoding="utf-8")
        assert "the file cannot be read: Not a directory" in refusal(tmp_path / "a" / "b.yaml")

    def test_a_path_that_is_none_is_a_problem(self):
        assert "not a usable path" in refusal(Path("a\0b"))

    @pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
    def test_a_file_of_somebody_else_is_said_to_be_unreadable(self, tmp_path):
        path = tmp_path / "secret.yaml"
        path.write_text("", encoding="utf-8")
        path.chmod(0)
        assert "permission denied" in refusal(path)


def test_a_document_that_is_no_rule_file_is_discreet():
    assert load_document("a: 1", check="settings/syntax").is_discreet
    assert not load_document("a: 1").is_discreet


@settings(deadline=None)
@given(st.text() | st.binary() | st.text(alphabet="ab:-[]{}&*!|>'\"%@#,? \t\n\r0129.~", max_size=60))
@example("'\x85")
def test_any_text_is_read_or_refused(text):
    # Anything but a ConfigError fails the test.
    with contextlib.suppress(ConfigError):
        document = load_document(text)
        assert document.marks or document.value is None


#: Texts that are nearly YAML: what the quick and the careful reader might take differently.
NEARLY = st.lists(
    st.sampled_from(
        (
            *("a", "b", "1", "NO", ":", ": ", "- ", "-", "[", "]", "{", "}", ", ", "\n", "\n  ", "\n    ", "'x'", '"'),
            *("|\n  x\n", "&a ", "*a", "!t ", "---\n", "...\n", "? ", "# c", "~", "\t"),
        )
    ),
    max_size=14,
).map("".join)


@settings(deadline=None)
@given(NEARLY)
@example("a: 1\n---\nb: 2")
@example("{*a: 1}")
@example("? [a]\n: 1")
@example("{a: 1, a: 2}")
@example("---\n---\n")
@example("[" * MAX_DEPTH + "]" * MAX_DEPTH)
@example("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1))
def test_reading_quickly_and_reading_carefully_come_to_the_same(text):
    try:
        careful = _read_carefully(text).root
    except _RefusedError:
        with pytest.raises(ConfigError):
            load_document(text)
    else:
        assert load_document(text).value == careful


def test_places_are_those_of_the_careful_reader():
    document = load_document("a: {b: 1}\nc: 2")
    assert (document.mark(("a", "b")), document.mark(("c",), key=True)) == ((1, 8), (2, 1))
    assert (len(document.keys), ("a", "b") in document.marks, ("a", "x") in document.marks) == (3, True, False)


@settings(deadline=None)
@given(
    st.integers(-(10**18) + 1, 10**18 - 1)
    | st.booleans()
    | st.none()
    | st.floats(allow_nan=False, allow_infinity=False)
)
def test_scalars_come_back_as_they_were_written(value):
    text = (
        {True: "true", False: "false", None: "null"}[value] if value is None or isinstance(value, bool) else repr(value)
    )
    found = load_document(f"- {text}").value[0]
    assert found == value
    assert type(found) is type(value)


@settings(deadline=None)
@given(st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1))
def test_a_quoted_text_comes_back_as_it_was_written(text):
    assert load_document("- '{}'".format(text.replace("'", "''"))).value == [text]
