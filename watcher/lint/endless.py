"""``route/silence``: a silence that nobody will remember to end."""

from __future__ import annotations

from collections.abc import Iterator

from watcher.core.errors import Problem, ProblemSeverity
from watcher.core.period import day_start
from watcher.lint.check import Context, found

NAME = "route/silence"
SEVERITY = ProblemSeverity.WARNING
NEEDS_DATA = True
FINDS = "A silence without an end, or of a time interval that is gone from `notify.yaml`."


def check(context: Context) -> Iterator[Problem]:
    """Look at the silences in the store that go on; a silence of hours of the week rests in between, and may stay."""
    if context.routing is None or context.data is None:
        return
    today = day_start(context.today)
    for silence in (each for each in context.data.silences() if not each.is_over(today)):
        about = f"silence {silence.id} of {silence.author} ({', '.join(map(str, silence.matchers))}: {silence.comment})"
        ends = f"end it: watcher silence expire {silence.id}"
        if silence.during and silence.during not in context.routing.intervals:
            sentence = f"{about} is confined to {silence.during!r}, which is no time interval any more; {ends}"
        elif silence.ends_at is None and not silence.during:
            sentence = f"{about} has no end; {ends}, or give it one"
        else:
            continue
        yield found(NAME, context.routing.document, ("route",), sentence, at_key=True)
