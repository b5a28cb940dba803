from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watcher.core.country import (
    Country,
    all_countries,
    by_fips,
    by_gw,
    by_iso2,
    by_iso3,
    by_name,
    by_numeric,
    find_country,
    named_in,
    suggest,
)

DATA = Path(__file__).parents[3] / "shared" / "data"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="no real data beside the repository")

NAMES = """
Afghanistan; Akrotiri and Dhekelia; Albania; Algeria; American Samoa; Andorra; Angola; Anguilla; Antarctica; Antigua and Barbuda;
Argentina; Armenia; Aruba; Australia; Austria; Azerbaijan; Bahamas; Bahrain; Bailiwick of Guernsey; Bailiwick of Jersey; Bangladesh;
Barbados; Belarus; Belgium; Belize; Benin; Bermuda; Bhutan; Bolivia; Bosnia and Herzegovina; Botswana; Brazil;
British Indian Ocean Territory; British Virgin Islands; Brunei; Bulgaria; Burkina Faso; Burundi; Cambodia; Cameroon; Canada;
Cape Verde; Caribbean Netherlands; Cayman Islands; Central African Republic; Chad; Chile; China; Christmas Island;
Cocos (Keeling) Islands; Colombia; Comoros; Cook Islands; Costa Rica; Croatia; Cuba; Curacao; Cyprus; Czech Republic;
Democratic Republic of Congo; Denmark; Djibouti; Dominica; Dominican Republic; East Timor; Ecuador; Egypt; El Salvador;
Equatorial Guinea; Eritrea; Estonia; eSwatini; Ethiopia; Falkland Islands; Faroe Islands; Fiji; Finland; France; French Guiana;
French Polynesia; French Southern Territories; Gabon; Gambia; Georgia; Germany; Ghana; Gibraltar; Greece; Greenland; Grenada;
Guadeloupe; Guam; Guatemala; Guinea; Guinea-Bissau; Guyana; Haiti; Heard Island and McDonald Islands; Honduras; Hong Kong; Hungary;
Iceland; India; Indonesia; Iran; Iraq; Ireland; Isle of Man; Israel; Italy; Ivory Coast; Jamaica; Japan; Jordan; Kazakhstan; Kenya;
Kiribati; Kosovo; Kuwait; Kyrgyzstan; Laos; Latvia; Lebanon; Lesotho; Liberia; Libya; Liechtenstein; Lithuania; Luxembourg; Macao;
Madagascar; Malawi; Malaysia; Maldives; Mali; Malta; Marshall Islands; Martinique; Mauritania; Mauritius; Mayotte; Mexico;
Micronesia; Moldova; Monaco; Mongolia; Montenegro; Montserrat; Morocco; Mozambique; Myanmar; Namibia; Nauru; Nepal; Netherlands;
New Caledonia; New Zealand; Nicaragua; Niger; Nigeria; Niue; Norfolk Island; North Korea; North Macedonia;
Northern Mariana Islands; Norway; Oman; Pakistan; Palau; Palestine; Panama; Papua New Guinea; Paraguay; Peru; Philippines;
Pitcairn; Poland; Portugal; Puerto Rico; Qatar; Republic of Congo; Reunion; Romania; Russia; Rwanda; Saint-Barthelemy;
Saint Helena, Ascension and Tristan da Cunha; Saint Kitts and Nevis; Saint Lucia; Saint-Martin; Saint Pierre and Miquelon;
Saint Vincent and the Grenadines; Samoa; San Marino; Sao Tome and Principe; Saudi Arabia; Senegal; Serbia; Seychelles; Sierra Leone;
Singapore; Sint Maarten; Slovakia; Slovenia; Solomon Islands; Somalia; South Africa;
South Georgia and the South Sandwich Islands; South Korea; South Sudan; Spain; Sri Lanka; Sudan; Suriname; Svalbard and Jan Mayen;
Sweden; Switzerland; Syria; Taiwan; Tajikistan; Tanzania; Thailand; Togo; Tokelau; Tonga; Trinidad and Tobago; Tunisia; Turkey;
Turkmenistan; Turks and Caicos Islands; Tuvalu; Uganda; Ukraine; United Arab Emirates; United Kingdom; United States; Uruguay;
Uzbekistan; Vanuatu; Vatican City; Venezuela; Vietnam; Virgin Islands, U.S.; Wallis and Futuna; Western Sahara; Yemen; Zambia;
Zimbabwe
"""

ACLED = [name.strip() for name in NAMES.split(";")]


def code(country: Country | None) -> str | None:
    return country.iso3 if country else None


def test_every_country_name_of_acled_resolves():
    assert [name for name in ACLED if by_name(name) is None] == []


def test_acled_names_lead_to_different_countries():
    assert len({by_name(name) for name in ACLED}) == len(ACLED)


@pytest.mark.parametrize(
    ("name", "iso3"),
    [
        pytest.param("DR Congo (Zaire)", "COD", id="UCDP keeps the former name of the Congo"),
        pytest.param("Congo", "COG", id="Congo alone is Brazzaville"),
        pytest.param("Yemen (North Yemen)", "YEM", id="UCDP's Yemen"),
        pytest.param("South Yemen", "YEM", id="a part that has joined"),
        pytest.param("Myanmar (Burma)", "MMR", id="UCDP's Myanmar"),
        pytest.param("Russia (Soviet Union)", "RUS", id="UCDP's Russia"),
        pytest.param("Serbia (Yugoslavia)", "SRB", id="UCDP's Serbia"),
        pytest.param("Cambodia (Kampuchea)", "KHM", id="UCDP's Cambodia"),
        pytest.param("Kingdom of eSwatini (Swaziland)", "SWZ", id="UCDP's eSwatini"),
        pytest.param("Madagascar (Malagasy)", "MDG", id="UCDP's Madagascar"),
        pytest.param("Zimbabwe (Rhodesia)", "ZWE", id="UCDP's Zimbabwe"),
        pytest.param("Vietnam (North Vietnam)", "VNM", id="UCDP's Vietnam"),
        pytest.param("Macedonia, FYR", "MKD", id="UCDP's North Macedonia"),
        pytest.param("Bosnia-Herzegovina", "BIH", id="UCDP's Bosnia"),
        pytest.param("United States of America", "USA", id="UCDP's United States"),
        pytest.param("Côte d\u2019Ivoire", "CIV", id="accents and a typographic apostrophe"),
        pytest.param("COTE D'IVOIRE", "CIV", id="capitals without accents"),
        pytest.param("  St. Lucia ", "LCA", id="St. is Saint, blanks do not matter"),
        pytest.param("Trinidad & Tobago", "TTO", id="an ampersand is and"),
        pytest.param("The Gambia", "GMB", id="a leading article"),
        pytest.param("Korea, Republic of", "KOR", id="the library order of words"),
        pytest.param("Tchad", "TCD", id="the French name"),
        pytest.param("Kosovo", "XKX", id="a country without an ISO code"),
    ],
)
def test_a_name_resolves(name, iso3):
    assert code(by_name(name)) == iso3


@pytest.mark.parametrize("name", ["", "Atlantis", "Korea", "Sahel", "..."])
def test_a_name_that_is_no_country_or_could_be_several_is_none(name):
    assert by_name(name) is None


@pytest.mark.parametrize(
    ("letters", "fips", "iso2"),
    [
        pytest.param("NG", "NER", "NGA", id="NG is Niger in FIPS and Nigeria in ISO"),
        pytest.param("NI", "NGA", "NIC", id="NI is Nigeria in FIPS and Nicaragua in ISO"),
        pytest.param("UV", "BFA", None, id="UV is Burkina Faso in FIPS only"),
        pytest.param("OD", "SSD", None, id="OD is South Sudan in FIPS only"),
        pytest.param("ML", "MLI", "MLI", id="ML is Mali in both"),
        pytest.param("CH", "CHN", "CHE", id="CH is China in FIPS and Switzerland in ISO"),
        pytest.param("GZ", "PSE", None, id="Gaza has a FIPS code of its own"),
        pytest.param("WE", "PSE", None, id="so has the West Bank"),
        pytest.param("no", "NOR", "NOR", id="small letters do"),
    ],
)
def test_two_letters_mean_what_their_code_says(letters, fips, iso2):
    assert code(by_fips(letters)) == fips
    assert code(by_iso2(letters)) == iso2


@pytest.mark.parametrize(
    ("number", "iso3"),
    [
        (541, "MOZ"),
        (432, "MLI"),
        (439, "BFA"),
        (436, "NER"),
        (626, "SSD"),
        (345, "SRB"),
        (340, "SRB"),
        (678, "YEM"),
        (347, "XKX"),
    ],
)
def test_a_gleditsch_ward_number_resolves(number, iso3):
    assert code(by_gw(number)) == iso3


def test_numbers_that_nobody_has_are_none():
    assert by_gw(0) is None
    assert by_numeric(0) is None


def test_an_iso_number_resolves_with_or_without_its_zeros():
    assert code(by_numeric(int("004"))) == "AFG"
    assert code(by_numeric(508)) == "MOZ"


@pytest.mark.parametrize(
    ("text", "iso3"),
    [
        pytest.param("Mozambique", "MOZ", id="a name"),
        pytest.param("moz", "MOZ", id="an alpha-3 code in small letters"),
        pytest.param("NG", "NGA", id="an alpha-2 code, never FIPS"),
        pytest.param("DRC", "COD", id="an abbreviation"),
    ],
)
def test_a_person_may_write_a_name_or_an_iso_code(text, iso3):
    assert code(find_country(text)) == iso3


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Mozambiqe", "Mozambique"),
        ("burkina fasso", "Burkina Faso"),
        ("DR Kongo", "Democratic Republic of Congo"),
        ("qqqq", None),
    ],
)
def test_a_slip_of_the_pen_gets_a_suggestion(text, name):
    assert suggest(text) == name


def test_no_name_belongs_to_two_countries():
    owners = Counter(country for country in all_countries() for name in country.names if by_name(name) == country)

    assert owners == Counter({country: len(country.names) for country in all_countries()})


def test_no_code_belongs_to_two_countries():
    for codes in (
        [country.iso3 for country in all_countries()],
        [country.iso2 for country in all_countries() if country.iso2],
        [country.numeric for country in all_countries() if country.numeric is not None],
        [code for country in all_countries() for code in country.fips],
        [number for country in all_countries() for number in country.gw],
    ):
        assert len(codes) == len(set(codes))


def test_no_name_is_another_countrys_code():
    for country in all_countries():
        for name in country.names:
            assert by_iso3(name) in {None, country}
            assert by_iso2(name) in {None, country}


def test_a_country_is_found_by_everything_it_goes_by():
    for country in all_countries():
        assert all(find_country(name) == country for name in (*country.names, country.iso3))
        assert by_iso3(country.iso3.lower()) == country
        assert not country.iso2 or by_iso2(country.iso2) == country
        assert country.numeric is None or by_numeric(country.numeric) == country
        assert all(by_fips(letters) == country for letters in country.fips)
        assert all(by_gw(number) == country for number in country.gw)


@given(st.text(max_size=30))
def test_any_text_is_a_country_or_none(text):
    find_country(text)
    suggest(text)


def _rows(name: str, delimiter: str = ",") -> Iterator[dict[str, str]]:
    with (DATA / name).open(encoding="cp1252" if "2016" in name else "utf-8-sig", newline="") as lines:
        yield from csv.DictReader(lines, delimiter=delimiter)


NAMED = [
    pytest.param("Mali and Niger", "MLI NER", id="several, in their order"),
    pytest.param("Nigeria's army", "NGA", id="with an s behind it"),
    pytest.param("L\u2019Alg\u00e9rie et l'Ouganda, en C\u00f4te d\u2019Ivoire", "DZA UGA CIV", id="behind an article of French"),
    pytest.param("in the Democratic Republic of the Congo", "COD", id="of two names the longer"),
    pytest.param("Guinea-Bissau, Equatorial Guinea, Guinea", "GNB GNQ GIN", id="a name within others"),
    pytest.param("St. Lucia; Trinidad & Tobago", "LCA TTO", id="written shorter"),
    pytest.param("Tell us of the car and the DRC", "", id="no word of three letters"),
    pytest.param("Malian, somali, malice", "", id="no adjective, and no part of a word"),
    pytest.param("", "", id="nothing"),
    pytest.param("' '' 's", "", id="nothing but marks"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "codes"), NAMED)
def test_the_countries_that_a_text_names(text, codes):
    assert " ".join(found.iso3 for found in named_in(text)) == codes


@pytest.mark.parametrize("country", all_countries(), ids=lambda country: country.iso3)
def test_every_country_is_found_by_its_name_in_a_text(country):
    assert [found.iso3 for found in named_in(f"fighting in {country.name}, near")] == [country.iso3]


@needs_data
@pytest.mark.parametrize(
    ("name", "delimiter"),
    [
        ("acled/burkina_faso_released_2020-11-16.csv", ","),
        ("acled/burkina_faso_released_2020-12-08.csv", ","),
        ("acled/benin_layout_2023_literal_NA.csv", ","),
        ("acled/ghana_semicolon.csv", ";"),
        ("acled/layout_2016.csv", ","),
        ("ucdp/ged_v23_1_sample_1000.csv", ","),
    ],
)
def test_names_and_numbers_of_real_files_agree(name, delimiter):
    for row in _rows(name, delimiter):
        country = by_name(row["country"])
        assert country is not None, row["country"]
        assert "iso" not in row or by_numeric(int(row["iso"])) == country
        assert "iso3" not in row or by_iso3(row["iso3"]) == country
        assert "country_id" not in row or by_gw(int(float(row["country_id"]))) == country


@needs_data
def test_every_location_of_hapi_is_a_country():
    codes = {row["location_code"] for row in _rows("hapi/hdx_hapi_conflict_event_global_1997.csv")}

    assert all(by_iso3(code) for code in codes)


@needs_data
def test_every_land_that_gdelt_places_an_event_in_is_a_country():
    geo_type, geo_country = 51, 53
    with (DATA / "gdelt/20191024143000.export.CSV").open(encoding="utf-8") as lines:
        rows = [line.rstrip("\n").split("\t") for line in lines]
    codes = {row[geo_country] for row in rows if row[geo_type] != "0"}

    assert {letters for letters in codes if letters and not by_fips(letters)} <= {"OS"}, "OS is the high seas"
