"""Who types a command, for what is stored under a person's name."""

from __future__ import annotations

import os
import pwd
from collections.abc import Callable
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])


def by_option(command: Command) -> Command:
    """Give a command ``--by``."""
    return click.option("--by", default="", metavar="NAME", help="Who says so; else your user name.")(command)


def whoever(named: str) -> str:
    """The name given, or else the name of the user behind the process."""
    if named.strip():
        return named.strip()
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"user {os.getuid()}"
