import asyncio
import contextlib
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from tests.fakes.smtp_server import DROP, HANG, LARGE, MESSAGE, TRANSPORT, USUAL, Sending, Server, at
from tests.fakes.smtp_sink import smtp_sink

from paperround.delivery.connection import Timeouts
from paperround.delivery.smtp import SmtpRelay
from paperround.ports import Interrupted, Refused, RelayUnusable, Unanswered
from paperround.replies import Step, Verdict
from paperround.settings import RelaySettings, Tls, Transport

pytestmark = pytest.mark.usefixtures("transport")

SOON = timedelta(seconds=0.1)


# What the server refuses.


@pytest.mark.parametrize(
    ("script", "verdict", "step"),
    [
        ({"GREETING": "421 4.3.2 busy"}, Verdict.PACE, Step.CONNECT),
        ({"GREETING": "450 later"}, Verdict.PACE, Step.CONNECT),
        ({"EHLO": "421 4.3.2 busy"}, Verdict.PACE, Step.CONNECT),
        ({"MAIL": "421 4.7.0 too fast"}, Verdict.PACE, Step.MAIL),
        ({"MAIL": "451 4.3.0 later"}, Verdict.TEMPORARY, Step.MAIL),
        ({"MAIL": "550 5.7.1 not you"}, Verdict.CONFIG, Step.MAIL),
        ({"RCPT": "450 4.7.1 greylisted"}, Verdict.TEMPORARY, Step.RCPT),
        ({"RCPT": "550 5.1.1 unknown"}, Verdict.PERMANENT, Step.RCPT),
        ({"RCPT": "551 unknown"}, Verdict.PERMANENT, Step.RCPT),
        ({"RCPT": "550 5.7.1 spam"}, Verdict.OURS, Step.RCPT),
        ({"RCPT": "421 4.7.28 too fast"}, Verdict.PACE, Step.RCPT),
        ({"DATA": "450 later"}, Verdict.TEMPORARY, Step.DATA),
        ({"DATA": "554 5.5.1 no"}, Verdict.OURS, Step.DATA),
        ({"DOT": "451 4.3.0 later"}, Verdict.TEMPORARY, Step.DOT),
        ({"DOT": "552 5.2.2 full"}, Verdict.TEMPORARY, Step.DOT),
        ({"DOT": "552 too large"}, Verdict.OURS, Step.DOT),
        ({"DOT": "554 spam"}, Verdict.OURS, Step.DOT),
        ({"DOT": "421 4.3.2 closing"}, Verdict.PACE, Step.DOT),
    ],
    ids=str,
)
def test_a_refusal_says_at_which_step_and_what_it_means(
    script: dict[str, str], verdict: Verdict, step: Step
) -> None:
    async def scenario() -> None:
        async with Server(script) as server, at(server) as sending:
            with pytest.raises(Refused) as refused:
                await sending.send()
            assert refused.value.reply.step is step
            assert refused.value.reply.verdict is verdict
            assert str(refused.value) in script.values()
            assert sending.marks == (step is Step.DOT)
            assert server.bodies == []

    asyncio.run(scenario())


@pytest.mark.parametrize("verb", ["RCPT", "DATA", "DOT"])
def test_after_a_refusal_the_same_connection_carries_the_next_message(verb: str) -> None:
    async def scenario() -> None:
        async with Server({verb: ["450 later", USUAL[verb]]}) as server, at(server) as sending:
            with pytest.raises(Refused):
                await sending.send()
            await sending.send()
            assert server.connections == 1
            # A refused message leaves nothing behind, and a pipelined envelope may follow it already.
            assert server.verbs()["RSET"] == (verb != "DOT" or TRANSPORT.get() is Transport.STANDARD)
            assert len(server.bodies) == 1

    asyncio.run(scenario())


@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DATA", "DOT"])
def test_after_421_a_new_connection_carries_the_next_message(verb: str) -> None:
    async def scenario() -> None:
        async with Server({verb: ["421 closing", USUAL[verb]]}) as server, at(server) as sending:
            with pytest.raises(Refused):
                await sending.send()
            await sending.send()
            assert server.connections == 2
            assert server.verbs()["RSET"] == 0

    asyncio.run(scenario())


def test_after_a_close_a_new_connection_is_kept_as_well() -> None:
    async def scenario() -> None:
        async with Server() as server, at(server) as sending:
            await sending.send()
            await sending.relay.close()
            for _ in range(3):
                await sending.send()
            assert server.connections == 2

    asyncio.run(scenario())


@pytest.mark.parametrize("answer", [DROP, "500 what", HANG])
def test_a_connection_that_cannot_start_over_is_left(answer: str) -> None:
    async def scenario() -> None:
        server = Server({"RCPT": ["550 5.1.1 unknown", "250 ok"], "RSET": answer})
        async with server, at(server, timeouts=Timeouts(courtesy=SOON)) as sending:
            with pytest.raises(Refused, match=r"550 5\.1\.1 unknown"):
                await sending.send()
            await sending.send()
            assert server.connections == 2

    asyncio.run(scenario())


# What is not sent in the first place.


def test_a_message_larger_than_the_server_takes_is_not_offered() -> None:
    async def scenario() -> None:
        async with (
            Server({"EHLO": f"250-test\r\n250 SIZE {len(MESSAGE) - 1}"}) as server,
            at(server) as sending,
        ):
            with pytest.raises(Refused, match=r"552 5\.3\.4 the message has") as refused:
                await sending.send()
            assert refused.value.reply.verdict is Verdict.OURS
            assert server.verbs()["MAIL"] == 0

    asyncio.run(scenario())


@pytest.mark.parametrize("size", [str(len(MESSAGE)), "0", "", "x", "9" * 5000])
def test_a_limit_that_is_none_or_not_met_is_no_hindrance(size: str) -> None:
    async def scenario() -> None:
        async with Server({"EHLO": f"250-test\r\n250 SIZE {size}"}) as server, at(server) as sending:
            await sending.send()
            assert f"MAIL FROM:<papers@example.org> SIZE={len(MESSAGE)}" in server.heard

    asyncio.run(scenario())


def test_no_size_is_told_to_a_server_that_did_not_ask() -> None:
    async def scenario() -> None:
        async with Server({"EHLO": "250 test"}) as server, at(server) as sending:
            await sending.send()
            assert "MAIL FROM:<papers@example.org>" in server.heard

    asyncio.run(scenario())


@pytest.mark.parametrize(
    "message",
    [b"a\nb\r\n", b"a\rb\r\n", b"a\r\r\n", b"a\n\r\n", b"a\n.\nMAIL FROM:<x@y>\r\n", b"caf\xe9\r\n"],
)
def test_a_message_that_servers_read_differently_is_not_offered(message: bytes) -> None:
    async def scenario() -> None:
        async with Server() as server, at(server) as sending:
            with pytest.raises(Refused) as refused:
                await sending.send(message)
            assert refused.value.reply.verdict is Verdict.OURS
            assert server.connections == 0

    asyncio.run(scenario())


@pytest.mark.parametrize(
    "recipient", ["", "ada", "ada@", "a da@example.org", "ada@example.org>\r\nRCPT TO:<eve@example.org", "<>"]
)
def test_what_is_no_address_is_not_offered(recipient: str) -> None:
    async def scenario() -> None:
        async with Server() as server, at(server) as sending:
            with pytest.raises(Refused) as refused:
                await sending.send(recipient=recipient)
            assert refused.value.reply.verdict is Verdict.PERMANENT
            assert server.connections == 0

    asyncio.run(scenario())


def test_a_domain_in_other_letters_travels_in_its_ascii_form() -> None:
    async def scenario() -> None:
        async with Server() as server, at(server) as sending:
            await sending.send(recipient="ada@exämple.org")
            assert "RCPT TO:<ada@xn--exmple-cua.org>" in server.heard

    asyncio.run(scenario())


def test_a_dot_at_the_very_beginning_is_doubled_too() -> None:
    async def scenario() -> None:
        async with Server() as server, at(server) as sending:
            await sending.send(b".abc\r\n")
            assert server.bodies == [b"bc\r\n"]  # of which the server has put "..a" aside

    asyncio.run(scenario())


def test_a_line_break_is_added_where_the_last_one_is_missing() -> None:
    async def scenario() -> None:
        async with Server() as server, at(server) as sending:
            await sending.send(b"abcd")
            assert server.bodies == [b"d\r\n"]

    asyncio.run(scenario())


# What breaks off.


@pytest.mark.parametrize(
    ("script", "where"),
    [
        ({"MAIL": DROP}, "at MAIL"),
        ({"MAIL": "hello?"}, "at MAIL"),
        ({"MAIL": "354 hello?"}, "no answer to MAIL"),
        ({"RCPT": DROP}, "at RCPT"),
        ({"RCPT": "250-" + "x" * 40_000}, "at RCPT"),
        ({"RCPT": "025 hello?"}, "no answer to RCPT"),
        ({"DATA": DROP}, "at DATA"),
        ({"DATA": "250 hello?"}, "no answer to DATA"),
        ({"BODY": DROP}, "in the middle of the message"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_breaks_off_before_the_dot_was_not_accepted(script: dict[str, str], where: str) -> None:
    async def scenario() -> None:
        [(verb, answer)] = script.items()
        async with Server({verb: [answer, USUAL[verb]]}) as server, at(server) as sending:
            with pytest.raises(Interrupted, match=where):
                await sending.send(LARGE)
            assert sending.marks == (verb == "BODY")
            await sending.send()
            assert server.connections == 2
            assert server.bodies == [MESSAGE[3:]]

    asyncio.run(scenario())


@pytest.mark.parametrize(
    "answer", [DROP, "hello?", "354 hello?", "999 hello?", "x" * 40_000], ids=lambda value: value[:20]
)
def test_what_breaks_off_after_the_dot_may_have_been_accepted(answer: str) -> None:
    async def scenario() -> None:
        async with Server({"DOT": [answer, USUAL["DOT"]]}) as server, at(server) as sending:
            with pytest.raises(Unanswered, match=r"after the whole message|no answer to a message"):
                await sending.send()
            assert sending.marks == 1
            await sending.send()
            assert server.connections == 2

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("verb", "timeouts", "error"),
    [
        ("GREETING", Timeouts(greeting=SOON), RelayUnusable),
        ("EHLO", Timeouts(greeting=SOON), RelayUnusable),
        ("MAIL", Timeouts(envelope=SOON), Interrupted),
        ("RCPT", Timeouts(envelope=SOON), Interrupted),
        ("DATA", Timeouts(data=SOON), Interrupted),
        ("BODY", Timeouts(block=SOON), Interrupted),
        ("DOT", Timeouts(dot=SOON), Unanswered),
    ],
)
def test_nobody_waits_for_ever(verb: str, timeouts: Timeouts, error: type[Exception]) -> None:
    async def scenario() -> None:
        async with Server({verb: [HANG, USUAL[verb]]}) as server, at(server, timeouts=timeouts) as sending:
            with pytest.raises(error, match="no answer in time"):
                await sending.send(LARGE if verb == "BODY" else MESSAGE)
            assert sending.marks == (verb in ("BODY", "DOT"))
            assert server.bodies == []

    asyncio.run(scenario())


@pytest.mark.parametrize("verb", ["GREETING", "MAIL", "DATA", "BODY", "DOT"])
def test_what_is_cancelled_leaves_no_connection_behind(verb: str) -> None:
    async def scenario() -> None:
        async with Server({verb: [HANG, USUAL[verb]]}) as server, at(server) as sending:
            task = asyncio.create_task(sending.send(LARGE if verb == "BODY" else MESSAGE))
            await server.hanging.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await sending.send()
            assert server.connections == 2
            assert server.bodies == [MESSAGE[3:]]

    asyncio.run(scenario())


# What makes the relay unusable.


def test_where_nothing_listens_the_relay_is_unusable() -> None:
    async def scenario() -> None:
        async with Server() as server:
            pass
        async with at(server) as sending:
            with pytest.raises(RelayUnusable, match=f"127.0.0.1:{server.port}: nothing listens there"):
                await sending.send()

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ({"GREETING": "554 5.7.1 go away"}, "answered '554 5.7.1 go away'"),
        ({"GREETING": DROP}, "connection was lost"),
        ({"GREETING": "HTTP/1.1 400 Bad Request"}, "not SMTP"),
        ({"GREETING": "220-" + "x" * 40_000}, "not SMTP"),
        ({"EHLO": "502 what"}, "answered '502 what'"),
        ({"EHLO": DROP}, "connection was lost"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_server_that_will_not_talk_is_unusable(script: dict[str, str], words: str) -> None:
    async def scenario() -> None:
        async with Server(script) as server, at(server) as sending:
            with pytest.raises(RelayUnusable, match=words):
                await sending.send()

    asyncio.run(scenario())


@pytest.mark.parametrize("host", ["mail.example.org", "192.0.2.1", "10.0.0.1", "localhost.example.org"])
def test_without_tls_no_other_machine_is_spoken_to(host: str) -> None:
    relay = SmtpRelay(RelaySettings(host=host, port=25, tls=Tls.NONE))
    with pytest.raises(RelayUnusable, match=r"set relay\.tls"):
        asyncio.run(Sending(relay=relay).send())


@pytest.mark.parametrize("host", ["", "a..b", ".example.org"])
@pytest.mark.parametrize("tls", [Tls.STARTTLS, Tls.IMPLICIT])
def test_a_host_that_is_no_name_is_unusable(host: str, tls: Tls) -> None:
    relay = SmtpRelay(RelaySettings(host=host, port=1, tls=tls))
    with pytest.raises(RelayUnusable):
        asyncio.run(Sending(relay=relay).send())


def test_an_authority_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    absent = tmp_path / "absent.pem"
    relay = SmtpRelay(RelaySettings(host="127.0.0.1", port=1, ca_file=absent))
    with pytest.raises(RelayUnusable, match=r"absent\.pem: cannot be used as relay\.ca_file"):
        asyncio.run(Sending(relay=relay).send())


# Connections that last.


def test_one_connection_carries_many_messages() -> None:
    async def scenario() -> None:
        async with Server() as server, at(server) as sending:
            for _ in range(5):
                await sending.send()
            assert server.connections == 1
            assert len(server.bodies) == 5

    asyncio.run(scenario())


def test_there_are_never_more_connections_than_allowed() -> None:
    async def scenario() -> None:
        three = RelaySettings(host="127.0.0.1", port=0, tls=Tls.NONE, connections=3)
        async with Server() as server, at(server, three) as sending:
            await asyncio.gather(*(sending.send() for _ in range(20)))
            assert server.connections == 3
            assert len(server.bodies) == 20

    asyncio.run(scenario())


def test_a_connection_is_changed_after_a_number_of_messages() -> None:
    async def scenario() -> None:
        async with Server() as server, at(server, messages_per_connection=2) as sending:
            for _ in range(5):
                await sending.send()
            assert server.connections == 3
            assert server.verbs()["QUIT"] == 2

    asyncio.run(scenario())


@pytest.mark.parametrize("answer", [DROP, "421 4.4.2 idle for too long"])
def test_a_connection_that_the_server_gave_up_is_replaced_unnoticed(answer: str) -> None:
    async def scenario() -> None:
        async with Server({"MAIL": ["250 ok", answer, "250 ok"]}) as server, at(server) as sending:
            await sending.send()
            await sending.send()
            assert server.connections == 2
            assert len(server.bodies) == 2
            assert sending.marks == 2

    asyncio.run(scenario())


def test_a_connection_that_the_server_ended_while_it_was_idle_is_not_used() -> None:
    async def scenario() -> None:
        async with Server() as server, at(server) as sending:
            await sending.send()
            await server.hang_up()
            await sending.send()
            assert server.connections == 2
            assert server.verbs()["MAIL"] == 2

    asyncio.run(scenario())


def test_a_connection_that_was_idle_for_long_is_replaced_before_it_is_used() -> None:
    async def scenario() -> None:
        now = [0.0]
        async with Server() as server, at(server, clock=lambda: now[0]) as sending:
            await sending.send()
            now[0] = 31.0
            await sending.send()
            assert server.connections == 2
            assert server.heard[4:6] == ["QUIT", server.heard[0]]

    asyncio.run(scenario())


def test_closing_says_goodbye_on_every_connection() -> None:
    async def scenario() -> None:
        async with Server() as server:
            async with at(server) as sending:
                await asyncio.gather(*(sending.send() for _ in range(4)))
            assert server.verbs()["QUIT"] == server.connections

    asyncio.run(scenario())


@pytest.mark.parametrize("answer", [DROP, HANG, "500 what", "hello?"])
def test_closing_does_not_depend_on_the_server(answer: str) -> None:
    async def scenario() -> None:
        async with (
            Server({"QUIT": answer}) as server,
            at(server, timeouts=Timeouts(courtesy=SOON)) as sending,
        ):
            await sending.send()
            await sending.relay.close()

    asyncio.run(scenario())


def test_a_message_on_its_way_while_the_relay_closes_arrives() -> None:
    async def scenario() -> None:
        async with Server() as server, at(server) as sending:
            task = asyncio.create_task(sending.send())
            await asyncio.sleep(0)
            await sending.relay.close()
            await task
            assert len(server.bodies) == 1
            assert server.verbs()["QUIT"] == 1

    asyncio.run(scenario())


# The greeting.


@pytest.mark.parametrize("hostname", ["papers.example.org", "EXAMPLE.org"])
def test_we_greet_with_our_name(hostname: str) -> None:
    assert greeting(hostname) == f"EHLO {hostname}"


@pytest.mark.parametrize("hostname", ["laptop", "my_host.example.org", "a b.example.org", "x.org\r\nDATA"])
def test_we_greet_with_our_address_where_we_have_no_proper_name(hostname: str) -> None:
    assert greeting(hostname) == "EHLO [127.0.0.1]"


def greeting(hostname: str) -> str:
    async def scenario() -> str:
        async with Server() as server:
            settings = RelaySettings(host="127.0.0.1", port=server.port, tls=Tls.NONE)
            relay = SmtpRelay(settings, hostname=hostname)
            await Sending(relay=relay).send()
            await relay.close()
            return server.heard[0]

    return asyncio.run(scenario())


# Another author's server.


@pytest.mark.needs("smtp-sink")
@pytest.mark.parametrize(
    ("options", "error"),
    [
        ([], None),
        (["-q", "."], Unanswered),
        (["-q", "DATA"], Interrupted),
        (["-q", "MAIL"], Interrupted),
        (["-Q", "MAIL"], Refused),
        (["-r", "RCPT"], Refused),
        (["-f", "RCPT"], Refused),
        (["-r", "."], Refused),
        (["-W", ".:2"], Unanswered),
    ],
    ids=str,
)
def test_smtp_sink_is_understood(options: list[str], error: type[Exception] | None) -> None:
    async def scenario() -> None:
        async with smtp_sink(*options) as settings:
            way = replace(settings, transport=TRANSPORT.get())
            relay = SmtpRelay(way, timeouts=Timeouts(dot=timedelta(seconds=1)))
            expected = pytest.raises(error) if error else contextlib.nullcontext()
            with expected:
                await Sending(relay=relay).send()
            await relay.close()

    asyncio.run(scenario())
