"""A source of records, as it stands in ``watcher.yaml``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from watcher.config.value import LocalPaths, Networks, WebAddress
from watcher.core.document import Document
from watcher.core.period import Duration
from watcher.core.secret import SecretReference


class PushSettings(Document):
    """How records may be sent to us."""

    token: SecretReference
    """Where the token is kept that whoever sends must show, as `Authorization: Bearer`."""
    max_bytes: Annotated[int, Field(ge=1_024, le=1 << 30)] = 8 << 20
    """The most bytes at once."""
    per_minute: Annotated[int, Field(ge=1)] = 60
    """The most requests in a minute."""


class SourceSettings(Document):
    """One source of records."""

    kind: str
    """How it is read: acled, ucdp, table, ..."""
    paths: LocalPaths = ()
    """Files, or patterns such as incoming/*.csv: what appears there is read at the next turn."""
    query_offset: Duration | None = None
    """Ignore the newest days, because they are not complete yet; absent: the kind's own."""
    lag: Duration | None = None
    """How long after the event a record is taken as known, where the source gives no time stamp."""
    trust_stamp: bool | None = None
    """Whether the source's time stamps are the times of publication; absent: the kind's own."""
    bad_rows: Annotated[float, Field(ge=0, le=1)] = 0.05
    """A file of which a larger share of rows is unusable is refused whole; up to three bad rows refuse none that has as many
    good ones. 0 refuses each that has any."""
    hold_above: Annotated[float, Field(ge=0, le=1)] = 0.1
    """A file that would revise or delete a larger share of the stored records is held for a person; 1 lets all in."""
    pull: Mapping[str, Any] | None = None
    """Ask for it over the network: what the kind has to be told, such as an account and the countries."""
    every: Duration | None = None
    """How often it is asked, or its paths are looked at; absent: the kind's own, and 1m for paths."""
    cron: str = ""
    """When it is asked instead, in the installation's time zone: '0 7 * * 1-5'."""
    stale_after: Duration | None = None
    """After so long without anything new somebody is told; absent: the kind's own where it is asked, else never."""
    allow_networks: Networks = ()
    """Private networks that it may be asked in: 10.1.0.0/16."""
    proxy: Annotated[WebAddress, Field(repr=False)] = ""
    """The proxy to go through; the environment's proxies are not used."""
    push: PushSettings | None = None
    """Take records for it from a desk's own tools, at `POST /ingest/NAME` of the service."""
    options: Mapping[str, Any] = Field(default_factory=dict)
    """Options of the kind, such as the columns of a table."""

    @model_validator(mode="after")
    def _one_timetable(self) -> Self:
        if self.cron and (self.every is not None or self.pull is None):
            other = "'every', not both" if self.every is not None else "'every': it is for what is asked with 'pull'"
            msg = f"write 'cron' or {other}" if self.every is not None else f"write {other}"
            raise ValueError(msg)
        return self
