"""A page: a title, a few sentences, and perhaps a form. Everything in it is escaped, and it loads nothing."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from http import HTTPStatus

from watcher.core.message.phrase import clean

_STYLE = (
    "body{font:1.1em/1.5 system-ui,sans-serif;max-width:36em;margin:2em auto;padding:0 1em;color:#1b1b1b;background:#fff}"
    "h1{font-size:1.3em}label{display:block;margin:.8em 0 .2em}input,select{font:inherit;padding:.4em;width:100%;"
    "box-sizing:border-box}button{font:inherit;margin-top:1.2em;padding:.6em 1.4em;background:#1f5fa8;color:#fff;border:0}"
    "footer{margin-top:2em;color:#5a5a5a;font-size:.85em}"
    "@media(prefers-color-scheme:dark){body{color:#eee;background:#161616}footer{color:#aaa}}"
)
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

#: Characters of one text.
_LONGEST = 2_000

#: Strict for every page: nothing is loaded, framed, cached, sniffed, indexed or told to other sites.
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action 'self'; "
        "frame-ancestors 'none'; base-uri 'none'"
    ),
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow",
}


@dataclass(frozen=True, slots=True)
class Form:
    """What a person confirms."""

    #: What the button says.
    button: str
    #: For how long, as values and words; empty: that is not asked.
    spans: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Page:
    """What is shown."""

    title: str
    lines: tuple[str, ...] = ()
    status: HTTPStatus = HTTPStatus.OK
    form: Form | None = None

    def html(self, instance: str) -> bytes:
        """The whole document."""
        lines = "".join(f"<p>{_text(line)}</p>" for line in self.lines if line)
        form = _form(self.form) if self.form else ""
        document = (
            '<!doctype html><html lang="en"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width,initial-scale=1">'
            f"<title>{_text(self.title)}</title><style>{_STYLE}</style></head><body><main>"
            f"<h1>{_text(self.title)}</h1>{lines}{form}</main><footer>{_text(instance)}</footer></body></html>"
        )
        return document.encode("utf-8", "replace")


def _form(form: Form) -> str:
    spans = "".join(f'<option value="{_text(value)}">{_text(words)}</option>' for value, words in form.spans.items())
    span = f'<label for="for">For how long</label><select id="for" name="for">{spans}</select>' if spans else ""
    return (
        '<form method="post"><input type="hidden" name="confirm" value="yes">'
        '<label for="by">Your name</label><input id="by" name="by" maxlength="80" autocomplete="name">'
        '<label for="note">Note</label><input id="note" name="note" maxlength="300">'
        f'{span}<button type="submit">{_text(form.button)}</button></form>'
    )


def _text(text: str) -> str:
    return escape(clean(text, limit=_LONGEST), quote=True)
