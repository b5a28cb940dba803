"""How a rule stands, as an argument that a person can follow line by line."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

import yaml

from watcher.cli.table import safe, screen_width
from watcher.config.meaning import meaning
from watcher.core.alert import Alert, State
from watcher.core.catalogue import Catalogue
from watcher.core.detectors.frame import Tier
from watcher.core.fact import Citation
from watcher.core.indicator import Indicator
from watcher.core.message.phrase import counted, mapping, mappings, texts
from watcher.core.period import duration_text
from watcher.core.reading import Status, day_text
from watcher.core.rule import Rule, RuleStatus
from watcher.inquiry import Answer, Inquiry
from watcher.since import Since
from watcher.store.alerts import StoredTransition
from watcher.store.told import Telling

#: Steps of an alert's history that are shown.
STEPS = 5
#: Ids of records that are named at once.
NAMED = 8

_MARGIN = 10
_WIDEST = 100
_STATES = {
    State.PENDING: "The condition holds, and waits for the time that 'for' asks",
    State.FIRING: "It is firing",
    State.RECOVERING: "It still fires: the condition has ceased, and 'recovery' or 'keep_firing_for' holds it",
    State.RESOLVED: "It fired, and is over",
    State.RETRACTED: "It fired, and was taken back: as known afterwards, it would not have fired",
    State.EXPIRED: "It occurred, and its time has run out",
    State.INACTIVE: "It does not fire",
}
_STATUSES = {
    RuleStatus.EXPERIMENTAL: "The rule is experimental: it is judged and shown, and nobody is ever told.",
    RuleStatus.TEST: "The rule is on test: only the receiver named 'test' is told.",
}
_RELIABILITY = {
    "A": "completely reliable",
    "B": "usually reliable",
    "C": "fairly reliable",
    "D": "not usually reliable",
    "E": "unreliable",
    "F": "reliability cannot be judged",
}
_CREDIBILITY = {
    1: "confirmed",
    2: "probably true",
    3: "possibly true",
    4: "doubtful",
    5: "improbable",
    6: "truth cannot be judged",
}


@dataclass(frozen=True, slots=True)
class Past:
    """What the store holds of one alert."""

    alert: Alert
    #: The newest first.
    history: tuple[StoredTransition, ...]
    told: tuple[Telling, ...]


def opening(found: Inquiry, catalogue: Catalogue, place: str) -> Iterator[str]:
    """What the rule asks, before any number."""
    rule, keys = found.rule, found.keys
    yield safe(rule.alert)
    yield safe(place)
    yield ""
    question = meaning(type(rule), rule.detector_name).replace("``", "")
    yield from part("ASKS", [f"{question} {_parameters(rule)}"])
    indicator = next(iter(rule.indicators(catalogue)), None)
    if indicator is not None:
        yield from part("COUNTS", [_measure(indicator)])
    waiting = f", for {duration_text(rule.hold)}" if rule.hold else ""
    condition = f"{keys.condition}{waiting}" if keys.condition else "at every new occurrence"
    fires = [f"when {condition}" if keys.condition else condition, _across(found), _tiers(keys.severity)]
    yield from part("FIRES", fires)
    yield from part("ENDS", [_ending(found)])
    yield from part("STATUS", [_STATUSES[rule.status]] if rule.status in _STATUSES else [])
    if not found.is_in_force:
        yield from part(
            "NOTE", ["The rules changed since the last turn: facts and numbers are those of the last turn."]
        )


def body(found: Inquiry, answer: Answer, catalogue: Catalogue) -> Iterator[str]:
    """What was found for one group, and what follows from it."""
    reading, evidence = answer.reading, answer.evidence
    data = f"; data to {day_text(reading.watermark)}" if reading.watermark else ""
    known = f"Judged by what was known on {found.moment:%Y-%m-%d %H:%M} UTC{data}."
    yield from part("KNOWN", [known, _completeness(mapping(evidence.get("completeness")))])
    if reading.status is not Status.OK:
        yield from part(
            "FOUND", [f"It cannot be judged: {reading.reason}.", _missing(found, reading.status, catalogue)]
        )
    else:
        yield from part("FOUND", [reading.telling.sentence, reading.telling.what])
    yield from part("STEPS", [f"{number}. {step}" for number, step in enumerate(reading.telling.arithmetic, start=1)])
    if reading.status is Status.OK:
        yield from part("HOLDS?", _verdict(answer))
        yield from part("SEVERITY", _severity(found, answer) if answer.holds else [])
    yield from part("SURE?", [reading.telling.sure, str(mapping(evidence.get("sensitivity")).get("text") or "")])
    yield from part("UNKNOWN", [f"- {line}" for line in texts(evidence["unknown"])])
    sources = [*texts(evidence["source"]), *_citations(reading.telling.cites, catalogue.citations)]
    yield from part("SOURCES", [*sources, *map(_terms, mappings(evidence.get("sources")))])


def standing(past: Past | None, found: Inquiry, answer: Answer | None) -> Iterator[str]:
    """How the alert stands in the store, and how it came there."""
    if past is None:
        holds = answer is not None and answer.holds
        yield from part(
            "ALERT", ["No turn has seen it hold." if not holds else "It holds, and no turn has judged it so."]
        )
        return
    if past.history and past.history[0].transition.tick > found.moment:
        yield from part("ALERT", _as_it_stood(past, found.moment))
        return
    alert = past.alert
    since = alert.ended_at if not alert.state.is_open else alert.fired_at
    moment = f", since {since:%Y-%m-%d %H:%M} UTC" if since else ""
    lines = [f"{alert.fingerprint}: {_STATES[alert.state]}{moment}."]
    if alert.state is State.PENDING and alert.active_at is not None:
        lines.append(f"It fires at {alert.active_at + found.rule.hold:%Y-%m-%d %H:%M} UTC unless it ceases before.")
    yield from part("ALERT", [*lines, *(_step(each, past) for each in reversed(past.history[:STEPS]))])


def changed(since: Since | None) -> Iterator[str]:
    """What has changed since somebody was last told."""
    if since is None:
        return
    is_news = since.difference.get("what") or since.difference.get("before") != since.difference.get("after")
    what = str(since.difference["text"]) if is_news else "nothing changed"
    named = [
        f"- {verb}: {', '.join(texts(since.difference.get(kind))[:NAMED])}"
        for kind, verb in (("new", "new"), ("revised", "revised"), ("deleted", "deleted"), ("left", "left the window"))
        if since.difference.get(kind)
    ]
    yield from part("CHANGED", [f"Since the last message ({since.moment:%Y-%m-%d %H:%M} UTC): {what}.", *named])


def part(label: str, lines: Iterable[str]) -> Iterator[str]:
    """Lines under a label, wrapped and indented; nothing when there are none."""
    width = min(screen_width() or _WIDEST, _WIDEST)
    head = f"{label:<{_MARGIN}}"
    for line in filter(None, lines):
        hanging = " " * (
            _MARGIN + (2 if line.startswith("- ") else 3 if line[:1].isdigit() and ". " in line[:4] else 0)
        )
        yield from textwrap.wrap(
            safe(line),
            width,
            initial_indent=head,
            subsequent_indent=hanging,
            break_long_words=False,
            break_on_hyphens=False,
        )
        head = " " * _MARGIN


# --- the rule ---------------------------------------------------------------------------------------------------------


def _parameters(rule: Rule) -> str:
    given = rule.parameters.model_dump(mode="json", by_alias=True, exclude_unset=True)
    return f"{rule.detector_name}: {flow(given)}"


def _measure(indicator: Indicator) -> str:
    what = f"the sum of {indicator.sum}" if indicator.sum else f"the number of {indicator.count}"
    where = f", where {flow(indicator.where.document)}" if indicator.where.key else ""
    by = f", by {', '.join(indicator.by)}" if indicator.by else ""
    of = f" of {', '.join(indicator.sources)}" if indicator.sources else ""
    return f"{indicator.name} ({indicator.indicator}): {what}{of}{where}{by}"


def flow(document: Mapping[str, object]) -> str:
    """A small document on one line, as YAML."""
    text: str = yaml.safe_dump(document, default_flow_style=True, sort_keys=False, allow_unicode=True, width=10**9)
    return text.strip()


def _across(found: Inquiry) -> str:
    across, together = found.group.across_of(found.rule), len(found.group.weighed_with(found.rule))
    of = f" of the {together} rules of the group {found.group.group!r}" if together > 1 else ""
    return f"Begins only within {across}{of}." if across else ""


def _tiers(tiers: tuple[Tier, ...]) -> str:
    named = [f"{tier.severity} when {tier.when}" if tier.when else tier.severity for tier in tiers]
    return f"Severity: {', otherwise '.join(named)}"


def _ending(found: Inquiry) -> str:
    keys, rule = found.keys, found.rule
    keep = duration_text(keys.keep_firing_for) if keys.keep_firing_for else ""
    if rule.detector.EVENT_LIKE:
        return f"by itself{f' after {keep}' if keep else ''}; nobody is told of its end"
    when = f"when {keys.recovery}" if keys.recovery else "when the condition no longer holds"
    return f"{when}{f', and {keep} have passed since' if keep else ''}"


# --- what was found ---------------------------------------------------------------------------------------------------


def _verdict(answer: Answer) -> Iterator[str]:
    finding = answer.finding
    if not answer.reading.present:
        # Whatever the lines of the condition say: it would be said of nothing.
        yield f"No: what the rule looks for is not there. {answer.reading.telling.headline.rstrip('.')}."
        return
    yield "Yes." if finding.holds else f"No: {'; '.join(finding.because)}."
    for each in answer.parts:
        yield f"- {each.text}: {'yes' if each.holds else 'no'}, {each.found}"
    if finding.weighed is not None:
        yield f"- across: {'an alert may begin' if finding.weighed.begins else 'no alert begins'}, {finding.weighed.text}"


def _severity(found: Inquiry, answer: Answer) -> Iterator[str]:
    yield f"{answer.finding.severity.value}."
    values, outputs = answer.reading.values, found.rule.detector.OUTPUTS
    for tier in found.keys.severity:
        if tier.when is not None:
            holds = tier.when.holds(values, outputs)
            because = str(tier.when) if holds else "; ".join(tier.when.failing(values, outputs))
            yield f"- {tier.severity}: {'yes' if holds else 'no'}, {because}"


def _citations(names: Iterable[str], citations: Mapping[str, Citation]) -> Iterator[str]:
    for cite in (citations[name] for name in names if name in citations):
        grade = f"{_RELIABILITY[cite.reliability]}, {_CREDIBILITY[cite.credibility]}; the desk's own grade"
        yield f"- {cite.citation}: '{cite.title}', {cite.reference} ({grade})"
        yield f"  {cite.url}" if cite.url else ""


def _completeness(known: Mapping[str, object]) -> str:
    """How much of what will be known of these days is known, or why nobody can say."""
    if not known:
        return ""
    share, missing = known.get("share"), known.get("missing")
    if isinstance(share, float):
        return (
            f"{share * 100:.0f} % of what will be known of these days is known by now, as late as records have come in."
        )
    return f"How much of these days is still to come in cannot be said: {missing}."


def _missing(found: Inquiry, status: Status, catalogue: Catalogue) -> str:
    """Where to look for what is missing."""
    if status is not Status.NO_DATA or not found.rule.indicators(catalogue):
        return ""
    return "Look at: watcher status (how far each source goes), watcher vocabulary (what its records hold)."


def _terms(source: Mapping[str, object]) -> str:
    """One source: how many of its records, and what may be done with them."""
    licence = source.get("licence")
    counted_ = counted(int(str(source.get("records") or 0)), "record")
    return f"- {source.get('name')}: {counted_}{f'; terms: {licence}' if licence else ''}"


# --- the alert --------------------------------------------------------------------------------------------------------


def _as_it_stood(past: Past, moment: datetime) -> Iterator[str]:
    """How it stood at a moment that is past, and that more came later."""
    before = [each for each in past.history if each.transition.tick <= moment]
    later = counted(len(past.history) - len(before), "step")
    if before:
        newest = before[0].transition
        yield f"{past.alert.fingerprint}, as it stood then: {_STATES[newest.after]}, since {newest.tick:%Y-%m-%d %H:%M} UTC."
        yield from (_step(each, past) for each in reversed(before[:STEPS]))
    else:
        yield f"{past.alert.fingerprint}: then no turn had seen it hold."
    yield f"More came later ({later}): watcher alerts {past.alert.fingerprint}"


def _step(stored: StoredTransition, past: Past) -> str:
    transition = stored.transition
    told = [each.endpoint for each in past.told if each.seq == transition.seq]
    who = f"; told: {', '.join(dict.fromkeys(told))}" if told else "; nobody was told"
    change = f"{transition.before} → {transition.after}, {transition.severity}"
    return f"- {transition.tick:%Y-%m-%d %H:%M}  {change}: {transition.reason}{who}"
