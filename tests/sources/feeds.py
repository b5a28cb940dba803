"""Feeds that nobody publishes, and ways to do harm with one."""

from __future__ import annotations

from typing import Any

DATE = "Tue, 03 Nov 2026 10:00:00 +0200"


def item(number: int, **changes: Any) -> str:
    """An item of RSS 2.0; a part that is None is left out."""
    parts: dict[str, Any] = {
        "title": f"Fighting near Anywhere, part {number}",
        "link": f"https://news.example/{number}",
        "guid": f'<guid isPermaLink="false">tag:{number}</guid>',
        "pubDate": DATE,
        "description": "&lt;p&gt;Two fronts &amp;amp; a &lt;b&gt;bridge&lt;/b&gt;&lt;/p&gt;",
        "category": "Conflict",
    }
    parts |= changes
    written = [
        text if str(text).startswith("<") else f"<{name}>{text}</{name}>"
        for name, text in parts.items()
        if text is not None
    ]
    return f"<item>{''.join(written)}</item>"


def rss(*items: str, head: str = '<?xml version="1.0" encoding="utf-8"?>') -> bytes:
    """A feed in RSS 2.0."""
    return f'{head}<rss version="2.0"><channel><title>Daily Paper</title>{"".join(items)}</channel></rss>'.encode()


ATOM = b"""\
<?xml version="1.0"?>
<feed xmlns="http://www.w3.org/2005/Atom"><title>Daily Paper</title>
<entry><id>urn:1</id><title type="html">Fighting &lt;i&gt;again&lt;/i&gt;</title><link href="https://news.example/1"/>
<published>2026-11-03T08:00:00Z</published><updated>2026-11-04T09:00:00+01:00</updated>
<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">At a <b>bridge</b></div></content></entry></feed>
"""
RDF = b"""\
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
 xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="x"><title>Daily Paper</title></channel>
<item rdf:about="https://news.example/1"><title>Fighting again</title><link>https://news.example/1</link>
<dc:date>2026-11-03</dc:date></item></rdf:RDF>
"""
RSS_091 = b"""\
<?xml version="1.0"?><!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN" "http://example.invalid/rss.dtd">
<rss version="0.91"><channel><title>Daily Paper</title><item><title>Fighting again</title>
<link>https://news.example/1</link><pubDate>Tue, 03 Nov 2026 08:00:00 GMT</pubDate></item></channel></rss>
"""
RSS_09 = (
    b"""\
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://my.netscape.com/rdf/%s/0.9/">
<channel><title>Daily Paper</title></channel><item><title>Fighting again</title><link>https://news.example/1</link></item>
</rdf:RDF>
"""
    % b"simple"
)

_GROWING = b"".join(b'<!ENTITY a%d "%s">' % (n, b"&a%d;" % (n - 1) * 10) for n in range(1, 12))
#: A few hundred bytes that are 300 GB when somebody believes them.
BOMB = b'<!DOCTYPE rss [<!ENTITY a0 "ha">' + _GROWING + b"]><rss><channel><title>&a11;</title></channel></rss>"
STEAL = b'<!DOCTYPE rss [<!ENTITY a SYSTEM "file:///etc/passwd">]><rss><channel><title>&a;</title></channel></rss>'
INNER = b'<!DOCTYPE rss [<!ENTITY % a "<!ELEMENT rss ANY>"> %a;]><rss><channel/></rss>'
WALL = b"<!DOCTYPE html><html><head><title>Just a moment...</title></head></html>"
XHTML = b'<?xml version="1.0"?><!DOCTYPE html PUBLIC "a" "b"><html xmlns="http://www.w3.org/1999/xhtml"><body/></html>'
