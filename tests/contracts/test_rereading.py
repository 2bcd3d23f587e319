"""What readers read again, on the ledger in memory and on the real one."""

import re
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage

import feedparser
import httpx
import pytest
from starlette.applications import Starlette
from tests.fakes.asking import ask
from tests.fakes.relay import MemoryRelay
from tests.fakes.world import ADA, GRACE, MONDAY, TUESDAY, World, paper, refused

from paperround.ports import SubscriberId
from paperround.rereading import Shelf
from paperround.subscribers import EVERY_DAY, Away, Subscriber
from paperround.tokens import DIGEST, FEED, PREFERENCES, UNSUBSCRIBE, digest_token, token
from paperround.web import Health, create_app

SITE = "https://papers.example.org"
SECRET = b"s" * 32


@pytest.fixture
def site(world: World) -> Starlette:
    return site_of(world, ADA, GRACE)


def site_of(world: World, *readers: Subscriber) -> Starlette:
    """Return the site of a world that sent everybody Monday's papers."""
    world.letters = replace(world.letters, public_url=SITE)
    world.source.lists[MONDAY] = [paper("LoRA"), paper("robots")]
    world.round(MONDAY)
    ids = world.ledger.enrol([each.address for each in readers], now=world.now())
    known = {ids[each.address]: each for each in readers}
    return create_app(
        ledger=world.ledger,
        preferences=world.preferences,
        readers=lambda each: None if each in world.ledger.suppressions() else known.get(each),
        language=lambda _: None,
        secret=SECRET,
        health=Health,
        now=world.now,
        sender_name="Paper Round",
        shelf=Shelf(ledger=world.ledger, library=world.library, letters=world.letters, readers=known.get),
    )


def number(world: World, reader: Subscriber) -> SubscriberId:
    return world.ledger.enrol([reader.address], now=world.now())[reader.address]


def parts(world: World, reader: Subscriber) -> dict[str, str]:
    assert isinstance(world.relay, MemoryRelay)
    (handed,) = (each for each in world.relay.handed if each.recipient == reader.address)
    message = message_from_bytes(handed.message, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return {part.get_content_type(): part.get_content() for part in message.walk() if not part.is_multipart()}


def view_of(world: World, reader: Subscriber) -> str:
    found = re.search(rf"View in browser: {SITE}(/digest/\S+)", parts(world, reader)["text/plain"])
    assert found is not None
    assert f'<a href="{SITE}{found[1]}"' in parts(world, reader)["text/html"]
    return found[1]


def opened(site: Starlette, path: str) -> httpx.Response:
    return ask("GET", path, site)


def test_each_letter_leads_to_itself_in_a_browser(world: World, site: Starlette) -> None:
    for reader, mine, others in ((ADA, "LoRA", "robots"), (GRACE, "robots", "LoRA")):
        page = opened(site, view_of(world, reader))
        assert page.status_code == 200
        assert mine in page.text
        assert others not in page.text
        assert "View in browser" not in page.text


def test_a_letter_after_a_pause_says_so_in_a_browser_too(world: World) -> None:
    heading = "While you were away: the best of 12 days"
    times = (Away(first=TUESDAY, until=MONDAY + timedelta(days=12)),)
    away = replace(ADA, days=EVERY_DAY, away=times)
    site = site_of(world, away)
    world.relay = MemoryRelay()
    for number in range(1, 13):
        day = MONDAY + timedelta(days=number)
        world.time += timedelta(days=1)
        world.source.lists[day] = [paper(f"LoRA {number}")]
        world.round(day, away)
    assert heading in parts(world, ADA)["text/plain"]
    assert heading in opened(site, view_of(world, ADA)).text


def test_the_page_is_private_runs_nothing_and_sends_nothing_on(world: World, site: Starlette) -> None:
    headers = opened(site, view_of(world, ADA)).headers
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Robots-Tag"] == "noindex"
    policies = headers["Content-Security-Policy"].split("; ")
    assert {"default-src 'none'", "form-action 'none'", "frame-ancestors 'none'"} <= set(policies)
    assert not [each for each in policies if each.startswith("script-src") or "allow-scripts" in each]
    assert "set-cookie" not in headers


def test_opening_it_changes_nothing(world: World, site: Starlette) -> None:
    before = world.ledger.rows()
    path = view_of(world, ADA)
    for method in ("GET", "HEAD"):
        assert ask(method, path, site).status_code == 200
    assert ask("POST", path, site).status_code == 405
    assert world.ledger.rows() == before


def test_no_other_day_reader_or_purpose_can_be_guessed_from_it(world: World, site: Starlette) -> None:
    own = view_of(world, ADA)
    ada, grace = number(world, ADA), number(world, GRACE)
    guesses = [
        own.replace("20260615", "20260616"),
        own.replace(f"-{ada}-", f"-{grace}-"),
        own[:-1],
        f"/digest/{token(SECRET, PREFERENCES, ada)}",
        f"/digest/{digest_token(bytes(32), ada, MONDAY)}",
        own.replace("/digest/", "/preferences/"),
        own.replace("/digest/", "/unsubscribe/"),
    ]
    assert [opened(site, path).status_code for path in guesses] == [404] * len(guesses)


def test_a_day_without_a_letter_has_no_page(world: World, site: Starlette) -> None:
    world.source.lists[TUESDAY] = [paper("speech")]
    world.round(TUESDAY)
    page = opened(site, f"/digest/{digest_token(SECRET, number(world, ADA), TUESDAY)}")
    assert page.status_code == 404
    assert "This link leads nowhere" in page.text


def test_who_left_still_reads_what_they_had_and_who_is_not_known_reads_nothing(world: World) -> None:
    site = site_of(world, ADA)
    world.ledger.suppress(number(world, ADA), "unsubscribed", now=world.now())
    assert opened(site, view_of(world, ADA)).status_code == 200
    assert opened(site, view_of(world, GRACE)).status_code == 404


def test_without_a_web_address_there_is_no_such_link(world: World) -> None:
    world.source.lists[MONDAY] = [paper("LoRA")]
    world.round(MONDAY, ADA)
    assert "digest" not in "".join(parts(world, ADA).values())


def feed_of(world: World, reader: Subscriber) -> str:
    return f"/feed/{token(SECRET, FEED, number(world, reader))}.xml"


def test_a_reader_has_their_digests_as_a_feed(world: World, site: Starlette) -> None:
    world.source.lists[TUESDAY] = [paper("more on LoRA")]
    world.round(TUESDAY)
    answer = opened(site, feed_of(world, ADA))
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/atom+xml")
    feed = feedparser.parse(answer.content)
    assert not feed.bozo
    assert [link.href for link in feed.feed.links if link.rel == "self"] == [SITE + feed_of(world, ADA)]
    newest, oldest = feed.entries
    assert "more on LoRA" in newest.content[0].value
    assert "LoRA" in oldest.content[0].value
    assert "robots" not in answer.text
    rows = {f"mid:{row.message_id.strip('<>')}": row for row in world.ledger.rows() if row.message_id}
    assert {entry.id for entry in feed.entries} == {
        identity for identity, row in rows.items() if row.subscriber == ADA.address
    }
    assert newest.updated == rows[newest.id].planned_at.isoformat(timespec="seconds")
    assert opened(site, newest.link.removeprefix(SITE)).status_code == 200


def test_a_feed_is_private(world: World, site: Starlette) -> None:
    headers = opened(site, feed_of(world, ADA)).headers
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Robots-Tag"] == "noindex"
    assert "default-src 'none'" in headers["Content-Security-Policy"]


def test_a_feed_is_sent_again_only_with_something_new_in_it(world: World, site: Starlette) -> None:
    first = opened(site, feed_of(world, ADA))
    known = {"If-None-Match": first.headers["ETag"]}
    again = ask("GET", feed_of(world, ADA), site, headers=known)
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", first.headers["ETag"])
    world.source.lists[TUESDAY] = [paper("more on LoRA")]
    world.round(TUESDAY)
    assert ask("GET", feed_of(world, ADA), site, headers=known).status_code == 200


def test_a_feed_holds_the_digests_of_thirty_days(world: World, site: Starlette) -> None:
    world.time += timedelta(days=30)
    assert len(feedparser.parse(opened(site, feed_of(world, ADA)).content).entries) == 1
    world.time += timedelta(days=1)
    later = opened(site, feed_of(world, ADA))
    assert later.status_code == 200
    assert feedparser.parse(later.content).entries == []


def test_what_was_taken_back_is_not_in_the_feed(world: World, site: Starlette) -> None:
    world.relay = MemoryRelay(faults={ADA.address: [refused(450, "later")]})
    world.source.lists[TUESDAY] = [paper("more on LoRA")]
    world.round(TUESDAY)
    assert len(feedparser.parse(opened(site, feed_of(world, ADA)).content).entries) == 2
    world.ledger.withdraw([], now=world.now())
    assert len(feedparser.parse(opened(site, feed_of(world, ADA)).content).entries) == 1


def test_a_feed_ends_for_whoever_left_or_is_not_known(world: World) -> None:
    site = site_of(world, ADA)
    world.ledger.suppress(number(world, ADA), "unsubscribed", now=world.now())
    assert opened(site, feed_of(world, ADA)).status_code == 410
    assert opened(site, feed_of(world, GRACE)).status_code == 410


def test_no_other_token_opens_a_feed_and_that_of_a_feed_opens_nothing_else(
    world: World, site: Starlette
) -> None:
    ada = number(world, ADA)
    own = token(SECRET, FEED, ada)
    guesses = [f"/feed/{token(SECRET, purpose, ada)}.xml" for purpose in (PREFERENCES, UNSUBSCRIBE, DIGEST)]
    guesses += [f"/{page}/{own}" for page in ("preferences", "unsubscribe", "digest", "feed")]
    guesses += [
        f"/feed/{token(bytes(32), FEED, ada)}.xml",
        f"/feed/{digest_token(SECRET, ada, MONDAY)}.xml",
        f"/feed/{own.replace(f'-{ada}-', f'-{number(world, GRACE)}-')}.xml",
        "/feed/.xml",
    ]
    assert [opened(site, path).status_code for path in guesses] == [404] * len(guesses)


def test_reading_a_feed_changes_nothing(world: World, site: Starlette) -> None:
    before = world.ledger.rows()
    for method, status in (("GET", 200), ("HEAD", 200), ("POST", 405)):
        assert ask(method, feed_of(world, ADA), site).status_code == status
    assert world.ledger.rows() == before


def test_the_page_of_choices_names_the_feed(world: World, site: Starlette) -> None:
    page = opened(site, f"/preferences/{token(SECRET, PREFERENCES, number(world, ADA))}").text
    address = SITE + feed_of(world, ADA)
    assert f'<a href="{address}">{address}</a>' in page
    assert f'<link rel="alternate" type="application/atom+xml" href="{address}">' in page


def test_without_a_web_address_there_is_no_feed(world: World) -> None:
    site = site_of(world, ADA)
    world.letters = replace(world.letters, public_url=None)
    private = create_app(
        ledger=world.ledger,
        preferences=world.preferences,
        readers={number(world, ADA): ADA}.get,
        language=lambda _: None,
        secret=SECRET,
        health=Health,
        now=world.now,
        sender_name="Paper Round",
        shelf=Shelf(
            ledger=world.ledger,
            library=world.library,
            letters=world.letters,
            readers={number(world, ADA): ADA}.get,
        ),
    )
    assert opened(site, feed_of(world, ADA)).status_code == 200
    assert opened(private, feed_of(world, ADA)).status_code == 404
    page = opened(private, f"/preferences/{token(SECRET, PREFERENCES, number(world, ADA))}").text
    assert "feed" not in page
