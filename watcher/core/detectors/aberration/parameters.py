"""What stands under ``aberration``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from watcher.core.detectors.aberration.weeks import WeekDay
from watcher.core.document import Document

Asked = Literal[
    "auto", "seasonal", "recent", "predictive", "shift", "ears_c1", "ears_c2", "ears_c3", "zscore", "compound"
]

#: Where a method has always been used with another chance than ours: EARS with 3.09 and 1.96 standard deviations, and
#: the z-score that everybody writes by hand with 3.
_ALPHA: Mapping[str, float] = {"zscore": 0.00135, "ears_c1": 0.001, "ears_c2": 0.001, "ears_c3": 0.025}
#: The score above which ``shift`` is an alarm, for a ratio that is given and for any.
_LIMIT, _LIMIT_ANY = 4.0, 5.0
_EARS = ("ears_c1", "ears_c2", "ears_c3")
#: Keys that mean something to some methods only.
_BELONGS: Mapping[str, tuple[str, ...]] = {
    "years": ("auto", "seasonal"),
    "baseline": _EARS,
    "ratio": ("shift",),
    "limit": ("shift",),
}


class Parameters(Document):
    """What stands under ``aberration``."""

    indicator: str
    """The indicator whose newest week is judged."""
    method: Asked = "auto"
    """What predicts the week; auto: seasonal from three years on, recent from half a year on, else predictive."""
    every: Literal["week", "day"] = "week"
    """Judge each whole week once, or every day the seven days up to it."""
    week_start: WeekDay = "saturday"
    """First day of a week, with `every: week`."""
    alpha: Annotated[float, Field(ge=1e-6, le=0.5)] = 0.005
    """Accepted chance of a false alarm in a week; zscore 0.00135, ears_c1 and ears_c2 0.001, ears_c3 0.025, shift none."""
    min_count: Annotated[int, Field(ge=0, le=1_000_000, strict=True)] = 5
    """Fewer than this in the last four weeks, the judged one among them, is no alert."""
    delay: Literal["none", "estimated"] = "none"
    """Whether late reports are allowed for: estimated thins what is expected by the share of the week known yet."""
    years: Annotated[int, Field(ge=3, le=10)] = 5
    """How many past years seasonal looks at; fewer where there are fewer, but at least three."""
    baseline: Annotated[int, Field(ge=4, le=52)] = 7
    """How many weeks ears_c1, ears_c2 and ears_c3 compare with."""
    ratio: Annotated[float, Field(ge=1.1, le=100)] | Literal["any"] = 2.0
    """The rise that shift looks for: 2 for a doubling, or any."""
    limit: Annotated[float, Field(ge=1, le=50)] = _LIMIT
    """The score above which shift is an alarm; with `ratio: any` 5."""

    @model_validator(mode="before")
    @classmethod
    def _of_the_method(cls, given: Any) -> Any:
        if not isinstance(given, Mapping):
            return given
        method = str(given.get("method"))
        if method == "shift" and given.get("ratio") == "any":
            return {"limit": _LIMIT_ANY, **given}
        return {"alpha": _ALPHA[method], **given} if method in _ALPHA else given

    @model_validator(mode="after")
    def _nothing_without_effect(self) -> Parameters:
        for key, methods in _BELONGS.items():
            # A default that is written out changes nothing, and templates write all of them out.
            is_default = getattr(self, key) == type(self).model_fields[key].default
            if not is_default and self.method not in methods:
                msg = (
                    f"'{key}' goes with 'method: {' | '.join(methods)}'; with 'method: {self.method}' it has no effect"
                )
                raise ValueError(msg)
        if self.method == "shift" and "alpha" in self.model_fields_set:
            msg = "'alpha' does not go with 'method: shift', whose alarm is a score above 'limit'"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _week_start_of_weeks(self) -> Parameters:
        if self.every == "day" and "week_start" in self.model_fields_set:
            msg = "'week_start' goes with 'every: week'; with 'every: day' the seven days end at the watermark"
            raise ValueError(msg)
        return self
