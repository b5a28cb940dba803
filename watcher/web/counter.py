"""The counter: what a link shows, and what it does when somebody confirms."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import NamedTuple

from watcher.core.alert import OURS, Alert
from watcher.core.matcher import matcher
from watcher.core.message.link import MUTE, Action, ForgedError, Links, Ticket, read
from watcher.core.message.phrase import acknowledged_text, clean, moment_text
from watcher.log import logger
from watcher.store.alerts import alert, find_transitions
from watcher.store.engine import Store
from watcher.store.links import use, use_of
from watcher.store.reviews import acknowledge, standing_acknowledgement
from watcher.store.schema import Tx
from watcher.store.silences import add_silence
from watcher.web.page import Form, Page

#: For how long somebody may acknowledge; the first is chosen unless they choose.
_SPANS = {"": "until it ends or gets worse", "8h": "8 hours", "1d": "1 day", "3d": "3 days", "7d": "7 days"}
_HOURS = {"8h": 8, "1d": 24, "3d": 72, "7d": 168}
_FORMS = {Action.ACK: Form("Acknowledge", _SPANS), Action.MUTE: Form(f"Mute for {MUTE.days} days")}

NOT_FOUND = Page("There is no such page", ("Only the links in messages lead somewhere.",), HTTPStatus.NOT_FOUND)
_FORGED = Page(
    "This link is not valid",
    ("It was not written by this watcher, or not like this: a mail program may have cut it.", "Copy it whole."),
    HTTPStatus.FORBIDDEN,
)
_UNCONFIRMED = Page("Nothing was done", ("Open the link again and use its button.",), HTTPStatus.BAD_REQUEST)


class Answers(NamedTuple):
    """What a person wrote into the form."""

    confirmed: bool = False
    by: str = ""
    note: str = ""
    span: str = ""

    @classmethod
    def of(cls, form: Mapping[str, str]) -> Answers:
        """The fields of a form; what is missing is empty."""
        by, note = clean(form.get("by", ""), limit=80), clean(form.get("note", ""), limit=300)
        return cls(form.get("confirm") == "yes", by or "somebody with the link", note, form.get("for", ""))


@dataclass(frozen=True, slots=True)
class Counter:
    """Where links are honoured."""

    store: Store
    links: Links
    clock: Callable[[], datetime]
    #: What people call a rule, by its identity.
    name_of: Callable[[str], str]
    instance: str = "watcher"
    timezone: str = "UTC"

    def show(self, token: str) -> Page:
        """What a link would do; nothing is changed."""
        ticket = self._ticket(token)
        if isinstance(ticket, Page):
            return ticket
        with self.store.reading() as tx:
            refused = self._refusal(tx, ticket)
            found = alert(tx, ticket.fingerprint)
            return refused or (self._question(tx, ticket, found) if found else NOT_FOUND)

    def act(self, token: str, answers: Answers) -> Page:
        """Do what a link says, once."""
        ticket = self._ticket(token)
        if isinstance(ticket, Page):
            return ticket
        if not answers.confirmed:
            return _UNCONFIRMED
        with self.store.writing() as tx:
            refused = self._refusal(tx, ticket)
            found = alert(tx, ticket.fingerprint)
            if refused or found is None or not use(tx, ticket, at=self.clock(), author=answers.by):
                return refused or _UNCONFIRMED
            page = (
                self._acknowledge(tx, found, answers) if ticket.action is Action.ACK else self._mute(tx, found, answers)
            )
        logger().info("link used", action=ticket.action.value, alert=ticket.fingerprint)
        return page

    def _ticket(self, token: str) -> Ticket | Page:
        try:
            ticket = read(token, self.links.key)
        except ForgedError:
            return _FORGED
        if self.clock() >= ticket.expires:
            until = moment_text(ticket.expires, self.timezone)
            todo = f"Look at the alert: watcher alerts {ticket.fingerprint}"
            return Page("This link is too old", (f"It worked until {until}.", todo), HTTPStatus.GONE)
        return ticket

    def _refusal(self, tx: Tx, ticket: Ticket) -> Page | None:
        """Why nothing can be done; None when something can."""
        found = alert(tx, ticket.fingerprint)
        if found is None:
            return Page("There is no such alert", ("It is not in this store any more.",), HTTPStatus.GONE)
        if (used := use_of(tx, ticket)) is not None:
            line = f"By {used.author} on {moment_text(used.at, self.timezone)}; each link works once."
            return Page("This was done already", (line, self._how_it_stands(tx, found)), HTTPStatus.CONFLICT)
        if not found.state.is_open or found.episode != ticket.episode:
            line = f"{self._title(found)}: {found.state.value}."
            return Page("This alert is over", (line, "There is nothing left to do."), HTTPStatus.GONE)
        return None

    def _question(self, tx: Tx, ticket: Ticket, found: Alert) -> Page:
        newest = find_transitions(tx, fingerprint=found.fingerprint, limit=1)
        headline = clean(newest[0].transition.evidence.get("headline", "") if newest else "")
        what = {
            Action.ACK: "It will send no reminders until it gets worse, ends, or the time is over.",
            Action.MUTE: f"Nobody will be told of it for {MUTE.days} days, even if it gets worse.",
        }
        title = {Action.ACK: "Acknowledge this alert?", Action.MUTE: "Mute this alert?"}
        severity = f"{found.severity.value}, {found.state.value}"
        lines = (self._title(found), headline, severity, self._how_it_stands(tx, found), what[ticket.action])
        return Page(title[ticket.action], lines, form=_FORMS[ticket.action])

    def _how_it_stands(self, tx: Tx, found: Alert) -> str:
        seen = standing_acknowledgement(tx, found, self.clock())
        return f"It is {acknowledged_text(seen, self.timezone)}." if seen else ""

    def _title(self, found: Alert) -> str:
        group = ", ".join(value for _, value in found.group)
        name = self.name_of(found.rule)
        return clean(f"{name} ({group})" if group else name)

    def _acknowledge(self, tx: Tx, found: Alert, answers: Answers) -> Page:
        now = self.clock()
        until = now + timedelta(hours=_HOURS[answers.span]) if answers.span in _HOURS else None
        said = acknowledge(tx, found, at=now, until=until, author=answers.by, note=answers.note)
        return Page("Done", (self._title(found), f"It is {acknowledged_text(said, self.timezone)}."))

    def _mute(self, tx: Tx, found: Alert, answers: Answers) -> Page:
        now = self.clock()
        labels = {"alertname": self.name_of(found.rule), **dict(found.group)}
        tests = [matcher(name, "=", value) for name, value in labels.items()]
        comment = answers.note or f"muted by a link in a message about {found.fingerprint}"
        add_silence(tx, tests, starts_at=now, ends_at=now + MUTE, author=answers.by, comment=comment, now=now)
        until = moment_text(now + MUTE, self.timezone)
        return Page("Done", (self._title(found), f"It is muted by {answers.by} until {until}."))


def plain_name(identity: str) -> str:
    """What an alert is called whose rule is not there."""
    return identity.removeprefix(OURS)
