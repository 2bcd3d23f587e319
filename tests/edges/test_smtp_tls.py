import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.fakes.authority import Authority
from tests.fakes.smtp_server import DROP, LARGE, MESSAGE, Server, at

from paperround.delivery.connection import Timeouts
from paperround.ports import Interrupted, Refused, RelayUnusable, Unanswered
from paperround.settings import RelaySettings, Tls

pytestmark = pytest.mark.usefixtures("transport")

SECRET = "correct horse battery staple"  # noqa: S105 - nobody's
SOON = timedelta(seconds=0.1)


def protected(authority: Authority, tls: Tls = Tls.STARTTLS) -> RelaySettings:
    return RelaySettings(
        host="127.0.0.1", port=0, tls=tls, username="ada", password=SECRET, ca_file=authority.ca_file
    )


BROKEN = "TLS failed|no answer in time|connection was lost"
OFFERS_ALL = "250-test\r\n250-STARTTLS\r\n250 AUTH CRAM-MD5 LOGIN PLAIN"


@pytest.mark.parametrize("tls", [Tls.STARTTLS, Tls.IMPLICIT])
def test_a_message_travels_over_tls_after_logging_in(authority: Authority, tls: Tls) -> None:
    async def scenario() -> None:
        server = Server({"EHLO": OFFERS_ALL}, tls=authority.context, implicit=tls is Tls.IMPLICIT)
        async with server, at(server, protected(authority, tls)) as sending:
            assert await sending.send(LARGE) == "250 2.0.0 queued"
            assert await sending.send() == "250 2.0.0 queued"
            assert server.bodies == [LARGE[3:], MESSAGE[3:]]
            assert server.connections == 1
            assert server.verbs()["AUTH"] == 1

    asyncio.run(scenario())


@pytest.mark.parametrize("verb", ["BODY", "DOT"])
def test_what_breaks_off_under_tls_is_told_apart_as_well(authority: Authority, verb: str) -> None:
    async def scenario() -> None:
        server = Server({"EHLO": OFFERS_ALL, verb: DROP}, tls=authority.context)
        async with server, at(server, protected(authority)) as sending:
            with pytest.raises(Interrupted if verb == "BODY" else Unanswered):
                await sending.send(LARGE)

    asyncio.run(scenario())


@pytest.mark.parametrize("tls", [Tls.STARTTLS, Tls.IMPLICIT])
def test_a_certificate_of_an_unknown_authority_ends_it(authority: Authority, tls: Tls) -> None:
    async def scenario() -> None:
        server = Server({"EHLO": OFFERS_ALL}, tls=authority.context, implicit=tls is Tls.IMPLICIT)
        async with server, at(server, replace(protected(authority, tls), ca_file=None)) as sending:
            with pytest.raises(RelayUnusable, match="certificate is not trusted"):
                await sending.send()
            assert server.verbs()["AUTH"] == 0

    asyncio.run(scenario())


def test_a_certificate_for_another_name_ends_it(authority: Authority) -> None:
    async def scenario() -> None:
        server = Server({"EHLO": OFFERS_ALL}, tls=authority.context)
        async with server, at(server, replace(protected(authority), host="localhost")) as sending:
            with pytest.raises(RelayUnusable, match="certificate is not trusted"):
                await sending.send()
            assert server.verbs()["AUTH"] == 0

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("script", "error", "words"),
    [
        ({"EHLO": "250-test\r\n250 AUTH PLAIN"}, RelayUnusable, "offers no STARTTLS"),
        ({"EHLO": OFFERS_ALL, "STARTTLS": "502 no"}, RelayUnusable, "502 no"),
        ({"EHLO": OFFERS_ALL, "STARTTLS": "454 4.7.0 not now"}, Refused, "454 4.7.0 not now"),
        ({"EHLO": OFFERS_ALL, "STARTTLS": "220 go ahead\r\n250 AUTH PLAIN"}, RelayUnusable, BROKEN),
        ({"EHLO": OFFERS_ALL}, RelayUnusable, BROKEN),  # it agrees, and goes on in clear
    ],
    ids=str,
)
def test_where_tls_is_stripped_nothing_but_ehlo_is_said(
    authority: Authority, script: dict[str, str], error: type[Exception], words: str
) -> None:
    async def scenario() -> None:
        soon = Timeouts(greeting=SOON)
        async with Server(script) as server, at(server, protected(authority), timeouts=soon) as sending:
            with pytest.raises(error, match=words):
                await sending.send()
            assert {"AUTH", "MAIL"}.isdisjoint(server.verbs())
            await server.is_left()

    asyncio.run(scenario())


def test_credentials_are_not_sent_without_tls_even_to_this_machine() -> None:
    async def scenario() -> None:
        settings = RelaySettings(host="127.0.0.1", port=0, tls=Tls.NONE, username="ada", password=SECRET)
        async with Server({"EHLO": OFFERS_ALL}) as server, at(server, settings) as sending:
            with pytest.raises(RelayUnusable, match="credentials are not sent without TLS"):
                await sending.send()
            assert server.connections == 0

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("script", "error", "words"),
    [
        ({"AUTH": "535 5.7.8 wrong password"}, RelayUnusable, r"'535 5\.7\.8 wrong password'; check"),
        ({"AUTH": "454 4.7.0 not now"}, Refused, "454 4.7.0 not now"),
        ({"AUTH": "421 closing"}, Refused, "421 closing"),
        ({"AUTH": DROP}, RelayUnusable, "connection was lost"),
        ({"AUTH": f"535 no such password: {SECRET}"}, RelayUnusable, "'535 no such password: …'; check"),
        ({"EHLO": "250-test\r\n250 STARTTLS"}, RelayUnusable, "no way to log in"),
        ({"EHLO": "250-test\r\n250-STARTTLS\r\n250 AUTH GSSAPI"}, RelayUnusable, "no way to log in"),
    ],
    ids=str,
)
def test_refused_credentials_are_tried_once_and_never_shown(
    authority: Authority, script: dict[str, str], error: type[Exception], words: str
) -> None:
    async def scenario() -> None:
        server = Server({"EHLO": OFFERS_ALL} | script, tls=authority.context)
        async with server, at(server, protected(authority)) as sending:
            with pytest.raises(error, match=words) as raised:
                await sending.send()
            assert SECRET not in str(raised.value)
            assert server.verbs()["AUTH"] == ("AUTH" in script)
            assert server.verbs()["MAIL"] == 0
            await server.is_left()

    asyncio.run(scenario())


@pytest.mark.parametrize("offer", ["CRAM-MD5", "LOGIN", "PLAIN"])
def test_each_way_to_log_in_is_known(authority: Authority, offer: str) -> None:
    async def scenario() -> None:
        script = {
            "EHLO": f"250-test\r\n250-STARTTLS\r\n250 AUTH {offer}",
            "AUTH": "235 welcome" if offer == "PLAIN" else "334 PDFAdGVzdD4=",
            "OTHER": "235 welcome",  # to the line that answers the challenge
        }
        async with (
            Server(script, tls=authority.context) as server,
            at(server, protected(authority)) as sending,
        ):
            await sending.send()
            assert server.heard[3].startswith(f"AUTH {offer}")

    asyncio.run(scenario())
