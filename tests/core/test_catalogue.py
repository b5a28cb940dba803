from __future__ import annotations

from datetime import date

from watcher.core.catalogue import ActorEntry, Catalogue
from watcher.core.selector import Spelling

ISGS = ActorEntry(
    actor="isgs", title="ISGS", aliases=("Islamic State in Greater Sahara", "ISGS"), valid_from=date(2015, 5, 1)
)
PLAIN = ActorEntry(actor="ansarul_islam", aliases=("Ansarul Islam",))


def test_an_actor_is_matched_by_every_name_it_goes_by_once():
    assert ISGS.spellings == ("isgs", "ISGS", "Islamic State in Greater Sahara")
    assert PLAIN.spellings == ("ansarul_islam", "Ansarul Islam")


def test_messages_call_an_actor_by_its_title_and_a_stranger_by_what_is_written():
    catalogue = Catalogue(actors={"isgs": ISGS, "ansarul_islam": PLAIN})
    assert [catalogue.actor_name(name) for name in ("isgs", "ansarul_islam", "Somebody")] == [
        "ISGS",
        "ansarul_islam",
        "Somebody",
    ]


def test_the_validity_of_an_entry_is_that_of_each_of_its_spellings():
    assert Spelling("ISGS", date(2015, 5, 1), None) in Catalogue(actors={"isgs": ISGS}).names.actors["isgs"]
