"""The two releases of Burkina Faso, by their own stamps: an alert on ten deaths loses its ground, and all channels say how."""

from __future__ import annotations

import json
import re
import shutil
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from html import unescape
from typing import Any

import pytest
from sqlalchemy import select

from tests.installation import Installation, at, install
from watcher.core.alert import State
from watcher.store.schema import message

ROUTES = """\
route: {receiver: desk, group_by: [alertname]}
receivers:
  - name: desk
    file_configs: [{path: desk.jsonl}]
    email_configs: [{to: desk@example.org}]
"""
SETTINGS = """\
instance: tested
sources:
  acled: {kind: acled, paths: [inbox], query_offset: 0d}
mail: {host: 127.0.0.1, port: 1, sender: watcher@example.org, security: none}
"""
#: Picks BFO4157 and BFO4158, five deaths each in the first release; two and none in the second.
RULES = """\
version: 1
indicators:
  - indicator: killed_by_volunteers
    title: Deaths of pastoralists, volunteers and army against them
    sum: fatalities
    where:
      country: Burkina Faso
      event_type: Violence against civilians
      side_a: 'VDP: Volunteer for Defense of Homeland'
      side_b: Pastoralists (Burkina Faso)
rules:
  - alert: Many pastoralists killed
    threshold: {indicator: killed_by_volunteers, window: 14d}
    condition: [value >= 10]
"""


@pytest.fixture(scope="module")
def played(real_data, tmp_path_factory):
    """Both releases, each read on the day after its last stamp."""
    folder = tmp_path_factory.mktemp("burkina")
    it = Installation(folder, install(folder, rules=RULES, routes=ROUTES, settings=SETTINGS))
    for released, day in (("11-16", "2020-11-17"), ("12-08", "2020-12-09")):
        name = f"burkina_faso_released_2020-{released}.csv"
        shutil.copy(real_data / "acled" / name, folder / "inbox" / name)
        it.turn(f"{day} 06:00")
    yield it
    it.app.close()


def bodies(it: Installation, channel: str) -> list[bytes]:
    with it.app.store.reading() as tx:
        query = select(message.c.body).where(message.c.endpoint == f"desk/{channel}/1").order_by(message.c.number)
        # Nobody takes the mail, which is an alert of its own.
        query = query.where(message.c.subject.contains("Many pastoralists killed"))
        return [bytes(body) for body in tx.execute(query).scalars()]


def webhook(it: Installation) -> dict[str, Any]:
    """The last message as the webhook's document, with the one alert's detail."""
    document = json.loads(bodies(it, "file")[-1])
    [detail] = document["watcher"]["alerts"].values()
    return {"document": document, "detail": detail}


def parts(it: Installation) -> list[str]:
    """The plain text and the HTML of the last mail, as words."""
    mail = message_from_bytes(bodies(it, "email")[-1], policy=default)
    assert isinstance(mail, EmailMessage)
    found = [mail.get_body([kind]) for kind in ("plain", "html")]
    texts = [str(part.get_content()) for part in found if part is not None]
    return [" ".join(unescape(re.sub("<[^>]*>", " ", text)).split()) for text in texts]


def test_it_fires_on_ten_deaths_and_the_second_release_takes_it_back(played):
    steps = [each for each in played.transitions() if each.rule == "many-pastoralists-killed"]
    assert [each.after for each in steps] == [State.FIRING, State.RETRACTED]
    # The second release was read in December; by its stamps, both records were revised on 23 November.
    assert [each.tick.date() for each in steps] == [at("2020-11-17").date(), at("2020-11-23").date()]
    assert steps[0].values["value"] == 10


def test_the_webhook_has_the_difference_in_counts_and_ids(played):
    detail = webhook(played)["detail"]
    diff = detail["diff"]
    assert (detail["state"], detail["reason"]) == ("retracted", "retracted")
    assert (diff["new"], diff["deleted"], diff["revised"]) == ([], [], ["BFO4157", "BFO4158"])
    assert diff["counts"] == {"new": 0, "deleted": 0, "revised": 2, "left": 0, "entered": 0}
    assert (diff["before"], diff["after"]) == (10, 2)
    assert diff["text"] == "the source revised 2 records: 10 → 2 deaths"


def test_text_and_html_of_the_mail_say_the_same_as_the_webhook(played):
    diff = webhook(played)["detail"]["diff"]
    text, html = parts(played)
    for said in (text, html):
        assert "Withdrawn: as known now, this alert would not have fired." in said
        assert f"T{diff['text'].removeprefix('t')}" in said
        counts = diff["counts"]
        expected = f"Records: {counts['deleted']} deleted, {counts['revised']} revised ({', '.join(diff['revised'])})"
        assert f"{expected}, {counts['new']} new." in said


def test_the_webhook_s_own_text_is_the_mail_s(played):
    own = " ".join(webhook(played)["document"]["watcher"]["text"].split())
    assert "10 → 2 deaths" in own
    assert "2 revised (BFO4157, BFO4158)" in own


def test_all_of_it_is_worked_out_again(played):
    assert [each.differences for each in played.replayed() if not each.agrees] == []
