"""Secrets are written as references: where the value is kept, never the value."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from watcher.core.document import Document

Name = Annotated[str, Field(min_length=1)]


class SecretReference(Document):
    """Where a secret is kept: exactly one of a file, an environment variable and a systemd credential."""

    file: Name | None = None
    """A file that only its owner can read; a relative path starts at the folder of the settings file."""
    env: Name | None = None
    """An environment variable."""
    credential: Name | None = None
    """A systemd credential: a file of this name in ``$CREDENTIALS_DIRECTORY``."""

    @model_validator(mode="after")
    def _exactly_one(self) -> SecretReference:
        if sum(place is not None for place in (self.file, self.env, self.credential)) != 1:
            msg = "a secret is kept in exactly one of 'file', 'env' and 'credential'"
            raise ValueError(msg)
        return self

    def __str__(self) -> str:
        if self.file is not None:
            return f"file {self.file}"
        return f"${self.env}" if self.env is not None else f"credential {self.credential}"
