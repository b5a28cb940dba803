"""Notices to test with: the article's headline alert, its later lives, and a claim; all numbers as stated or made up."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from hypothesis import strategies as st

from watcher.core.alert import Reason, State, Transition
from watcher.core.message import Desk, Item, Notification, NotifyReason, notification_id
from watcher.core.reading import Kind, Output, Value
from watcher.core.severity import Severity

MORNING = datetime(2020, 7, 7, 6, tzinfo=UTC)
LATER = datetime(2020, 7, 20, 6, tzinfo=UTC)
DESK = Desk(
    instance="desk-1", timezone="Africa/Maputo", contact="duty@example.org", runbook="https://example.org/runbook"
)
OUTPUTS = {
    name: Output(name, kind, "")
    for name, kind in {"observed": Kind.COUNT, "ratio": Kind.RATIO, "days": Kind.DAYS, "evidence": Kind.TEXT}.items()
}
STATED: dict[str, Value] = {"observed": 447, "ratio": 1.31478, "days": 188, "evidence": "weak"}
EVIDENCE = {
    "headline": "Mozambique deaths 31 % above 2019 pace: 447 to 6 Jul",
    "sentence": "447 deaths in 188 days; the 2019 pace gives 340 (ratio 1.315).",
    "what": "2.38 deaths a day against 1.81 in 2019 (660 deaths in 309 attacks). At this pace 870 by 31 December.",
    "sure": "Weak: interval of the ratio 1.01-1.72 with assumed dispersion 5; sequential score 1.96, strong needs 4.75.",
    "unknown": ["No 2020 attack count.", "The day to which 447 counts is assumed (6 July)."],
    "source": ["Grey Dynamics, A. M. Baloi, July 2020, B2. Definition differs from the indicator's filter."],
    "arithmetic": ["660 deaths / 365 days = 1.808 a day", "447 deaths / 188 days = 2.378 a day"],
    "because": ["ratio > 1 and days >= 28 and observed >= 25"],
    "cites": ["baloi_2020"],
}
RECORDS = [
    {
        "id": f"MOZ{number}",
        "date": f"2020-07-0{number}",
        "place": place,
        "fatalities": deaths,
        "publishers": "Radio Example; Example Times",
        "url": "https://example.org/records",
        "latitude": -12.25,
        "longitude": 40.1312345,
        "actors": ["Ansar al-Sunna", "Military Forces of Mozambique"],
    }
    for number, place, deaths in (
        (1, "Macomia, Cabo Delgado", 7),
        (2, "Palma, Cabo Delgado", 1),
        (3, "Macomia, Cabo Delgado", 0),
        (4, "", None),
        (5, "Quissanga, Cabo Delgado", 12),
        (6, "Macomia, Cabo Delgado", 2),
    )
]
CONTRIBUTORS = [{"name": "Macomia", "total": 188, "share": 0.4206}, {"name": "", "total": 12, "share": 0.004}]
CHART = [[(date(2020, 1, 1) + timedelta(days=i)).isoformat(), i * i // 80, i * 1.808] for i in range(188)]


def transition(**changes) -> Transition:
    """The transition of the article's headline alert, with changes."""
    plain = Transition(
        fingerprint="0123456789abcdef",
        rule="mozambique-fatality-rate-exceeds-2019-pace",
        group=(),
        seq=1,
        episode=1,
        before=State.INACTIVE,
        after=State.FIRING,
        severity=Severity.WARNING,
        reason=Reason.HOLDS,
        tick=MORNING,
        watermark=date(2020, 7, 6),
        rule_hash="aa11",
        values=STATED,
        notify=True,
        evidence=EVIDENCE,
    )
    return replace(plain, **changes)


def item(told: Transition | None = None, **changes) -> Item:
    """An item about it, with changes."""
    plain = Item(
        transition=told or transition(),
        alert="Mozambique fatality rate exceeds 2019 pace",
        labels={"alertname": "Mozambique fatality rate exceeds 2019 pace", "severity": "warning", "country": "MOZ"},
        starts_at=MORNING,
        ends_when="ratio < 0.95",
        outputs=OUTPUTS,
    )
    return replace(plain, **changes)


def notice(*items: Item, **changes) -> Notification:
    """A notification with its id."""
    plain = Notification(
        endpoint="desk/email/1",
        receiver="desk",
        group_key='desk:{country="MOZ"}',
        group_labels={"country": "MOZ"},
        reason=NotifyReason.FIRST,
        items=items,
        created_at=MORNING + timedelta(seconds=3),
        repeats=timedelta(days=7),
    )
    changed = replace(plain, **changes)
    return replace(changed, id=notification_id(changed))


def later(told: Transition) -> Item:
    """An item of an episode that was told before, on 7 July."""
    return item(told, before={"severity": "warning", "tick": MORNING.isoformat()}, previous_values=STATED)


HEADLINE = item()
WITH_RECORDS = item(
    transition(
        values={**STATED, "largest_event_share": 0.12},
        evidence={**EVIDENCE, "records": RECORDS, "contributors": CONTRIBUTORS, "chart": CHART},
    ),
    falsepositives=("A backlog of old deaths was published at once",),
)
LOWERED = {"observed": 320, "ratio": 0.9413, "days": 188, "evidence": "none"}
DIFFERENCE = {
    "new": [],
    "revised": [],
    "deleted": ["MOZ5"],
    "before": 447,
    "after": 320,
    "text": "the source deleted 1 record: 447 → 320 deaths",
}
WITHDRAWN = later(
    transition(
        seq=2,
        before=State.FIRING,
        after=State.RETRACTED,
        reason=Reason.RETRACTED,
        tick=LATER,
        values=LOWERED,
        evidence={**EVIDENCE, "what": "1.70 deaths a day against 1.81 in 2019.", "difference": DIFFERENCE},
    )
)
ENDED = later(
    transition(
        seq=2,
        before=State.FIRING,
        after=State.RESOLVED,
        reason=Reason.CEASED,
        tick=LATER,
        values=LOWERED,
        evidence={**EVIDENCE, "what": "1.70 deaths a day against 1.81 in 2019."},
    )
)
WORSE = later(
    transition(
        seq=2,
        before=State.FIRING,
        severity=Severity.CRITICAL,
        reason=Reason.WORSE,
        tick=LATER,
        values={"observed": 747, "ratio": 2.0445, "days": 202, "evidence": "strong"},
        evidence={
            "headline": "Mozambique deaths 104 % above 2019 pace: 747 to 20 Jul",
            "sentence": "747 deaths in 202 days.",
        },
    )
)
CLAIM = item(
    transition(
        fingerprint="fedcba9876543210",
        group=(("key", "ISGS-JNIM"),),
        severity=Severity.CRITICAL,
        reason=Reason.OCCURRED,
        values={"from": "strained", "to": "clashing", "claimed_by": "Islamic State (al-Naba)", "verified": "unstated"},
        evidence={
            "headline": "ISGS-JNIM rivalry: strained → clashing from 17 Apr 2020",
            "sentence": "The rivalry of ISGS and JNIM went from strained to clashing on 17 April 2020.",
            "what": "Known since 7 May 2020.",
            "source": ["Grey Dynamics, A. M. Baloi, July 2020, B2."],
        },
    ),
    alert="ISGS-JNIM relation changed",
    ends_when="",
    labels={"alertname": "ISGS-JNIM relation changed", "severity": "critical", "country": "MLI"},
    outputs={},
)

#: Any text at all, control characters, marks of direction and lone surrogates among it.
ANY_TEXT = st.one_of(
    st.text(st.characters(exclude_categories=()), max_size=60),
    st.sampled_from(
        ["<script>alert(1)</script>", "a\r\nBcc: x@example.org", "\u202eevil", "\ud800", "x" * 500, "{{7*7}}", "%s"]
    ),
)
_ANY_VALUE = st.one_of(ANY_TEXT, st.none(), st.booleans(), st.integers(), st.floats())
_ANY_JSON = st.recursive(
    _ANY_VALUE, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(ANY_TEXT, inner, max_size=4), max_leaves=12
)
_ROWS = st.lists(
    st.dictionaries(st.sampled_from([*RECORDS[0], "name", "share", "total"]), _ANY_JSON, max_size=9), max_size=8
)
_ANY_EVIDENCE = st.dictionaries(
    st.sampled_from([*EVIDENCE, "difference", "records", "contributors", "chart"]), _ANY_JSON | _ROWS
)
_ANY_VALUES = st.dictionaries(
    st.sampled_from([*STATED, "from", "to", "claimed_by", "verified", "largest_event_share"]), _ANY_VALUE
)


@st.composite
def any_item(draw: st.DrawFn) -> Item:
    """An item with anything in its fields."""
    told = transition(
        fingerprint=draw(ANY_TEXT),
        rule=draw(ANY_TEXT),
        group=(("admin1", draw(ANY_TEXT)),),
        after=draw(st.sampled_from(State)),
        reason=draw(st.sampled_from(Reason)),
        severity=draw(st.sampled_from(Severity)),
        values=draw(_ANY_VALUES),
        evidence=draw(_ANY_EVIDENCE),
    )
    return Item(
        transition=told,
        alert=draw(ANY_TEXT),
        labels=draw(st.dictionaries(ANY_TEXT, ANY_TEXT, max_size=3)),
        starts_at=MORNING,
        ends_at=draw(st.none() | st.just(LATER)),
        summary=draw(ANY_TEXT),
        description=draw(ANY_TEXT),
        runbook=draw(ANY_TEXT | ANY_TEXT.map(lambda text: f"https://{text}")),
        contact=draw(ANY_TEXT),
        falsepositives=(draw(ANY_TEXT),),
        ends_when=draw(ANY_TEXT),
        before=draw(st.none() | st.fixed_dictionaries({"severity": ANY_TEXT, "tick": ANY_TEXT})),
        previous_values=draw(_ANY_VALUES),
        outputs=draw(st.sampled_from([{}, OUTPUTS])),
    )


@st.composite
def any_notice(draw: st.DrawFn) -> tuple[Notification, Desk]:
    """A notification about up to three of them, and a desk with anything in its fields."""
    items = draw(st.lists(any_item(), max_size=3))
    desk = Desk(instance=draw(ANY_TEXT), timezone=draw(ANY_TEXT), contact=draw(ANY_TEXT), runbook=draw(ANY_TEXT))
    reason = draw(st.sampled_from(NotifyReason))
    return notice(*items, reason=reason, receiver=draw(ANY_TEXT), group_key=draw(ANY_TEXT)), desk


#: An alert about a report, whose title is not ours.
REPORT = item(
    transition(
        evidence={
            "headline": "Mali: 1 report on 1 Jul 2020: “Clashes near Gao”",
            "records": [
                {
                    "id": "r1",
                    "date": "2020-07-01",
                    "place": "Mali",
                    "title": "Clashes near *Gao*",
                    "publishers": "Le Jour | Gao",
                    "url": "https://news.example.org/r1",
                }
            ],
        }
    )
)
