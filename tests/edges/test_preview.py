"""The page on which a mail is looked at while somebody works on it."""

import asyncio
import base64
import hashlib
import re
import shutil
import signal
import socket
from collections.abc import Awaitable, Callable
from contextlib import closing
from datetime import date
from functools import partial
from html import unescape
from pathlib import Path

import httpx
import pytest
from tests.fakes.studio import (
    FOOTER,
    MONDAY,
    NOON,
    SUBSCRIBERS,
    TUESDAY,
    Studio,
    address_of,
    command,
    footer_with,
    studio,
)
from watchfiles import Change

from paperround.config import load
from paperround.preferences import PauseChange
from paperround.previewing import Press
from paperround.subscribers import Pause
from paperround.web.preview import create_preview

HERE = "http://127.0.0.1:8000"


@pytest.fixture
def desk(tmp_path: Path) -> Studio:
    return studio(tmp_path)


def press_of(desk: Studio) -> Press:
    return Press(desk.folder, partial(load, desk.folder, {}, dotenv=desk.folder / ".env"), now=lambda: NOON)


Ask = Callable[..., Awaitable[httpx.Response]]


def look(desk: Studio, body: Callable[[Ask], Awaitable[None]]) -> None:
    """Ask the page of a press that has read everything once."""

    async def scenario() -> None:
        press = press_of(desk)
        await press.reload()
        transport = httpx.ASGITransport(create_preview(press))
        async with httpx.AsyncClient(transport=transport) as client:

            async def ask(
                path: str = "/", *, method: str = "GET", at: str = HERE, host: str | None = None
            ) -> httpx.Response:
                return await client.request(method, f"{at}{path}", headers={"Host": host} if host else None)

            await body(ask)
        press.close()

    asyncio.run(scenario())


def page_of(desk: Studio, path: str = "/") -> str:
    """Return the page, its markup read as text."""
    pages: list[str] = []

    async def body(ask: Ask) -> None:
        answer = await ask(path)
        assert answer.status_code == 200
        pages.append(unescape(answer.text))

    look(desk, body)
    return pages[0]


def mail_in(page: str) -> str:
    """Return the path of the mail that all frames of a page show."""
    (path,) = set(re.findall(r'<iframe src="([^"]+)"', page))
    return str(path)


def chosen(page: str) -> list[str]:
    """Return what stands in the selections for reader and day."""
    return re.findall(r"<option[^>]* selected>([^<]+)<", page)


# What is shown


def test_the_page_shows_the_latest_digest_of_the_first_reader(desk: Studio) -> None:
    async def body(ask: Ask) -> None:
        page = (await ask()).text
        assert chosen(page) == ["ada@example.org", "16 June 2026"]
        assert "<h1>16 June · LoRA at work</h1>" in page
        assert page.count("<iframe") == 4
        assert re.search(r"<pre[^>]*>Tuesday,? 16 June 2026\n1 paper for you", page)
        assert "nothing to mend" in page
        mail = await ask(mail_in(page))
        assert "Matches LoRA in the title" in mail.text
        written = len(mail.text.replace('<base target="_blank">', "").replace("\n", "\r\n").encode())
        assert f"{written:,} of at most 90,000 bytes" in page

    look(desk, body)


def test_any_stored_day_of_any_reader_can_be_looked_at(desk: Studio) -> None:
    page = page_of(desk, "/?to=ada@example.org&day=2026-06-15")
    assert chosen(page) == ["ada@example.org", "15 June 2026"]
    assert "LoRA in print" in page
    assert re.findall(r'<option value="([\d-]+)"', page) == ["2026-06-16", "2026-06-15"]
    assert re.findall(r"<option(?: selected)?>([^<]+)", page) == [
        *("ada@example.org", "grace@example.org", "emmy@example.org")
    ]


def test_what_stands_beside_the_subject_in_a_list_of_mails_is_shown(desk: Studio) -> None:
    assert '<p class="preheader">Chosen for LoRA</p>' in page_of(desk)


@pytest.mark.parametrize(
    ("address", "reason"), [("grace@example.org", "nothing matched"), ("emmy@example.org", "paused")]
)
def test_of_a_mail_that_would_not_be_sent_the_page_says_so(desk: Studio, address: str, reason: str) -> None:
    page = page_of(desk, f"/?to={address}")
    assert f"<strong>This mail would not be sent:</strong> {reason}</p>" in page
    assert page.count("<iframe") == 4


def test_a_note_on_an_empty_day_is_a_mail_that_would_be_sent(desk: Studio) -> None:
    desk.write("subscribers.yaml", SUBSCRIBERS.replace("[robots]", "[robots], when_empty: note"))
    page = page_of(desk, "/?to=grace@example.org")
    assert "would not be sent" not in page
    assert page.count("<iframe") == 4


def test_of_a_reader_who_left_the_page_says_so(desk: Studio) -> None:
    with closing(desk.store()) as store:
        (number,) = store.ledger.enrol(["ada@example.org"], now=NOON).values()
        store.ledger.suppress(number, "unsubscribed on 2026-06-16", now=NOON)
    assert "</strong> unsubscribed on 2026-06-16</p>" in page_of(desk)


def test_of_a_reader_who_chose_a_pause_the_page_says_so(desk: Studio) -> None:
    with closing(desk.store()) as store:
        (number,) = store.ledger.enrol(["ada@example.org"], now=NOON).values()
        store.preferences.change(number, PauseChange(pause=Pause()), now=NOON)
    assert "</strong> paused by the reader" in page_of(desk)


def test_what_is_to_mend_in_the_mail_is_listed(desk: Studio) -> None:
    desk.write_template(FOOTER, footer_with('<p><a href="/about">About</a></p>'))
    page = page_of(desk)
    assert "<li>A link leads to /about: " in page
    assert "nothing to mend" not in page


def test_what_the_config_is_warned_of_is_listed(desk: Studio) -> None:
    (desk.folder / "papers.jsonl").unlink()
    page = page_of(desk)
    assert 'paperround.yaml:6: sources[0].path: there is no file "' in page
    assert "nothing to mend" not in page


def test_what_a_paper_is_called_is_never_markup(desk: Studio) -> None:
    desk.stock(date(2026, 6, 17), "LoRA <script>alert(1)</script> </pre>")

    async def body(ask: Ask) -> None:
        page = (await ask()).text
        assert page.count("<script") == 1
        assert page.count("</pre>") == 1
        assert "<script" not in (await ask(mail_in(page))).text

    look(desk, body)


# Pictures


def test_pictures_from_elsewhere_are_loaded_when_somebody_asks_for_them(desk: Studio) -> None:
    desk.write_template(FOOTER, footer_with('<img src="https://cdn.example.org/a.png" alt="A" width="9" />'))

    async def body(ask: Ask) -> None:
        page = (await ask()).text
        assert "1 picture from elsewhere, not loaded here" in page
        mail = await ask(mail_in(page))
        assert " img-src data:;" in mail.headers["content-security-policy"]
        (link,) = re.findall(r'<a href="(/\?[^"]+)">Load pictures', page)
        page = (await ask(unescape(link))).text
        assert "1 picture from elsewhere, loaded here" in page
        mail = await ask(mail_in(page))
        assert " img-src data: https:;" in mail.headers["content-security-policy"]

    look(desk, body)


def test_of_a_mail_without_pictures_none_are_spoken_of(desk: Studio) -> None:
    assert "from elsewhere" not in page_of(desk)


# What cannot be shown


@pytest.mark.parametrize(
    ("path", "trouble"),
    [
        (
            "/?to=nobody@example.org",
            "nobody@example.org: no subscriber has this address; see subscribers.yaml",
        ),
        ("/?day=2026-06-01", "nothing was fetched for 2026-06-01; run `paperround fetch --date 2026-06-01`"),
    ],
)
def test_what_is_unknown_is_said_and_the_rest_can_be_chosen(desk: Studio, path: str, trouble: str) -> None:
    page = page_of(desk, path)
    assert f"<li>{trouble}</li>" in page
    assert "<iframe" not in page
    # What was asked for stands in the selection: with anything else there, that could not be chosen.
    assert chosen(page) == ["1 June 2026"] if "day" in path else ["nobody@example.org"]
    assert page.count("<option") == 6


def test_what_is_no_day_is_a_bad_request(desk: Studio) -> None:
    async def body(ask: Ask) -> None:
        answer = await ask("/?day=yesterday")
        assert (answer.status_code, answer.text) == (400, "day is not a day; write it as 2026-06-16.")

    look(desk, body)


def test_without_papers_the_page_says_how_to_get_some(tmp_path: Path) -> None:
    desk = Studio(tmp_path)
    full = studio(_made(tmp_path / "other"))
    (tmp_path / "templates").mkdir()
    config = (full.folder / "paperround.yaml").read_text(encoding="utf-8")
    desk.write("paperround.yaml", config.replace(str(full.folder), str(tmp_path)))
    desk.write("subscribers.yaml", (full.folder / "subscribers.yaml").read_text(encoding="utf-8"))
    assert "<li>nothing was fetched yet; run `paperround fetch`</li>" in page_of(desk)


def test_without_readers_the_page_says_where_they_are_written(desk: Studio) -> None:
    desk.write("subscribers.yaml", "subscribers: []\n")
    assert "<li>nobody subscribes yet; see subscribers.yaml</li>" in page_of(desk)


def test_without_a_config_the_page_says_how_to_make_one(tmp_path: Path) -> None:
    page = page_of(Studio(tmp_path))
    assert "paperround.yaml: there is no such file; `paperround init` writes an example</li>" in page
    assert "<select" not in page


def test_a_store_that_cannot_be_used_is_said(desk: Studio) -> None:
    (desk.folder / "store.db").write_bytes(b"no database" * 100)
    assert "store.db" in page_of(desk).partition("No mail can be shown")[2].partition("</ul>")[0]


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


# Who may ask, and for what


@pytest.mark.parametrize("path", ["/", "/changes", "/mails/abc"])
def test_only_the_names_of_this_machine_are_answered(desk: Studio, path: str) -> None:
    async def body(ask: Ask) -> None:
        for host in ("papers.example.org", "127.0.0.1.example.org:8000", "localhost.example.org", "10.0.0.1"):
            assert (await ask(path, host=host)).status_code == 400
        for host in ("127.0.0.1", "127.0.0.1:8000", "localhost:8000"):
            assert (await ask(path, host=host)).status_code in {200, 404}

    look(desk, body)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("path", ["/", "/changes", "/mails/abc"])
def test_there_is_nothing_but_reading(desk: Studio, method: str, path: str) -> None:
    async def body(ask: Ask) -> None:
        assert (await ask(path, method=method)).status_code == 405

    look(desk, body)


def test_looking_enters_nothing_in_the_ledger(desk: Studio) -> None:
    for path in ("/", "/?day=2026-06-15", "/?to=grace@example.org"):
        page_of(desk, path)
    with closing(desk.store()) as store:
        assert not store.ledger.planned(TUESDAY) | store.ledger.planned(MONDAY)


def test_the_page_runs_what_it_brings_and_nothing_else(desk: Studio) -> None:
    async def body(ask: Ask) -> None:
        answer = await ask()
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; ")
        assert "unsafe" not in policy
        for tag in ("style", "script"):
            (text,) = re.findall(rf"<{tag}>(.*?)</{tag}>", answer.text, re.DOTALL)
            digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
            assert f"{tag}-src 'sha256-{digest}';" in policy
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["cache-control"] == "no-store"
        assert not re.search(r"""(?:src|href)="(?!/|data:)|url\(|@import""", answer.text)

    look(desk, body)


def test_a_mail_runs_nothing_and_stands_in_no_page_but_ours(desk: Studio) -> None:
    async def body(ask: Ask) -> None:
        answer = await ask(mail_in((await ask()).text))
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'self'" in policy
        assert "script" not in policy
        assert answer.headers["cache-control"] == "no-store"

    look(desk, body)


def test_a_frame_shows_the_mail_that_its_page_was_made_for_and_nothing_unknown(desk: Studio) -> None:
    async def body(ask: Ask) -> None:
        first = mail_in((await ask("/?day=2026-06-15")).text)
        second = mail_in((await ask("/?day=2026-06-16")).text)
        assert first != second
        assert "16 June" not in (await ask(first)).text
        assert (await ask("/mails/abc")).status_code == 404

    look(desk, body)


# What follows a change


Save = Callable[[], None]


def follow(desk: Studio, *saves: tuple[Save, str]) -> None:
    """Save one thing after another: whoever waits is answered, and the page says what is expected then."""

    async def scenario() -> None:
        press, stop = press_of(desk), asyncio.Event()
        await press.reload()
        following = asyncio.create_task(press.follow(stop))
        try:
            for save, expected in saves:
                await _saved_until(press, save, expected)
        finally:
            stop.set()
            await following
            press.close()

    asyncio.run(scenario())


async def _saved_until(press: Press, save: Save, expected: str) -> None:
    for _ in range(20):
        await _saved(press, save)
        view = await press.view(None, None)
        shown = view.proof.rendered.text if view.proof else "\n".join(view.troubles)
        if expected in shown:
            return
    pytest.fail(f"shown in place of {expected!r}: {shown!r}")


async def _saved(press: Press, save: Save) -> None:
    """Save until it is noticed: what is saved before the watch has begun is not."""
    waiting = asyncio.create_task(press.changed((await press.view(None, None)).version))
    for _ in range(30):
        save()
        await asyncio.wait([waiting], timeout=0.5)
        if waiting.done():
            return
    waiting.cancel()
    pytest.fail("what was saved is never noticed")


BROKEN = footer_with("{{ mail.unsubscribed }}")
LINE = len(BROKEN.splitlines())


def test_a_template_at_fault_is_named_with_its_line_until_it_is_mended(desk: Studio) -> None:
    text = (desk.folder / "templates" / "digest.txt.j2", "digest.txt.j2")
    desk.write_template("digest.txt.j2", "{{ mail.heading }}\n")
    follow(
        desk,
        (partial(desk.write_template, FOOTER, BROKEN), f"{FOOTER}, line {LINE}: "),
        (partial(desk.write_template, FOOTER, footer_with("")), "1 paper for you"),
        (partial(desk.write_template, text[1], "{{ mail.heading }}\n{% if %}"), f"{text[1]}, line 2: "),
        (partial(desk.write_template, text[1], "Mended\n"), "Mended"),
        (partial(text[0].unlink, missing_ok=True), "1 paper for you"),
    )


def test_a_config_at_fault_is_named_with_its_line_until_it_is_mended(desk: Studio) -> None:
    config = (desk.folder / "paperround.yaml").read_text(encoding="utf-8")
    follow(
        desk,
        (
            partial(desk.write, "paperround.yaml", f"{config}sorces: []\n"),
            "paperround.yaml:7: sorces: unknown",
        ),
        (partial(desk.write, "paperround.yaml", config), "1 paper for you"),
        (partial(desk.write, "subscribers.yaml", "subscribers: [}\n"), "subscribers.yaml:1"),
        (partial(desk.write, "subscribers.yaml", "subscribers: []\n"), "nobody subscribes yet"),
    )


def test_a_folder_of_templates_that_is_made_anew_is_followed_from_then_on(desk: Studio) -> None:
    folder = desk.folder / "templates"

    def remove() -> None:
        shutil.rmtree(folder, ignore_errors=True)

    def make() -> None:
        remove()
        folder.mkdir()

    follow(
        desk,
        (partial(desk.write_template, "digest.txt.j2", "Mine\n"), "Mine"),
        (make, "1 paper for you"),
        (partial(desk.write_template, "digest.txt.j2", "Mine again\n"), "Mine again"),
        (remove, "there is no"),
        (make, "1 paper for you"),
        (partial(desk.write_template, "digest.txt.j2", "Mine at last\n"), "Mine at last"),
    )


def test_a_page_that_knows_an_older_version_is_answered_at_once(desk: Studio) -> None:
    async def body(ask: Ask) -> None:
        (version,) = re.findall(r'data-version="(\w+)"', (await ask()).text)
        assert (await ask("/changes?since=older")).text == version

    look(desk, body)


def test_whoever_waits_is_let_go_at_the_end(desk: Studio) -> None:
    async def scenario() -> None:
        press = press_of(desk)
        await press.reload()
        version = (await press.view(None, None)).version
        waiting = asyncio.create_task(press.changed(version))
        await asyncio.sleep(0)
        press.close()
        async with asyncio.timeout(5):  # long before it would be answered anyway
            assert await waiting == version

    asyncio.run(scenario())


def test_what_a_look_writes_itself_is_no_reason_to_look_again(desk: Studio) -> None:
    desk.write_template(FOOTER, BROKEN)
    press = press_of(desk)
    asyncio.run(press.reload())
    assert press.troubles
    for name, matters in (
        ("store.db", False),
        ("store.db-wal", False),
        ("papers.jsonl", True),  # anything else may be what is missing
        (f"templates/{FOOTER}", True),
    ):
        assert press._matters(Change.modified, str(desk.folder / name)) == matters
    press.close()


# The command


def test_the_command_serves_the_page_until_it_is_stopped(desk: Studio) -> None:
    with command(desk.folder, "ada@example.org", "--date", "2026-06-15") as process:
        address = address_of(process)
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/\?to=ada%40example\.org&day=2026-06-15", address)
        assert "<h1>15 June · LoRA" in httpx.get(address).text
        process.send_signal(signal.SIGINT)
        process.communicate()
        assert process.returncode == 0


def test_the_command_says_what_is_wrong_and_serves_what_mends_itself(desk: Studio) -> None:
    config = (desk.folder / "subscribers.yaml").read_text(encoding="utf-8")
    desk.write("subscribers.yaml", "subscribers: [}\n")
    with command(desk.folder) as process:
        address = address_of(process)
        assert process.stderr is not None
        assert "subscribers.yaml:1" in process.stderr.readline()
        page = httpx.get(address).text
        assert "subscribers.yaml:1" in page
        (version,) = re.findall(r'data-version="(\w+)"', page)
        desk.write("subscribers.yaml", config)
        for _ in range(3):
            if httpx.get(f"{address}changes?since={version}", timeout=30).text != version:
                break
            desk.write("subscribers.yaml", config)
        assert "<h1>16 June · LoRA at work</h1>" in httpx.get(address).text


def test_the_port_can_be_named_and_one_in_use_is_said(desk: Studio) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with command(desk.folder, "--port", str(port)) as process:
            _, said = process.communicate()
            assert process.returncode == 1
            assert f"cannot listen at 127.0.0.1:{port}: Address already in use; name another --port" in said
    with command(desk.folder, "--port", str(port)) as process:
        assert address_of(process) == f"http://127.0.0.1:{port}/"


def test_a_reader_whom_the_config_does_not_know_is_a_wrong_call(desk: Studio) -> None:
    with command(desk.folder, "nobody@example.org") as process:
        _, said = process.communicate()
        assert process.returncode == 2
        assert "nobody@example.org: no subscriber has this address" in said
