"""What `check --online` finds: a relay, a name server, sources and a mailbox on this machine."""

import asyncio
import base64
import re
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import httpx
import pytest
from tests.fakes.authority import Authority
from tests.fakes.dns_server import Zone, name_server
from tests.fakes.smtp_server import Server

from paperround.domain_records import Finding, Level
from paperround.inspecting import inspect
from paperround.name_service import DnsSilent, NameService
from paperround.settings import (
    BouncesSettings,
    DkimSettings,
    FeedSettings,
    FileSettings,
    Mailbox,
    RelaySettings,
    Settings,
    Tls,
)

NOW = datetime.now(UTC).replace(microsecond=0)
SECRET = "correct horse battery staple"  # noqa: S105 - nobody's
SHORT = timedelta(seconds=0.3)
FEED = """<?xml version="1.0"?><rss version="2.0"><channel><title>Ours</title><item>
<title>LoRA at work</title><link>https://example.org/1</link><guid>1</guid>
<pubDate>{date}</pubDate></item></channel></rss>"""
USUAL: Zone = {
    ("example.org", "SOA"): ["ns.example.org. root.example.org. 1 1 1 1 1"],
    ("example.org", "TXT"): ['"v=spf1 mx " "-all"', '"other=1"'],
    ("example.org", "MX"): ["20 second.example.org.", "10 first.example.org."],
    ("_dmarc.example.org", "TXT"): ['"v=DMARC1; p=none"'],
}


@dataclass
class Outside:
    """Everything outside an installation, as a test wishes it."""

    folder: Path
    zone: Zone = field(default_factory=lambda: USUAL)
    dns: str | None = None
    relay: Mapping[str, str] | None = None
    authority: Authority | None = None
    web: Callable[[httpx.Request], httpx.Response] | None = None
    changes: Mapping[str, object] = field(default_factory=dict)
    now: datetime = NOW
    heard: list[str] = field(default_factory=list)

    def look(self) -> dict[str, Finding]:
        """Return what is found, the last of each kind."""
        return {each.about: each for each in asyncio.run(self._look())}

    async def _look(self) -> tuple[Finding, ...]:
        tls = self.authority.context if self.authority else None
        async with (
            name_server(self.zone, broken=self.dns) as resolver,
            Server(self.relay or {}, tls=tls) as server,
        ):
            found = await inspect(
                self._settings(server.port),
                names=NameService(resolver, patience=SHORT),
                now=lambda: self.now,
                transport=httpx.MockTransport(self.web or answering),
            )
            self.heard += server.heard
            return found

    def _settings(self, port: int) -> Settings:
        relay = RelaySettings(host="127.0.0.1", port=port, tls=Tls.NONE)
        if self.authority is not None:
            relay = replace(
                relay, tls=Tls.STARTTLS, username="ada", password=SECRET, ca_file=self.authority.ca_file
            )
        settings = Settings(
            sender=Mailbox(name="", address="papers@example.org"),
            sources=(FeedSettings(name="Ours", url="https://example.org/feed"),),
            subscribers=(),
            store=f"sqlite:///{self.folder}/store.db",
            outbox=self.folder / "outbox",
            relay=None if self.relay is None else relay,
        )
        return replace(settings, **self.changes)  # type: ignore[arg-type]


def answering(_: httpx.Request) -> httpx.Response:
    date = format_datetime(NOW, usegmt=True)
    return httpx.Response(
        200, stream=httpx.ByteStream(FEED.format(date=date).encode()), headers={"Date": date}
    )


def unreachable(_: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("no route")


OFFERS_ALL = "250-test\r\n250-STARTTLS\r\n250-SIZE 20000000\r\n250 AUTH PLAIN"


def test_a_relay_is_logged_into_and_left_without_a_mail(tmp_path: Path, authority: Authority) -> None:
    outside = Outside(tmp_path, relay={"EHLO": OFFERS_ALL}, authority=authority)
    found = outside.look()
    assert found["relay"].level is Level.FINE
    assert "connects, speaks TLS, logs in; it offers AUTH, SIZE, STARTTLS" in found["relay"].message
    verbs = [line.split()[0] for line in outside.heard]
    assert verbs == ["EHLO", "STARTTLS", "EHLO", "AUTH", "QUIT"]


def test_a_certificate_that_ends_soon_is_told(tmp_path: Path, authority: Authority) -> None:
    found = Outside(tmp_path, relay={"EHLO": OFFERS_ALL}, authority=authority).look()
    assert found["certificate"].level is Level.WARNING  # it has a day
    assert re.search("[01] days? from now", found["certificate"].message)
    earlier = Outside(tmp_path, relay={"EHLO": OFFERS_ALL}, authority=authority, now=NOW - timedelta(days=60))
    assert earlier.look()["certificate"].level is Level.FINE


def test_a_relay_that_lets_nobody_in_is_a_problem_without_the_password(
    tmp_path: Path, authority: Authority
) -> None:
    secret = base64.b64encode(f"\0ada\0{SECRET}".encode()).decode()
    refusing = {"EHLO": OFFERS_ALL, "AUTH": f"535 no: {secret}"}
    found = Outside(tmp_path, relay=refusing, authority=authority).look()
    assert found["relay"].level is Level.PROBLEM
    assert "check relay.username" in found["relay"].message
    assert secret not in str(found)


def test_a_relay_that_takes_small_mails_only_is_a_problem(tmp_path: Path) -> None:
    found = Outside(tmp_path, relay={"EHLO": "250-test\r\n250 SIZE 100000"}).look()
    assert found["relay"].level is Level.PROBLEM
    assert "100,000 bytes" in found["relay"].message


def test_a_domain_is_judged_by_its_records(tmp_path: Path) -> None:
    found = Outside(tmp_path).look()
    assert found["SPF"].message == "example.org: v=spf1 mx -all"
    assert found["DMARC"].message == "_dmarc.example.org: v=DMARC1; p=none"
    assert found["MX"].message == "mail to example.org goes to first.example.org"
    assert found["DKIM"].level is Level.WARNING


def test_the_key_in_the_dns_is_compared_with_the_one_that_signs(tmp_path: Path) -> None:
    key = tmp_path / "dkim.pem"
    subprocess.run(["openssl", "genrsa", "-out", key, "2048"], check=True, capture_output=True)
    public = subprocess.run(
        ["openssl", "pkey", "-in", key, "-pubout", "-outform", "DER"], check=True, capture_output=True
    ).stdout
    text = f"v=DKIM1; k=rsa; p={base64.b64encode(public).decode()}"
    signing = {"dkim": DkimSettings(selector="s1", domain="example.org", key=key.read_text())}
    absent = Outside(tmp_path, changes=signing).look()["DKIM s1"]
    assert absent.level is Level.PROBLEM
    name, _, strings = absent.record.partition(". IN TXT ")
    assert name == "s1._domainkey.example.org"
    there = {**USUAL, (name, "TXT"): [strings]}  # what was told is put into the zone
    found = Outside(tmp_path, zone=there, changes=signing).look()["DKIM s1"]
    assert found.level is Level.FINE
    other = {**USUAL, (name, "TXT"): [f'"{text[:80]}AAAA" "{text[84:300]}" "{text[300:]}"']}
    assert "another key" in Outside(tmp_path, zone=other, changes=signing).look()["DKIM s1"].message


def test_the_envelope_is_what_spf_and_mx_are_asked_of(tmp_path: Path) -> None:
    changes = {"bounces": BouncesSettings(address="bounces@mail.example.org")}
    found = Outside(tmp_path, changes=changes).look()
    assert found["SPF"].message == "mail.example.org has no SPF record"
    assert (found["MX"].level, found["MX"].record) == (
        Level.PROBLEM,
        "mail.example.org. IN MX 10 mail.mail.example.org.",
    )


def test_a_domain_that_is_not_there_is_told_once(tmp_path: Path) -> None:
    found = Outside(tmp_path, zone={("example.net", "SOA"): ["a. b. 1 1 1 1 1"]}).look()
    assert found["DNS"].message == "there is no domain example.org"
    assert not {"SPF", "DKIM", "DMARC", "MX"} & found.keys()


@pytest.mark.parametrize("dns", ["silent", "failing"])
def test_a_dns_that_does_not_answer_is_told_once(tmp_path: Path, dns: str) -> None:
    found = Outside(tmp_path, dns=dns).look()
    assert found["DNS"].level is Level.PROBLEM
    assert not {"SPF", "DKIM", "DMARC", "MX"} & found.keys()
    assert found["source Ours"].level is Level.FINE


def test_no_network_is_one_finding(tmp_path: Path) -> None:
    changes = {"relay": RelaySettings(host="127.0.0.1", port=1, tls=Tls.NONE)}
    found = Outside(tmp_path, dns="silent", web=unreachable, changes=changes).look()
    assert found.keys() == {"network", "disk"}
    assert found["network"].level is Level.PROBLEM


def test_what_needs_no_network_is_told_without_one(tmp_path: Path) -> None:
    papers = tmp_path / "papers.jsonl"
    papers.write_text("", encoding="utf-8")
    changes = {"sources": (FileSettings(name="File", path=papers),)}
    found = Outside(tmp_path, dns="silent", changes=changes).look()
    assert found.keys() == {"network", "relay", "source File", "disk"}


def test_a_source_is_asked_once_and_says_its_newest_batch(tmp_path: Path) -> None:
    asked = []

    def counting(request: httpx.Request) -> httpx.Response:
        asked.append(request.url)
        return answering(request)

    found = Outside(tmp_path, web=counting).look()["source Ours"]
    assert found.level is Level.FINE
    assert "1 paper" in found.message
    assert len(asked) == 1


def test_a_source_that_is_broken_is_a_problem_and_asked_once(tmp_path: Path) -> None:
    asked = []

    def broken(request: httpx.Request) -> httpx.Response:
        asked.append(request.url)
        return httpx.Response(503)

    assert Outside(tmp_path, web=broken).look()["source Ours"].level is Level.PROBLEM
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("offset", "level", "said"),
    [
        (timedelta(seconds=20), Level.FINE, "within 20 s"),
        (timedelta(minutes=5), Level.WARNING, "300 seconds ahead of"),
        (timedelta(minutes=-5), Level.WARNING, "300 seconds behind"),
    ],
)
def test_a_clock_that_is_wrong_by_more_than_a_minute_is_told(
    tmp_path: Path, offset: timedelta, level: Level, said: str
) -> None:
    found = Outside(tmp_path, now=NOW + offset).look()["clock"]
    assert found.level is level
    assert said in found.message


def test_an_answer_out_of_a_cache_is_no_wrong_clock(tmp_path: Path) -> None:
    def cached(request: httpx.Request) -> httpx.Response:
        answer = answering(request)
        answer.headers["Age"] = "3600"
        return answer

    later = NOW + timedelta(hours=1)
    assert Outside(tmp_path, web=cached, now=later).look()["clock"].level is Level.FINE


def test_the_mailbox_is_counted_and_left_unread(tmp_path: Path) -> None:
    maildir = tmp_path / "bounces"
    for name in ("new", "cur", "tmp"):
        (maildir / name).mkdir(parents=True)
    (maildir / "new" / "1").write_bytes(b"Subject: back\r\n\r\n")
    changes = {"bounces": BouncesSettings(address="bounces@example.org", mailbox=maildir)}
    assert Outside(tmp_path, changes=changes).look()["mailbox"].message == "can be read; 1 unseen"
    assert (maildir / "new" / "1").exists()
    (maildir / "new" / "1").unlink()
    (maildir / "new").rmdir()
    assert Outside(tmp_path, changes=changes).look()["mailbox"].level is Level.PROBLEM


def test_a_name_without_records_of_a_kind_is_an_answer_and_silence_is_none() -> None:
    async def scenario() -> None:
        async with name_server(USUAL) as resolver:
            names = NameService(resolver, patience=SHORT)
            assert sorted(await names.texts("example.org")) == ["other=1", "v=spf1 mx -all"]
            assert await names.texts("nowhere.example.org") == []
            assert await names.mail_exchangers("_dmarc.example.org") == []
            assert await names.knows("example.org")
            assert not await names.knows("example.net")
        async with name_server(USUAL, broken="silent") as resolver:
            with pytest.raises(DnsSilent, match=r"no answer for example\.org"):
                await NameService(resolver, patience=SHORT).texts("example.org")

    asyncio.run(scenario())
