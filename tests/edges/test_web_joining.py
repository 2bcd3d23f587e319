"""The pages on which people subscribe by themselves, as they are over HTTP."""

import asyncio
import contextlib
import re
import socket
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from typing import cast
from urllib.parse import urlencode

import httpx
import pytest
from lxml import html
from tests.fakes.asking import URLENCODED, ask
from tests.fakes.front import ADDRESS, SECRET, Front, arranged
from tests.fakes.joining import MemoryRequests
from tests.fakes.wording import known, words

from paperround.admission import LIFE_OF_A_REQUEST, OF_A_NETWORK, network_of
from paperround.languages import Language
from paperround.ports import Cause, RequestId
from paperround.settings import WebSettings
from paperround.tokens import CONFIRM, PREFERENCES, keyed_hash, token
from paperround.web import Server

HOUR = timedelta(hours=1)
GRACE = arranged("grace")
FORM = {"address": ADDRESS, "keywords": "LoRA"}


@pytest.fixture
def front() -> Front:
    return Front(readers=(GRACE,))


def seen(page: httpx.Response) -> tuple[int, Mapping[str, str], bytes]:
    """Return all that whoever asked can see of an answer."""
    return page.status_code, dict(page.headers), page.content


def test_the_page_shows_a_form_and_keeps_to_itself(front: Front) -> None:
    page = front.open()
    assert page.status_code == 200
    names = set(re.findall(r' name="(\w+)"', page.text)) - {"viewport"}
    assert names >= {"address", "keywords", "deliver_at", "timezone", "website"}
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert "form-action 'self'" in page.headers["Content-Security-Policy"]
    assert "Set-Cookie" not in page.headers
    assert "Otherwise it comes at 07:30." in page.text
    assert "The usual one: Europe/London" in page.text


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("path", ["/subscribe", f"/confirm/{token(SECRET, CONFIRM, RequestId(1))}"])
def test_while_nobody_may_subscribe_there_is_no_page(method: str, path: str) -> None:
    closed = Front(is_open=False)
    answer = ask(method, path, closed.app(), urlencode(FORM).encode(), URLENCODED)
    assert answer.status_code == 404


def test_every_address_gets_the_same_answer(front: Front) -> None:
    ledger = front.ledger
    for name, cause in (
        ("left", Cause.UNSUBSCRIBED),
        ("complained", Cause.COMPLAINED),
        ("bounced", Cause.BOUNCED),
    ):
        ledger.suppress(front.number(f"{name}@example.org"), "why", cause=cause, now=front.now)
    front.join("member@example.org")
    front.apply("asked@example.org")
    names = ("unknown", "grace", "member", "asked", "left", "complained", "bounced", "papers", "postmaster")
    front.now += HOUR / 2
    answers = {name: seen(front.apply(f"{name}@example.org")) for name in names[:7]}
    front.now += HOUR
    answers |= {name: seen(front.apply(f"{name}@example.org")) for name in names[7:]}
    assert len({str(answer) for answer in answers.values()}) == 1
    assert answers["unknown"][0] == 200


def test_whoever_fills_in_what_nobody_sees_gets_the_same_answer_and_no_mail(front: Front) -> None:
    honest = seen(front.apply())
    front.look()
    trapped = front.apply("emmy@example.org", website="https://spam.example")
    assert seen(trapped) == honest
    assert front.look() == []


def test_what_is_wrong_is_told_beside_what_was_typed(front: Front) -> None:
    page = front.apply("not <an> address", keywords="", deliver_at="9", timezone="there")
    assert page.status_code == 422
    assert 'value="not &lt;an&gt; address" ' in page.text
    assert page.text.count('class="mistake"') == 5
    assert page.text.count(' aria-invalid="true"') == 4
    assert front.look() == []


def test_a_network_that_asks_too_often_is_told_to_wait(front: Front) -> None:
    for number in range(OF_A_NETWORK):
        assert front.apply(f"reader{number}@example.org").status_code == 200
    page = front.apply()
    assert page.status_code == 429
    assert page.headers["Retry-After"] == "3600"
    assert "Please try again in an hour" in page.text
    front.now += HOUR
    assert front.apply().status_code == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "none"}, 200),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "https://papers.example.org"}, 200),
        ({"Origin": "null"}, 200),
        ({"Origin": "https://elsewhere.example"}, 403),
        ({"Origin": "http://papers.example.org"}, 403),
        ({"Origin": "https://papers.example.org.elsewhere.example"}, 403),
        ({"Origin": "http://["}, 403),
    ],
)
def test_a_form_from_another_website_changes_nothing(
    front: Front, headers: dict[str, str], status: int
) -> None:
    assert front.send(FORM, headers=headers).status_code == status
    assert len(front.look()) == (status == 200)


@pytest.mark.parametrize("content_type", ["text/plain", "application/json", ""])
def test_any_other_kind_of_request_changes_nothing(front: Front, content_type: str) -> None:
    body = urlencode(FORM).encode()
    answer = ask("POST", "/subscribe", front.app(), body, {"Content-Type": content_type})
    assert answer.status_code == 400
    assert front.look() == []


def test_twenty_long_keywords_in_any_script_are_not_too_much(front: Front) -> None:
    keywords = "\n".join(f"{number} {'語' * 190}" for number in range(20))
    assert front.apply(keywords=keywords).status_code == 200
    assert front.apply(keywords="x" * 70_000).status_code == 413


def test_to_open_the_link_changes_nothing_and_shows_what_was_asked_for(front: Front) -> None:
    front.apply(keywords="<b>LoRA</b>\n{x}", deliver_at="18:15", timezone="Europe/Berlin")
    front.look()
    for _ in range(2):
        page = front.open(front.link())
        assert page.status_code == 200
        assert "<li>&lt;b&gt;LoRA&lt;/b&gt;</li>" in page.text
        assert "<li>{x}</li>" in page.text
        assert "The emails come at 18:15." in page.text
        assert "Your time zone is Europe/Berlin." in page.text
    assert ask("HEAD", front.link(), front.app()).status_code == 200
    assert front.addresses() == [GRACE.address]


def test_the_button_makes_a_reader_once(front: Front) -> None:
    front.apply()
    front.look()
    link = front.link()
    page = front.confirm(link)
    assert page.status_code == 200
    assert "<p>Emails come from Monday to Friday.</p>" in page.text
    assert "The first one is for Wednesday, 17 June 2026" in page.text
    assert front.addresses() == [GRACE.address, ADDRESS]
    for again in (front.open(link), front.confirm(link)):
        assert again.status_code == 410
        assert "This link was used, or is too old" in again.text
    assert front.addresses() == [GRACE.address, ADDRESS]


def test_a_link_that_is_too_old_leads_to_a_word_of_advice(front: Front) -> None:
    front.apply()
    front.look()
    front.now += LIFE_OF_A_REQUEST
    assert front.open(front.link()).status_code == front.confirm().status_code == 410
    assert front.addresses() == [GRACE.address]


@pytest.mark.parametrize("form", [{"confirm": "no"}, {"List-Unsubscribe": "One-Click"}, {"other": "x"}])
def test_only_the_button_confirms(front: Front, form: dict[str, str]) -> None:
    front.apply()
    front.look()
    assert front.send(form, front.link()).status_code == 400
    assert front.confirm(**{"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert front.addresses() == [GRACE.address]


def test_a_link_that_we_did_not_make_leads_nowhere(front: Front) -> None:
    front.apply()
    front.look()
    number = RequestId(int(front.link().split("-")[1]))
    for forged in (f"1-{number}-{'a' * 26}", token(SECRET, PREFERENCES, number), "", "x"):
        assert front.open(f"/confirm/{forged}").status_code == 404
        assert front.confirm(f"/confirm/{forged}").status_code == 404
    assert front.addresses() == [GRACE.address]


def test_nothing_stays_english_for_whoever_prefers_german(front: Front) -> None:
    german = {"Accept-Language": "de"}
    pages = [
        front.open(like="de"),
        front.apply("x", like="de", keywords="", deliver_at="x", timezone="x"),
        front.apply("x", like="de", keywords="…"),
        front.apply("x", like="de", keywords="x" * 300),
        front.apply("x", like="de", keywords="\n".join(map(str, range(100, 130)))),
        front.apply(like="de", deliver_at="18:15", timezone="Europe/Berlin"),
    ]
    front.look()
    pages += [front.open(front.link()), front.confirm()]
    pages += [front.send({"confirm": "yes"}, front.link(), german)]
    pages += [front.send(FORM, headers={**german, "Sec-Fetch-Site": "cross-site"})]
    pages += [front.apply(f"reader{number}@example.org", like="de") for number in range(OF_A_NETWORK)]
    assert pages[-1].status_code == 429
    told: set[str] = set()
    for page in pages:
        assert '<html lang="de">' in page.text
        visible = (
            "//text()[not(parent::style or parent::li or parent::textarea or contains(parent::option, '/'))]"
        )
        read = cast("list[str]", html.document_fromstring(page.text).xpath(visible))
        told |= words(" ".join(read))
    names = {"PAPER", "ROUND", "EUROPE", "BERLIN", "UTC", "X" * 40}
    assert told - known(Language.GERMAN) - names == set()


@contextlib.asynccontextmanager
async def serving(front: Front, settings: WebSettings) -> AsyncIterator[httpx.AsyncClient]:
    """Serve a site at a real address."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = Server(front.app(), settings)
    running = asyncio.create_task(server.serve([listener]))
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    async with httpx.AsyncClient(base_url=url, trust_env=False) as client:
        yield client
    server.should_exit = True
    await running


@pytest.mark.parametrize(
    ("proxies", "forwarded", "host"),
    [
        ((), "192.0.2.1", "127.0.0.1"),  # whoever says so is not believed
        (("127.0.0.1",), "192.0.2.1", "192.0.2.1"),
        (("127.0.0.0/8",), "198.51.100.7, 192.0.2.1", "192.0.2.1"),  # the first is what the client says
        (("127.0.0.1", "10.0.0.0/8"), "192.0.2.1, 10.1.2.3", "192.0.2.1"),
        (("127.0.0.1",), "2001:db8::1", "2001:db8::1"),
        (("10.0.0.0/8",), "192.0.2.1", "127.0.0.1"),
        (("127.0.0.1",), "", "127.0.0.1"),
    ],
)
def test_a_proxy_is_believed_of_whom_it_asks_for_if_it_is_ours(
    proxies: tuple[str, ...], forwarded: str, host: str
) -> None:
    front = Front()

    async def go() -> httpx.Response:
        async with serving(front, WebSettings(trusted_proxies=proxies)) as client:
            headers = {"X-Forwarded-For": forwarded} if forwarded else {}
            return await client.post("/subscribe", data=FORM, headers=headers)

    assert asyncio.run(go()).status_code == 200
    assert isinstance(front.requests, MemoryRequests)
    networks = [asking.network for _, asking in front.requests.askings]
    assert networks == [keyed_hash(SECRET, f"network\0{network_of(host)}")]
