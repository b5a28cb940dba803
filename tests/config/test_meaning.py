from __future__ import annotations

from watcher.config.meaning import meaning, meanings
from watcher.core.document import Document


class Above(Document):
    days: int = 0
    """How many days."""
    name: str = ""
    """What it
    is called.
    """


class Below(Above):
    silent: int = 0
    days: int = 1
    """How many days, said anew."""
    rest: str = ""
    "Not all of it."


def test_a_key_means_what_stands_under_it():
    assert meanings(Above) == {"days": "How many days.", "name": "What it\nis called."}


def test_a_key_of_a_model_above_keeps_its_meaning_or_gets_a_new_one():
    assert meaning(Below, "name") == "What it\nis called."
    assert meaning(Below, "days") == "How many days, said anew."
    assert meaning(Below, "rest") == "Not all of it."


def test_nothing_is_said_of_a_key_that_nobody_described_or_that_there_is_not():
    assert (meaning(Below, "silent"), meaning(Below, "nobody")) == ("", "")


def test_a_model_without_its_source_says_nothing():
    made = type("Made", (Document,), {"__module__": "builtins", "__annotations__": {"days": int}, "days": 1})
    assert meanings(made) == {}
