"""The first tables.

They are written out: a migration must not change when schema.py does.
There is no way down: the backup that is taken before a migration is.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import sqlite

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

APPLICATION_ID = 0x77746368
BIG = sa.BigInteger().with_variant(sqlite.INTEGER(), "sqlite")
REAL: sa.types.TypeEngine[float] = sa.Double().with_variant(sqlite.REAL(), "sqlite")

#: From which state a delivery may go to which.
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


def upgrade() -> None:
    for create in TABLES:
        create()
    edge = sa.table("delivery_edge", sa.column("previous"), sa.column("state"))
    op.bulk_insert(edge, [{"previous": previous, "state": state} for previous, state in EDGES])
    if op.get_bind().dialect.name == "sqlite":
        op.execute(f"PRAGMA application_id = {APPLICATION_ID}")


def _source() -> None:
    op.create_table(
        "source",
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("cursor", sa.Text, nullable=False, server_default=""),
        sa.Column("oldest_event", sa.Text),
        sa.Column("newest_event", sa.Text),
        sa.Column("newest_known", BIG),
        sa.Column("last_success", BIG),
        sa.Column("last_failure", BIG),
        sa.Column("failure", sa.Text, nullable=False, server_default=""),
        sa.Column("failing_since", BIG),
        sa.Column("needs_person", sa.Integer, nullable=False, server_default="0"),
        sa.Column("loads", sa.Integer, nullable=False, server_default="0"),
        sa.Column("first_seen", BIG),
        sa.Column("newest_change", BIG),
        sa.Column("delay_seen", sa.Text),
        sa.Column("delay_moved", sa.Text, nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_source")),
        sqlite_strict=True,
    )


def _pull() -> None:
    op.create_table(
        "pull",
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("due_at", BIG, nullable=False),
        sa.Column("asked_at", BIG),
        sa.Column("failures", sa.Integer, nullable=False, server_default="0"),
        sa.Column("unknown", sa.Text, nullable=False, server_default="[]"),
        sa.Column("lease_token", sa.Text, nullable=False, server_default=""),
        sa.Column("lease_until", BIG),
        sa.PrimaryKeyConstraint("source", name=op.f("pk_pull")),
        sa.ForeignKeyConstraint(["source"], ["source.name"], name=op.f("fk_pull_source")),
        sqlite_strict=True,
    )


def _load() -> None:
    op.create_table(
        "load",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("started_at", BIG, nullable=False),
        sa.Column("finished_at", BIG),
        sa.Column("rows", sa.Integer, nullable=False, server_default="0"),
        sa.Column("added", sa.Integer, nullable=False, server_default="0"),
        sa.Column("revised", sa.Integer, nullable=False, server_default="0"),
        sa.Column("unchanged", sa.Integer, nullable=False, server_default="0"),
        sa.Column("older", sa.Integer, nullable=False, server_default="0"),
        sa.Column("deleted", sa.Integer, nullable=False, server_default="0"),
        sa.Column("quarantined", sa.Integer, nullable=False, server_default="0"),
        sa.Column("path", sa.Text, nullable=False, server_default=""),
        sa.Column("held_at", BIG),
        sa.Column("held", sa.Text, nullable=False, server_default=""),
        sa.Column("decided_at", BIG),
        sa.Column("decided", sa.Text, nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_load")),
        sa.ForeignKeyConstraint(["source"], ["source.name"], name=op.f("fk_load_source")),
        sqlite_strict=True,
    )
    op.create_index("ix_load_source_sha256", "load", ["source", "sha256"])
    op.create_index(
        "ix_load_held",
        "load",
        ["source"],
        sqlite_where=sa.text("held_at is not null and decided_at is null"),
        postgresql_where=sa.text("held_at is not null and decided_at is null"),
    )


def _release() -> None:
    op.create_table(
        "release",
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("known_from", BIG, nullable=False),
        sa.Column("records", sa.Integer, nullable=False),
        sa.ForeignKeyConstraint(["source"], ["source.name"], name=op.f("fk_release_source")),
        sa.PrimaryKeyConstraint("source", "known_from", name=op.f("pk_release")),
        sqlite_strict=True,
    )


def _actor() -> None:
    op.create_table(
        "actor",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("folded", sa.Text, nullable=False),
        sa.Column("canonical", sa.Text, nullable=False, server_default=""),
        sa.Column("ambiguous", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_actor")),
        sa.CheckConstraint("ambiguous in (0, 1)", name=op.f("ck_actor_ambiguous")),
        sa.UniqueConstraint("name", name=op.f("uq_actor_name")),
        sqlite_strict=True,
    )
    op.create_index("ix_actor_folded", "actor", ["folded"])


def _event() -> None:
    op.create_table(
        "event",
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("external_id", sa.Text, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("known_from", BIG, nullable=False),
        sa.Column("known_to", BIG),
        sa.Column("deleted", sa.Integer, nullable=False, server_default="0"),
        sa.Column("basis", sa.Text, nullable=False),
        sa.Column("recorded_at", BIG, nullable=False),
        sa.Column("closed_at", BIG),
        sa.Column("closed_after", sa.Integer),
        sa.Column("stamp", BIG),
        sa.Column("content_hash", sa.Text, nullable=False),
        sa.Column("date_start", sa.Text, nullable=False),
        sa.Column("date_end", sa.Text, nullable=False),
        sa.Column("time_precision", sa.Integer, nullable=False),
        sa.Column("iso3", sa.Text, nullable=False),
        sa.Column("country", sa.Text, nullable=False),
        sa.Column("admin1", sa.Text, nullable=False),
        sa.Column("admin2", sa.Text, nullable=False),
        sa.Column("admin3", sa.Text, nullable=False),
        sa.Column("location", sa.Text, nullable=False),
        sa.Column("latitude", REAL),
        sa.Column("longitude", REAL),
        sa.Column("geo_precision", sa.Integer),
        sa.Column("disorder_type", sa.Text, nullable=False),
        sa.Column("event_type", sa.Text, nullable=False),
        sa.Column("sub_event_type", sa.Text, nullable=False),
        sa.Column("fatalities", sa.Integer),
        sa.Column("fatalities_low", sa.Integer),
        sa.Column("fatalities_high", sa.Integer),
        sa.Column("incidents", sa.Integer),
        sa.Column("civilian_targeting", sa.Integer),
        sa.Column("publishers", sa.Text, nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("notes", sa.Text, nullable=False),
        sa.Column("tags", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_event")),
        sa.CheckConstraint("basis in ('stamp', 'lag', 'load')", name=op.f("ck_event_basis")),
        sa.CheckConstraint("known_to is null or known_to >= known_from", name=op.f("ck_event_known_order")),
        sa.ForeignKeyConstraint(["source"], ["source.name"], name=op.f("fk_event_source")),
        sa.UniqueConstraint("source", "external_id", "revision", name=op.f("uq_event_source_external_id_revision")),
        sqlite_strict=True,
    )
    op.create_index(
        "ix_event_current",
        "event",
        ["source", "external_id"],
        unique=True,
        sqlite_where=sa.text("known_to is null"),
        postgresql_where=sa.text("known_to is null"),
    )
    op.create_index("ix_event_date_end", "event", ["date_end"])
    op.create_index("ix_event_iso3_date_end", "event", ["iso3", "date_end"])
    op.create_index(
        "ix_event_unstamped",
        "event",
        ["source", "basis"],
        sqlite_where=sa.text("basis <> 'stamp'"),
        postgresql_where=sa.text("basis <> 'stamp'"),
    )
    op.create_index(
        "ix_event_imprecise",
        "event",
        ["date_end", "date_start", "time_precision"],
        sqlite_where=sa.text("date_start < date_end or time_precision > 2"),
        postgresql_where=sa.text("date_start < date_end or time_precision > 2"),
    )


def _former_side() -> None:
    op.create_table(
        "former_side",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("event", sa.Integer, nullable=False),
        sa.Column("after", sa.Integer, nullable=False),
        sa.Column("country", sa.Text, nullable=False),
        sa.Column("civilian_targeting", sa.Integer),
        sa.Column("publishers", sa.Text, nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("notes", sa.Text, nullable=False),
        sa.Column("tags", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_former_side")),
        sa.ForeignKeyConstraint(["event"], ["event.version"], name=op.f("fk_former_side_event")),
        sqlite_strict=True,
    )
    op.create_index("ix_former_side_event", "former_side", ["event"])


def _event_actor() -> None:
    op.create_table(
        "event_actor",
        sa.Column("event", sa.Integer, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("actor", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("event", "position", name=op.f("pk_event_actor")),
        sa.CheckConstraint("role in ('a', 'b', 'with_a', 'with_b')", name=op.f("ck_event_actor_role")),
        sa.ForeignKeyConstraint(["actor"], ["actor.id"], name=op.f("fk_event_actor_actor")),
        sa.ForeignKeyConstraint(["event"], ["event.version"], name=op.f("fk_event_actor_event")),
        sqlite_strict=True,
    )
    op.create_index("ix_event_actor_actor", "event_actor", ["actor"])


def _quarantine() -> None:
    op.create_table(
        "quarantine",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("load", sa.Integer, nullable=False),
        sa.Column("row", sa.Integer, nullable=False),
        sa.Column("line", sa.Integer, nullable=False),
        sa.Column("column", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("raw", sa.Text, nullable=False),
        sa.Column("header", sa.Text, nullable=False, server_default=""),
        sa.Column("at", BIG, nullable=False),
        sa.Column("released_at", BIG),
        sa.Column("released_how", sa.Text, nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quarantine")),
        sa.ForeignKeyConstraint(["load"], ["load.id"], name=op.f("fk_quarantine_load")),
        sa.ForeignKeyConstraint(["source"], ["source.name"], name=op.f("fk_quarantine_source")),
        sqlite_strict=True,
    )
    op.create_index("ix_quarantine_source", "quarantine", ["source"])


def _scope() -> None:
    op.create_table(
        "scope",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("built_at", BIG, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scope")),
        sa.UniqueConstraint("key", name=op.f("uq_scope_key")),
        sqlite_strict=True,
    )


def _series() -> None:
    op.create_table(
        "series",
        sa.Column("scope", sa.Integer, nullable=False),
        sa.Column("group", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("day", sa.Text, nullable=False),
        sa.Column("known_from", BIG, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("events", sa.Integer, nullable=False),
        sa.Column("valued", sa.Integer, nullable=False),
        sa.Column("total", BIG, nullable=False),
        sa.Column("squares", BIG, nullable=False),
        sa.ForeignKeyConstraint(["scope"], ["scope.id"], ondelete="CASCADE", name=op.f("fk_series_scope")),
        sqlite_strict=True,
    )
    op.create_index("ix_series_scope_group_day", "series", ["scope", "group", "day"])


def _fact() -> None:
    op.create_table(
        "fact",
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("since", sa.Text, nullable=False),
        sa.Column("known_from", BIG, nullable=False),
        sa.Column("known_to", BIG),
        sa.Column("basis", sa.Text, nullable=False),
        sa.Column("recorded_at", BIG, nullable=False),
        sa.Column("closed_at", BIG),
        sa.Column("recorded_after", sa.Integer, nullable=False),
        sa.Column("closed_after", sa.Integer),
        sa.Column("body", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_fact")),
        sa.CheckConstraint("basis in ('stamp', 'lag', 'load')", name=op.f("ck_fact_basis")),
        sqlite_strict=True,
    )
    op.create_index(
        "ix_fact_current",
        "fact",
        ["source", "state", "key", "since"],
        unique=True,
        sqlite_where=sa.text("known_to is null"),
        postgresql_where=sa.text("known_to is null"),
    )
    op.create_index("ix_fact_state", "fact", ["state"])


def _citation() -> None:
    op.create_table(
        "citation",
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("recorded_at", BIG, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_citation")),
        sqlite_strict=True,
    )


def _baseline() -> None:
    op.create_table(
        "baseline",
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("known_from", BIG, nullable=False),
        sa.Column("known_to", BIG),
        sa.Column("basis", sa.Text, nullable=False),
        sa.Column("recorded_at", BIG, nullable=False),
        sa.Column("closed_at", BIG),
        sa.Column("recorded_after", sa.Integer, nullable=False),
        sa.Column("closed_after", sa.Integer),
        sa.Column("body", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_baseline")),
        sa.CheckConstraint("basis in ('stamp', 'lag', 'load')", name=op.f("ck_baseline_basis")),
        sqlite_strict=True,
    )
    op.create_index(
        "ix_baseline_current",
        "baseline",
        ["name"],
        unique=True,
        sqlite_where=sa.text("known_to is null"),
        postgresql_where=sa.text("known_to is null"),
    )


def _rule_state() -> None:
    op.create_table(
        "rule_state",
        sa.Column("rule", sa.Text, nullable=False),
        sa.Column("rule_hash", sa.Text, nullable=False),
        sa.Column("activated_at", BIG),
        sa.Column("last_tick", BIG, nullable=False),
        sa.Column("problem", sa.Text, nullable=False, server_default=""),
        sa.Column("held_back", sa.Integer, nullable=False, server_default="0"),
        sa.Column("further", sa.Text, nullable=False, server_default="[]"),
        sa.PrimaryKeyConstraint("rule", name=op.f("pk_rule_state")),
        sqlite_strict=True,
    )


def _rule_set() -> None:
    op.create_table(
        "rule_set",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("content_hash", sa.Text, nullable=False),
        sa.Column("in_force_from", BIG, nullable=False),
        sa.Column("entries", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rule_set")),
        sqlite_strict=True,
    )


def _rule_text() -> None:
    op.create_table(
        "rule_text",
        sa.Column("hash", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_rule_text")),
        sqlite_strict=True,
    )


def _dirty() -> None:
    op.create_table(
        "dirty",
        sa.Column("what", sa.Text, nullable=False),
        sa.Column("since", BIG, nullable=False),
        sa.PrimaryKeyConstraint("what", name=op.f("pk_dirty")),
        sqlite_strict=True,
    )


def _alert() -> None:
    op.create_table(
        "alert",
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("rule", sa.Text, nullable=False),
        sa.Column("group", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("severity", sa.Text, nullable=False),
        sa.Column("worst", sa.Text, nullable=False),
        sa.Column("episode", sa.Integer, nullable=False),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("active_at", BIG),
        sa.Column("fired_at", BIG),
        sa.Column("ceased_at", BIG),
        sa.Column("ended_at", BIG),
        sa.Column("fired_watermark", sa.Text),
        sa.Column("period", sa.Text),
        sa.Column("occurrence", sa.Text, nullable=False, server_default=""),
        sa.Column("known_at", BIG),
        sa.Column("told", sa.Integer, nullable=False, server_default="0"),
        sa.PrimaryKeyConstraint("fingerprint", name=op.f("pk_alert")),
        sa.CheckConstraint("severity in ('info', 'warning', 'critical')", name=op.f("ck_alert_severity")),
        sa.CheckConstraint(
            "state in ('inactive', 'pending', 'firing', 'recovering', 'resolved', 'retracted', 'expired')",
            name=op.f("ck_alert_state"),
        ),
        sqlite_strict=True,
    )
    op.create_index("ix_alert_rule", "alert", ["rule"])


def _transition() -> None:
    op.create_table(
        "transition",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("episode", sa.Integer, nullable=False),
        sa.Column("rule", sa.Text, nullable=False),
        sa.Column("group", sa.Text, nullable=False),
        sa.Column("before", sa.Text, nullable=False),
        sa.Column("after", sa.Text, nullable=False),
        sa.Column("severity", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("tick", BIG, nullable=False),
        sa.Column("watermark", sa.Text),
        sa.Column("rule_hash", sa.Text, nullable=False),
        sa.Column("notify", sa.Integer, nullable=False),
        sa.Column("newest_version", sa.Integer, nullable=False),
        sa.Column("rule_set", sa.Integer),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("recorded_at", BIG, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transition")),
        sa.ForeignKeyConstraint(["fingerprint"], ["alert.fingerprint"], name=op.f("fk_transition_fingerprint")),
        sa.ForeignKeyConstraint(["rule_set"], ["rule_set.id"], name=op.f("fk_transition_rule_set")),
        sa.UniqueConstraint("fingerprint", "seq", name=op.f("uq_transition_fingerprint_seq")),
        sqlite_strict=True,
    )


def _acknowledgement() -> None:
    op.create_table(
        "acknowledgement",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("episode", sa.Integer, nullable=False),
        sa.Column("severity", sa.Text, nullable=False),
        sa.Column("at", BIG, nullable=False),
        sa.Column("until", BIG),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("note", sa.Text, nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_acknowledgement")),
        sa.ForeignKeyConstraint(["fingerprint"], ["alert.fingerprint"], name=op.f("fk_acknowledgement_fingerprint")),
        sa.CheckConstraint("severity in ('info', 'warning', 'critical')", name=op.f("ck_acknowledgement_severity")),
        sqlite_strict=True,
    )
    op.create_index("ix_acknowledgement_fingerprint", "acknowledgement", ["fingerprint"])


def _verdict() -> None:
    op.create_table(
        "verdict",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("episode", sa.Integer, nullable=False),
        sa.Column("rule", sa.Text, nullable=False),
        sa.Column("word", sa.Text, nullable=False),
        sa.Column("at", BIG, nullable=False),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("note", sa.Text, nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_verdict")),
        sa.ForeignKeyConstraint(["fingerprint"], ["alert.fingerprint"], name=op.f("fk_verdict_fingerprint")),
        sa.CheckConstraint("word in ('true', 'false', 'unclear')", name=op.f("ck_verdict_word")),
        sqlite_strict=True,
    )
    op.create_index("ix_verdict_fingerprint", "verdict", ["fingerprint"])
    op.create_index("ix_verdict_rule", "verdict", ["rule"])


def _link_use() -> None:
    op.create_table(
        "link_use",
        sa.Column("nonce", sa.Text, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("at", BIG, nullable=False),
        sa.Column("author", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("nonce", name=op.f("pk_link_use")),
        sa.CheckConstraint("action in ('ack', 'mute')", name=op.f("ck_link_use_action")),
        sqlite_strict=True,
    )


def _silence() -> None:
    op.create_table(
        "silence",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("matchers", sa.Text, nullable=False),
        sa.Column("starts_at", BIG, nullable=False),
        sa.Column("ends_at", BIG),
        sa.Column("during", sa.Text, nullable=False, server_default=""),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("comment", sa.Text, nullable=False),
        sa.Column("created_at", BIG, nullable=False),
        sa.Column("expired_at", BIG),
        sa.Column("expired_by", sa.Text, nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_silence")),
        sa.CheckConstraint("ends_at is null or ends_at >= starts_at", name=op.f("ck_silence_order")),
        sqlite_strict=True,
    )


def _waiting_item() -> None:
    op.create_table(
        "waiting_item",
        sa.Column("endpoint", sa.Text, nullable=False),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("episode", sa.Integer, nullable=False),
        sa.Column("group_key", sa.Text, nullable=False),
        sa.Column("timing", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("added_at", BIG, nullable=False),
        sa.Column("look_at", BIG),
        sa.Column("why", sa.Text, nullable=False, server_default=""),
        sa.Column("dropped_at", BIG),
        sa.PrimaryKeyConstraint("endpoint", "fingerprint", "seq", name=op.f("pk_waiting_item")),
        sa.ForeignKeyConstraint(
            ["fingerprint", "seq"],
            ["transition.fingerprint", "transition.seq"],
            name=op.f("fk_waiting_item_fingerprint_seq"),
        ),
        sqlite_strict=True,
    )
    op.create_index(
        "ix_waiting_item_open",
        "waiting_item",
        ["endpoint", "group_key"],
        sqlite_where=sa.text("dropped_at is null"),
        postgresql_where=sa.text("dropped_at is null"),
    )


def _message() -> None:
    op.create_table(
        "message",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("endpoint", sa.Text, nullable=False),
        sa.Column("group_key", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("content_type", sa.Text, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("body_sha256", sa.Text, nullable=False),
        sa.Column("created_at", BIG, nullable=False),
        sa.Column("withdrawn_at", BIG),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message")),
        sa.CheckConstraint("status in ('firing', 'resolved', 'test')", name=op.f("ck_message_status")),
        sa.UniqueConstraint("number", name=op.f("uq_message_number")),
        sqlite_strict=True,
    )
    op.create_index("ix_message_endpoint_group_key", "message", ["endpoint", "group_key"])
    op.create_index(
        "ix_message_stand_in",
        "message",
        ["key"],
        sqlite_where=sa.text("key <> id"),
        postgresql_where=sa.text("key <> id"),
    )


def _message_item() -> None:
    op.create_table(
        "message_item",
        sa.Column("message", sa.Text, nullable=False),
        sa.Column("endpoint", sa.Text, nullable=False),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("message", "fingerprint", "seq", name=op.f("pk_message_item")),
        sa.ForeignKeyConstraint(["message"], ["message.id"], name=op.f("fk_message_item_message")),
        sqlite_strict=True,
    )
    op.create_index(
        "uq_message_item_once",
        "message_item",
        ["endpoint", "fingerprint", "seq"],
        unique=True,
        sqlite_where=sa.text("seq > 0"),
        postgresql_where=sa.text("seq > 0"),
    )
    op.create_index("ix_message_item_endpoint_fingerprint", "message_item", ["endpoint", "fingerprint"])


def _delivery_edge() -> None:
    op.create_table(
        "delivery_edge",
        sa.Column("previous", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("previous", "state", name=op.f("pk_delivery_edge")),
        sqlite_strict=True,
    )


def _delivery() -> None:
    op.create_table(
        "delivery",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("message", sa.Text, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("endpoint", sa.Text, nullable=False),
        sa.Column("group_key", sa.Text, nullable=False),
        sa.Column("recipient", sa.Text, nullable=False),
        sa.Column("previous", sa.Text, nullable=False, server_default=""),
        sa.Column("state", sa.Text, nullable=False, server_default="pending"),
        sa.Column("reason", sa.Text, nullable=False, server_default=""),
        sa.Column("due_at", BIG, nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False, server_default="0"),
        sa.Column("replays", sa.Integer, nullable=False, server_default="0"),
        sa.Column("lease_token", sa.Text, nullable=False, server_default=""),
        sa.Column("lease_until", BIG),
        sa.Column("queued_at", BIG, nullable=False),
        sa.Column("cancel_requested", sa.Text, nullable=False, server_default=""),
        sa.Column("delivered_at", BIG),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
        sa.ForeignKeyConstraint(["message"], ["message.id"], name=op.f("fk_delivery_message")),
        sa.ForeignKeyConstraint(
            ["previous", "state"],
            ["delivery_edge.previous", "delivery_edge.state"],
            name=op.f("fk_delivery_previous_state"),
        ),
        sa.UniqueConstraint("message", "recipient", name=op.f("uq_delivery_message_recipient")),
        sqlite_strict=True,
    )
    op.create_index("ix_delivery_endpoint_number", "delivery", ["endpoint", "number"])
    op.create_index(
        "ix_delivery_waiting",
        "delivery",
        ["endpoint", "due_at", "number", "recipient"],
        sqlite_where=sa.text("state in ('pending', 'retry')"),
        postgresql_where=sa.text("state in ('pending', 'retry')"),
    )
    op.create_index(
        "ix_delivery_order",
        "delivery",
        ["endpoint", "group_key", "recipient", "number"],
        sqlite_where=sa.text("state in ('pending', 'retry', 'leased')"),
        postgresql_where=sa.text("state in ('pending', 'retry', 'leased')"),
    )
    op.create_index("ix_delivery_state_due_at", "delivery", ["state", "due_at"])


def _attempt() -> None:
    op.create_table(
        "attempt",
        sa.Column("delivery", sa.Text, nullable=False),
        sa.Column("n", sa.Integer, nullable=False),
        sa.Column("started_at", BIG, nullable=False),
        sa.Column("ended_at", BIG),
        sa.Column("outcome", sa.Text),
        sa.Column("code", sa.Text, nullable=False, server_default=""),
        sa.Column("detail", sa.Text, nullable=False, server_default=""),
        sa.Column("boot", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("delivery", "n", name=op.f("pk_attempt")),
        sa.ForeignKeyConstraint(["delivery"], ["delivery.id"], name=op.f("fk_attempt_delivery")),
        sqlite_strict=True,
    )


def _endpoint_state() -> None:
    op.create_table(
        "endpoint_state",
        sa.Column("endpoint", sa.Text, nullable=False),
        sa.Column("not_before", BIG),
        sa.Column("fail_since", BIG),
        sa.Column("failures", sa.Integer, nullable=False, server_default="0"),
        sa.Column("fault", sa.Text, nullable=False, server_default=""),
        sa.Column("disabled", sa.Text, nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("endpoint", name=op.f("pk_endpoint_state")),
        sqlite_strict=True,
    )


def _standby() -> None:
    op.create_table(
        "standby",
        sa.Column("message", sa.Text, nullable=False),
        sa.Column("endpoint", sa.Text, nullable=False),
        sa.Column("recipients", sa.Text, nullable=False),
        sa.Column("due_at", BIG, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("content_type", sa.Text, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("message", "endpoint", name=op.f("pk_standby")),
        sa.ForeignKeyConstraint(["message"], ["message.id"], name=op.f("fk_standby_message")),
        sqlite_strict=True,
    )
    op.create_index("ix_standby_due_at", "standby", ["due_at"])


def _house() -> None:
    op.create_table(
        "house",
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_house")),
        sqlite_strict=True,
    )


def _run() -> None:
    op.create_table(
        "run",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("door", sa.Text, nullable=False),
        sa.Column("started_at", BIG, nullable=False),
        sa.Column("finished_at", BIG),
        sa.Column("exit_code", sa.Integer),
        sa.Column("summary", sa.Text, nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run")),
        sqlite_strict=True,
    )


#: In an order in which every reference finds its table.
TABLES = (
    _source,
    _pull,
    _load,
    _release,
    _actor,
    _event,
    _former_side,
    _event_actor,
    _quarantine,
    _scope,
    _series,
    _fact,
    _citation,
    _baseline,
    _rule_state,
    _rule_set,
    _rule_text,
    _dirty,
    _alert,
    _transition,
    _acknowledgement,
    _verdict,
    _link_use,
    _silence,
    _waiting_item,
    _message,
    _message_item,
    _delivery_edge,
    _delivery,
    _attempt,
    _endpoint_state,
    _standby,
    _run,
    _house,
)
