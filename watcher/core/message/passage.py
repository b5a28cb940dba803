"""Passages: what is said of one alert, as sentences in named sections, before any channel lays them out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice, pairwise

from watcher.core.alert import OURS, Reason, State
from watcher.core.message import Desk, Item, Notification, NotifyReason
from watcher.core.message.change import revisions, since_then, value_changes, value_text
from watcher.core.message.chart import sparkline
from watcher.core.message.entry import Entry, Link
from watcher.core.message.phrase import (
    acknowledged_text,
    clean,
    comparison_text,
    every_text,
    long_span,
    mapping,
    mappings,
    moment_of,
    moment_text,
    number,
    sentence,
    share_text,
    span_text,
    texts,
    web_link,
)
from watcher.core.message.record import records
from watcher.core.picture import Caption, Picture
from watcher.core.picture.drawing import from_evidence
from watcher.core.reading import day_text
from watcher.core.severity import Severity

#: How many contributors a message shows.
LARGEST = 5
#: A trend is called one from this many days on.
_TREND_DAYS = 28
#: From this share on, one event is too much of a total to call it a trend and nothing else.
_LARGE_SHARE = 0.2
_URGENCY = {Severity.CRITICAL: "Urgent", Severity.WARNING: "Not urgent", Severity.INFO: "For information"}
_ADVICE = {
    Severity.CRITICAL: "look at it now",
    Severity.WARNING: "look at it in working hours",
    Severity.INFO: "nothing has to be done now",
}
_NO_CAPTION = Caption()
_PROOF = {"true": "confirmed by others", "partly": "partly verified", "false": "called unverified"}


@dataclass(frozen=True, slots=True)
class Section:
    """What is said under one name: WHAT, SURE?, UNKNOWN, ..."""

    label: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Passage:
    """Everything that is said of one alert."""

    #: WARNING, ENDED, WITHDRAWN, ...
    mark: str
    headline: str
    #: The lines that a tired person reads.
    lead: tuple[str, ...]
    sections: tuple[Section, ...]
    #: The command that shows the arithmetic.
    explain: str
    #: What there is to draw; None where there is nothing, or the alert is over.
    picture: Picture | None = None
    caption: Caption = _NO_CAPTION

    @property
    def quoted(self) -> tuple[Link, ...]:
        """Where the title stands that the headline quotes; none where it quotes none."""
        entries = (entry for section in self.sections for entry in section.entries)
        return next((entry.links for entry in entries if entry.is_quote), ())


def passage(item: Item, notification: Notification, desk: Desk) -> Passage:
    """Say everything about one alert."""
    sections = (
        Section("WHAT", _entries(_what(item))),
        Section("WHERE", () if item.is_over else _entries(_where(item))),
        Section("SURE?", () if item.is_over else _entries(_sure(item))),
        Section("UNKNOWN", _entries(texts(item.transition.evidence.get("unknown")))),
        Section("CHANGED", _entries([_all_that_changed(item, notification, desk), _seen(item, desk), revisions(item)])),
        Section("SOURCE", _entries(_source(item, desk))),
        Section("DO", tuple(_to_do(item, notification, desk))),
        Section("NEXT", _entries([_next(item, notification)])),
        Section("RECORDS", () if item.is_over else tuple(records(item))),
    )
    said = tuple(section for section in sections if section.entries)
    drawn = None if item.is_over else from_evidence(item.transition.evidence)
    return Passage(mark(item), headline(item), lead(item), said, explain(item), drawn, caption(item))


def caption(item: Item) -> Caption:
    """What stands around an alert's picture."""
    return Caption(headline(item), "; ".join(texts(item.transition.evidence.get("source"))), item.starts_at.date())


def mark(item: Item) -> str:
    """One word for how the alert stands: its severity, or how it ended."""
    if item.is_withdrawn:
        return "WITHDRAWN"
    return "ENDED" if item.is_over else item.transition.severity.value.upper()


def headline(item: Item) -> str:
    """The alert in one line, without its severity; a claim stays a claim, and weak evidence is called weak."""
    if item.is_over:
        return clean(f"{_name(item)}: {_ending(item)}")
    line = clean(item.summary or item.transition.evidence.get("headline") or _name(item))
    said = line.casefold()
    notes = (("claim", _claim(item)), ("evidence", _strength(item)), ("no data", "" if _judged(item) else "no data"))
    extra = "; ".join(note for word, note in notes if note and word not in said)
    return f"{line} ({extra})" if extra else line


def lead(item: Item) -> tuple[str, ...]:
    """The lines that must do for a tired person."""
    if item.is_withdrawn:
        return ("Withdrawn: as known now, this alert would not have fired.", sentence(_difference(item)))
    if item.is_over:
        return (sentence(f"ended: {_name(item)}"), sentence(_why_over(item)))
    first = sentence(item.description or item.transition.evidence.get("sentence") or _without_sentence(item))
    claim = _claim(item)
    claimed = f" It is {claim}." if claim and "claim" not in first.casefold() else ""
    return (first, f"{_urgency(item)}.{claimed}")


def explain(item: Item) -> str:
    """The command that shows why."""
    return "watcher status" if _is_about_us(item) else f"watcher explain {clean(item.transition.fingerprint)}"


def _entries(lines: tuple[str, ...] | list[str]) -> tuple[Entry, ...]:
    return tuple(Entry(line) for line in lines if line)


def _name(item: Item) -> str:
    group = ", ".join(clean(value) for _, value in item.transition.group)
    return f"{clean(item.alert)} ({group})" if group else clean(item.alert)


def _judged(item: Item) -> bool:
    """An alert without a single value is one about missing data, unless it is about ourselves."""
    return bool(item.transition.values) or item.transition.reason is Reason.OCCURRED or _is_about_us(item)


def _is_about_us(item: Item) -> bool:
    return item.transition.rule.startswith(OURS)


def _without_sentence(item: Item) -> str:
    if _judged(item):
        return headline(item)
    because = " ".join(texts(item.transition.evidence.get("because")))
    return f"no data: {because or 'there is nothing to judge this rule by'}"


def _claim(item: Item) -> str:
    claimant = clean(item.transition.values.get("claimed_by") or "")
    proof = _PROOF.get(str(item.transition.values.get("verified")).casefold(), "not verified")
    return f"claimed by {claimant}, {proof}" if claimant else ""


def _strength(item: Item) -> str:
    word = clean(item.transition.values.get("evidence") or "")
    return f"{word} evidence" if word else ""


def _urgency(item: Item) -> str:
    if item.transition.after is State.RECOVERING:
        return "Easing: the condition has ceased, and the alert is kept open in case it holds again"
    severity, days = item.transition.severity, number(item.transition.values.get("days"))
    if days is None or days < _TREND_DAYS or "ratio" not in item.transition.values:
        return f"{_URGENCY[severity]}: {_ADVICE[severity]}"
    advice = f", {_ADVICE[severity]}" if severity is Severity.CRITICAL else ""
    share = number(item.transition.values.get("largest_event_share"))
    rest = (
        "not a new attack" if share is None or share < _LARGE_SHARE else f"but one event is {share_text(share)} of it"
    )
    return f"{_URGENCY[severity]}{advice}: {long_span(int(days))} trend, {rest}"


def _ending(item: Item) -> str:
    if item.is_withdrawn:
        return _difference(item)
    if _is_about_us(item):
        return "it is over"
    if item.transition.reason is Reason.CEASED:
        changes = ", ".join(islice(value_changes(item), 2))
        return (changes or "the condition ceased") if _judged(item) else "no data, which is no all-clear"
    return item.transition.reason.value


def _why_over(item: Item) -> str:
    match item.transition.reason:
        case _ if _is_about_us(item):
            return "What was wrong is so no longer"
        case Reason.CEASED if not _judged(item):
            return "There is no data to judge it by any more: this is no all-clear"
        case Reason.PERIOD_ENDED:
            return "The period ended and the count starts again: this is no all-clear"
        case Reason.RULE_REMOVED:
            return "The rule is no longer in force: this is no all-clear"
        case Reason.CEASED:
            changes = ", ".join(value_changes(item))
            return f"The condition no longer holds{f': {changes}' if changes else ''}"
        case reason:
            return reason.value


def _difference(item: Item) -> str:
    """What was taken back, and the ratio that is left."""
    difference = mapping(item.transition.evidence.get("difference"))
    line = clean(difference.get("text") or Reason.RETRACTED.value)
    ratio = item.transition.values.get("ratio")
    return line if ratio is None or "ratio" in line else f"{line}, ratio {value_text(item.outputs.get('ratio'), ratio)}"


def _what(item: Item) -> list[str]:
    evidence = item.transition.evidence
    return [clean(evidence.get("what") or ""), "" if item.is_over else _by_week(evidence.get("chart"))]


def _by_week(chart: object) -> str:
    """The cumulative picture as what each week added, when it spans at least four weeks of days."""
    points = chart if isinstance(chart, list | tuple) else ()
    totals = [number(point[1]) for point in points if isinstance(point, list | tuple) and len(point) > 1]
    known = [total for total in totals if total is not None]
    if len(known) < _TREND_DAYS:
        return ""
    added = [later - earlier for earlier, later in pairwise(known[::-7][::-1])]
    return f"By week, to the last day: {sparkline(added, width=52)} (most {max(added):.0f})."


def _where(item: Item) -> list[str]:
    places = [
        f"{clean(row.get('name') or '') or 'place not stated'} {share_text(share)}"
        for row in mappings(item.transition.evidence.get("contributors"))[:LARGEST]
        if (share := number(row.get("share"))) is not None
    ]
    largest = number(item.transition.values.get("largest_event_share"))
    return [
        sentence(f"most of it: {', '.join(places)}") if places else "",
        f"The largest single event is {share_text(largest)} of the total." if largest else "",
    ]


def _sure(item: Item) -> list[str]:
    sure = sentence(item.transition.evidence.get("sure") or "")
    claim = _claim(item)
    return [
        sure,
        _among_many(item),
        sentence(clean(mapping(item.transition.evidence.get("sensitivity")).get("text") or "")),
        sentence(f"this is {claim}") if claim and "claim" not in sure.casefold() else "",
        *(sentence(f"known false alarm: {clean(case)}") for case in item.falsepositives),
    ]


def _among_many(item: Item) -> str:
    """Why this one of many began; of an alert that goes on it is not asked again."""
    weighed = mapping(item.transition.evidence.get("across"))
    if not weighed.get("begins"):
        return ""
    why = sentence(f"one of many: {clean(weighed.get('text') or '')}")
    further = sentence(clean(weighed.get("further") or ""))
    return f"{why} {further}".strip()


def _all_that_changed(item: Item, notification: Notification, desk: Desk) -> str:
    return " ".join(filter(None, _changed(item, notification, desk)))


def _seen(item: Item, desk: Desk) -> str:
    said = item.acknowledgement
    return sentence(acknowledged_text(said, desk.timezone)) if said is not None else ""


def _changed(item: Item, notification: Notification, desk: Desk) -> Iterator[str]:
    before = item.before
    if notification.reason is NotifyReason.STATE_AT_START:
        yield "It already held when watching began; nobody was told before."
    elif notification.reason is NotifyReason.REPEAT:
        yield "A reminder: it was told before, and goes on."
        yield since_then(item, desk) if item.previous_values else ""
    elif before is None:
        yield "First notice." if not item.is_over else ""
    else:
        told = moment_of(before.get("tick"))
        yield f"Told before{f' on {moment_text(told, desk.timezone)}' if told else ''}."
        was = clean(before.get("severity") or "")
        now = item.transition.severity.value
        yield f"Severity {was} → {now}." if was and was != now and not item.is_over else ""
        yield since_then(item, desk)
    yield _lasted(item, desk)


def _lasted(item: Item, desk: Desk) -> str:
    since = moment_text(item.starts_at, desk.timezone)
    if not item.is_over:
        return f"Firing since {since}."
    ends_at = item.ends_at or item.transition.tick
    return f"It lasted {span_text(ends_at - item.starts_at)}, from {since} to {moment_text(ends_at, desk.timezone)}."


def _source(item: Item, desk: Desk) -> list[str]:
    known = moment_text(item.transition.tick, desk.timezone)
    watermark = item.transition.watermark
    data = f"; data to {day_text(watermark)}" if watermark else ""
    return [*texts(item.transition.evidence.get("source")), f"Judged by what was known on {known}{data}."]


def actions(item: Item, notification: Notification, desk: Desk) -> tuple[Link, ...]:
    """The links that do something about an alert that goes on; none where nobody serves them, or it is over."""
    step = item.transition
    if desk.links is None or item.is_over:
        return ()
    links = desk.links.of(
        fingerprint=step.fingerprint,
        episode=step.episode,
        message=notification.id,
        written_at=notification.created_at,
    )
    return tuple(Link(title, url) for title, url in links)


def _to_do(item: Item, notification: Notification, desk: Desk) -> Iterator[Entry]:
    contact, runbook = clean(item.contact or desk.contact), clean(item.runbook or desk.runbook)
    if contact:
        yield Entry(f"Contact: {contact}")
    if link := web_link(item.runbook or desk.runbook):
        yield Entry("", (Link("Runbook", link),))
    elif runbook:
        yield Entry(f"Runbook: {runbook}")
    if links := actions(item, notification, desk):
        yield Entry("", links)
    elif not item.is_over:
        yield Entry(f"Acknowledge: watcher ack {clean(item.transition.fingerprint)}")
    yield Entry(f"Why: {explain(item)}")


def _next(item: Item, notification: Notification) -> str:
    if item.is_over:
        return "You hear again only if it fires again."
    if item.transition.reason is Reason.OCCURRED:
        return f"You hear again only if it changes again or is withdrawn{_reminder(notification)}. Nobody is told of its end."
    ends = f"ends ({comparison_text(item.ends_when)})" if item.ends_when else "ends"
    ends = ends if _judged(item) else "data arrive again"
    worse = "" if item.transition.severity is Severity.CRITICAL else "gets worse, "
    return f"You hear again only if it {worse}is withdrawn, or {ends}{_reminder(notification)}."


def _reminder(notification: Notification) -> str:
    if not notification.repeats or notification.repeats < timedelta(minutes=1):
        return ""
    return f"; reminder {every_text(notification.repeats)}"
