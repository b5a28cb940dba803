"""The tables, as a page to read. SQLite and PostgreSQL hold the same ones.

Days are ISO text, moments are UTC milliseconds, flags are 0 or 1. Nothing that happened is ever updated away: record,
fact and baseline versions are closed (``known_to``), transitions and attempts are only added.
Migrations in ``migrations/`` create and change these tables; SCHEMA_REVISION names the newest one.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Connection,
    Dialect,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects import sqlite
from sqlalchemy.types import TypeEngine

#: An open transaction on the store, as everybody outside the store knows it.
Tx = Connection

#: The newest Alembic revision; `check` compares it without importing Alembic.
SCHEMA_REVISION = "0001"
#: "wtch": marks a SQLite file as ours.
APPLICATION_ID = 0x77746368

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Number: TypeEngine[int] = BigInteger().with_variant(sqlite.INTEGER(), "sqlite")
Real: TypeEngine[float] = Double().with_variant(sqlite.REAL(), "sqlite")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


class Day(TypeDecorator[date]):
    """A civil date as ISO text."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: date | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - the base class's signature
        return None if value is None else value.isoformat()

    def process_result_value(self, value: str | None, dialect: Dialect) -> date | None:  # noqa: ARG002 - the base class's signature
        return None if value is None else date.fromisoformat(value)


class Moment(TypeDecorator[datetime]):
    """An aware moment as UTC milliseconds."""

    impl = Number
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002 - the base class's signature
        return None if value is None else to_ms(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - the base class's signature
        return None if value is None else from_ms(value)


def to_ms(moment: datetime) -> int:
    """An aware moment as milliseconds since 1970."""
    return (moment - _EPOCH) // _MILLISECOND


def from_ms(milliseconds: int) -> datetime:
    """Milliseconds since 1970 as an aware moment."""
    return _EPOCH + milliseconds * _MILLISECOND


def one_of(column: str, *values: str) -> CheckConstraint:
    """A named check that a column holds one of these words."""
    words = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} in ({words})", name=column)


def partial(name: str, *columns: str, where: str, unique: bool = False) -> Index:
    """An index over some of the rows.

    PostgreSQL's word for it is added by :func:`speak_postgresql`: said here, it would import that dialect for everybody.
    """
    return Index(name, *columns, unique=unique, sqlite_where=text(where), info={"where": where})


def speak_postgresql() -> None:
    """Tell PostgreSQL's dialect which rows the partial indexes are over, before a store there is made or compared."""
    for each in metadata.tables.values():
        for index in each.indexes:
            if "where" in index.info:
                index.dialect_options["postgresql"]["where"] = text(index.info["where"])


def table(
    name: str,
    *parts: Column[object] | CheckConstraint | ForeignKeyConstraint | Index | PrimaryKeyConstraint | UniqueConstraint,
) -> Table:
    """A table that is STRICT on SQLite, so that a number cannot hold text."""
    return Table(name, metadata, *parts, sqlite_strict=True)


#: Events of which the day is not known: they span days, or are known to the month, the quarter or the year.
IMPRECISE = "date_start < date_end or time_precision > 2"
#: Deliveries that are to be sent, and those that have not ended.
WAITING = "state in ('pending', 'retry')"
UNFINISHED = "state in ('pending', 'retry', 'leased')"

# --- records ----------------------------------------------------------------------------------------------------------

source = table(
    "source",
    Column("name", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("cursor", Text, nullable=False, server_default="", comment="how far it has been read, in its own words"),
    Column("oldest_event", Day, comment="oldest event date of any current record"),
    Column("newest_event", Day, comment="newest event date of any current record"),
    Column(
        "newest_known", Moment, comment="newest knowledge time of any record: a snapshot at or after it needs no search"
    ),
    Column("last_success", Moment, comment="when it was last read to the end"),
    Column("last_failure", Moment),
    Column(
        "failure", Text, nullable=False, server_default="", comment="why it could not be read; empty since it could"
    ),
    Column("failing_since", Moment, comment="when that began; null since it could"),
    Column(
        "needs_person", Integer, nullable=False, server_default="0", comment="1: trying again is of no use by itself"
    ),
    Column("loads", Integer, nullable=False, server_default="0", comment="completed loads; 0 until the first"),
    Column("first_seen", Moment, comment="when it was first read, or tried"),
    Column("newest_change", Moment, comment="when it last brought anything new, revised or deleted"),
    Column("delay_seen", Day, comment="the day up to which its reporting delay was looked at last"),
    Column(
        "delay_moved", Text, nullable=False, server_default="", comment="how the delay has moved; empty: it has not"
    ),
)

pull = table(
    "pull",
    Column("source", Text, ForeignKey("source.name"), primary_key=True),
    Column("due_at", Moment, nullable=False, comment="when it is to be asked next"),
    Column("asked_at", Moment, comment="when it was last asked"),
    Column("failures", Integer, nullable=False, server_default="0", comment="in a row"),
    Column("unknown", Text, nullable=False, server_default="[]", comment="JSON: keys of its rows that nobody knows"),
    Column("lease_token", Text, nullable=False, server_default="", comment="who asks it now"),
    Column("lease_until", Moment),
)

load = table(
    "load",
    Column("id", Integer, primary_key=True),
    Column("source", Text, ForeignKey("source.name"), nullable=False),
    Column("name", Text, nullable=False, comment="file name or '-'"),
    Column("sha256", Text, nullable=False, comment="of the whole file"),
    Column("started_at", Moment, nullable=False),
    Column("finished_at", Moment, comment="null while it is going on, or when it was cut off"),
    Column(
        "rows",
        Integer,
        nullable=False,
        server_default="0",
        comment="rows committed so far: the cursor of a cut-off load",
    ),
    Column("added", Integer, nullable=False, server_default="0"),
    Column("revised", Integer, nullable=False, server_default="0"),
    Column("unchanged", Integer, nullable=False, server_default="0"),
    Column("older", Integer, nullable=False, server_default="0", comment="older than what is stored, so left out"),
    Column("deleted", Integer, nullable=False, server_default="0"),
    Column("quarantined", Integer, nullable=False, server_default="0"),
    Column("path", Text, nullable=False, server_default="", comment="where the file lies, or lay"),
    Column("held_at", Moment, comment="when it was held back for a person"),
    Column("held", Text, nullable=False, server_default="", comment="why"),
    Column("decided_at", Moment, comment="when somebody decided what becomes of it"),
    Column("decided", Text, nullable=False, server_default="", comment="'', released or discarded"),
    Index("ix_load_source_sha256", "source", "sha256"),
    partial("ix_load_held", "source", where="held_at is not null and decided_at is null"),
)

release = table(
    "release",
    Column("source", Text, ForeignKey("source.name"), nullable=False),
    Column("known_from", Moment, nullable=False, comment="a moment at which records became known or were taken back"),
    Column("records", Integer, nullable=False, comment="record versions that began or ceased to count at it"),
    PrimaryKeyConstraint("source", "known_from"),
)

actor = table(
    "actor",
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False, unique=True, comment="as the source writes it"),
    Column("folded", Text, nullable=False, comment="without accents and case, for matching"),
    Column(
        "canonical",
        Text,
        nullable=False,
        server_default="",
        comment="the rules' name for it; refreshed when rules load",
    ),
    Column("ambiguous", Integer, nullable=False, comment="recorded as 'A and/or B'"),
    CheckConstraint("ambiguous in (0, 1)", name="ambiguous"),
    Index("ix_actor_folded", "folded"),
)

event = table(
    "event",
    Column("version", Integer, primary_key=True, comment="record version, ascending in the order of recording"),
    Column("source", Text, ForeignKey("source.name"), nullable=False),
    Column("external_id", Text, nullable=False, comment="the source's own stable key"),
    Column("revision", Integer, nullable=False, comment="1 for the first version of this external id"),
    Column("known_from", Moment, nullable=False),
    Column("known_to", Moment, comment="null: current; else when the next version or the deletion became known"),
    Column("deleted", Integer, nullable=False, server_default="0", comment="closed by a deletion, not by a revision"),
    Column("basis", Text, nullable=False, comment="what known_from rests on"),
    Column("recorded_at", Moment, nullable=False, comment="our own clock"),
    Column("closed_at", Moment, comment="our own clock when known_to was set"),
    Column("closed_after", Integer, comment="id of the newest transition when known_to was set: bounds a replay"),
    Column("stamp", Moment, comment="the source's own stamp"),
    Column("content_hash", Text, nullable=False, comment="over the material fields"),
    Column("date_start", Day, nullable=False),
    Column("date_end", Day, nullable=False),
    Column("time_precision", Integer, nullable=False),
    Column("iso3", Text, nullable=False),
    Column("country", Text, nullable=False),
    Column("admin1", Text, nullable=False),
    Column("admin2", Text, nullable=False),
    Column("admin3", Text, nullable=False),
    Column("location", Text, nullable=False),
    Column("latitude", Real),
    Column("longitude", Real),
    Column("geo_precision", Integer),
    Column("disorder_type", Text, nullable=False),
    Column("event_type", Text, nullable=False),
    Column("sub_event_type", Text, nullable=False),
    Column("fatalities", Integer, comment="null: not reported, which is not zero"),
    Column("fatalities_low", Integer),
    Column("fatalities_high", Integer),
    Column("incidents", Integer, comment="how many incidents an aggregate speaks of; null: a single one"),
    Column("civilian_targeting", Integer),
    Column("publishers", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("notes", Text, nullable=False),
    Column("tags", Text, nullable=False),
    UniqueConstraint("source", "external_id", "revision"),
    one_of("basis", "stamp", "lag", "load"),
    CheckConstraint("known_to is null or known_to >= known_from", name="known_order"),
    # Current reads: ingest looks up what it is about to replace.
    partial("ix_event_current", "source", "external_id", unique=True, where="known_to is null"),
    # Building a scope and listing records by country and day.
    Index("ix_event_iso3_date_end", "iso3", "date_end"),
    Index("ix_event_date_end", "date_end"),
    # Whether all knowledge times of a source are stamps, without reading its history.
    partial("ix_event_unstamped", "source", "basis", where="basis <> 'stamp'"),
    # What of them belongs to a period whose edge their days cross.
    partial("ix_event_imprecise", "date_end", "date_start", "time_precision", where=IMPRECISE),
)

former_side = table(
    "former_side",
    Column("id", Integer, primary_key=True),
    Column("event", Integer, ForeignKey("event.version"), nullable=False),
    Column("after", Integer, nullable=False, comment="id of the newest transition when it was written over"),
    Column("country", Text, nullable=False, comment="these are what makes no new version, as they read until then"),
    Column("civilian_targeting", Integer),
    Column("publishers", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("notes", Text, nullable=False),
    Column("tags", Text, nullable=False),
    Index("ix_former_side_event", "event"),
)

event_actor = table(
    "event_actor",
    Column("event", Integer, ForeignKey("event.version"), nullable=False),
    Column("position", Integer, nullable=False, comment="order in the source's row"),
    Column("role", Text, nullable=False),
    Column("actor", Integer, ForeignKey("actor.id"), nullable=False),
    PrimaryKeyConstraint("event", "position"),
    one_of("role", "a", "b", "with_a", "with_b"),
    Index("ix_event_actor_actor", "actor"),
)

quarantine = table(
    "quarantine",
    Column("id", Integer, primary_key=True),
    Column("source", Text, ForeignKey("source.name"), nullable=False),
    Column("load", Integer, ForeignKey("load.id"), nullable=False),
    Column("row", Integer, nullable=False),
    Column("line", Integer, nullable=False),
    Column("column", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("raw", Text, nullable=False),
    Column(
        "header",
        Text,
        nullable=False,
        server_default="",
        comment="the header line it stood under, so that it can be tried again",
    ),
    Column("at", Moment, nullable=False),
    Column("released_at", Moment, comment="when a retry read it, or it was dismissed"),
    Column("released_how", Text, nullable=False, server_default="", comment="retried, dismissed"),
    Index("ix_quarantine_source", "source"),
)

# --- series: an append-only ledger of the scopes that live rules name ----------------------------------------------------

scope = table(
    "scope",
    Column("id", Integer, primary_key=True),
    Column("key", Text, nullable=False, unique=True, comment="Indicator.scope_key"),
    Column("built_at", Moment, nullable=False),
)

series = table(
    "series",
    Column("scope", Integer, ForeignKey("scope.id", ondelete="CASCADE"), nullable=False),
    Column("group", Text, nullable=False, comment="the group's labels as JSON, sorted; '[]' without by"),
    Column("source", Text, nullable=False),
    Column("day", Day, nullable=False, comment="event day"),
    Column("known_from", Moment, nullable=False, comment="from when the change below was known"),
    Column("version", Integer, nullable=False, comment="newest record version in it: bounds a replay"),
    Column("events", Integer, nullable=False, comment="change in the number of events"),
    Column("valued", Integer, nullable=False, comment="change in the number of events with a value"),
    Column("total", Number, nullable=False, comment="change in the sum"),
    Column("squares", Number, nullable=False, comment="change in the sum of squares"),
    Index("ix_series_scope_group_day", "scope", "group", "day"),
)

# --- facts and stated baselines ----------------------------------------------------------------------------------------

fact = table(
    "fact",
    Column("version", Integer, primary_key=True),
    Column("source", Text, nullable=False, comment="'desk', or 'file:' and the file it stands in"),
    Column("state", Text, nullable=False),
    Column("key", Text, nullable=False, comment="JSON list"),
    Column("since", Text, nullable=False, comment="as written: with state and key, its identity"),
    Column("known_from", Moment, nullable=False),
    Column("known_to", Moment),
    Column("basis", Text, nullable=False),
    Column("recorded_at", Moment, nullable=False),
    Column("closed_at", Moment),
    Column("recorded_after", Integer, nullable=False, comment="id of the newest transition then: bounds a replay"),
    Column("closed_after", Integer, comment="the same of known_to"),
    Column("body", Text, nullable=False, comment="the fact as JSON"),
    one_of("basis", "stamp", "lag", "load"),
    Index("ix_fact_state", "state"),
    partial("ix_fact_current", "source", "state", "key", "since", unique=True, where="known_to is null"),
)

citation = table(
    "citation",
    Column("name", Text, primary_key=True),
    Column("body", Text, nullable=False, comment="the citation as JSON"),
    Column("recorded_at", Moment, nullable=False),
)

baseline = table(
    "baseline",
    Column("version", Integer, primary_key=True),
    Column("source", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("known_from", Moment, nullable=False),
    Column("known_to", Moment),
    Column("basis", Text, nullable=False),
    Column("recorded_at", Moment, nullable=False),
    Column("closed_at", Moment),
    Column("recorded_after", Integer, nullable=False, comment="id of the newest transition then: bounds a replay"),
    Column("closed_after", Integer, comment="the same of known_to"),
    Column("body", Text, nullable=False, comment="the baseline as JSON"),
    one_of("basis", "stamp", "lag", "load"),
    partial("ix_baseline_current", "name", unique=True, where="known_to is null"),
)

# --- rules and alerts --------------------------------------------------------------------------------------------------

rule_state = table(
    "rule_state",
    Column("rule", Text, primary_key=True, comment="the rule's identity"),
    Column("rule_hash", Text, nullable=False),
    Column("activated_at", Moment, comment="tick at which it could first be judged; null until then"),
    Column("last_tick", Moment, nullable=False, comment="last tick it was evaluated at"),
    Column("problem", Text, nullable=False, server_default="", comment="why it could not be judged at the last tick"),
    Column(
        "held_back",
        Integer,
        nullable=False,
        server_default="0",
        comment="alerts held back at it: over the rule's limit",
    ),
    Column(
        "further",
        Text,
        nullable=False,
        server_default="[]",
        comment="JSON: the series for which the condition held at it and that 'across: top' left untold",
    ),
)

rule_set = table(
    "rule_set",
    Column("id", Integer, primary_key=True),
    Column("content_hash", Text, nullable=False, comment="over every rule file"),
    Column("in_force_from", Moment, nullable=False),
    Column("entries", Text, nullable=False, comment="JSON: by 'rule <identity>', 'indicator <name>', ... a rule_text"),
)

rule_text = table(
    "rule_text",
    Column("hash", Text, primary_key=True, comment="over the body"),
    Column("body", Text, nullable=False, comment="JSON: one rule, indicator, state, ..."),
)

dirty = table(
    "dirty",
    Column("what", Text, primary_key=True, comment="'records:<source>', 'facts', 'baselines' or 'rules'"),
    Column("since", Moment, nullable=False, comment="least knowledge time of what changed since the last evaluation"),
)

alert = table(
    "alert",
    Column("fingerprint", Text, primary_key=True),
    Column("rule", Text, nullable=False),
    Column("group", Text, nullable=False, comment="labels as JSON"),
    Column("state", Text, nullable=False),
    Column("severity", Text, nullable=False),
    Column("worst", Text, nullable=False, comment="worst severity of the episode"),
    Column("episode", Integer, nullable=False),
    Column("seq", Integer, nullable=False, comment="number of its last transition"),
    Column("active_at", Moment),
    Column("fired_at", Moment),
    Column("ceased_at", Moment),
    Column("ended_at", Moment),
    Column("fired_watermark", Day),
    Column("period", Day, comment="first day of the calendar period the episode speaks of"),
    Column("occurrence", Text, nullable=False, server_default="", comment="event-like alerts: which occurrence"),
    Column("known_at", Moment, comment="when that occurrence became known"),
    Column("told", Integer, nullable=False, server_default="0"),
    one_of("state", "inactive", "pending", "firing", "recovering", "resolved", "retracted", "expired"),
    one_of("severity", "info", "warning", "critical"),
    Index("ix_alert_rule", "rule"),
)

transition = table(
    "transition",
    Column("id", Integer, primary_key=True),
    Column("fingerprint", Text, ForeignKey("alert.fingerprint"), nullable=False),
    Column("seq", Integer, nullable=False),
    Column("episode", Integer, nullable=False),
    Column("rule", Text, nullable=False),
    Column("group", Text, nullable=False),
    Column("before", Text, nullable=False),
    Column("after", Text, nullable=False),
    Column("severity", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("tick", Moment, nullable=False, comment="what was known at this moment is what it was judged by"),
    Column("watermark", Day),
    Column("rule_hash", Text, nullable=False),
    Column("notify", Integer, nullable=False),
    Column("newest_version", Integer, nullable=False, comment="newest record version at that moment: bounds a replay"),
    Column("rule_set", Integer, ForeignKey("rule_set.id"), comment="in force then; null before there was any"),
    Column("body", Text, nullable=False, comment="values and evidence as JSON"),
    Column("recorded_at", Moment, nullable=False),
    UniqueConstraint("fingerprint", "seq"),
)

# --- what people say about alerts ----------------------------------------------------------------------------------------

acknowledgement = table(
    "acknowledgement",
    Column("id", Integer, primary_key=True, comment="of several about one alert the last counts; none is ever edited"),
    Column("fingerprint", Text, ForeignKey("alert.fingerprint"), nullable=False),
    Column("episode", Integer, nullable=False),
    Column("severity", Text, nullable=False, comment="the worst of the episode at that moment: a worse one is told"),
    Column("at", Moment, nullable=False),
    Column("until", Moment, comment="null: until the episode ends"),
    Column("author", Text, nullable=False),
    Column("note", Text, nullable=False, server_default=""),
    one_of("severity", "info", "warning", "critical"),
    Index("ix_acknowledgement_fingerprint", "fingerprint"),
)

verdict = table(
    "verdict",
    Column("id", Integer, primary_key=True, comment="of several on one episode the last counts; none is ever edited"),
    Column("fingerprint", Text, ForeignKey("alert.fingerprint"), nullable=False),
    Column("episode", Integer, nullable=False),
    Column("rule", Text, nullable=False),
    Column("word", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Column("author", Text, nullable=False),
    Column("note", Text, nullable=False, server_default=""),
    one_of("word", "true", "false", "unclear"),
    Index("ix_verdict_fingerprint", "fingerprint"),
    Index("ix_verdict_rule", "rule"),
)

link_use = table(
    "link_use",
    Column("nonce", Text, primary_key=True, comment="of a link in a message: it works once"),
    Column("action", Text, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Column("author", Text, nullable=False),
    one_of("action", "ack", "mute"),
)

# --- what waits to be told ----------------------------------------------------------------------------------------------

silence = table(
    "silence",
    Column("id", Integer, primary_key=True),
    Column("matchers", Text, nullable=False, comment="JSON list of tests of labels"),
    Column("starts_at", Moment, nullable=False),
    Column("ends_at", Moment, comment="null: until somebody ends it"),
    Column("during", Text, nullable=False, server_default="", comment="the time interval it is confined to"),
    Column("author", Text, nullable=False),
    Column("comment", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("expired_at", Moment, comment="when somebody ended it before its time"),
    Column("expired_by", Text, nullable=False, server_default=""),
    CheckConstraint("ends_at is null or ends_at >= starts_at", name="order"),
)

waiting_item = table(
    "waiting_item",
    Column("endpoint", Text, nullable=False, comment="receiver, channel and position: desk/webhook/1"),
    Column("fingerprint", Text, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("episode", Integer, nullable=False),
    Column("group_key", Text, nullable=False),
    Column("timing", Text, nullable=False, comment="JSON: the labels of the group, and the times of its route"),
    Column("body", Text, nullable=False, comment="JSON: what a message says of it, beside the transition"),
    Column("added_at", Moment, nullable=False),
    Column("look_at", Moment, comment="what a silence or an inhibition holds: when to look again"),
    Column("why", Text, nullable=False, server_default="", comment="why it waits, or was not told"),
    Column("dropped_at", Moment, comment="when it was decided that nobody is told; null: it waits"),
    PrimaryKeyConstraint("endpoint", "fingerprint", "seq"),
    ForeignKeyConstraint(["fingerprint", "seq"], ["transition.fingerprint", "transition.seq"]),
    # What is to be told: few rows, looked at in every turn. What is told leaves the table.
    partial("ix_waiting_item_open", "endpoint", "group_key", where="dropped_at is null"),
)

# --- the outbox --------------------------------------------------------------------------------------------------------

message = table(
    "message",
    Column(
        "id", Text, primary_key=True, comment="derived from endpoint, group and items: the receiver's idempotency key"
    ),
    Column(
        "key", Text, nullable=False, comment="what receivers know it by: its id, or that of the one it stands in for"
    ),
    Column("number", Integer, nullable=False, unique=True, comment="order of creation"),
    Column("endpoint", Text, nullable=False, comment="receiver, channel and position: desk/webhook/1"),
    Column("group_key", Text, nullable=False),
    Column(
        "reason",
        Text,
        nullable=False,
        comment="why we speak: first, new_alerts, some_resolved, all_resolved, repeat, ...",
    ),
    Column("status", Text, nullable=False),
    Column("subject", Text, nullable=False, comment="one line, for lists and logs"),
    Column("content_type", Text, nullable=False),
    Column("body", LargeBinary, nullable=False, comment="the bytes that are sent, the same at every attempt"),
    Column("body_sha256", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column(
        "withdrawn_at", Moment, comment="when it was taken back before anybody was sent it: what it told waits again"
    ),
    one_of("status", "firing", "resolved", "test"),
    Index("ix_message_endpoint_group_key", "endpoint", "group_key"),
    # What stands in for another message: few rows.
    partial("ix_message_stand_in", "key", where="key <> id"),
)

message_item = table(
    "message_item",
    Column("message", Text, ForeignKey("message.id"), nullable=False),
    Column("endpoint", Text, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("seq", Integer, nullable=False, comment="0 for a reminder, which is no transition"),
    PrimaryKeyConstraint("message", "fingerprint", "seq"),
    partial("uq_message_item_once", "endpoint", "fingerprint", "seq", unique=True, where="seq > 0"),
    # Whether an earlier message about the same alert waits; reminders count.
    Index("ix_message_item_endpoint_fingerprint", "endpoint", "fingerprint"),
)

#: From which state a delivery may go to which: a foreign key of ``delivery`` refuses everything else.
EDGES = (
    ("", "pending"),
    ("pending", "leased"),
    ("retry", "leased"),
    ("leased", "delivered"),
    ("leased", "retry"),
    ("leased", "dead"),
    ("pending", "dead"),
    ("retry", "dead"),
    ("pending", "cancelled"),
    ("retry", "cancelled"),
    ("dead", "pending"),
    ("cancelled", "pending"),
    ("pending", "delivered"),
    ("retry", "delivered"),
    ("dead", "delivered"),
    ("cancelled", "delivered"),
)

delivery_edge = table(
    "delivery_edge",
    Column("previous", Text, nullable=False),
    Column("state", Text, nullable=False),
    PrimaryKeyConstraint("previous", "state"),
)

delivery = table(
    "delivery",
    Column("id", Text, primary_key=True, comment="derived from message and recipient"),
    Column("message", Text, ForeignKey("message.id"), nullable=False),
    Column("number", Integer, nullable=False, comment="the message's number: order per group and recipient"),
    Column("endpoint", Text, nullable=False),
    Column("group_key", Text, nullable=False),
    Column(
        "recipient", Text, nullable=False, comment="mail address; empty for a webhook. Never a URL: it may be a secret"
    ),
    Column("previous", Text, nullable=False, server_default=""),
    Column("state", Text, nullable=False, server_default="pending"),
    Column("reason", Text, nullable=False, server_default="", comment="why it is dead, cancelled or tried again"),
    Column("due_at", Moment, nullable=False),
    Column("attempt", Integer, nullable=False, server_default="0"),
    Column("replays", Integer, nullable=False, server_default="0"),
    Column("lease_token", Text, nullable=False, server_default=""),
    Column("lease_until", Moment),
    Column("queued_at", Moment, nullable=False, comment="age counts from here; a replay starts it anew"),
    Column("cancel_requested", Text, nullable=False, server_default="", comment="why it is not to be tried again"),
    Column("delivered_at", Moment),
    UniqueConstraint("message", "recipient"),
    ForeignKeyConstraint(["previous", "state"], ["delivery_edge.previous", "delivery_edge.state"]),
    Index("ix_delivery_state_due_at", "state", "due_at"),
    # The newest of one endpoint.
    Index("ix_delivery_endpoint_number", "endpoint", "number"),
    # What a claim looks at, however much has been told: the longest due, and whether an earlier one of its line waits.
    partial("ix_delivery_waiting", "endpoint", "due_at", "number", "recipient", where=WAITING),
    partial("ix_delivery_order", "endpoint", "group_key", "recipient", "number", where=UNFINISHED),
)

attempt = table(
    "attempt",
    Column("delivery", Text, ForeignKey("delivery.id"), nullable=False),
    Column("n", Integer, nullable=False),
    Column("started_at", Moment, nullable=False),
    Column("ended_at", Moment),
    Column("outcome", Text, comment="null: the process died while it was on the wire"),
    Column("code", Text, nullable=False, server_default=""),
    Column("detail", Text, nullable=False, server_default="", comment="at most 160 characters, without secrets"),
    Column("boot", Text, nullable=False, comment="which process tried"),
    PrimaryKeyConstraint("delivery", "n"),
)

endpoint_state = table(
    "endpoint_state",
    Column("endpoint", Text, primary_key=True),
    Column("not_before", Moment, comment="Retry-After, or an open breaker"),
    Column("fail_since", Moment),
    Column("failures", Integer, nullable=False, server_default="0", comment="consecutive"),
    Column(
        "fault",
        Text,
        nullable=False,
        server_default="",
        comment="config: a person must change something; until it is told",
    ),
    Column(
        "disabled",
        Text,
        nullable=False,
        server_default="",
        comment="why nothing is sent there any more; empty: enabled",
    ),
)

standby = table(
    "standby",
    Column("message", Text, ForeignKey("message.id"), nullable=False, comment="what it stands by for"),
    Column("endpoint", Text, nullable=False, comment="of the receiver to fall back on"),
    Column("recipients", Text, nullable=False, comment="JSON list"),
    Column("due_at", Moment, nullable=False, comment="when it goes out, if the message has not been told by then"),
    Column("subject", Text, nullable=False),
    Column("content_type", Text, nullable=False),
    Column("body", LargeBinary, nullable=False, comment="rendered for this endpoint when the message was"),
    PrimaryKeyConstraint("message", "endpoint"),
    Index("ix_standby_due_at", "due_at"),
)

# --- runs --------------------------------------------------------------------------------------------------------------

run = table(
    "run",
    Column("id", Integer, primary_key=True),
    Column("door", Text, nullable=False, comment="check, daemon, demo, ..."),
    Column("started_at", Moment, nullable=False),
    Column("finished_at", Moment),
    Column("exit_code", Integer),
    Column("summary", Text, nullable=False, server_default="", comment="counts as JSON"),
)

house = table(
    "house",
    Column("name", Text, primary_key=True, comment="epoch"),
    Column("value", Text, nullable=False),
)

__all__ = [name for name, value in list(globals().items()) if isinstance(value, Table)]
