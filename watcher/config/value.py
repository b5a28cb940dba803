"""Values that stand in settings: paths that begin at the file's folder, networks, web addresses."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, ValidationInfo

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def _from_folder(value: Path, info: ValidationInfo) -> Path:
    try:
        return folder_of(info) / value.expanduser()
    except RuntimeError:
        msg = "there is no such home folder; write the whole path"
        raise ValueError(msg) from None


def folder_of(info: ValidationInfo) -> Path:
    """The folder of the file that is being read."""
    return Path((info.context or {}).get("folder", ""))


def _one_or_many(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _network(value: object) -> Network:
    try:
        return ipaddress.ip_network(str(value))
    except ValueError:
        msg = f"{value!r} is no network; write 10.1.0.0/16, with zeros after the mask, or one address"
        raise ValueError(msg) from None


def _web_address(value: str) -> str:
    if value and (urlsplit(value).scheme not in {"http", "https"} or not urlsplit(value).hostname):
        msg = "expected a web address; write https://..."
        raise ValueError(msg)
    return value.rstrip("/")


#: A path; a relative one starts at the folder of the settings file.
LocalPath = Annotated[Path, AfterValidator(_from_folder)]
#: One or several of them.
LocalPaths = Annotated[tuple[LocalPath, ...], BeforeValidator(_one_or_many)]
#: Private networks that may be reached.
Networks = tuple[Annotated[Network, BeforeValidator(_network)], ...]
WebAddress = Annotated[str, AfterValidator(_web_address)]
