from __future__ import annotations

import pytest

from watcher.core.fact import Verified

CATALOGUE = """
citations:
  - {citation: brief, title: A brief, published: 2020-07}
actors:
  - {actor: isgs, aliases: [ISGS]}
  - {actor: jnim, aliases: [JNIM]}
  - {actor: aqim}
people:
  - {person: Abdelmalek Droukdel, aliases: [Abdel Malek Droukdel, Abou Moussab Abdelouadoud]}
places:
  - {place: soum, country: Burkina Faso, admin2: Soum}
states:
  - {state: rivalry, key: dyad, values: [cordial, strained, clashing, truce]}
  - {state: leader, key: [group, role], values: person}
  - {state: control, key: area, values: [actor, contested]}
  - {state: head, key: actor, values: actor}
  - {state: threat, key: country, values: text}
  - {state: talks}
facts:
"""


@pytest.fixture
def fact(load):
    def read(text):
        return load(facts=f"{CATALOGUE}  - {text}\n").catalogue.facts["facts.yaml"][0]

    return read


READ = {
    "a dyad stands in the order of its names": (
        "{rivalry: [$jnim, $isgs], is: clashing, from: 2020-04-17}",
        ("rivalry", ("isgs", "jnim"), "clashing", "2020-04-17"),
    ),
    "a state with parts has a key of parts": (
        "{leader: {role: head, group: $aqim}, is: Abdelmalek Droukdel, from: unknown}",
        ("leader", ("aqim", "head"), "Abdelmalek Droukdel", "unknown"),
    ),
    "a person has one name, however it is spelled": (
        "{leader: {role: head, group: $aqim}, is: ABDEL MALEK  Droukdél, from: unknown}",
        ("leader", ("aqim", "head"), "Abdelmalek Droukdel", "unknown"),
    ),
    "a person nobody listed keeps the name as written": (
        "{leader: {role: head, group: Katiba Serma}, is: Abu Jabir, from: 2019}",
        ("leader", ("Katiba Serma", "head"), "Abu Jabir", "2019"),
    ),
    "an area is text": (
        "{control: Malian Gourma, is: $jnim, from: 2020-07}",
        ("control", ("Malian Gourma",), "jnim", "2020-07"),
    ),
    "an area may be a place": (
        "{control: $soum, is: contested, from: 2019-H2}",
        ("control", ("soum",), "contested", "2019-H2"),
    ),
    "an actor may be the value": ("{head: $isgs, is: $jnim, from: 2020}", ("head", ("isgs",), "jnim", "2020")),
    "a country has one name": (
        "{threat: ZAF, is: conditional, from: 2020-07-06}",
        ("threat", ("South Africa",), "conditional", "2020-07-06"),
    ),
    "a state is about a text unless it says otherwise": (
        "{talks: JNIM and Bamako, is: true, from: 2020}",
        ("talks", ("JNIM and Bamako",), "true", "2020"),
    ),
    "a number is text": (
        "{talks: strength of Barkhane, is: 5100, from: 2020}",
        ("talks", ("strength of Barkhane",), "5100", "2020"),
    ),
}


@pytest.mark.parametrize(("text", "expected"), READ.values(), ids=READ.keys())
def test_facts_are_read(fact, text, expected):
    found = fact(text)
    assert (found.state, found.key, found.value, str(found.since)) == expected


def test_everything_that_may_be_said_of_a_fact_is_kept(fact):
    found = fact(
        "{rivalry: [$isgs, $jnim], is: clashing, from: 2020-04-17, until: 2020-06, known: 2020-05-07, ended: a truce,"
        " extent: most, at_least: true, claimed_by: al-Naba, verified: partly, note: by video, cite: brief}"
    )
    assert (str(found.until), str(found.known), found.ended, found.extent) == (
        "2020-06",
        "2020-05-07",
        "a truce",
        "most",
    )
    assert (found.at_least, found.claimed_by, found.verified, found.note, found.cite) == (
        True,
        "al-Naba",
        Verified.PARTLY,
        "by video",
        "brief",
    )


REFUSED = {
    "no state": ("{is: clashing, from: 2020}", "facts[0]: a fact begins with a state's name; states: rivalry, leader"),
    "two states": (
        "{rivalry: [$isgs, $jnim], talks: x, is: y, from: 2020}",
        "facts[0].talks: a fact is about one state",
    ),
    "an unknown state": (
        "{rivalri: [$isgs, $jnim], is: y, from: 2020}",
        "facts[0].rivalri: no state 'rivalri'; did you mean 'rivalry'?",
    ),
    "a state like no other": ("{xyz: a, is: y, from: 2020}", "facts[0].xyz: no state 'xyz'; states: rivalry, leader"),
    "a misspelt key": (
        "{talks: a, is: y, from: 2020, untill: 2021}",
        "facts[0].untill: unknown key 'untill'; did you mean 'until'?",
    ),
    "no value": ("{talks: a, from: 2020}", "facts[0]: the key 'is' is missing"),
    "an empty value": ("{talks: a, is: , from: 2020}", "facts[0].is: expected text"),
    "a list as the value": ("{talks: a, is: [b], from: 2020}", "facts[0].is: expected text"),
    "no beginning": ("{talks: a, is: b}", "facts[0]: the key 'from' is missing; write from: unknown when nobody says"),
    "one actor for a dyad": (
        "{rivalry: $isgs, is: truce, from: 2020}",
        "facts[0].rivalry: 'rivalry' is about two actors; write [$isgs, $jnim]",
    ),
    "three actors for a dyad": (
        "{rivalry: [$isgs, $jnim, $aqim], is: truce, from: 2020}",
        "facts[0].rivalry: 'rivalry' is about two actors",
    ),
    "an actor nobody knows": (
        "{rivalry: [$isgs, $fadm], is: truce, from: 2020}",
        "facts[0].rivalry[1]: no actor '$fadm'; add it to 'actors'",
    ),
    "an actor without its sign": (
        "{head: isgs, is: $jnim, from: 2020}",
        "facts[0].head: an actor is written with a '$': $isgs",
    ),
    "a part of the key missing": (
        "{leader: {group: $aqim}, is: x, from: 2020}",
        "facts[0].leader: expected a map of group, role",
    ),
    "a text for a key of parts": (
        "{leader: $aqim, is: x, from: 2020}",
        "facts[0].leader: expected a map of group, role; write {group: ..., role: ...}",
    ),
    "an unknown actor in a part": (
        "{leader: {group: $aqmi, role: head}, is: x, from: 2020}",
        "facts[0].leader.group: no actor or place '$aqmi'; did you mean '$aqim'?",
    ),
    "a country that is none": (
        "{threat: South Afrika, is: x, from: 2020}",
        "facts[0].threat: unknown country 'South Afrika'; did you mean 'South Africa'?",
    ),
    "a value that is none of the state's": (
        "{control: x, is: contestd, from: 2020}",
        "facts[0].is: 'control' is never 'contestd'; did you mean 'contested'?",
    ),
    "an unknown actor as the value": ("{control: x, is: $nobody, from: 2020}", "facts[0].is: no actor '$nobody'"),
    "a date that is none": ("{talks: a, is: b, from: soon}", "facts[0].from: 'soon' is no date"),
    "an extent that is none": (
        "{talks: a, is: b, from: 2020, extent: almost}",
        "facts[0].extent: expected one of all, most, some",
    ),
    "a citation nobody wrote": (
        "{talks: a, is: b, from: 2020, cite: breif}",
        "facts[0].cite: no citation 'breif'; did you mean 'brief'?",
    ),
    "an end before the beginning": (
        "{talks: a, is: b, from: 2020-04, until: 2020-03}",
        "facts[0].until: 'until' lies before 'from'",
    ),
}


@pytest.mark.parametrize(("text", "said"), REFUSED.values(), ids=REFUSED.keys())
def test_what_means_nothing_is_refused(fact, refusal, text, said):
    (line,) = refusal(lambda: fact(text))
    assert line.split(": ", 1)[1].startswith(said)


def test_an_end_within_the_month_of_the_beginning_is_no_contradiction(fact):
    assert fact("{talks: a, is: b, from: 2020-04-17, until: 2020-04}").until is not None
