"""All that the website answers, asked by schemathesis of each route, with real tokens and without."""

import asyncio
import logging
import socket
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import date, timedelta
from http import HTTPStatus
from threading import Event, Thread
from typing import Any

import httpx
import pytest
import schemathesis
import structlog
from hypothesis import HealthCheck, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.checks import content_type_conformance, not_a_server_error
from starlette.applications import Starlette
from starlette.routing import Route

from paperround.app import monitor_of, open_desk, utc_now
from paperround.config import load
from paperround.ports import RequestId
from paperround.store import open_store
from paperround.tokens import CONFIRM, FEED, PREFERENCES, UNSUBSCRIBE, digest_token, status_token, token
from paperround.watching import Watch
from paperround.web import Health, Server
from paperround.website import website

DAY = date(2026, 6, 16)
MOST_EXAMPLES = 8  # of each route and mode, for each takes some fiftieth of a second
ANSWERS = ("text/html", "text/plain", "application/json", "application/atom+xml", "text/css")
FIELDS = (
    "List-Unsubscribe",
    "change",
    "pause",
    "until",
    "often",
    "weekday",
    "address",
    "email",
    "keywords",
    "timezone",
    "hour",
    "q",
)
VALUES = (
    "One-Click",
    "pause",
    "resume",
    "rhythm",
    "day",
    "2",
    "weekly",
    "1",
    "2026-12-24",
    "ada@example.org",
)
CONFIG = """\
from: Paper Round <papers@example.org>
public_url: https://papers.example.org
store: sqlite:///{folder}/store.db
outbox: {folder}/outbox
sources: [{{kind: file, path: papers.jsonl, name: Ours}}]
open_subscription: true
web: {{archive: true}}
"""


@dataclass(frozen=True)
class Website:
    """The website of an installation with one reader, on a real server; `tokens` open its pages."""

    app: Starlette
    url: str
    tokens: tuple[str, ...]

    @property
    def routes(self) -> list[Route]:
        return [route for route in self.app.routes if isinstance(route, Route)]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Website]:
    folder = tmp_path_factory.mktemp("website")
    (folder / "paperround.yaml").write_text(CONFIG.format(folder=folder))
    (folder / "subscribers.yaml").write_text("subscribers: [{email: ada@example.org, keywords: [LoRA]}]")
    (folder / "papers.jsonl").write_text("")
    opened: list[Website] = []
    ready, over = Event(), asyncio.Event()
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        installation = load(folder, {}).settings
        with closing(open_store(installation.store)) as store, socket.create_server(("127.0.0.1", 0)) as door:
            async with open_desk(installation, store=store) as desk:
                watch = Watch(desk, catch_up=installation.catch_up)
                app = website(desk, installation, monitor_of(store), watch, health=Health)
                secret = desk.letters.secret
                (ada,) = store.ledger.enrol(["ada@example.org"], now=utc_now()).values()
                tokens = (
                    *(token(secret, purpose, ada) for purpose in (UNSUBSCRIBE, PREFERENCES, FEED)),
                    token(secret, CONFIRM, RequestId(1)),
                    digest_token(secret, ada, DAY),
                    status_token(secret, utc_now().date() + timedelta(days=1)),
                )
                server = Server(app, installation.web)
                serving = asyncio.create_task(server.serve([door]))
                opened.append(Website(app, f"http://127.0.0.1:{door.getsockname()[1]}", tokens))
                ready.set()
                await over.wait()
                server.should_exit = True
                await serving

    running = Thread(target=loop.run_until_complete, args=[serve()])
    running.start()
    assert ready.wait(30)
    yield opened[0]
    loop.call_soon_threadsafe(over.set)
    running.join()
    loop.close()


def described(site: Website) -> dict[str, Any]:
    """Return the routes as an OpenAPI document."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "paperround", "version": "1"},
        "paths": {
            route.path_format: {
                method.lower(): _operation(route, method, site)
                for method in sorted(route.methods or ())
                if method != "HEAD"  # whose answers have no body to be judged by: see below
            }
            for route in site.routes
        },
    }


def _operation(route: Route, method: str, site: Website) -> Mapping[str, Any]:
    known = {"token": site.tokens, "day": (str(DAY),)}
    some = {"type": "string", "maxLength": 60}
    in_path = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"anyOf": [{"enum": list(known.get(name, ("1",)))}, {**some, "minLength": 1}]},
        }
        for name in route.param_convertors
    ]
    in_query = [{"name": "q", "in": "query", "schema": some}]
    field = {"anyOf": [{"enum": list(VALUES)}, some]}
    form = {"type": "object", "properties": dict.fromkeys(FIELDS, field), "additionalProperties": False}
    kinds = ("application/x-www-form-urlencoded", "multipart/form-data")
    body = (
        {"requestBody": {"content": {kind: {"schema": form} for kind in kinds}}} if method == "POST" else {}
    )
    answers = {"default": {"description": "", "content": {kind: {} for kind in ANSWERS}}}
    return {"parameters": [*in_path, *in_query], "responses": answers, **body}


@pytest.mark.parametrize("mode", GenerationMode, ids=str)
def test_no_request_is_answered_with_anything_but_what_is_promised(
    site: Website, mode: GenerationMode
) -> None:
    met: set[int] = set()
    schema = schemathesis.openapi.from_dict(described(site))
    for operation in (schema[path][method] for path in schema for method in schema[path]):

        @settings(max_examples=MOST_EXAMPLES, suppress_health_check=list(HealthCheck))
        @given(case=operation.as_strategy(generation_mode=mode))
        def holds(case: Case[Any]) -> None:
            answer = case.call(base_url=site.url)
            case.validate_response(answer, checks=[not_a_server_error, content_type_conformance])
            keeps_its_promises({name: ", ".join(values) for name, values in answer.headers.items()})
            met.add(answer.status_code)

        holds()
    assert {HTTPStatus.OK, HTTPStatus.NOT_FOUND} <= met


def keeps_its_promises(headers: Mapping[str, str]) -> None:
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "script-src" not in headers["content-security-policy"]
    assert "cache-control" in headers
    assert not {"set-cookie", "server"} & headers.keys()


METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "SOMETHING")


def test_a_method_that_a_page_does_not_know_is_refused_with_those_that_it_knows(site: Website) -> None:
    with httpx.Client(base_url=site.url) as client:
        for path, route in paths(site):
            for method in METHODS:
                answer = client.request(method, path)
                keeps_its_promises(answer.headers)
                assert answer.status_code < HTTPStatus.INTERNAL_SERVER_ERROR
                if method in (route.methods or ()):
                    assert answer.status_code != HTTPStatus.METHOD_NOT_ALLOWED
                else:
                    assert answer.status_code == HTTPStatus.METHOD_NOT_ALLOWED
                    assert set(answer.headers["allow"].split(", ")) == route.methods


def test_head_says_of_a_page_what_get_says(site: Website) -> None:
    with httpx.Client(base_url=site.url) as client:
        for path, _ in paths(site):
            got, asked = client.get(path), client.head(path)
            assert (asked.status_code, asked.content) == (got.status_code, b"")
            same = {"content-type", "content-security-policy", "cache-control"}
            assert {name: asked.headers.get(name) for name in same} == {
                name: got.headers.get(name) for name in same
            }


def paths(site: Website) -> Iterator[tuple[str, Route]]:
    """Yield a path to each route, and one with each token where it takes one."""
    for route in site.routes:
        for each in site.tokens if "token" in route.param_convertors else ("",):
            given = {name: {"token": each, "day": str(DAY)}.get(name, "1") for name in route.param_convertors}
            yield str(route.path_format).format(**given), route


def test_no_log_holds_a_token_whatever_is_asked_of_whatever_takes_one(
    site: Website, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("httpx").setLevel(logging.WARNING)  # it tells what we ask ourselves
    logging.getLogger("httpcore").setLevel(logging.WARNING)
    with structlog.testing.capture_logs() as events, httpx.Client(base_url=site.url) as client:
        for path, _ in paths(site):
            for method in ("GET", "POST", "PUT"):
                client.request(method, path, content=b"x=1")
                client.request(method, f"{path}/x?y={path}", headers={"Host": "evil.example"})
    logged = caplog.text + "".join(capfd.readouterr()) + str(events)
    assert "host.unknown" in logged
    assert [each for each in site.tokens if each[-20:] in logged] == []
