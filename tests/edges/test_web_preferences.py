"""The page on which a reader chooses."""

import re
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import cast
from zoneinfo import ZoneInfo

import httpx
import pytest
import structlog
from lxml import html
from tests.fakes import digests
from tests.fakes.asking import URLENCODED, ask
from tests.fakes.ledger import MemoryLedger
from tests.fakes.preferences import MemoryPreferences
from tests.fakes.site import ADDRESS, NOON, READER, SECRET, Site
from tests.fakes.wording import known, words

from paperround.languages import Language
from paperround.letters import Letters
from paperround.ports import StoreError, SubscriberId
from paperround.preferences import Change, Rhythm
from paperround.rendering import Renderer
from paperround.settings import Mailbox
from paperround.subscribers import EVERY_DAY, WEEKDAYS, Away, Cadence, Every, Pause, Subscriber
from paperround.tokens import UNSUBSCRIBE, token

DECEMBER = date(2026, 12, 1)
MONDAYS = Rhythm(cadence=Cadence.WEEKLY, days=frozenset({0}))


class FullDisk(MemoryPreferences):
    """Preferences that cannot be written."""

    def change(self, subscriber: SubscriberId, change: Change, *, now: datetime) -> None:
        raise StoreError(f"the disk is full: {subscriber} {change} {now}")


@pytest.fixture
def site() -> Site:
    return Site()


def checked(page: httpx.Response) -> dict[str, str]:
    return dict(re.findall(r'<input type="radio" name="(\w+)" [^>]*value="(\w+)" checked>', page.text))


@pytest.mark.parametrize("public_url", ["https://papers.example.org", "https://papers.example.org/"])
def test_each_email_leads_to_the_page_of_its_reader(site: Site, public_url: str) -> None:
    link = re.search(r"Pause or change how often: https://papers\.example\.org(\S+)", email(site, public_url))
    assert link is not None
    assert site.open(link[1]).status_code == 200


def test_without_a_web_address_nothing_stands_in_its_place(site: Site) -> None:
    assert "Pause" not in email(site, None)
    assert "preferences" not in email(site, None)


def email(site: Site, public_url: str | None) -> str:
    letters = Letters(
        renderer=Renderer(),
        sender=Mailbox(name="", address="papers@example.org"),
        secret=SECRET,
        public_url=public_url,
    )
    return letters.render(digests.empty(), site.ada).text


def test_opening_the_page_shows_what_is_and_changes_nothing(site: Site) -> None:
    page = site.open()
    assert page.status_code == 200
    assert "<h1>Pause, or change how often</h1>" in page.text
    assert "<p>Emails come from Monday to Friday.</p>" in page.text
    assert checked(page) == {"pause": "1", "often": "arranged"}
    assert ask("HEAD", site.link, site.app()).status_code == 200
    assert site.preferences.overlays() == {}


def test_the_page_says_nothing_of_who_reads(site: Site) -> None:
    for page in (site.open(), site.choose(change="pause", pause="1")):
        assert ADDRESS not in page.text
        assert "Ada" not in page.text


@pytest.mark.parametrize(
    ("length", "until"),
    [("1", DECEMBER), ("2", date(2026, 12, 8)), ("4", date(2026, 12, 22)), ("open", None)],
)
def test_a_pause_lasts_as_long_as_was_chosen(site: Site, length: str, until: date | None) -> None:
    answer = site.choose(change="pause", pause=length)
    assert answer.status_code == 200
    assert "<h1>Your choice is saved</h1>" in answer.text
    assert site.pause == Pause(until=until)


def test_a_saved_pause_is_said_in_full_and_can_be_ended(site: Site) -> None:
    page = site.choose(change="pause", pause="1").text
    assert "<p>You paused the emails until Tuesday, 1 December 2026.</p>" in page
    assert "<p>After that they come from Monday to Friday.</p>" in page
    assert '<button name="change" value="resume">Resume the emails</button>' in page
    page = site.choose(change="pause", pause="open").text
    assert "<p>You paused the emails until you resume them.</p>" in page


@pytest.mark.parametrize("until", ["2026-11-25", "2027-11-24"])
def test_a_pause_may_end_on_a_day_from_tomorrow_to_a_year_from_now(site: Site, until: str) -> None:
    assert site.choose(change="pause", pause="day", until=until).status_code == 200
    assert site.pause == Pause(until=date.fromisoformat(until))


@pytest.mark.parametrize("until", ["", "2026-11-24", "2027-11-25", "0001-01-01", "1 December", "2026-02-30"])
def test_a_pause_until_another_day_is_refused_and_the_days_are_named(site: Site, until: str) -> None:
    answer = site.choose(change="pause", pause="day", until=until)
    assert answer.status_code == 422
    assert "<h1>Nothing was changed</h1>" in answer.text
    assert "Choose a day from 25 November 2026 to 24 November 2027." in answer.text
    assert checked(answer)["pause"] == "day"
    assert site.preferences.overlays() == {}


def test_a_day_counts_only_where_it_is_what_was_chosen(site: Site) -> None:
    site.choose(change="pause", pause="1", until="2026-12-24")
    assert site.pause == Pause(until=DECEMBER)


def test_it_is_the_day_that_it_is_where_the_reader_lives() -> None:
    tokyo = Site(replace(READER, timezone=ZoneInfo("Asia/Tokyo")), now=NOON + timedelta(hours=4))
    tokyo.choose(change="pause", pause="1")
    assert tokyo.pause == Pause(until=date(2026, 12, 2))


def test_a_pause_is_ended_by_resuming(site: Site) -> None:
    site.choose(change="pause", pause="4")
    answer = site.choose(change="resume")
    assert "<p>Emails come from Monday to Friday.</p>" in answer.text
    assert "Resume" not in answer.text
    assert site.preferences.overlays() == {}


def test_a_pause_that_is_over_is_not_shown_any_more(site: Site) -> None:
    site.choose(change="pause", pause="1")
    site.now += timedelta(days=7)
    page = site.open()
    assert "Emails come" in page.text
    assert "Resume" not in page.text


def test_once_a_week_on_a_day(site: Site) -> None:
    answer = site.choose(change="rhythm", often="weekly", weekday="3")
    assert site.rhythm == Rhythm(cadence=Cadence.WEEKLY, days=frozenset({3}))
    assert "<p>Emails come once a week, on Thursdays.</p>" in answer.text
    assert checked(answer)["often"] == "weekly"
    assert '<option value="3" selected>Thursday</option>' in answer.text


def test_from_monday_to_friday_where_it_was_set_up_otherwise() -> None:
    site = Site(replace(READER, days=EVERY_DAY))
    assert "<p>Emails come every day.</p>" in site.open().text
    answer = site.choose(change="rhythm", often="weekdays")
    assert site.rhythm == Rhythm(days=WEEKDAYS)
    assert "<p>Emails come from Monday to Friday.</p>" in answer.text
    assert checked(answer)["often"] == "weekdays"


def test_what_it_was_set_up_to_be_is_always_offered_and_not_twice(site: Site) -> None:
    site.choose(change="rhythm", often="weekly", weekday="0")
    assert "As it was set up: from Monday to Friday" in site.open().text
    assert 'value="weekdays"' not in site.open().text
    site.choose(change="rhythm", often="arranged")
    assert site.preferences.overlays() == {}


@pytest.mark.parametrize(
    ("arranged", "words"),
    [
        (replace(READER, cadence=Cadence.WEEKLY, days=frozenset({2})), "once a week, on Wednesdays"),
        (replace(READER, days=frozenset({0, 3})), "on Mondays and Thursdays"),
        (replace(READER, days=frozenset({6})), "on Sundays"),
        (replace(READER, days=EVERY_DAY, every=Every(number=3)), "every 3 days"),
        (replace(READER, days=WEEKDAYS, every=Every(number=3)), "from Monday to Friday, one day in 3"),
        (replace(READER, days=frozenset({0}), every=Every(number=2)), "every two weeks, on Mondays"),
        (
            replace(READER, days=frozenset({0, 3}), every=Every(number=3)),
            "on Mondays and Thursdays, one day in 3",
        ),
    ],
)
def test_every_rhythm_has_its_words(arranged: Subscriber, words: str) -> None:
    assert f"<p>Emails come {words}.</p>" in Site(arranged).open().text


def test_one_choice_leaves_the_other_as_it_is(site: Site) -> None:
    site.choose(change="pause", pause="1")
    site.choose(change="rhythm", often="weekly", weekday="0")
    assert (site.pause, site.rhythm) == (Pause(until=DECEMBER), MONDAYS)
    site.choose(change="resume")
    assert (site.pause, site.rhythm) == (None, MONDAYS)


def test_what_the_operator_paused_is_said_and_not_undone() -> None:
    site = Site(replace(READER, paused=True))
    page = site.open().text
    assert "<p>No emails come: whoever sends them has paused them.</p>" in page
    assert "Resume" not in page


def test_who_is_away_by_the_config_is_told_until_when_and_may_rest_for_longer() -> None:
    site = Site(replace(READER, away=(Away(first=date(2026, 11, 20), until=date(2026, 11, 27)),)))
    page = site.open().text
    away = "<p>No emails come until Friday, 27 November 2026: whoever sends them knows you are away.</p>"
    assert away in page
    assert "<p>After that they come from Monday to Friday.</p>" in page
    page = site.choose(change="pause", pause="1").text
    assert away in page
    assert "<p>You paused the emails until Tuesday, 1 December 2026.</p>" in page


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"change": "everything"},
        {"change": "pause"},
        {"change": "pause", "pause": "3"},
        {"change": "pause", "pause": "-1"},
        {"change": "pause", "pause": "1e9"},
        {"change": "rhythm"},
        {"change": "rhythm", "often": "hourly"},
        {"change": "rhythm", "often": "weekly"},
        {"change": "rhythm", "often": "weekly", "weekday": "7"},
        {"change": "rhythm", "often": "weekly", "weekday": "mon"},
        {"pause": "1"},
        {"List-Unsubscribe": "One-Click"},
    ],
)
def test_any_other_form_changes_nothing(site: Site, form: dict[str, str]) -> None:
    answer = site.choose(**form)
    assert answer.status_code == 400
    assert "Nothing was changed" in answer.text
    assert site.preferences.overlays() == {}


@pytest.mark.parametrize("content_type", ["text/plain", "application/json", "multipart/form-data", ""])
def test_any_other_kind_of_request_changes_nothing(site: Site, content_type: str) -> None:
    headers = {"Content-Type": content_type}
    answer = ask("POST", site.link, site.app(), b"change=pause&pause=1", headers)
    assert answer.status_code == 400
    assert site.preferences.overlays() == {}


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_unknown_link_leads_nowhere(site: Site, method: str) -> None:
    form = b"change=pause&pause=1"
    forged = f"/preferences/1-{site.ada}-" + "a" * 26
    for_another_purpose = f"/preferences/{token(SECRET, UNSUBSCRIBE, site.ada)}"
    for path in (forged, for_another_purpose, "/preferences/", f"{site.link}/"):
        answer = ask(method, path, site.app(), form, URLENCODED)
        assert answer.status_code == 404
        assert "This link leads nowhere" in answer.text
    assert site.preferences.overlays() == {}


def test_the_link_of_the_page_does_not_unsubscribe(site: Site) -> None:
    path = site.link.replace("preferences", "unsubscribe")
    answer = ask("POST", path, site.app(), b"List-Unsubscribe=One-Click", URLENCODED)
    assert answer.status_code == 404


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_whoever_gets_no_emails_has_nothing_to_choose(method: str) -> None:
    site = Site(None)
    answer = ask(method, site.link, site.app(), b"change=pause&pause=1", URLENCODED)
    assert answer.status_code == 410
    assert "No emails come to you" in answer.text
    assert site.preferences.overlays() == {}


def test_a_failure_to_record_is_not_reported_as_saved(site: Site) -> None:
    site.preferences = FullDisk(MemoryLedger())
    answer = site.choose(change="pause", pause="1")
    assert answer.status_code == 500
    assert "That did not work" in answer.text
    assert "disk" not in answer.text


def test_a_choice_is_logged_without_token_and_address(site: Site) -> None:
    with structlog.testing.capture_logs() as events:
        site.open()
        site.choose(change="pause", pause="1")
        site.choose(change="rhythm", often="weekly", weekday="0")
    event = {"event": "preferences.changed", "subscriber": site.ada, "log_level": "info"}
    assert events == [{**event, "change": "pause"}, {**event, "change": "rhythm"}]


def test_nothing_on_the_page_of_a_reader_in_another_language_stays_english() -> None:
    reader = replace(READER, language=Language.GERMAN)
    told: set[str] = set()
    for arranged in (
        reader,
        replace(reader, days=EVERY_DAY),
        replace(reader, days=frozenset({1, 5}), paused=True),
        replace(reader, days=EVERY_DAY, every=Every(number=3)),
        replace(reader, every=Every(number=3), away=(Away(first=date(2026, 1, 1), until=date(2027, 1, 1)),)),
        replace(reader, days=frozenset({1}), every=Every(number=2)),
        replace(reader, days=frozenset({1, 5}), every=Every(number=2)),
    ):
        site = Site(replace(arranged, cadence=Cadence.DAILY))
        told |= shown(site.open())
        told |= shown(site.choose(change="pause", pause="day", until="1999-01-01"))
        told |= shown(site.choose(change="pause", pause="1"))
        told |= shown(site.choose(change="pause", pause="open"))
        told |= shown(site.choose(change="rhythm", often="weekly", weekday="3"))
        told |= shown(site.choose(change="resume"))
    assert len(told) > 60
    assert told - known(Language.GERMAN) == {"PAPER", "ROUND"}


def shown(page: httpx.Response) -> set[str]:
    assert '<html lang="de">' in page.text
    read = cast("list[str]", html.document_fromstring(page.text).xpath("//text()[not(parent::style)]"))
    return words(" ".join(read))
