"""The pages of an installation, as its config says."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from starlette.applications import Starlette
from tests.fakes.asking import ask
from tests.fakes.days import ADA
from tests.fakes.reading_room import ADA_FIRST, LORA

from paperround.app import monitor_of, open_desk
from paperround.settings import Mailbox, Settings, WebSettings
from paperround.store import Store
from paperround.tokens import FEED, token
from paperround.watching import Watch
from paperround.web import Health
from paperround.website import website

NOW = datetime(2026, 6, 17, 12, tzinfo=UTC)


@pytest.fixture
def settings(tmp_path: Path, url: str) -> Settings:
    return Settings(
        sender=Mailbox(name="Paper Round", address="papers@example.org"),
        sources=(),
        subscribers=(ADA,),
        store=url,
        outbox=tmp_path / "outbox",
        public_url="https://papers.example.org",
    )


def site(settings: Settings, store: Store) -> Starlette:
    async def opened() -> Starlette:
        async with open_desk(settings, store=store, now=lambda: NOW) as desk:
            watch = Watch(desk, catch_up=timedelta(hours=12))
            return website(desk, settings, monitor_of(store), watch, health=Health)

    return asyncio.run(opened())


def test_papers_are_shown_where_the_config_says_so_and_nowhere_else(settings: Settings, store: Store) -> None:
    store.library.record(ADA_FIRST, now=NOW)
    paths = ("/", "/2026-06-17", "/?q=lora")
    shown = site(replace(settings, web=WebSettings(archive=True)), store)
    hidden = site(settings, store)
    for path in paths:
        assert LORA.title in ask("GET", path, shown).text.replace("<mark>", "").replace("</mark>", "")
        assert ask("GET", path, hidden).status_code == 404


def test_a_reader_has_a_feed_until_they_leave(settings: Settings, store: Store) -> None:
    app = site(settings, store)
    ada = store.ledger.enrol([ADA.address], now=NOW)[ADA.address]
    path = f"/feed/{token(store.ledger.secret(), FEED, ada)}.xml"
    assert ask("GET", path, app).status_code == 200
    store.ledger.suppress(ada, "unsubscribed", now=NOW)
    assert ask("GET", path, app).status_code == 410
