"""GDELT on loopback: a folder of exports, and the file that names the newest of them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from tests.sources.pull.api import Api, Asked, Said
from tests.sources.test_gdelt import line, packed

FOLDER = "/gdeltv2"
ABSENT = Said(404, b"<?xml version='1.0'?><Error><Code>NoSuchKey</Code></Error>", {"Content_Type": "application/xml"})


def article(number: int, stamp: str, **changes: str) -> bytes:
    """A row that was read out of an article that nobody wrote."""
    return line(SOURCEURL=f"https://news.example.org/{number}", DATEADDED=stamp, SQLDATE=stamp[:8], **changes)


@dataclass
class Gdelt(Api):
    """The folder."""

    #: Unpacked, by the moment in their names.
    exports: dict[str, bytes] = field(default_factory=dict)
    #: What is named as the newest instead.
    named: str = ""

    def answer(self, asked: Asked, body: bytes) -> Said:
        self.asked.append(asked)
        if (fault := self.fault(asked)) is not None:
            return fault
        if asked.path == f"{FOLDER}/lastupdate.txt":
            return Said(200, self.lastupdate())
        stamp = asked.path.removeprefix(f"{FOLDER}/").removesuffix(".export.CSV.zip")
        return Said(200, packed(export=self.exports[stamp])) if stamp in self.exports else ABSENT

    def lastupdate(self) -> bytes:
        stamp = self.named or max(self.exports)
        data = packed(export=self.exports.get(stamp, b""))
        md5 = hashlib.md5(data, usedforsecurity=False).hexdigest()
        base = "http://data.gdeltproject.org/gdeltv2"
        others = [
            f"318084 {'b' * 32} {base}/{stamp}.mentions.CSV.zip",
            f"10768507 {'e' * 32} {base}/{stamp}.gkg.csv.zip",
        ]
        return "\n".join([f"{len(data)} {md5} {base}/{stamp}.export.CSV.zip", *others, ""]).encode()

    def stamps(self) -> list[str]:
        """The exports that were asked for."""
        names = [asked.path.rpartition("/")[2] for asked in self.asked]
        return [each.partition(".")[0] for each in names if each != "lastupdate.txt"]
