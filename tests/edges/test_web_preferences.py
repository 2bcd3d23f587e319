"""The page on which a reader chooses."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
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

from paperround.keywords import exclusion, keyword
from paperround.languages import Language
from paperround.letters import Letters
from paperround.ports import StoreError, SubscriberId
from paperround.preferences import Change, Hour, Rhythm, Topics
from paperround.rendering import Renderer
from paperround.settings import Mailbox
from paperround.subscribers import EVERY_DAY, WEEKDAYS, Away, Cadence, Every, Interests, Pause, Subscriber
from paperround.tokens import UNSUBSCRIBE, token

LONG = "one two three four five six seven eight nine ten eleven twelve thirteen"
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
    link = re.search(
        r"Pause or change what comes: https://papers\.example\.org(\S+)", email(site, public_url)
    )
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
    assert "<h1>Pause, or change what comes</h1>" in page.text
    assert "<p>Emails come from Monday to Friday.</p>" in page.text
    assert "<p>Each has at most 10 papers, and is sent at 07:00 (London time).</p>" in page.text
    assert checked(page) == {"pause": "1", "often": "arranged", "when": "arranged", "amount": "arranged"}
    assert ask("HEAD", site.link, site.app()).status_code == 200
    assert site.preferences.overlays() == {}


def test_the_page_says_nothing_of_who_reads(site: Site) -> None:
    for page in (site.open(), site.choose(change="pause", pause="1")):
        assert ADDRESS not in page.text
        assert "Lovelace" not in page.text


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
    assert not site.overlay.any


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
    assert not site.overlay.any


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


def test_an_hour_of_one_s_own_on_the_clock_of_where_one_is(site: Site) -> None:
    answer = site.choose(change="hour", when="own", at="18:30", zone="Asia/Kolkata")
    assert site.overlay.hour == Hour(at=time(18, 30), timezone=ZoneInfo("Asia/Kolkata"))
    assert "is sent at 18:30 (Kolkata time).</p>" in answer.text
    assert checked(answer)["when"] == "own"
    assert '<option value="18:30" selected>18:30</option>' in answer.text
    assert '<option value="Asia/Kolkata" selected>Kolkata</option>' in answer.text
    assert "As it was set up: 07:00 (London time)" in answer.text
    site.choose(change="hour", when="arranged")
    assert site.overlay.hour is None


def test_what_was_set_up_can_be_kept_whatever_it_is() -> None:
    site = Site(replace(READER, deliver_at=time(6, 7), timezone=ZoneInfo("US/Eastern")))
    assert "As it was set up: 06:07 (New York time)" in site.open().text
    site.choose(change="hour", when="own", at="06:07", zone="US/Eastern")
    assert site.overlay.hour == Hour(at=time(6, 7), timezone=ZoneInfo("US/Eastern"))


def test_a_pause_ends_on_a_day_of_where_the_reader_said_they_are(site: Site) -> None:
    site.now = datetime(2026, 11, 24, 23, tzinfo=UTC)
    site.choose(change="hour", when="own", at="07:00", zone="Asia/Tokyo")
    site.choose(change="pause", pause="1")
    assert site.pause == Pause(until=date(2026, 12, 2))


@pytest.mark.parametrize("written", ["1", "100", " 25 "])
def test_so_many_papers_as_somebody_wishes(site: Site, written: str) -> None:
    answer = site.choose(change="amount", amount="own", papers=written)
    assert site.overlay.max_papers == int(written)
    assert f"Each has at most {int(written)} paper" in answer.text
    assert f'value="{int(written)}"' in answer.text
    site.choose(change="amount", amount="arranged")
    assert site.overlay.max_papers is None


@pytest.mark.parametrize("written", ["", "0", "101", "-1", "1.5", "ten", "1e1", "²", "9999999999"])
def test_another_number_is_refused_and_stays_in_its_field(site: Site, written: str) -> None:
    answer = site.choose(change="amount", amount="own", papers=written)
    assert answer.status_code == 422
    assert "Write a number from 1 to 100." in answer.text
    assert checked(answer)["amount"] == "own"
    assert f'value="{written}" aria-invalid="true"' in answer.text
    assert site.preferences.overlays() == {}


def found(page: httpx.Response, path: str) -> list[html.HtmlElement]:
    return cast("list[html.HtmlElement]", html.document_fromstring(page.text).xpath(path))


def typed(page: httpx.Response) -> dict[str, str]:
    """Return what stands in the lists of a page."""
    return {str(field.get("name")): field.text or "" for field in found(page, "//textarea")}


def topics(site: Site, **form: str) -> dict[str, str]:
    """Return a form as the page is filled, with these fields filled otherwise."""
    page = site.open()
    kept = [str(box.get("value")) for box in found(page, "//input[@name='kept'][@checked]")]
    return {**typed(page), **({"kept": kept[0]} if kept else {}), "change": "topics", **form}


def test_the_page_shows_what_was_set_up_line_by_line(site: Site) -> None:
    assert topics(site) == {
        "keywords": "diffusion models\nplanning + LLM",
        "exclude": "survey",
        "authors": "",
        "categories": "",
        "organizations": "",
        "kept": "3 - LoRA",
        "change": "topics",
    }
    assert "LoRA (weight 3)" in site.open().text


def test_what_is_sent_as_it_was_shown_changes_nothing(site: Site) -> None:
    answer = site.choose(**topics(site))
    assert answer.status_code == 200
    assert site.overlay.topics is None


def test_only_the_lists_that_are_changed_are_chosen(site: Site) -> None:
    site.choose(**topics(site, exclude="survey\r\nmedical imaging\r\n\r\n"))
    assert site.overlay.topics == Topics(exclude=(exclusion("survey"), exclusion("medical imaging")))


def test_a_keyword_is_added_and_those_with_settings_are_kept(site: Site) -> None:
    answer = site.choose(**topics(site, keywords="  robots  that\tplan \nrobots that plan\nplanning + LLM"))
    assert site.overlay.topics == Topics(
        keywords=(keyword("LoRA", weight=3), keyword("robots that plan"), keyword("planning", "LLM"))
    )
    assert topics(site)["keywords"] == "robots that plan\nplanning + LLM"
    assert "Back to what was set up" in answer.text


def test_a_keyword_with_settings_is_dropped_and_taken_up_again(site: Site) -> None:
    site.choose(**topics(site, kept=""))
    assert site.overlay.topics == Topics(keywords=(keyword("diffusion models"), keyword("planning", "LLM")))
    assert "kept" not in topics(site)
    site.choose(**topics(site, kept="3 - LoRA"))
    assert site.overlay.topics is None


def test_a_plain_line_of_what_is_kept_with_settings_says_nothing_more(site: Site) -> None:
    site.choose(**topics(site, keywords="diffusion models\nplanning + LLM\nLoRA"))
    assert site.overlay.topics is None


def test_authors_organizations_and_categories_are_lists_too(site: Site) -> None:
    site.choose(**topics(site, authors="Yann LeCun", organizations="Größe & Co", categories="CS.ro"))
    assert site.overlay.topics == Topics(
        authors=("Yann LeCun",), organizations=("Größe & Co",), categories=("cs.RO",)
    )


def test_all_is_as_it_was_set_up_at_one_press(site: Site) -> None:
    site.choose(**topics(site, keywords="frogs", exclude="", kept=""))
    site.choose(change="topics-arranged")
    assert not site.overlay.any
    assert "Back to what was set up" not in site.open().text


def test_a_line_that_is_no_keyword_is_named_and_all_that_was_typed_stays(site: Site) -> None:
    answer = site.choose(
        **topics(site, keywords="frogs\n\n…,!", exclude=LONG, categories="cs.RO\ncs.XX", kept="")
    )
    assert answer.status_code == 422
    for mistake in (
        "Line 3, “…,!”: this holds no word that a paper could contain.",
        "Line 1, “one two three four five six seven eight…”: this has 13 words, and may have 12.",
        "Line 2, “cs.XX”: this is no category of arXiv, such as cs.CL.",
    ):
        assert answer.text.count(mistake) == 2  # with a link above, and at its field
    lists = typed(answer)
    assert (lists["keywords"], lists["exclude"], lists["categories"]) == (
        "frogs\n\n…,!",
        LONG,
        "cs.RO\ncs.XX",
    )
    assert answer.text.count(" autofocus") == 1
    assert 'name="kept" id="kept-1" value="3 - LoRA">' in answer.text
    assert site.preferences.overlays() == {}


@pytest.mark.parametrize(
    ("form", "mistake"),
    [
        ({"keywords": "x" * 2001}, "this is longer than 2,000 characters."),
        ({"keywords": f"{'x' * 201} + y"}, "this is longer than 200 characters."),
        ({"exclude": "x" * 201}, "this is longer than 200 characters."),
        ({"authors": "x" * 201}, "this is longer than 200 characters."),
        ({"keywords": "a\0b"}, "Line 1: a character stands in it that cannot be seen."),
        ({"authors": "\u202eeve"}, "Line 1: a character stands in it that cannot be seen."),
        ({"keywords": " + ".join("abcdefghijk")}, "no more than 10 may be put together."),
        ({"keywords": f"a + {LONG}"}, "this has 13 words, and may have 12."),
        ({"keywords": "a " * 1001}, "this is longer than 2,000 characters."),
        ({"exclude": "\n".join(f"word{number}" for number in range(201))}, "Write at most 200 lines."),
        ({"keywords": "", "kept": ""}, "Write at least one, or no email would ever come."),
    ],
)
def test_what_the_config_would_refuse_is_refused(site: Site, form: dict[str, str], mistake: str) -> None:
    answer = site.choose(**topics(site, **form))
    assert answer.status_code == 422
    assert mistake in answer.text
    assert site.preferences.overlays() == {}


def test_who_reads_what_many_read_needs_no_topics() -> None:
    site = Site(replace(READER, trending=3))
    assert site.choose(**topics(site, keywords="", kept="")).status_code == 200
    assert site.overlay.topics == Topics(keywords=())


def test_more_lines_than_usual_are_kept_where_they_were_set_up() -> None:
    many = tuple(keyword(f"word{number}") for number in range(300))
    site = Site(replace(READER, interests=Interests(keywords=many)))
    assert site.choose(**topics(site, exclude="survey")).status_code == 200


def test_a_large_form_is_read_and_a_larger_one_refused(site: Site) -> None:
    lines = "\n".join(f"{number} {'word ' * 90}" for number in range(200))
    assert site.choose(**topics(site, keywords=lines)).status_code == 200
    assert site.choose(**topics(site, keywords=lines * 2)).status_code == 413


def test_what_is_typed_cannot_break_out_of_the_page(site: Site) -> None:
    hostile = "</textarea><script>x</script>"
    page = site.choose(**topics(site, keywords=hostile, authors=f'{hostile}" onfocus="x'))
    assert "<script" not in page.text
    tried = site.choose(**topics(site, change="try", keywords=hostile, kept=""))
    assert "<script" not in tried.text
    assert "&lt;script&gt;" in tried.text


def test_topics_are_tried_on_papers_and_nothing_is_kept(site: Site) -> None:
    answer = site.choose(**topics(site, change="try", keywords="diffusion models\nfrogs\ntoads"))
    assert answer.status_code == 200
    assert "<h1>Tried, and not saved yet</h1>" in answer.text
    assert "<p>Of 5 papers since 24 November, 3 meet what you want to see.</p>" in answer.text
    told = [each.text for each in found(answer, "//*[@id='tried']//li")]
    # A survey of them is left out.
    assert told == ["LoRA: 1 paper", "diffusion models: 1 paper", "frogs: 1 paper", "toads: 0 papers"]
    assert ">diffusion models\nfrogs\ntoads</textarea>" in answer.text
    assert site.preferences.overlays() == {}


def test_without_papers_there_is_nothing_to_tell(site: Site) -> None:
    site.papers = False
    answer = site.choose(**topics(site, change="try"))
    assert (answer.status_code, 'id="tried"' in answer.text) == (200, False)


def test_what_cannot_be_kept_is_not_tried(site: Site) -> None:
    answer = site.choose(**topics(site, change="try", keywords=","))
    assert answer.status_code == 422
    assert "this holds no word" in answer.text


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
        {"change": "hour"},
        {"change": "hour", "when": "noon", "at": "12:00", "zone": "UTC"},
        {"change": "hour", "when": "own", "at": "07:07", "zone": "UTC"},
        {"change": "hour", "when": "own", "at": "24:00", "zone": "UTC"},
        {"change": "hour", "when": "own", "at": "07:00", "zone": "Europe/Atlantis"},
        {"change": "hour", "when": "own", "at": "07:00", "zone": "../../etc/passwd"},
        {"change": "hour", "when": "own", "at": "07:00"},
        {"change": "amount"},
        {"change": "amount", "amount": "all"},
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
        told |= shown(site.choose(change="amount", amount="own", papers="0"))
        told |= shown(site.choose(change="topics"))
        told |= shown(site.choose(change="topics", keywords=",", exclude="a" * 201, categories="xx"))
        told |= shown(site.choose(change="topics", keywords="\n".join("x" * 201)))
        told |= shown(site.choose(change="topics", keywords="a\0b", exclude="\n".join(["a b"] * 7 + [LONG])))
        told |= shown(site.choose(change="topics", keywords=" + ".join("abcdefghijk")))
        told |= shown(site.choose(change="try", keywords="planning + LLM"))
        told |= shown(site.choose(change="topics", keywords="LLM"))
    assert len(told) > 150
    names = {"PAPER", "ROUND", "LORA", "LONDON", "A", "B", "C", "D", "E", "F", "G", "H", "I", "J", "K", "X"}
    assert told - known(Language.GERMAN) - names - words(LONG) - {"A" * 39, "XX"} == set()


def shown(page: httpx.Response) -> set[str]:
    """Return the words on the page but for those of the reader, and for the names of cities."""
    assert '<html lang="de">' in page.text
    ours = "//text()[not(parent::style or parent::textarea or ancestor::optgroup or parent::option[.='UTC'])]"
    read = cast("list[str]", html.document_fromstring(page.text).xpath(ours))
    read += cast("list[str]", html.document_fromstring(page.text).xpath("//optgroup/@label"))
    return words(" ".join(read))
