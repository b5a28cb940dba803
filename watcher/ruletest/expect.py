"""What was expected, held against what there is: only what an expectation names is compared."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from watcher.core.alert import State
from watcher.core.reading import Kind, Output, Value
from watcher.ruletest.document import FIRING
from watcher.ruletest.pairing import Pairing, pair
from watcher.ruletest.run import Found, Look, Played
from watcher.ruletest.story import AlertLine, MessageLine, Story
from watcher.ruletest.tape import Message

#: Outputs that are shown of an alert that nobody expected, and groups of which it is said why they do not fire.
MOST_VALUES = 6
MOST_REASONS = 4


class Line(NamedTuple):
    """One line of a difference: ``-`` expected, ``+`` found, nothing for what is as expected."""

    sign: Literal["-", "+", " "]
    text: str


@dataclass(frozen=True, slots=True)
class Failure:
    """One expectation that was not met."""

    #: Its line in the test file.
    line: int
    #: What it is about: a moment and a rule, or the messages.
    about: str
    #: What is wrong, in a sentence.
    summary: str
    difference: tuple[Line, ...]


class Field(NamedTuple):
    """One thing that an expectation names."""

    name: str
    expected: str
    found: str
    holds: bool

    def lines(self, width: int) -> Iterator[Line]:
        """What is as expected on one line, what is not on two."""
        name = f"{self.name:<{width}}  "
        if self.holds:
            yield Line(" ", name + self.found)
        else:
            yield Line("-", name + self.expected)
            yield Line("+", name + self.found)


def failures(story: Story, played: Played) -> tuple[Failure, ...]:
    """Everything in a story that is not as expected, in the order of the file."""
    of_alerts = [failure for look in played.looks for failure in _alerts(look)]
    of_messages = [] if story.messages is None else list(_messages(story, story.messages, played.messages))
    return (*of_alerts, *of_messages)


# --- alerts -------------------------------------------------------------------------------------------------------------


def _alerts(look: Look) -> Iterator[Failure]:
    check = look.check
    about = f"{check.moment:%Y-%m-%d %H:%M}  {check.rule.alert}"
    found = sorted(look.found, key=lambda each: each.state.value not in FIRING)
    table = [[tuple(_alert_fields(line, each)) for each in found] for line in check.alerts]
    pairing = pair([[_score(fields) for fields in row] for row in table])
    for index, line in enumerate(check.alerts):
        nearest = pairing.nearest.get(index)
        if index in pairing.met:
            continue
        if nearest is None:
            missing = Line("-", _expected_alert(line))
            nothing = "no other alert of the rule fires" if check.alerts[1:] else "nothing fires"
            yield Failure(line.line, about, "an alert is missing", (missing, Line("+", nothing), *_reasons(look)))
        else:
            others = _reasons(look) if found[nearest].state.value not in FIRING else ()
            yield Failure(line.line, about, "an alert is not as expected", (*_diff(table[index][nearest]), *others))
    for index, each in enumerate(found):
        if each.state.value in FIRING and index not in pairing.taken:
            yield Failure(check.line, about, "an alert fires that was not expected", (Line("+", _found_alert(each)),))


def _alert_fields(line: AlertLine, found: Found) -> Iterator[Field]:
    said = line.said
    wanted = said.exp_state or State.FIRING.value
    holds = found.state.value in FIRING if said.exp_state is None else found.state.value == said.exp_state
    yield Field("state", wanted, found.state.value, holds)
    for name, label in said.exp_labels.items():
        has = found.labels.get(name, "")
        yield Field(name, label, has or "(no such label)", has == label)
    for value in line.values:
        text = value_text(found.values.get(value.output), found.outputs[value.output])
        yield Field(value.output, value.text, text, value.holds(found.values, found.outputs))
    for name, words in said.exp_annotations.named.items():
        text = found.annotations.get(name, "")
        yield Field(name, str(words), repr(text) if text else "(nobody was told)", bool(text) and words.matches(text))


def _expected_alert(line: AlertLine) -> str:
    said = line.said
    parts = [f"{name} {label}" for name, label in said.exp_labels.items()]
    parts += [f"{value.output} {value.text}" for value in line.values]
    parts += [f"{name} {words}" for name, words in said.exp_annotations.named.items()]
    return ", ".join([said.exp_state or "firing", *parts])


def _found_alert(found: Found) -> str:
    own = [f"{name} {label}" for name, label in found.labels.items() if name != "alertname"]
    values = [
        f"{name} {value_text(value, found.outputs[name])}"
        for name, value in found.values.items()
        if name in found.outputs
    ]
    return ", ".join([found.state.value, *own, *values[:MOST_VALUES]])


def _reasons(look: Look) -> Iterator[Line]:
    """Why the rule does not hold, group by group."""
    for reason in look.reasons[:MOST_REASONS]:
        yield Line(" ", reason)
    if len(look.reasons) > MOST_REASONS:
        yield Line(" ", f"... and {len(look.reasons) - MOST_REASONS} more groups")


def value_text(value: Value, output: Output) -> str:
    """A value as it is to be written in a test: with more places than a message shows."""
    if isinstance(value, float) and value not in {float("inf"), float("-inf")}:
        return f"{value * 100:.4g} %" if output.kind is Kind.SHARE else f"{value:.6g}"
    if value is None:
        return "no value"
    return str(value)


# --- messages -----------------------------------------------------------------------------------------------------------


def _messages(story: Story, expected: Sequence[MessageLine], found: Sequence[Message]) -> Iterator[Failure]:
    table = [[tuple(_message_fields(line, each)) for each in found] for line in expected]
    pairing = pair([[_score(fields) for fields in row] for row in table])
    if len(pairing.met) == len(expected) and len(pairing.taken) == len(found):
        return
    first = next((line.line for index, line in enumerate(expected) if index not in pairing.met), story.messages_line)
    yield Failure(first, "messages", _counted(pairing, expected, found), tuple(_account(pairing, expected, found)))


def _counted(pairing: Pairing, expected: Sequence[MessageLine], found: Sequence[Message]) -> str:
    missing, more = len(expected) - len(pairing.met), len(found) - len(pairing.met)
    parts = [f"{missing} expected and not sent"] if missing else []
    parts += [f"{more} sent and not expected"] if more else []
    return ", ".join(parts)


def _account(pairing: Pairing, expected: Sequence[MessageLine], found: Sequence[Message]) -> Iterator[Line]:
    """Every message that was sent, in order; each that was expected instead stands before the nearest of them."""
    instead = {nearest: index for index, nearest in pairing.nearest.items()}
    for index, line in enumerate(expected):
        if index not in pairing.met and index not in pairing.nearest:
            yield Line("-", _expected_message(line))
    met = set(pairing.met.values())
    for index, each in enumerate(found):
        if index in instead:
            yield Line("-", _expected_message(expected[instead[index]]))
        yield Line(" " if index in met else "+", _found_message(each))


def _message_fields(line: MessageLine, found: Message) -> Iterator[Field]:
    said = line.said
    if said.at is not None:
        yield Field("at", str(said.at), f"{found.at:%Y-%m-%d %H:%M}", found.at in said.at)
    for name, wanted, has in (
        ("receiver", said.receiver, found.receiver),
        ("status", said.status, found.status),
        ("reason", said.reason, found.reason),
        ("severity", said.severity, found.severity.value),
    ):
        if wanted:
            yield Field(name, wanted, has, wanted == has)
    if said.alertname:
        yield Field("alertname", said.alertname, ", ".join(found.alerts), said.alertname in found.alerts)
    if said.subject is not None:
        yield Field("subject", str(said.subject), repr(found.subject), said.subject.matches(found.subject))


def _expected_message(line: MessageLine) -> str:
    said = line.said
    subject = f"subject {said.subject}" if said.subject is not None else ""
    parts = (str(said.at or ""), said.receiver, said.status, said.reason, said.severity, said.alertname, subject)
    return "  ".join(part for part in parts if part) or "any message"


def _found_message(found: Message) -> str:
    return f"{found.at:%Y-%m-%d %H:%M}  {found.receiver}  {found.status}  {found.reason}  {found.subject}"


# --- both ---------------------------------------------------------------------------------------------------------------


def _score(fields: Sequence[Field]) -> float:
    """How much of an expectation holds; 1 when all of it does."""
    return sum(each.holds for each in fields) / len(fields) if fields else 1.0


def _diff(fields: Sequence[Field]) -> Iterator[Line]:
    width = max(len(each.name) for each in fields)
    for each in fields:
        yield from each.lines(width)
