"""What the store says, for the checks that need records; each question is answered once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from functools import cache, cached_property
from pathlib import Path
from typing import Self

from watcher.core.indicator import Indicator
from watcher.core.muting import Silence
from watcher.core.period import DAY, Period, day_start, tick_at_or_after
from watcher.core.rule import Rule, RuleSet
from watcher.core.statistics.delay import Completeness
from watcher.lint.past import Past, PastYears, keys_of
from watcher.replay import Player, Progress
from watcher.store import survey
from watcher.store.schema import Tx
from watcher.store.silences import find_silences
from watcher.store.snapshot import StoreSnapshot

YEAR = timedelta(days=365)


class StoreData:
    """Implements :class:`watcher.lint.check.Data` over one read transaction."""

    def __init__(self, tx: Tx, player: Player, years: PastYears) -> None:
        self._tx = tx
        self._player = player
        self._stage = player.stage
        self._years = years
        self._keys = keys_of(player.stage.rules, player.stage.offsets)
        # Bound to this object, not to the class: another store answers otherwise.
        self.values = cache(self._values)
        self.rhythm = cache(self._rhythm)
        self.completeness = cache(self._completeness)

    @classmethod
    def of(
        cls,
        tx: Tx,
        rules: RuleSet,
        *,
        offsets: Mapping[str, timedelta],
        keep_in: Path | None = None,
        progress: Progress | None = None,
    ) -> Self | None:
        """What a store says; None when there is no record in it.

        :param keep_in: the file in which replays are kept from one run to the next.
        """
        newest = survey.newest_known(tx)
        if newest is None:
            return None
        # What became known on a day is judged at the first instant after it.
        days = Period.ending(tick_at_or_after(newest, DAY).date(), YEAR)
        years = PastYears(keep_in, stamp=survey.stamp(tx), days=days)
        return cls(tx, Player(tx, rules, offsets=offsets, days=days, progress=progress), years)

    @property
    def days(self) -> Period:
        """The last stored year."""
        return self._stage.days

    def past(self, rule: Rule) -> Past:
        """What a rule would have done on these days."""
        key = self._keys[rule.identity]
        past = self._years.get(key)
        if past is None:
            past = Past.of(self._player.play(rule))
            self._years.put(key, past)
        return past

    def save(self) -> None:
        """Keep what was worked out for the next run."""
        self._years.save()

    def silences(self) -> Sequence[Silence]:
        """What people do not want to be told of, or did not."""
        return [each.silence for each in find_silences(self._tx)]

    @cached_property
    def _all_sources(self) -> Sequence[str]:
        """The sources that have records."""
        return survey.event_sources(self._tx)

    def sources_of(self, rule: Rule) -> Mapping[str, timedelta]:
        """The sources whose events a rule counts, each with the query offset that holds for it."""
        group = self._stage.group_of(rule)
        own = group.query_offset if rule.query_offset is None else rule.query_offset
        named = [indicator.sources or self._all_sources for indicator in self._indicators(rule)]
        names = dict.fromkeys(name for each in named for name in each)
        return {name: self._stage.offsets.get(name, timedelta()) if own is None else own for name in names}

    def counted_sources(self, indicator: Indicator) -> Sequence[str]:
        """The sources that have an event which an indicator counts, by name."""
        snapshot = StoreSnapshot(self._tx, as_known=day_start(self.days.end), offsets={})
        of_each = {name: indicator.model_copy(update={"source": (name,)}) for name in self._all_sources}
        return [name for name, its in of_each.items() if snapshot.coverage(its) is not None]

    def watermark(self, rule: Rule) -> date | None:
        """The day up to which what a rule counts is complete."""
        snapshot = self._stage.last_snapshot(rule)
        return next((snapshot.watermark(each) for each in self._indicators(rule)), None)

    def _indicators(self, rule: Rule) -> Sequence[Indicator]:
        return rule.indicators(self._stage.rules.catalogue)

    def _values(self, field: str) -> Sequence[str]:
        return survey.values(self._tx, "iso3" if field == "country" else field)

    def _rhythm(self, source: str) -> timedelta | None:
        return survey.rhythm(self._tx, source, since=self.days.start)

    def _completeness(self, source: str) -> Completeness:
        snapshot = StoreSnapshot(self._tx, as_known=day_start(self.days.end), offsets={})
        return snapshot.completeness(Indicator(indicator=source, count="events", source=source))
