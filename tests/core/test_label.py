from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watcher.core.label import NO_LABELS, fingerprint, fold, labels, slug

NAMES = st.dictionaries(st.text(min_size=1, max_size=6), st.text(max_size=6), max_size=4)


def test_labels_are_sorted_and_empty_values_are_none():
    assert labels({"place": "Palma", "country": "Mozambique", "admin1": ""}) == (
        ("country", "Mozambique"),
        ("place", "Palma"),
    )


@given(NAMES)
def test_the_order_in_which_labels_are_given_means_nothing(pairs):
    backwards = dict(reversed(pairs.items()))
    assert labels(pairs) == labels(backwards)
    assert fingerprint("a-rule", labels(pairs)) == fingerprint("a-rule", labels(backwards))


@pytest.mark.parametrize(
    ("rule", "group"),
    [
        pytest.param("another-rule", (("place", "Palma"),), id="the rule"),
        pytest.param("a-rule", (("place", "Mueda"),), id="a value"),
        pytest.param("a-rule", (("location", "Palma"),), id="a name"),
        pytest.param("a-rule", NO_LABELS, id="no labels at all"),
        pytest.param("a-rule", (("plac", "ePalma"),), id="where the name ends"),
    ],
)
def test_alerts_differ_by(rule, group):
    assert fingerprint(rule, group) != fingerprint("a-rule", (("place", "Palma"),))


def test_a_fingerprint_stays_what_it_is_for_ever():
    assert fingerprint("a-rule", (("place", "Palma"),)) == "a5b6ad8caebfa3ae"


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        pytest.param("Ménaka", "menaka", id="accents"),
        pytest.param("  In-Tillit \t Gourma ", "in-tillit gourma", id="spaces"),
        pytest.param("STRASSE Straße", "strasse strasse", id="case in every language"),
        pytest.param("İzmir", "izmir", id="a letter that becomes two"),
        pytest.param("N\u2019Djamena \u2018Ayn \u02bcAta", "n'djamena 'ayn 'ata", id="typographic apostrophes"),
        pytest.param("\u0149amey", "'namey", id="a letter that holds an apostrophe"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_names_are_matched_without(written, folded):
    assert fold(written) == folded


@given(st.text(max_size=20))
def test_folding_twice_is_folding_once(text):
    assert fold(fold(text)) == fold(text)


@pytest.mark.parametrize(
    ("sentence", "identity"),
    [
        pytest.param(
            "Mozambique fatality rate exceeds 2019 pace", "mozambique-fatality-rate-exceeds-2019-pace", id="a sentence"
        ),
        pytest.param("  Attacks: Pobé (Soum)!  ", "attacks-pobe-soum", id="signs and accents"),
        pytest.param("...", "", id="nothing but signs"),
    ],
)
def test_a_sentence_is_known_by(sentence, identity):
    assert slug(sentence) == identity
