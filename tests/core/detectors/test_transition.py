from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from tests.core.detectors.snapshot import MemorySnapshot, asserted, at, event, known
from watcher.core.catalogue import ActorEntry, Catalogue
from watcher.core.detectors import transition
from watcher.core.event import Actor, Role
from watcher.core.fact import DESK, Citation, Fact, StateDefinition, Verified
from watcher.core.indicator import Indicator
from watcher.core.label import labels
from watcher.core.picture import Span, StatePicture
from watcher.core.reading import Reading
from watcher.core.rule import Rule, judge
from watcher.core.selector import selector
from watcher.core.selector.place import Place

CATALOGUE = Catalogue(
    citations={
        "baloi_2020": Citation.model_validate(
            {
                "citation": "baloi_2020",
                "title": "Brief",
                "author": "Ana Maria Baloi",
                "publisher": "Grey Dynamics",
                "published": "2020-07",
                "reliability": "B",
                "credibility": 2,
            }
        ),
        "rumour": Citation.model_validate({"citation": "rumour", "title": "A post", "published": "2020-07-01"}),
    },
    actors={
        "isgs": ActorEntry(actor="isgs", title="Islamic State in the Greater Sahara"),
        "jnim": ActorEntry(actor="jnim", title="Jamaat Nusrat al-Islam wal-Muslimin"),
        "aqim": ActorEntry(actor="aqim", title="al-Qaeda in the Islamic Maghreb"),
    },
    places={"gourma": Place(place="gourma", title="Malian Gourma", admin1=("Gao",))},
    states={
        "rivalry": StateDefinition(state="rivalry", key="dyad", values=("cordial", "strained", "clashing", "truce")),
        "leader": StateDefinition(state="leader", key=("group", "role"), values="person"),
        "control": StateDefinition(state="control", key="area", values=("actor", "contested"), title="control"),
        "allegiance": StateDefinition(state="allegiance", key="actor", values="actor"),
        "talks": StateDefinition(state="talks", key="country"),
    },
)


def fact(state: str, key: str | tuple[str, ...], value: str, since: str, **more: object) -> Fact:
    parts = (key,) if isinstance(key, str) else key
    return Fact.model_validate(
        {"state": state, "key": parts, "value": value, "since": since, "cite": "baloi_2020", **more}
    )


DYAD = ("isgs", "jnim")
CLASHES = Indicator(indicator="clashes", count="events", where=selector({"dyad": ["ISGS", "JNIM"]}), unit="clashes")
STRAINED = fact("rivalry", DYAD, "strained", "2019-09")
CLASHING = fact(
    "rivalry",
    DYAD,
    "clashing",
    "2020-04-17",
    known="2020-05-07",
    claimed_by="Islamic State (al-Naba)",
    note="Heavy fighting.",
)
DROUKDEL = fact("leader", ("aqim", "head"), "Abdelmalek Droukdel", "unknown", until="2020-06-03", ended="killed")
GOURMA = fact("control", "gourma", "jnim", "2020-07", extent="most")


def read(*facts: Fact, source: str = "file:sahel.yaml", as_known: str = "2020-07-14", **given: object) -> list[Reading]:
    parameters = transition.Parameters.model_validate(given or {"rivalry": "any"})
    snapshot = MemorySnapshot(at(as_known), told=asserted(*facts, source=source))
    return list(transition.read(parameters, CATALOGUE, snapshot))


class TestTheRivalry:
    def test_its_outputs(self):
        (reading,) = read(STRAINED, CLASHING, rivalry=("$isgs", "$jnim"))
        assert reading.values == {
            "from": "strained",
            "to": "clashing",
            "since": date(2020, 4, 17),
            "known": date(2020, 5, 7),
            "held_days": None,
            "ended": "",
            "claimed_by": "Islamic State (al-Naba)",
            "verified": "unstated",
            "basis": "asserted",
            "state": "rivalry",
            "key": "isgs-jnim",
        }
        assert set(reading.values) == set(transition.OUTPUTS)

    def test_a_claim_is_told_as_one_everywhere(self):
        (reading,) = read(STRAINED, CLASHING)
        said = (
            "Islamic State in the Greater Sahara and Jamaat Nusrat al-Islam wal-Muslimin: strained -> clashing "
            "since 17 Apr 2020 (claimed by Islamic State (al-Naba), not verified)"
        )
        assert (reading.telling.headline, reading.telling.sentence) == (said, f"{said}.")
        assert reading.telling.what == "Known since 7 May 2020. Note of the desk: Heavy fighting."
        assert reading.telling.sure == (
            "A claim, not an established fact: claimed by Islamic State (al-Naba), not verified; "
            "source graded B2 by the desk."
        )
        assert reading.telling.unknown == ("From which day strained held (stated: 2019-09).",)
        assert (reading.telling.source, reading.telling.cites) == (
            ("Grey Dynamics, Ana Maria Baloi, 2020-07, B2",),
            ("baloi_2020",),
        )

    def test_its_history_is_the_arithmetic(self):
        (reading,) = read(STRAINED, CLASHING)
        assert reading.telling.arithmetic == (
            "From 2019-09: strained (stated by Ana Maria Baloi; known 13 Jul 2020)",
            "From 17 Apr 2020: clashing (claimed by Islamic State (al-Naba), not verified; known 7 May 2020)",
        )

    def test_it_is_one_occurrence_that_a_repeat_does_not_renew(self):
        (once,) = read(STRAINED, CLASHING)
        (confirmed,) = read(STRAINED, CLASHING.model_copy(update={"verified": Verified.TRUE}))
        (other,) = read(STRAINED, fact("rivalry", DYAD, "truce", "2020-04-17"))
        assert once.occurrence == confirmed.occurrence == "rivalry|isgs-jnim|clashing|2020-04-17|"
        assert other.occurrence != once.occurrence
        assert (once.present, once.known_at, once.watermark) == (True, at("2020-05-07"), date(2020, 7, 14))

    @pytest.mark.parametrize(
        ("severity", "to"),
        [
            pytest.param("critical", "clashing", id="clashing wakes somebody"),
            pytest.param("info", "strained", id="strained not"),
        ],
    )
    def test_the_severity_follows_the_value(self, severity, to):
        rule = Rule.model_validate(
            {
                "alert": "ISGS-JNIM relation changed",
                "transition": {"rivalry": ["$isgs", "$jnim"]},
                "severity": {"critical": "to = clashing", "otherwise": "info"},
            }
        )
        (reading,) = read(fact("rivalry", DYAD, to, "2020-04-17"))
        finding = judge(rule, reading, CATALOGUE)
        assert (finding.holds, finding.severity.value) == (True, severity)


@pytest.mark.parametrize(
    ("facts", "source", "headline"),
    [
        pytest.param(
            [DROUKDEL],
            "file:sahel.yaml",
            "al-Qaeda in the Islamic Maghreb, head (leader): Abdelmalek Droukdel killed, 3 Jun 2020 (stated by Ana Maria Baloi)",
            id="a leader killed, and nobody after him",
        ),
        pytest.param(
            [DROUKDEL, fact("leader", ("aqim", "head"), "Yazid Mubarak", "2020-06", verified=True)],
            "file:sahel.yaml",
            "al-Qaeda in the Islamic Maghreb, head (leader): Abdelmalek Droukdel (killed) -> Yazid Mubarak since 2020-06 "
            "(stated by Ana Maria Baloi, confirmed by others)",
            id="a leader replaced",
        ),
        pytest.param(
            [
                DROUKDEL.model_copy(update={"claimed_by": "a French minister"}),
                fact("leader", ("aqim", "head"), "Yazid Mubarak", "2020-06", verified="partly"),
            ],
            "file:sahel.yaml",
            "al-Qaeda in the Islamic Maghreb, head (leader): Abdelmalek Droukdel (killed, as a French minister claims) -> "
            "Yazid Mubarak since 2020-06 (stated by Ana Maria Baloi, partly verified)",
            id="a killing that is a claim beside a successor who is not",
        ),
        pytest.param(
            [GOURMA],
            "file:sahel.yaml",
            "Malian Gourma (control): Jamaat Nusrat al-Islam wal-Muslimin (most of it) since 2020-07, not known before "
            "(stated by Ana Maria Baloi)",
            id="an area, over most of it",
        ),
        pytest.param(
            [fact("control", "Soum", "contested", "2020-07-01", cite="", at_least=True)],
            DESK,
            "Soum (control): at least contested since 1 Jul 2020, not known before (asserted by the desk)",
            id="the desk's own word",
        ),
        pytest.param(
            [fact("control", "Soum", "contested", "2020-07-01", cite="", verified=False)],
            "file:sahel.yaml",
            "Soum (control): contested since 1 Jul 2020, not known before (no source stated, called unverified)",
            id="nobody's word",
        ),
        pytest.param(
            [fact("control", "Soum", "contested", "2020-07-01", cite="lost")],
            "file:sahel.yaml",
            "Soum (control): contested since 1 Jul 2020, not known before (stated by lost)",
            id="a citation that the catalogue does not have",
        ),
        pytest.param(
            [fact("control", "Soum", "contested", "2020-07-01", cite="rumour")],
            "file:sahel.yaml",
            "Soum (control): contested since 1 Jul 2020, not known before (stated by rumour)",
            id="a citation without author and publisher",
        ),
    ],
)
def test_the_headline_says_what_changed_and_who_says_so(facts, source, headline):
    (reading,) = read(*facts, source=source, **{facts[0].state: "any"})
    assert reading.telling.headline == headline


def test_how_long_the_value_before_had_held_is_told_where_both_days_are_known():
    (reading,) = read(fact("rivalry", DYAD, "strained", "2019-09-10"), CLASHING)
    assert reading.values["held_days"] == 220
    assert "strained had held for 220 days." in reading.telling.what
    assert reading.telling.unknown == ()


def test_what_is_not_known_is_told():
    (reading,) = read(GOURMA, control="any")
    assert reading.telling.unknown == ("The day of the change; known is only 2020-07.", "What held before.")
    assert reading.values["since"] == date(2020, 7, 1)


def test_the_desk_without_a_citation_has_no_source_line():
    (reading,) = read(fact("control", "Soum", "contested", "2020-07-01", cite=""), source=DESK, control="any")
    assert (reading.telling.source, reading.telling.cites, reading.telling.sure) == ((), (), "Asserted by the desk.")


@pytest.mark.parametrize(
    ("facts", "found"),
    [
        pytest.param([STRAINED], labels({"state": "rivalry", "key": "isgs-jnim"}), id="a dyad is joined"),
        pytest.param(
            [DROUKDEL], labels({"state": "leader", "group": "aqim", "role": "head"}), id="named parts are labels"
        ),
        pytest.param([GOURMA], labels({"state": "control", "key": "gourma"}), id="an area by its short name"),
    ],
)
def test_labels_use_short_names(facts, found):
    (reading,) = read(*facts, **{facts[0].state: "any"})
    assert reading.labels == found


@pytest.mark.parametrize(
    ("facts", "readings"),
    [
        pytest.param([fact("rivalry", DYAD, "cordial", "unknown")], 0, id="nothing ever changed"),
        pytest.param(
            [STRAINED, fact("rivalry", ("aqim", "jnim"), "cordial", "2017-03")], 2, id="one reading for each key"
        ),
        pytest.param([fact("control", "Soum", "jnim", "2020-07-01")], 0, id="another state's facts are not read"),
    ],
)
def test_each_key_that_changed_has_one_reading(facts, readings):
    assert len(read(*facts)) == readings


RIVALRIES = [
    fact("rivalry", DYAD, "clashing", "2020-04-17"),
    fact("rivalry", ("aqim", "jnim"), "cordial", "2017-03"),
    fact("rivalry", ("aqim", "isgs"), "strained", "2019"),
]
LEADERS = [
    fact("leader", ("aqim", "head"), "A", "2020-01"),
    fact("leader", ("aqim", "spokesman"), "B", "2020-01"),
    fact("leader", ("jnim", "head"), "C", "2017-03"),
]


@pytest.mark.parametrize(
    ("facts", "given", "keys"),
    [
        pytest.param(RIVALRIES, {"rivalry": ["$jnim", "$isgs"]}, ["isgs-jnim"], id="a dyad in either order"),
        pytest.param(RIVALRIES, {"rivalry": "$jnim"}, ["aqim-jnim", "isgs-jnim"], id="every dyad of one actor"),
        pytest.param(RIVALRIES, {"rivalry": ["$jnim"]}, ["aqim-jnim", "isgs-jnim"], id="the same as a list"),
        pytest.param(
            RIVALRIES,
            {"rivalry": ["$jnim", "$isgs", "$aqim"]},
            ["aqim-isgs", "aqim-jnim", "isgs-jnim"],
            id="among three",
        ),
        pytest.param(LEADERS, {"leader": ["$aqim"]}, ["aqim-head", "aqim-spokesman"], id="the first of named parts"),
        pytest.param(LEADERS, {"leader": {"role": "head"}}, ["aqim-head", "jnim-head"], id="one part by its name"),
        pytest.param(
            LEADERS,
            {"leader": {"group": ["$aqim", "$isgs"], "role": "Head"}},
            ["aqim-head"],
            id="several parts, a list in one",
        ),
        pytest.param([GOURMA], {"control": "$gourma"}, ["gourma"], id="a place by reference"),
        pytest.param(
            [fact("control", "Ménaka", "jnim", "2020-07")],
            {"control": ["Menaka", "Soum"]},
            ["Ménaka"],
            id="an area in plain letters",
        ),
        pytest.param(
            [fact("talks", "Mali", "open", "2020-02"), fact("talks", "Niger", "open", "2020-02")],
            {"talks": "MLI"},
            ["Mali"],
            id="a country by its code",
        ),
        pytest.param(
            [fact("allegiance", "jnim", "aqim", "2017-03")], {"allegiance": "$jnim"}, ["jnim"], id="a single actor"
        ),
    ],
)
def test_which_keys_are_watched(facts, given, keys):
    assert [reading.values["key"] for reading in read(*facts, **given)] == keys


@pytest.mark.parametrize(
    ("at_least", "to"),
    [
        pytest.param("", ["truce"], id="every fact without a grade"),
        pytest.param("F6", ["truce"], id="anything cited"),
        pytest.param("B2", ["clashing"], id="exactly the grade"),
        pytest.param("C3", ["clashing"], id="a better one"),
        pytest.param("A2", [], id="a better source is asked for"),
        pytest.param("B1", [], id="better information is asked for"),
    ],
)
def test_only_facts_of_the_grade_asked_for_make_a_change(at_least, to):
    truce = fact("rivalry", DYAD, "truce", "2020-07-01", cite="rumour")
    found = read(fact("rivalry", DYAD, "clashing", "2020-04-17"), truce, rivalry="any", at_least=at_least)
    assert [reading.values["to"] for reading in found] == to


def test_a_fact_without_a_citation_has_no_grade():
    assert read(fact("rivalry", DYAD, "clashing", "2020-04-17", cite=""), rivalry="any", at_least="F6") == []


def test_it_fires_for_a_fortnight_without_a_condition():
    own = transition.defaults(transition.Parameters.model_validate({"rivalry": "any"}), CATALOGUE)
    assert (own.condition, own.keep_firing_for.days, transition.EVENT_LIKE) == (None, 14, True)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        pytest.param({}, "exactly one state .* found: none", id="no state"),
        pytest.param({"rivalry": "any", "leader": "any"}, "found: rivalry, leader", id="two states"),
        pytest.param({"rivalry": 3}, "valid string", id="a number for a key"),
        pytest.param({"rivalry": "any", "at_least": "good"}, "match pattern", id="a grade that is none"),
    ],
)
def test_what_it_cannot_say_is_refused(given, said):
    with pytest.raises(ValidationError, match=said):
        transition.Parameters.model_validate(given)


@pytest.mark.parametrize(
    ("given", "problems"),
    [
        pytest.param({"rivalry": ["$isgs", "$jnim"]}, [], id="nothing wrong"),
        pytest.param({"control": "any"}, [], id="any key"),
        pytest.param({"control": ["Soum", "$gourma"]}, [], id="an area as it stands, and a place"),
        pytest.param(
            {"rivalri": "any"},
            [(("rivalri",), "no state 'rivalri'; did you mean 'rivalry'?")],
            id="a slip in the state",
        ),
        pytest.param(
            {"rivalry": ["$isgz", "$jnim"]},
            [(("rivalry", 0), "no actor '$isgz'; did you mean '$isgs'?")],
            id="a slip in an actor",
        ),
        pytest.param(
            {"rivalry": ["isgs", "$jnim"]},
            [(("rivalry", 0), "'isgs' stands where an actor is expected; write $isgs, an entry of 'actors'")],
            id="an actor without its sign",
        ),
        pytest.param(
            {"leader": {"group": "$aqim", "rolle": "head"}},
            [(("leader", "rolle"), "no key part 'rolle'; did you mean 'role'?")],
            id="a slip in a part",
        ),
        pytest.param(
            {"control": "$gurma"},
            [(("control",), "no actor or place '$gurma'; did you mean '$gourma'?")],
            id="a slip in a place",
        ),
        pytest.param(
            {"talks": "Maly"}, [(("talks",), "unknown country 'Maly'; did you mean 'Mali'?")], id="a slip in a country"
        ),
        pytest.param({"talks": "Xyzzyx"}, [(("talks",), "unknown country 'Xyzzyx'")], id="no country at all"),
    ],
)
def test_names_that_are_not_there_are_told_with_what_is_near(given, problems):
    assert list(transition.problems(transition.Parameters.model_validate(given), CATALOGUE)) == problems


def test_an_actor_without_a_title_is_called_by_its_short_name():
    plain = replace(CATALOGUE, actors={"isgs": ActorEntry(actor="isgs"), "jnim": ActorEntry(actor="jnim")})
    snapshot = MemorySnapshot(at("2020-07-14"), told=asserted(STRAINED))
    (reading,) = transition.read(transition.Parameters.model_validate({"rivalry": "any"}), plain, snapshot)
    assert reading.telling.headline.startswith("isgs and jnim: strained since 2019-09")


class TestADerivedState:
    """Four clashes up to 16 April 2020, and none after; the records go on to the end of the year."""

    WAYS = (
        {"becomes": "clashing", "when": "clashes >= 3 in 30d", "of": DYAD},
        {"becomes": "strained", "when": "clashes = 0 in 90d", "from": "clashing", "of": DYAD},
    )
    CLAIM = fact("rivalry", DYAD, "clashing", "2020-04-17", known="2020-05-07", claimed_by="al-Naba")

    def read(self, *facts: Fact, as_known: str, review: str = "", on: str = "", **given: object) -> list[Reading]:
        sides = (Actor(Role.A, "ISGS"), Actor(Role.B, "JNIM"))
        clashes = [event(n, date(2020, 4, day), actors=sides) for n, day in enumerate((10, 14, 16, 16))]
        others = [event(100 + n, date(2020, 1, 1) + timedelta(days=n)) for n in range(366)]
        state = {"state": "rivalry", "key": "dyad", "derived": self.WAYS, "review_after": review}
        catalogue = replace(
            CATALOGUE,
            states={"rivalry": StateDefinition.model_validate(state)},
            indicators={"clashes": CLASHES},
        )
        parameters = transition.Parameters.model_validate({"rivalry": "any", **given})
        snapshot = MemorySnapshot(
            at(as_known), known([*clashes, *others], on=at(on) if on else None), told=asserted(*facts)
        )
        assert transition.indicators(parameters, catalogue) == (CLASHES,)
        return list(transition.read(parameters, catalogue, snapshot))

    def test_nobody_asserts_it(self):
        (reading,) = self.read(as_known="2020-05-01")
        assert (reading.values["from"], reading.values["to"], reading.values["basis"]) == ("", "clashing", "derived")
        assert (reading.values["since"], reading.values["known"]) == (date(2020, 4, 16), date(2020, 4, 17))
        assert (reading.values["claimed_by"], reading.values["verified"]) == ("", "unstated")
        assert (reading.known_at, reading.occurrence) == (at("2020-04-17"), "rivalry|isgs-jnim|clashing|2020-04-16|")

    def test_it_is_known_when_its_records_are(self):
        (reading,) = self.read(as_known="2020-06-01", on="2020-05-09T12:00")
        assert (reading.known_at, reading.values["known"]) == (at("2020-05-09T12:00"), date(2020, 5, 9))

    def test_records_that_say_the_same_as_the_fact_are_no_doubt(self):
        (reading,) = self.read(STRAINED, self.CLAIM, as_known="2020-06-01")
        assert not any("The records say" in line for line in reading.telling.unknown)

    def test_it_is_told_as_derived_everywhere(self):
        (reading,) = self.read(as_known="2020-05-01")
        told = reading.telling
        assert told.headline == (
            "Islamic State in the Greater Sahara and Jamaat Nusrat al-Islam wal-Muslimin: clashing since 16 Apr 2020, "
            "not known before (derived from clashes >= 3 in 30d: 4 on 16 Apr 2020)"
        )
        assert told.sure == "Derived from records by the state's own rule; nobody asserts it."
        assert told.what == "Known since 17 Apr 2020."
        assert told.source == ("records of acled",)
        assert told.arithmetic == (
            "From 16 Apr 2020: clashing (derived from clashes >= 3 in 30d: 4 on 16 Apr 2020)",
            (
                "Counted: 4 clashes, 18 Mar 2020 to 16 Apr 2020: MOZ0 (10 Apr 2020), MOZ1 (14 Apr 2020), "
                "MOZ2 (16 Apr 2020), MOZ3 (16 Apr 2020)"
            ),
        )
        assert not any("assert" in line or "stated" in line for line in (told.headline, told.what, *told.arithmetic))

    def test_it_goes_on_without_an_event(self):
        (reading,) = self.read(as_known="2020-08-01")
        assert (reading.values["from"], reading.values["to"]) == ("clashing", "strained")
        assert (reading.values["since"], reading.values["held_days"]) == (date(2020, 7, 15), 90)
        assert "clashing (derived) -> strained since 15 Jul 2020 (derived from" in reading.telling.headline
        assert reading.telling.arithmetic[-1] == "Counted: no clashes, 17 Apr 2020 to 15 Jul 2020"

    def test_a_fact_wins_and_both_are_shown(self):
        (reading,) = self.read(STRAINED, self.CLAIM, as_known="2020-08-01")
        assert (reading.values["to"], reading.values["basis"]) == ("clashing", "asserted")
        assert "(claimed by al-Naba, not verified)" in reading.telling.headline
        assert reading.telling.unknown[-1] == (
            "The records say strained since 15 Jul 2020 (derived from clashes = 0 in 90d: 0 on 15 Jul 2020)."
        )
        assert [line.split(" (")[0] for line in reading.telling.arithmetic] == [
            "From 2019-09: strained",
            "From 16 Apr 2020: clashing",
            "From 17 Apr 2020: clashing",
            "From 15 Jul 2020: strained",
        ]

    @pytest.mark.parametrize(
        ("as_known", "to", "basis"),
        [
            pytest.param("2020-11-02", "clashing", "asserted", id="a day before it is stale"),
            pytest.param("2020-11-03", "strained", "derived", id="the day on which it is stale"),
        ],
    )
    def test_a_stale_fact_no_longer_wins(self, as_known, to, basis):
        (reading,) = self.read(STRAINED, self.CLAIM, as_known=as_known, review="180d")
        assert (reading.values["to"], reading.values["basis"]) == (to, basis)

    def test_a_stale_fact_is_said_to_be_stale(self):
        (reading,) = self.read(STRAINED, self.CLAIM, as_known="2020-11-04", review="180d")
        assert (reading.values["since"], reading.known_at) == (date(2020, 11, 3), at("2020-11-03"))
        assert "Whether clashing still holds: not confirmed since 7 May 2020, stale since 3 Nov 2020." in (
            reading.telling.unknown
        )
        assert any(line.endswith("known 7 May 2020; stale since 3 Nov 2020)") for line in reading.telling.arithmetic)

    def test_a_grade_leaves_out_what_nobody_grades(self):
        assert self.read(as_known="2020-08-01", at_least="F6") == []

    def test_nothing_is_known_before_its_day_is_over(self):
        assert self.read(as_known="2020-04-16") == []


def test_a_stale_fact_without_anything_derived_stands_and_says_so():
    leader = StateDefinition(state="leader", key=("group", "role"), values="person", review_after="365d")
    catalogue = replace(CATALOGUE, states={"leader": leader})
    told = asserted(fact("leader", ("jnim", "head"), "Iyad Ag Ghaly", "2017-03-02", known="2017-03-02"))
    parameters = transition.Parameters.model_validate({"leader": "any"})
    (reading,) = transition.read(parameters, catalogue, MemorySnapshot(at("2020-07-14"), told=told))
    assert (reading.values["to"], reading.values["basis"]) == ("Iyad Ag Ghaly", "asserted")
    assert reading.telling.unknown[-1] == (
        "Whether Iyad Ag Ghaly still holds: not confirmed since 2 Mar 2017, stale since 2 Mar 2018."
    )


def test_a_state_that_nobody_knows_counts_nothing():
    assert transition.indicators(transition.Parameters.model_validate({"rivalri": "any"}), CATALOGUE) == ()


def test_its_page_lists_its_outputs_and_its_worked_examples():
    page = (Path(__file__).parents[3] / "docs" / "detectors" / "transition.md").read_text(encoding="utf-8")
    (rivalry,), (leader,) = read(STRAINED, CLASHING), read(DROUKDEL, leader="any")
    for output in transition.OUTPUTS.values():
        assert f"| `{output.name}` | {output.kind.value} | {output.meaning} |" in page
    (derived,) = TestADerivedState().read(as_known="2020-05-01")
    for line in (derived.telling.headline, derived.telling.sure, *derived.telling.arithmetic):
        assert line in page
    for line in (rivalry.telling.headline, rivalry.telling.sure, *rivalry.telling.unknown, leader.telling.headline):
        assert line in page


def test_its_picture_shows_the_values_one_after_the_other():
    (reading,) = read(STRAINED, CLASHING)
    drawn = reading.telling.picture
    assert isinstance(drawn, StatePicture)
    assert (drawn.lanes[0].spans, drawn.last) == (
        (
            Span("strained", date(2019, 9, 1), date(2020, 4, 16)),
            Span("clashing", date(2020, 4, 17), None),
        ),
        date(2020, 7, 14),
    )
    assert drawn.first < date(2019, 9, 1)


def test_its_picture_leaves_the_days_empty_after_an_end_without_a_successor():
    (reading,) = read(DROUKDEL, leader="any")
    drawn = reading.telling.picture
    assert isinstance(drawn, StatePicture)
    assert drawn.lanes[0].spans == (Span("Abdelmalek Droukdel", None, date(2020, 6, 3)),)
