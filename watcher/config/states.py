"""States as people write them: the values they may take, what may follow what, and what they are derived from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from watcher.config.document import KeyPath
from watcher.config.facts import KEYS as FACT_KEYS
from watcher.config.facts import FactError, read_key
from watcher.config.problem import Mistake, near
from watcher.core.catalogue import Catalogue
from watcher.core.detectors.frame import unknown_name
from watcher.core.fact import KeyKind, StateDefinition
from watcher.core.indicator import Indicator
from watcher.core.label import fold
from watcher.core.period import duration
from watcher.core.trigger import Derivation

#: By which field an indicator may be counted where each of its groups is a key of the state.
_GROUPED: Mapping[str, tuple[str, ...]] = {
    KeyKind.COUNTRY: ("country",),
    KeyKind.AREA: ("admin1", "admin2", "admin3", "location"),
}


def state_mistakes(state: StateDefinition) -> Iterator[Mistake]:
    """What is wrong with a state, whatever else the files hold."""
    if state.state in FACT_KEYS:
        yield Mistake(("state",), f"{state.state!r} is a key of every fact", "call the state something else")
    if isinstance(state.key, str) and state.key not in set(KeyKind):
        yield Mistake(
            ("key",), f"no kind of key {state.key!r}", near(state.key, KeyKind) or f"one of: {', '.join(KeyKind)}"
        )
    if not state.values:
        yield Mistake(("values",), "the list must not be empty", "write the values it may take, or leave the key out")
        return
    if not state.key:
        yield Mistake(("key",), "the list must not be empty", "write the parts of the key, e.g. [group, role]")
        return
    for index, value in enumerate(state.order):
        yield from _value_mistakes(value, ("order", index), state)
    if state.review_after:
        try:
            duration(state.review_after)
        except ValueError as error:
            yield Mistake.of(("review_after",), str(error))
    yield from _transition_mistakes(state)
    for index, derivation in enumerate(state.derived):
        yield from (each.below(("derived", index)) for each in _derivation_mistakes(derivation, state))


def _value_mistakes(value: str, path: KeyPath, state: StateDefinition, *, at_key: bool = False) -> Iterator[Mistake]:
    if isinstance(state.values, tuple) and value not in state.values:
        yield Mistake.of(path, unknown_name("value", value, state.values), at_key=at_key)


def _transition_mistakes(state: StateDefinition) -> Iterator[Mistake]:
    for before, followers in state.transitions.items():
        path: KeyPath = ("transitions", before)
        yield from _value_mistakes(before, path, state, at_key=True)
        for index, after in enumerate(followers):
            yield from _value_mistakes(after, (*path, index), state)


def _derivation_mistakes(derivation: Derivation, state: StateDefinition) -> Iterator[Mistake]:
    if state.values in {"person", "actor"}:
        yield Mistake(
            ("becomes",), f"the values of {state.state!r} are names, and no count names anybody", "list the values"
        )
    unknown_end = list(_value_mistakes(derivation.becomes, ("becomes",), state))
    yield from unknown_end
    starts = derivation.starting_from
    for index, before in enumerate(starts):
        path: KeyPath = ("from", index) if len(starts) > 1 else ("from",)
        unknown = list(_value_mistakes(before, path, state))
        yield from unknown
        if before == derivation.becomes:
            yield Mistake(path, f"{before!r} cannot become what it is")
        elif not (unknown or unknown_end) and not state.allows(before, derivation.becomes):
            yield Mistake.of(path, state.refusal(before, derivation.becomes))


def resolve_keys(
    state: StateDefinition, catalogue: Catalogue, dyads: Mapping[str, object]
) -> tuple[StateDefinition, list[Mistake]]:
    """The state, with what each of its derivations is about as the keys of facts have it; and what is wrong there.

    :param dyads: what stands under ``where: dyad`` of indicators, by their names.
    """
    derived: list[Derivation] = []
    found: list[Mistake] = []
    for index, derivation in enumerate(state.derived):
        try:
            key = _key(derivation, state, catalogue, dyads)
        except FactError as error:
            found.append(error.mistake.below(("derived", index)))
        else:
            derived.append(derivation.model_copy(update={"of": key}))
    return (state if found else state.model_copy(update={"derived": tuple(derived)})), found


def _key(
    derivation: Derivation, state: StateDefinition, catalogue: Catalogue, dyads: Mapping[str, object]
) -> tuple[str, ...]:
    name = derivation.when.indicator
    indicator = catalogue.indicators.get(name)
    if indicator is None:
        summary, _, hint = unknown_name("indicator", name, catalogue.indicators).partition("; ")
        raise FactError(("when",), summary, hint)
    if indicator.by:
        return _grouped(derivation, state, indicator)
    if derivation.of:
        return _written(derivation, state, catalogue)
    if state.key != KeyKind.DYAD:
        by = " or ".join(f"by: [{field}]" for field in _GROUPED.get(str(state.key), ()))
        raise FactError(
            (), f"of what? {name!r} counts everything together", f"write of:{f', or count {by}' * bool(by)}"
        )
    return _selected(dyads.get(name), name, catalogue)


def _grouped(derivation: Derivation, state: StateDefinition, indicator: Indicator) -> tuple[str, ...]:
    name, by = indicator.indicator, ", ".join(indicator.by)
    if derivation.of:
        raise FactError(("of",), f"{name!r} counts by {by}, and 'of' names one key", "take an indicator without 'by'")
    suited = _GROUPED.get(str(state.key), ())
    if len(indicator.by) != 1 or indicator.by[0] not in suited:
        kind = state.key if isinstance(state.key, str) else ", ".join(state.key)
        hint = f"count by one of: {', '.join(suited)}" if suited else "take an indicator without 'by', and write of:"
        raise FactError(("when",), f"{name!r} counts by {by}, and {state.state!r} is about a key of {kind}", hint)
    return ()


def _written(derivation: Derivation, state: StateDefinition, catalogue: Catalogue) -> tuple[str, ...]:
    """What stands under ``of``, read as a fact's key is."""
    of: object = derivation.of
    if isinstance(of, tuple):
        of = of[0] if len(of) == 1 and state.key != KeyKind.DYAD else list(of)
    try:
        return read_key(of, state, catalogue)
    except FactError as error:
        mistake = error.mistake
        raise FactError(("of", *mistake.path[1:]), mistake.summary, mistake.hint) from None


def _selected(dyad: object, name: str, catalogue: Catalogue) -> tuple[str, ...]:
    """The two actors that an indicator selects."""
    actors = (
        [_actor(each, catalogue) for each in dyad] if isinstance(dyad, Sequence) and not isinstance(dyad, str) else []
    )
    known = sorted({each for each in actors if each})
    if len(actors) != 2 or len(known) != 2:  # noqa: PLR2004 - a dyad is two
        raise FactError(
            (), f"of which two actors? {name!r} selects no dyad of known actors", "write of: [$isgs, $jnim]"
        )
    return tuple(known)


def _actor(name: object, catalogue: Catalogue) -> str:
    """The short name of an actor that is written ``$name``, or by one of its spellings; empty when nobody has it."""
    text = str(name)
    if text.startswith("$"):
        return text[1:] if text[1:] in catalogue.actors else ""
    return next(
        (each.actor for each in catalogue.actors.values() if fold(text) in map(fold, each.spellings)),
        "",
    )
