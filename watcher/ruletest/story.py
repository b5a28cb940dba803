"""One test, read against the rules that it is about: the story that is going to be played."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, NamedTuple

from watcher.config.document import KeyPath, MarkedDocument
from watcher.config.facts import read_fact
from watcher.config.problem import Mistake, near
from watcher.core.detectors.frame import unknown_name
from watcher.core.fact import Fact, known_on
from watcher.core.label import slug
from watcher.core.period import DAY, day_start
from watcher.core.rule import Rule, RuleSet
from watcher.ruletest.document import AlertTest, ExpectedAlert, ExpectedMessage, RuleTest, read_span
from watcher.ruletest.events import Known, read_events
from watcher.ruletest.wanted import Expectation, expectation

#: Stands in where a mistake is reported anyway.
_NEVER = datetime(2000, 1, 1, tzinfo=UTC)


class KnownFact(NamedTuple):
    """A fact that the desk asserts, or takes back, at a moment."""

    moment: datetime
    fact: Fact
    is_withdrawn: bool = False


class AlertLine(NamedTuple):
    """One expected alert, with its place."""

    line: int
    said: ExpectedAlert
    values: tuple[Expectation, ...]


class AlertCheck(NamedTuple):
    """What is expected of one rule at one moment, with its place."""

    line: int
    moment: datetime
    rule: Rule
    alerts: tuple[AlertLine, ...]


class MessageLine(NamedTuple):
    """One expected message, with its place."""

    line: int
    said: ExpectedMessage


@dataclass(frozen=True, slots=True)
class Story:
    """One test, ready to be played."""

    name: str
    line: int
    #: The rules that are played: those that the test names, and what these build on.
    rules: RuleSet
    #: The names of those that it names; messages about others are passed over.
    tested: frozenset[str]
    start: datetime
    #: The last moment that is played.
    end: datetime
    records: tuple[Known, ...]
    facts: tuple[KnownFact, ...]
    checks: tuple[AlertCheck, ...]
    #: None when messages are not compared.
    messages: tuple[MessageLine, ...] | None
    #: Where they are written.
    messages_line: int


class StoryReader:
    """Reads the tests of a file; what is wrong with them is noted."""

    def __init__(self, document: MarkedDocument, rules: RuleSet, receivers: Collection[str]) -> None:
        self._document = document
        self._rules = rules
        self._receivers = receivers
        self.mistakes: list[Mistake] = []

    def read(self, test: RuleTest, path: KeyPath) -> Story:
        """One test, as far as it can be used."""
        events = read_events(test.input_events, self._rules.catalogue)
        self._note(events.mistakes, (*path, "input_events"))
        facts = sorted(self._facts(test, path), key=lambda each: each.moment)
        checks = tuple(self._checks(test, path))
        messages = None if test.exp_notifications is None else tuple(self._messages(test.exp_notifications, path))
        tested = self._tested(checks, messages or ())
        begins = [*(each.moment for each in events.records), *(each.moment for each in facts)]
        ends = [*(each.moment for each in checks), *_moments(messages or ())]
        self._note(_gaps(test, ends), path)
        return Story(
            name=test.name,
            line=self._line(path),
            rules=_only(self._rules, tested),
            tested=frozenset(rule.alert for rule in tested),
            start=test.start or _eve(min(begins or ends, default=_NEVER)),
            end=max(ends or begins, default=_NEVER),
            records=events.records,
            facts=tuple(facts),
            checks=checks,
            messages=messages,
            messages_line=self._document.mark((*path, "exp_notifications"), key=True)[0],
        )

    def _line(self, path: KeyPath) -> int:
        return self._document.mark(path)[0]

    def _note(self, found: Iterable[Mistake], prefix: KeyPath) -> None:
        self.mistakes += [mistake.below(prefix) for mistake in found]

    # --- what is put in ---------------------------------------------------------------------------------------------

    def _facts(self, test: RuleTest, path: KeyPath) -> Iterator[KnownFact]:
        for index, raw in enumerate(test.input_facts):
            place: KeyPath = (*path, "input_facts", index)
            fact = read_fact(_without(raw, "withdrawn"), place, self._document, self._rules.catalogue)
            if not isinstance(fact, Fact):
                self.mistakes += fact
                continue
            moment = self._known(fact)
            if moment is None:
                self._note([Mistake((), "nothing says when the fact became known", "write known: 2020-05-07")], place)
                continue
            yield KnownFact(moment, fact)
            if "withdrawn" in raw:
                yield from self._withdrawal(raw["withdrawn"], fact, moment, place)

    def _known(self, fact: Fact) -> datetime | None:
        """When a fact became known: as it says, as its citation says, else on the first day that it held."""
        stated = known_on(fact, self._rules.catalogue.citations.get(fact.cite))
        day = (stated.last if stated else None) or fact.since.first
        return day_start(day) if day else None

    def _withdrawal(self, raw: object, fact: Fact, known: datetime, place: KeyPath) -> Iterator[KnownFact]:
        try:
            moment = read_span(raw).first
        except ValueError as error:
            self._note([Mistake.of(("withdrawn",), str(error))], place)
            return
        if moment <= known:
            hint = f"write a moment after {known:%Y-%m-%dT%H:%MZ}"
            self._note([Mistake(("withdrawn",), "it would be withdrawn before it was known", hint)], place)
            return
        yield KnownFact(moment, fact, is_withdrawn=True)

    # --- what is expected -------------------------------------------------------------------------------------------

    def _checks(self, test: RuleTest, path: KeyPath) -> Iterator[AlertCheck]:
        for index, check in enumerate(test.alert_rule_test):
            place: KeyPath = (*path, "alert_rule_test", index)
            rule = self._rule(check.alertname, (*place, "alertname"))
            if rule is not None:
                alerts = tuple(self._alerts(check, rule, (*place, "exp_alerts")))
                yield AlertCheck(self._line(place), check.eval_time, rule, alerts)

    def _rule(self, name: str, path: KeyPath) -> Rule | None:
        rules = {key: rule for rule in self._rules.rules for key in (slug(rule.id), slug(rule.alert)) if key}
        rule = rules.get(slug(name))
        if rule is None:
            self.mistakes.append(Mistake.of(path, unknown_name("rule", name, [each.alert for each in rules.values()])))
        return rule

    def _alerts(self, check: AlertTest, rule: Rule, path: KeyPath) -> Iterator[AlertLine]:
        for index, said in enumerate(check.exp_alerts):
            values = [self._value(name, said, rule, (*path, index, "exp_values", name)) for name in said.exp_values]
            yield AlertLine(self._line((*path, index)), said, tuple(each for each in values if each is not None))

    def _value(self, name: str, said: ExpectedAlert, rule: Rule, path: KeyPath) -> Expectation | None:
        try:
            wanted = expectation(name, said.exp_values[name])
        except ValueError as error:
            self.mistakes.append(Mistake.of(path, str(error)))
            return None
        found = wanted.problems(rule.detector.OUTPUTS)
        is_unknown = name not in rule.detector.OUTPUTS
        self.mistakes += [Mistake.of(path, sentence, at_key=is_unknown) for sentence in found]
        return None if found else wanted

    def _messages(self, said: Sequence[ExpectedMessage], path: KeyPath) -> Iterator[MessageLine]:
        for index, message in enumerate(said):
            place: KeyPath = (*path, "exp_notifications", index)
            if message.receiver and message.receiver not in self._receivers:
                hint = near(message.receiver, self._receivers) or f"there are: {', '.join(self._receivers)}"
                self._note([Mistake(("receiver",), f"no receiver {message.receiver!r}", hint)], place)
            if message.alertname:
                self._rule(message.alertname, (*place, "alertname"))
            yield MessageLine(self._line(place), message)

    def _tested(self, checks: Sequence[AlertCheck], messages: Sequence[MessageLine]) -> list[Rule]:
        """The rules that a test names; all of them when it names none."""
        named = {slug(each.said.alertname) for each in messages} | {slug(each.rule.alert) for each in checks}
        found = [rule for rule in self._rules.rules if {slug(rule.alert), slug(rule.id)} & (named - {""})]
        return found or list(self._rules.rules)


def _without(raw: Mapping[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in raw.items() if name != key}


def _moments(messages: Sequence[MessageLine]) -> Iterator[datetime]:
    """Up to when messages are to be played; a day stands for any moment of it, and is played to its end."""
    for each in messages:
        if each.said.at is not None:
            yield each.said.at.last


def _gaps(test: RuleTest, ends: Sequence[datetime]) -> Iterator[Mistake]:
    """A test in which nothing is expected, or nothing can be played."""
    if not test.alert_rule_test and test.exp_notifications is None:
        yield Mistake((), "the test expects nothing", "write 'alert_rule_test' or 'exp_notifications'")
    elif not (test.alert_rule_test or test.input_events or test.input_facts or ends):
        yield Mistake((), "nothing happens in the test", "write 'input_events' or 'input_facts'")
    if test.start is not None and ends and max(ends) < test.start:
        yield Mistake(("start",), "everything is expected before the rules come into force", "write an earlier moment")


def _eve(moment: datetime) -> datetime:
    """The beginning of the day before."""
    return day_start(moment.date() - DAY)


def _only(rules: RuleSet, tested: Collection[Rule]) -> RuleSet:
    """The rules that are tested, with those that they are combined from: every other one would cost time for nothing."""
    by_name = {slug(name): rule for rule in rules.rules for name in (rule.id, rule.alert) if name}
    wanted: dict[str, Rule] = {}
    waiting = list(tested)
    while waiting:
        rule = waiting.pop()
        if rule.identity not in wanted:
            wanted[rule.identity] = rule
            waiting += [by_name[slug(name)] for name in rule.members if slug(name) in by_name]
    groups = [
        group.model_copy(update={"rules": tuple(rule for rule in group.rules if rule.identity in wanted)})
        for group in rules.groups
    ]
    return replace(rules, groups=tuple(group for group in groups if group.rules))
