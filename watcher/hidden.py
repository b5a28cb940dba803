"""Secrets, read when they are needed and from then on kept out of the log."""

from __future__ import annotations

import os

from pydantic import SecretStr

from watcher.config.secret import reveal
from watcher.config.settings import Settings
from watcher.core.secret import SecretReference
from watcher.log import hide


def revealed(settings: Settings, reference: SecretReference) -> SecretStr:
    """The value of a secret.

    :raises ConfigError: when it cannot be had.
    """
    secret = reveal(reference, environ=os.environ, folder=settings.path.parent)
    hide([secret])
    return secret
