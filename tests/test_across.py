"""Across, in turns: of many series that hold some begin, and what goes on is not asked again."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from datetime import date, timedelta

import pytest

from tests.installation import Installation, at, installed
from watcher.cli.argument import body
from watcher.core.alert import OURS, State
from watcher.core.period import Period
from watcher.core.rule import Rule
from watcher.feeds import query_offsets
from watcher.inquiry import Inquiry, inquire
from watcher.replay import Player
from watcher.ruletest.load import load_tests
from watcher.ruletest.run import play

PLACES = ("Palma", "Mueda", "Ibo", "Meluco", "Nangade")
#: A Saturday: the weeks that are judged begin on it.
FIRST = date(2020, 3, 14)
SUNDAY = 6
#: The days that are gone through, day by day.
DAYS = Period.between(date(2020, 6, 13), date(2020, 6, 22))
#: The first day of the week in which some places stand out.
BURST = date(2020, 6, 6)
RULES = """\
version: 1
indicators:
  - {indicator: attacks, title: Attacks, count: events, where: {country: Mozambique}, by: [location]}
  - {indicator: deadly, title: Deadly attacks, count: events, where: {fatalities: {above: 0}}, by: [location]}
groups:
  - group: daily
    interval: 1d
    rules:
      - alert: Attacks beyond their history
        aberration: {indicator: attacks}
        across: ACROSS
"""
SHARED = RULES.replace("        across: ACROSS\n", "").replace(
    "    interval: 1d\n", "    interval: 1d\n    across: ACROSS\n"
)
SHARED += """\
      - alert: Deadly attacks beyond their history
        aberration: {indicator: deadly}
"""
#: How many attacks there are in the weeks from the one on that stands out; everywhere else there is one a week.
BURSTS = {"Palma": (14,), "Mueda": (11,), "Ibo": (8,)}
Bursts = Mapping[str, tuple[int, ...]]


def rows(bursts: Bursts, *, until: str, deadly: int = 0) -> Iterator[str]:
    """The attacks up to a day.

    :param deadly: so many of the attacks on Palma in the week that stands out have a death.
    """
    for place, week in itertools.product(PLACES, range(16)):
        start = FIRST + timedelta(weeks=week)
        later = (start - BURST).days // 7
        total = bursts.get(place, ())[later : later + 1] if later >= 0 else ()
        for n in range((*total, 1)[0]):
            day, deaths = start + timedelta(days=n % 7), int(place == "Palma" and start == BURST and n < deadly)
            if str(day) <= until:
                yield f"MOZ{PLACES.index(place) + 1}{week:02}{n:02}  {day}  {deaths}  {place}"


def release(it: Installation, last: str, bursts: Bursts, **how: int) -> None:
    """Everything up to a day is released on the day after, and a turn is taken at the next midnight."""
    day = date.fromisoformat(last)
    it.release(f"{day + timedelta(days=1)} 12:00", *rows(bursts, until=last, **how))
    it.turn(str(day + timedelta(days=2)))


def firing(it: Installation) -> list[str]:
    """The places that are told one by one."""
    found = it.alerts().values()
    return sorted(a.group[0][1] for a in found if a.state is State.FIRING and not a.rule.startswith(OURS))


def further(it: Installation) -> list[str]:
    """What was told of the others, headline and text."""
    return [
        " ".join(each["annotations"]["description"].split())
        for message in it.told()
        for each in message["alerts"]
        if each["labels"]["alertname"] == "WatcherFurtherSeries"
    ]


@pytest.fixture(scope="module")
def first_two(tmp_path_factory):
    with installed(tmp_path_factory.mktemp("first-two"), rules=RULES.replace("ACROSS", "{top: 2}")) as it:
        release(it, "2020-06-05", BURSTS)
        release(it, "2020-06-12", BURSTS)
        yield it


def rule_of(it: Installation, number: int = 0) -> Rule:
    return it.app.rules.rules[number]


def inquiry(it: Installation, moment: str, number: int = 0) -> Inquiry:
    with it.app.store.reading() as tx:
        return inquire(tx, it.app.rules, rule_of(it, number), offsets=query_offsets(it.settings), moment=at(moment))


def test_the_first_begin_and_the_others_do_not(first_two):
    assert firing(first_two) == ["Mueda", "Palma"]
    assert "Ibo" not in first_two.alerts()


def test_without_across_all_of_them_begin(tmp_path):
    with installed(tmp_path, rules=RULES.replace("        across: ACROSS\n", "")) as it:
        release(it, "2020-06-12", BURSTS)
        assert firing(it) == ["Ibo", "Mueda", "Palma"]


def test_what_is_told_says_among_how_many_it_was_chosen(first_two):
    [message] = [each for each in first_two.told() if each["commonLabels"]["alertname"] != "WatcherFurtherSeries"]
    details = message["watcher"]["alerts"].values()
    across = sorted((each["evidence"]["across"] for each in details), key=lambda each: each["text"])
    assert [each["begins"] for each in across] == [True, True]
    assert all(each["text"].endswith("of 3 for which the condition holds") for each in across)
    assert "One of many: p " in " ".join(message["watcher"]["text"].split())
    said = " ".join(message["watcher"]["text"].split())
    assert "number 1 of 3 for which the condition holds. Behind the first 2: Ibo." in said


def test_an_explanation_says_why_another_does_not_begin(first_two):
    found = inquiry(first_two, "2020-06-14")
    ibo = found.answer((("location", "Ibo"),))
    assert ibo is not None
    assert ibo.finding.is_held_back
    said = " ".join(" ".join(body(found, ibo, first_two.app.rules.catalogue)).split())
    assert "- across: no alert begins, p " in said
    assert "not among the first 2: number 3 of 3 for which the condition holds" in said


def test_an_alert_that_goes_on_is_not_asked_again(tmp_path):
    bursts = {"Palma": (14, 30, 1), "Mueda": (9, 40, 1)}
    with installed(tmp_path, rules=RULES.replace("ACROSS", "{top: 1}")) as it:
        release(it, "2020-06-12", bursts)
        assert firing(it) == ["Palma"]
        release(it, "2020-06-19", bursts)
        assert firing(it) == ["Mueda", "Palma"], "Palma is the second now, and goes on"
        palma = inquiry(it, "2020-06-21").answer((("location", "Palma"),))
        assert palma is not None
        assert palma.finding.is_held_back
        release(it, "2020-06-27", bursts)
        assert {alert.state for alert in it.alerts().values()} == {State.RESOLVED}


def test_the_others_are_told_together_once_for_each_set_of_them_and_end_without_a_word(tmp_path):
    bursts = {"Palma": (14, 30, 1), "Mueda": (11, 40, 1), "Ibo": (8, 1, 1)}
    labelled = RULES.replace("        across: ACROSS", "        across: {top: 1}\n        labels: {team: north}")
    with installed(tmp_path, rules=labelled) as it:
        release(it, "2020-06-05", bursts)
        release(it, "2020-06-12", bursts)
        own = [each for each in it.alerts().values() if each.rule.startswith(OURS)]
        assert [dict(each.group)["team"] for each in own] == ["north"], "it is routed as the rule's alerts are"
        [text] = further(it)
        assert text.startswith("The condition holds for Mueda and Ibo as well; of so many at once only the first")
        it.turn("2020-06-14 06:00")
        assert further(it) == [], "the same others are told once"
        # Mueda comes first now and begins; Ibo is quiet again, and Palma goes on: nobody is left untold.
        release(it, "2020-06-19", bursts)
        assert firing(it) == ["Mueda", "Palma"]
        assert further(it) == []
        assert [each.state for each in it.alerts().values() if each.rule.startswith(OURS)] == [State.RESOLVED]


@pytest.mark.parametrize("status", ["experimental", "test"])
def test_of_a_rule_that_is_tried_out_the_others_are_not_told(tmp_path, status):
    rules = RULES.replace("        across: ACROSS", f"        across: {{top: 1}}\n        status: {status}")
    with installed(tmp_path, rules=rules) as it:
        release(it, "2020-06-05", BURSTS)
        release(it, "2020-06-12", BURSTS)
        assert not any(each.rule.startswith(OURS) for each in it.alerts().values())


@pytest.mark.parametrize("across", ["{fdr: 0.00001}", "{budget: 0.001 per year}"])
def test_what_chance_may_have_brought_is_not_told_at_all(tmp_path, across):
    with installed(tmp_path, rules=RULES.replace("ACROSS", across)) as it:
        release(it, "2020-06-12", BURSTS)
        assert len(firing(it)) < 3
        assert further(it) == []


@pytest.mark.parametrize(
    ("across", "expected"),
    [
        ("{budget: 0.1 per year}", ["Mueda", "Palma"]),
        ("{budget: 1 per week}", ["Ibo", "Mueda", "Palma"]),
        ("{fdr: 0.00001}", ["Palma"]),
        ("{fdr: 0.1}", ["Ibo", "Mueda", "Palma"]),
    ],
)
def test_a_budget_and_a_share_hold_back_by_the_p_value(tmp_path, across, expected):
    with installed(tmp_path, rules=RULES.replace("ACROSS", across)) as it:
        release(it, "2020-06-12", {"Palma": (14,), "Mueda": (7,), "Ibo": (6,)})
        assert firing(it) == expected


def test_while_it_waits_for_its_time_it_has_to_stay_among_the_first(tmp_path):
    bursts = {"Palma": (9, 9), "Ibo": (8, 14)}
    with installed(tmp_path, rules=RULES.replace("ACROSS", "{top: 1}\n        for: 10d")) as it:
        release(it, "2020-06-12", bursts)
        assert it.alerts()["Palma"].state is State.PENDING
        release(it, "2020-06-19", bursts)
        assert (it.alerts()["Palma"].state, it.alerts()["Ibo"].state) == (State.INACTIVE, State.PENDING)


# --- a group of rules -------------------------------------------------------------------------------------------------


def lived(it: Installation) -> None:
    """Take a turn on each day of a week and more, with two releases."""
    for n in range(10):
        day = DAYS.start + timedelta(days=n)
        if day.weekday() == SUNDAY:
            release(it, str(day - timedelta(days=2)), BURSTS, deadly=6)
        else:
            it.turn(str(day))


def episodes(it: Installation, rule: Rule) -> list[tuple[str, str]]:
    """(group, fired) of each episode that the turns made."""
    return sorted(
        (each.group[0][1], f"{each.tick:%m-%d}")
        for each in it.transitions()
        if each.rule == rule.identity and each.after is State.FIRING and not each.before.is_open
    )


@pytest.mark.parametrize(
    ("across", "expected"),
    [
        ("{top: 2}", [["Palma"], ["Palma"]]),
        ("{top: 3}", [["Mueda", "Palma"], ["Palma"]]),
    ],
)
def test_the_series_of_all_rules_of_a_group_are_weighed_together(tmp_path, across, expected):
    with installed(tmp_path, rules=SHARED.replace("ACROSS", across)) as it:
        lived(it)
        found = [[name for name, _ in episodes(it, rule)] for rule in it.app.rules.rules]
    assert found == expected


@pytest.mark.parametrize("rules", [RULES, SHARED], ids=["of a rule", "of a group"])
@pytest.mark.parametrize("across", ["{top: 2}", "{fdr: 0.00001}"])
def test_a_replay_begins_what_turns_began(tmp_path, rules, across):
    with installed(tmp_path, rules=rules.replace("ACROSS", across)) as it:
        lived(it)
        with it.app.store.reading() as tx:
            player = Player(tx, it.app.rules, offsets=query_offsets(it.settings), days=DAYS)
            for rule in it.app.rules.rules:
                played = sorted((each.group[0][1], f"{each.since:%m-%d}") for each in player.play(rule).episodes)
                assert played
                assert played == episodes(it, rule)


def test_a_rule_test_sees_what_begins_and_says_why_the_others_do_not(tmp_path):
    (tmp_path / "rules.yaml").write_text(RULES.replace("ACROSS", "{top: 1}"))
    usual = "".join(
        f"      - {{spread: {{from: 2020-01-04, to: 2020-06-05, events: 22}}, country: Mozambique, location: {place},\n"
        "         event_type: Battles}\n"
        for place in ("Palma", "Ibo")
    )
    burst = "".join(
        f"      - {{spread: {{from: 2020-06-06, to: 2020-06-12, events: {events}}}, country: Mozambique,\n"
        f"         location: {place}, event_type: Battles}}\n"
        for place, events in (("Palma", 14), ("Ibo", 10))
    )
    (tmp_path / "own_test.yaml").write_text(
        "rule_files: [rules.yaml]\ntests:\n  - name: the first of two\n    start: 2020-05-01\n    input_events:\n"
        f"{usual}{burst}    alert_rule_test:\n      - eval_time: 2020-06-14\n"
        "        alertname: Attacks beyond their history\n        exp_alerts: [{exp_labels: {location: Palma}}]\n"
    )
    loaded = load_tests(tmp_path / "own_test.yaml", {})
    [look] = play(loaded, loaded.stories[0]).looks
    assert [each.labels["location"] for each in look.found] == ["Palma"]
    [why] = [each for each in look.reasons if each.startswith("Ibo: ")]
    assert "not among the first 1: number 2 of 2 for which the condition holds" in why
