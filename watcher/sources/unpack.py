"""Unpacking: the one file of a zip archive, in pieces, up to a bound: what it adds up to decides, not what it says of itself."""

from __future__ import annotations

import lzma
import zipfile
import zlib
from io import BytesIO
from typing import BinaryIO

from watcher.core.errors import DataError

#: How a zip archive begins.
START = b"PK\x03\x04"
#: Of the unpacked file, in bytes; an export of GDELT has about one million.
MOST = 64 << 20
#: What reading a damaged, locked or oddly packed archive raises.
DAMAGES = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError),
    *(NotImplementedError, RuntimeError, EOFError, OSError, ValueError),
)
_PIECE = 1 << 16
_ADVICE = "download it again"


def unpacked(stream: BinaryIO, *, most: int = MOST) -> BinaryIO:
    """The file in an archive, whose checksum holds.

    :raises DataError: when it is damaged, locked or too large, or holds another number of files than one.
    """
    out = BytesIO()
    try:
        with zipfile.ZipFile(stream) as archive:
            names = archive.namelist()
            if len(names) != 1:
                raise DataError(f"the archive holds {len(names):,} files, and should hold one", todo=_ADVICE)
            with archive.open(names[0]) as packed:
                while piece := packed.read(_PIECE):
                    if out.tell() + len(piece) > most:
                        raise DataError(f"unpacked, the archive is larger than {most >> 20} MB", todo=_ADVICE)
                    out.write(piece)
    except DAMAGES as error:
        raise DataError(f"the archive is damaged or locked: {error}", todo=_ADVICE) from None
    out.seek(0)
    return out
