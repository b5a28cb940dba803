"""Whatever a source writes stays text: sixty strings that mean something elsewhere, in every sink that there is.

The matrix is walked in full at every run; what each sink is asked is in sinks.py.
"""

from __future__ import annotations

import pytest

from tests.sinks import SINKS

STRINGS = (
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "javascript:alert(1)", '" onmouseover="alert(1)',
    "' onfocus='alert(1)", "</td></tr></table>", "<!-- ", "-->", "<svg/onload=alert(1)>", "&lt;script&gt;", "&#60;b&#62;",
    "<a href='javascript:x'>y</a>", "{{7*7}}", "{% raw %}", "${7*7}", "#{7*7}", "{value}", "{0.__class__}", "%s%n%x",
    "%(name)s", '=HYPERLINK("http://x")', "=1+1", "@SUM(A1)", "+cmd|' /C calc'!A0", "-2+3", "\t=1", "\r=1",
    "a\r\nBcc: evil@example.org", "a\nBcc: evil@example.org", "a\rBcc: evil@example.org",
    "=?utf-8?q?x=0D=0ABcc:_evil@example.org?=", "=?utf-8?b?eA0KQmNjOiBl?=", "a\u2028Bcc: x", "a\u2029Bcc: x",
    "a\x85Bcc: x", "\r\n.\r\nMAIL FROM:<evil@example.org>", "\r\n\r\n<b>", "<!channel>", "<!here>", "<@U012345>",
    "@everyone", "[click](javascript:x)", "`code`", "*bold* _it_ ~no~", "\x1b[2J\x1b[H", "\x1b]8;;http://x\x07y\x1b]8;;\x07",
    "\x1b]52;c;ZXZpbA==\x07", "\x9b31m", "\x07\x08\x7f", "\u202egro.elpmaxe", "\u2066x\u2069", "\ufeffx", "\x00", "a\x00b",
    "\ud83d", "x" * 100_000, "../../etc/passwd", "'; drop table event; --", "NaN", "\U000e0041\U000e0042",
)  # fmt: skip


def test_the_matrix_has_sixty_strings_and_every_sink():
    assert (len(set(STRINGS)), len(SINKS)) == (60, 22)


@pytest.mark.parametrize("sink", SINKS.values(), ids=SINKS)
def test_what_a_source_writes_stays_text(sink):
    broken = {}
    for string in STRINGS:
        try:
            sink(string)
        except (AssertionError, ValueError) as error:
            broken[ascii(string)[:60]] = repr(error)[:200]
    assert broken == {}
