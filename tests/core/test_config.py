"""What a config may say, what it means, and what is said of the rest, line by line."""

from dataclasses import dataclass, replace
from datetime import date, time, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paperround.arxiv_categories import CATEGORIES
from paperround.config import addresses, installation, subscriptions
from paperround.config.environment import Variables
from paperround.config.fitting import Findings, Sheet
from paperround.config.problems import Problem, Wrong
from paperround.config.yaml_lines import parse
from paperround.languages import Language
from paperround.ports import OnUnknown
from paperround.settings import (
    ArxivSettings,
    DkimKey,
    DkimSettings,
    FeedSettings,
    HuggingFaceSettings,
    Mailbox,
    RelaySettings,
    SemanticSettings,
    Settings,
    Tls,
    WebSettings,
)
from paperround.subscribers import EVERY_DAY, WEEKDAYS, Away, Cadence, Every, Subscriber, WhenEmpty

SENDER = Mailbox(name="Paper Round", address="papers@example.org")
PASSWORD = "a secret"  # noqa: S105 - of nobody
LOGIN = Variables(relay_password=PASSWORD, dkim_key="a key")

SMALLEST = """\
from: Paper Round <papers@example.org>
sources: [{kind: huggingface}]
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """What came of one text."""

    settings: Settings | None = None
    subscribers: tuple[Subscriber, ...] = ()
    problems: list[str]
    warnings: list[str]


def read(more: str = "", *, variables: Variables = LOGIN, start: str = SMALLEST) -> Read:
    """Read a paperround.yaml that begins as the smallest one does."""
    findings = Findings()
    sheet = Sheet(parse((start + more).encode(), Path("p.yaml")), findings)
    settings = installation.read(sheet, folder=Path("config"), variables=variables)
    return Read(settings=settings, problems=_said(findings.problems), warnings=_said(findings.warnings))


def reading(text: str) -> Read:
    """Read a subscribers.yaml."""
    findings = Findings()
    sheet = Sheet(parse(text.encode(), Path("s.yaml")), findings)
    subscribers = subscriptions.read(sheet, sender=SENDER)
    return Read(subscribers=subscribers, problems=_said(findings.problems), warnings=_said(findings.warnings))


def reader(*lines: str) -> Read:
    """Read a subscribers.yaml with one subscriber, whose lines begin at 3."""
    rows = "".join(f"    {line}\n" for line in lines)
    email = "" if any(line.startswith("email") for line in lines) else "    email: ada@example.com\n"
    return reading(f"subscribers:\n  - name: Ada\n{rows}{email}")


def _said(problems: list[Problem]) -> list[str]:
    return [str(problem) for problem in problems]


# The whole


def test_the_smallest_config_has_safe_defaults() -> None:
    done = read(variables=Variables())
    assert done.problems == done.warnings == []
    assert done.settings == Settings(
        sender=SENDER,
        sources=(HuggingFaceSettings(),),
        subscribers=(),
        store="sqlite:///var/paperround.db",
        outbox=Path("var/outbox"),
    )


def test_every_key_of_paperround_yaml_is_read() -> None:
    done = read(
        """\
public_url: https://papers.example.org/round/
postal_address: 1 Example Street, London
store: sqlite:////srv/papers.db
outbox: mails
on_unknown: hold
catch_up: 90m
web: {host: "::", port: 9000, archive: true}
relay:
  host: smtp.example.org
  port: 2525
  tls: implicit
  username: papers
  max_per_second: 10
  connections: 2
  idempotency_header: Idempotency-Key
dkim: {selector: s1, domain: example.org, ed25519_selector: e1}
""",
        variables=replace(LOGIN, dkim_ed25519_key="another key"),
    )
    assert done.problems == done.warnings == []
    assert done.settings == Settings(
        sender=SENDER,
        sources=(HuggingFaceSettings(),),
        subscribers=(),
        public_url="https://papers.example.org/round",
        postal_address="1 Example Street, London",
        store="sqlite:////srv/papers.db",
        outbox=Path("mails"),
        on_unknown=OnUnknown.HOLD,
        catch_up=timedelta(minutes=90),
        web=WebSettings(host="::", port=9000, archive=True),
        relay=RelaySettings(
            host="smtp.example.org",
            port=2525,
            tls=Tls.IMPLICIT,
            username="papers",
            password=PASSWORD,
            max_per_second=10.0,
            connections=2,
            idempotency_header="Idempotency-Key",
        ),
        dkim=DkimSettings(
            selector="s1",
            domain="example.org",
            key="a key",
            ed25519=DkimKey(selector="e1", key="another key"),
        ),
    )


def test_every_key_of_a_subscriber_is_read() -> None:
    done = reader(
        "keywords: [diffusion models, {term: LoRA, weight: 3, at_most: 2}, {all: [a, LLM], weight: 0.5}]",
        "exclude: [survey, {all: [medical, imaging]}]",
        "authors: [Yann LeCun]",
        "categories: [cs.RO, cs.RO]",
        "organizations: [Hugging Face]",
        "min_relevance: 0.3",
        "variety: 0.5",
        "trending: 2",
        "updates: true",
        "images: true",
        "when_empty: note",
        "max_papers: 5",
        "cadence: weekly",
        "days: [tuesday]",
        'deliver_at: "7:30"',
        "timezone: Europe/Berlin",
        "language: de",
        "paused: true",
    )
    assert done.problems == []
    (ada,) = done.subscribers
    assert [(each.text, each.weight, each.at_most) for each in ada.interests.keywords] == [
        ("diffusion models", 1.0, None),
        ("LoRA", 3.0, 2),
        ("a + LLM", 0.5, None),
    ]
    assert [each.phrases for each in ada.interests.exclude] == [("survey",), ("medical", "imaging")]
    assert ada.interests.authors == ("Yann LeCun",)
    assert ada.interests.categories == ("cs.RO",)
    assert ada.interests.organizations == ("Hugging Face",)
    assert (ada.min_relevance, ada.trending, ada.max_papers, ada.paused) == (0.3, 2, 5, True)
    assert (ada.variety, ada.updates, ada.images) == (0.5, True, True)
    assert ada.when_empty is WhenEmpty.NOTE
    assert (ada.cadence, ada.days, ada.deliver_at) == (Cadence.WEEKLY, frozenset({1}), time(7, 30))
    assert (ada.timezone.key, ada.language) == ("Europe/Berlin", Language.GERMAN)


def test_every_problem_is_found_at_once() -> None:
    done = read("relay: {prot: 25, tls: startls}\nstore: 3\nweb: {port: 0}\nsources: []\n")
    assert done.problems == [
        "p.yaml:6: sources: this key stands on line 2 already; keep one of the two",
        'p.yaml:3: relay.host: missing; add the key "host"',
        'p.yaml:3: relay.tls: "startls" cannot be chosen here, did you mean "starttls"?',
        'p.yaml:3: relay.prot: unknown key, did you mean "port"?',
        'p.yaml:4: store: YAML reads 3 as a number; write "3"',
        "p.yaml:5: web.port: this is less than 1; write a larger number",
    ]


def test_one_wrong_key_hides_nothing_that_two_others_say_together() -> None:
    done = read("on_unknown: x\nrelay: {host: smtp.example.org, tls: none, username: papers}\n")
    assert len(done.problems) == 3


# paperround.yaml, key by key


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ("pubic_url: x", 'pubic_url: unknown key, did you mean "public_url"?'),
        ("colour: red", "colour: unknown key; known here: bounces, catch_up, dkim, from, latest"),
        ("<<: {store: x}", "<<: unknown key; YAML 1.2 merges no keys: write them out, or use `defaults`"),
        ("relay:", "relay: nothing stands behind this key; write a value, or remove the line"),
        ("relay: smtp.example.org", "relay: keys and their values are expected here; write key: value"),
        (
            "relay: {host: h.org, port: '25'}",
            "relay.port: a number is expected here, not a text; write it in",
        ),
        ("relay: {host: h.org, port: 25.5}", "relay.port: a whole number is expected here"),
        ("relay: {host: h.org, port: 70000}", "relay.port: this is more than 65535; write a smaller number"),
        ("relay: {host: h.org, connections: 0}", "relay.connections: this is less than 1"),
        ("relay: {host: h.org, max_per_second: 0}", "relay.max_per_second: this is not more than 0"),
        ("relay: {host: h.org, max_per_second: x}", "relay.max_per_second: a number is expected here"),
        ("relay: {host: h.org, max_per_second: .nan}", "relay.max_per_second: this is no number to"),
        ("relay: {host: h.org, tls: no}", 'relay.tls: "no" cannot be chosen here, did you mean "none"?'),
        (
            "relay: {host: h.org, tls: [none]}",
            "relay.tls: one word is expected here; write one of: starttls,",
        ),
        ("relay: {host: h.org, username: 12}", 'relay.username: YAML reads 12 as a number; write "12"'),
        ("relay: {host: h.org, username: }", "relay.username: nothing stands behind this key"),
        ("relay: {host: 'h.org:25'}", "relay.host: this is more than a host's name; write the name alone"),
        (
            "relay: {host: 'smtp://h.org'}",
            "relay.host: this is more than a host's name; write the name alone",
        ),
        ("relay: {host: 'a b'}", "relay.host: this is no name of a host; write it like smtp.example.org"),
        (
            "relay: {host: h.org, tls: none}",
            "relay.tls: without TLS everybody on the way could read the mails",
        ),
        ("relay: {host: 8.8.8.8, tls: none}", "relay.tls: without TLS everybody on the way could read the"),
        (
            "relay: {host: localhost, tls: none, username: x}",
            "relay.username: a password is never sent without TLS; write tls: starttls",
        ),
        (
            "relay: {host: h.org, password: x}",
            "relay.password: unknown key; a secret does not stand in this file: set PAPERROUND_RELAY_PASS",
        ),
        (
            "dkim: {selector: s1, domain: example.org, key: x}",
            "dkim.key: unknown key; a secret does not stand in this file: set PAPERROUND_DKIM_KEY",
        ),
        (
            "dkim: {selector: 's 1', domain: example.org}",
            "dkim.selector: this holds a sign that cannot stand",
        ),
        ("dkim: {selector: s_1, domain: example.org}", "dkim.selector: this holds a sign that cannot stand"),
        ("dkim: {selector: a..b, domain: example.org}", "dkim.selector: this holds a sign that cannot stand"),
        (
            "dkim: {selector: s1, domain: example.org, ed25519_key: x}",
            "dkim.ed25519_key: unknown key; a secret does not stand in this file: set PAPERROUND_DKIM_ED255",
        ),
        (
            "dkim: {selector: s1, domain: example.org, ed25519_selector: e1}",
            "dkim.ed25519_selector: there is no key for it; set PAPERROUND_DKIM_ED25519_KEY_FILE to the file",
        ),
        ("dkim: {selector: s1, domain: example}", 'dkim.domain: "example" is no domain that mail can go to'),
        ("public_url: http://example.org", "public_url: mail programs use one-click links over https alone"),
        ("public_url: papers.example.org", "public_url: this is no absolute http or https address"),
        ("public_url: https://example.org/?a=b", "public_url: this holds a ? or a #"),
        (
            "public_url: https://u:p@example.org",
            "public_url: a web address with a password in it is not used",
        ),
        ("public_url: 'https://[::1'", "public_url: this is no web address"),
        ("public_url: 'https://example.org:99999'", "public_url: this is no web address"),
        ('postal_address: "a\\u0007b"', "postal_address: a control character stands in this text; remove it"),
        ("store: postgresql://h", "store: this names no database; write postgresql://paperround@db.ex"),
        ("store: postgresql://h:99999/db", "store: this is no address of a database"),
        ("store: postgresql://p:word@h/db", "store: a password does not belong here; write it into PAPERR"),
        ("store: postgresql+psycopg://h/db", "store: this is no SQLite file"),
        ("store: mysql://h/db", "store: this is no SQLite file; write sqlite:///var/paperround.db"),
        (
            "store: var/paperround.db",
            "store: this is no address of a store; write sqlite:///var/paperround.db",
        ),
        ("store: sqlite://", "store: this is no SQLite file"),
        ("store: sqlite:///", "store: what this names would not outlive the process"),
        ("store: 'sqlite:///:memory:'", "store: what this names would not outlive the process"),
        ("on_unknown: resent", 'on_unknown: "resent" cannot be chosen here, did you mean "resend"?'),
        ("catch_up: 12", "catch_up: this is a number without its unit; write it like 30m, 12h or 1d"),
        ("catch_up: half a day", 'catch_up: "half a day" is no length of time; write it like 30m'),
        ("catch_up: 3d", "catch_up: this length of time is out of bounds; write something from 1m to 48h"),
        ("catch_up: 0h", "catch_up: this length of time is out of bounds"),
        ("latest: -5m", 'latest: "-5m" is no length of time; write it like 30m'),
        ("latest: 3d", "latest: this length of time is out of bounds; write something from 0m to 48h"),
        ("catch_up: true", "catch_up: YAML reads true as true or false"),
        ("templates: nowhere", 'templates: there is no folder "config/nowhere"'),
        (f"templates: {'x' * 400}", "templates: there is no folder"),
        ("outbox: ''", "outbox: this is empty"),
        ("web: {host: 'a/b'}", "web.host: this is no name of a host"),
    ],
)
def test_a_key_of_paperround_yaml_that_cannot_be_used_is_named_with_its_mend(
    lines: str, problem: str
) -> None:
    problems = read(lines).problems
    assert len(problems) == 1, problems
    assert problems[0].startswith(f"p.yaml:3: {problem}")


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("{kind: hugingface}", '[1].kind: "hugingface" is no kind of source, did you mean "huggingface"?'),
        (
            "{kind: podcast}",
            '[1].kind: "podcast" is no kind of source; write kind: with one of huggingface, arxiv',
        ),
        ("{name: x}", "[1]: the kind of this source is missing; write kind: with one of"),
        ("{kind: [feed]}", "[1]: the kind of this source is missing"),
        ("arxiv", "[1]: the kind of this source is missing"),
        ("{kind: arxiv}", '[1].categories: missing; add the key "categories"'),
        ("{kind: arxiv, categories: []}", "[1].categories: this list is empty; name at least one"),
        ("{kind: arxiv, categories: cs.CL}", "[1].categories: a list is expected here, even of one"),
        (
            "{kind: arxiv, categories: [cs.Cl]}",
            '[1].categories[0]: "cs.Cl" is no category of arXiv, did you mean',
        ),
        (
            "{kind: arxiv, categories: [LG]}",
            '[1].categories[0]: "LG" is no category of arXiv; write it like cs.CL',
        ),
        ("{kind: feed, name: x}", '[1].url: missing; add the key "url"'),
        ("{kind: feed, url: 'https://x.org'}", '[1].name: missing; add the key "name"'),
        ("{kind: feed, name: x, url: 'ftp://x.org'}", "[1].url: this is no absolute http or https address"),
        ("{kind: feed, name: x, url: x.org/rss}", "[1].url: this is no absolute http or https address"),
        ("{kind: feed, name: x, uri: x, url: 'https://x.org'}", '[1].uri: unknown key, did you mean "url"?'),
        (
            "{kind: huggingface}",
            '[1].name: the source on line 3 is called "Hugging Face" too; give each a `name`',
        ),
        (
            "{kind: feed, name: hugging face, url: 'https://x.org'}",
            "[1].name: the source on line 3 is called",
        ),
        ("{kind: file}", '[1].path: missing; add the key "path"'),
    ],
)
def test_a_source_that_cannot_be_used_is_named_with_its_mend(source: str, problem: str) -> None:
    start = "from: papers@example.org\nsources:\n  - kind: huggingface\n"
    problems = read(f"  - {source}\n", start=start).problems
    assert len(problems) == 1, problems
    assert problems[0].startswith(f"p.yaml:4: sources{problem}")


def test_sources_are_read_with_what_they_leave_out() -> None:
    start = "from: papers@example.org\nsources:\n"
    done = read(
        "  - {kind: arxiv, categories: [cs, cs.CL, cs.CL], base_url: 'http://127.0.0.1:8000/'}\n"
        "  - {kind: feed, name: Distill, url: 'https://distill.pub/rss.xml'}\n"
        "  - {kind: huggingface, name: Daily}\n",
        start=start,
    )
    assert done.problems == []
    assert done.settings is not None
    assert done.settings.sources == (
        ArxivSettings(categories=("cs", "cs.CL"), base_url="http://127.0.0.1:8000"),
        FeedSettings(name="Distill", url="https://distill.pub/rss.xml"),
        HuggingFaceSettings(name="Daily"),
    )


@pytest.mark.parametrize("sources", ["", "sources: []\n", "sources:\n"])
def test_a_config_without_sources_is_a_problem(sources: str) -> None:
    problems = read(sources, start="from: papers@example.org\n").problems
    assert len(problems) == 1
    assert "sources: no source of papers is named; write sources: [{kind: huggingface}]" in problems[0]


@pytest.mark.parametrize(
    ("written", "name", "address"),
    [
        ("Paper Round <papers@example.org>", "Paper Round", "papers@example.org"),
        ("papers@Example.ORG", "", "papers@example.org"),
        ("<papers@example.org>", "", "papers@example.org"),
        ('\'"Round, \\"Paper\\"" <papers@example.org>\'', 'Round, "Paper"', "papers@example.org"),
        ("Zeitung <papers@bücher.example>", "Zeitung", "papers@xn--bcher-kva.example"),
    ],
)
def test_the_sender_is_a_name_and_an_address(written: str, name: str, address: str) -> None:
    done = read(start=f"from: {written}\nsources: [{{kind: huggingface}}]\n")
    assert done.problems == []
    assert done.settings is not None
    assert done.settings.sender == Mailbox(name=name, address=address)


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("", "from: missing; write who the mails are from, like Paper Round <papers@example.org>"),
        ("from: Paper Round", 'from: "Paper Round" has no @; write it like ada@example.org'),
        (
            'from: "Paper\\nBcc: x <papers@example.org>"',
            "from: the name is too long, or holds a control character",
        ),
        ("from: a@x.org <b@x.org> <c@x.org>", 'from: "a@x.org <b@x.org> <c@x.org>" is more than an address'),
    ],
)
def test_a_sender_that_cannot_be_used_is_named_with_its_mend(line: str, problem: str) -> None:
    problems = read(start=f"{line}\nsources: [{{kind: huggingface}}]\n").problems
    assert len(problems) == 1
    assert problem in problems[0]


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
def test_a_login_without_its_password_is_a_problem(tls: str) -> None:
    done = read(f"relay: {{host: h.org, username: papers, tls: {tls}}}\n", variables=Variables())
    (problem,) = done.problems
    assert problem.startswith(
        "p.yaml:3: relay.username: there is no password for it; set PAPERROUND_RELAY_PA"
    )


@pytest.mark.parametrize(("tls", "port"), [("starttls", 587), ("implicit", 465), ("none", 25)])
def test_a_relay_has_the_port_that_goes_with_its_tls(tls: str, port: int) -> None:
    done = read(f"relay: {{host: 127.0.0.1, tls: {tls}}}\n", variables=Variables())
    assert done.problems == done.warnings == []
    assert done.settings is not None
    assert done.settings.relay is not None
    assert done.settings.relay.port == port


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.1.2.3", "'::1'"])
def test_a_relay_on_this_machine_needs_no_tls(host: str) -> None:
    assert read(f"relay: {{host: {host}, tls: none}}\n", variables=Variables()).problems == []


@pytest.mark.parametrize(
    "name", ["", " ", "Idempotency Key", "Idempotency-Key:", "Schlüssel", "X--Y", "X" * 61]
)
def test_an_idempotency_header_is_the_name_of_a_field(name: str) -> None:
    (problem,) = read(
        f"relay: {{host: h.org, idempotency_header: '{name}'}}\n", variables=Variables()
    ).problems
    assert f'relay.idempotency_header: "{name}" is no name of a header field; write' in problem


@pytest.mark.parametrize(
    "name", ["subject", "X-Priority", "Content-Language", "Resent-To", "LIST-Unsubscribe"]
)
def test_an_idempotency_header_is_no_field_that_mail_knows(name: str) -> None:
    (problem,) = read(f"relay: {{host: h.org, idempotency_header: {name}}}\n", variables=Variables()).problems
    assert f'relay.idempotency_header: "{name}" is a field that mail uses for something else' in problem


@pytest.mark.parametrize("host", ["localhost.example.org", "127.0.0.1.example.org", "0.0.0.0"])  # noqa: S104 - nothing listens
def test_a_host_that_looks_like_this_machine_needs_tls(host: str) -> None:
    assert len(read(f"relay: {{host: {host}, tls: none}}\n", variables=Variables()).problems) == 1


def test_dkim_without_a_key_is_a_problem() -> None:
    done = read("dkim: {selector: s1, domain: example.org}\n", variables=Variables())
    assert len(done.problems) == 1
    assert "p.yaml:3: dkim: there is no key to sign with; set PAPERROUND_DKIM_KEY_FILE" in done.problems[0]


def test_two_keys_do_not_share_a_name_in_the_dns() -> None:
    keys = Variables(dkim_key="k", dkim_ed25519_key="k")
    (problem,) = read(
        "dkim: {selector: s1, domain: example.org, ed25519_selector: S1}\n", variables=keys
    ).problems
    assert "dkim.ed25519_selector: each key has a name of its own; write another one than" in problem


@pytest.mark.parametrize(
    ("lines", "variables", "warning"),
    [
        ("", Variables(dkim_key="k"), "PAPERROUND_DKIM_KEY is set, and nothing is signed; add dkim:"),
        ("", Variables(dkim_ed25519_key="k"), "PAPERROUND_DKIM_ED25519_KEY is set, and nothing is signed"),
        (
            "dkim: {selector: s1, domain: example.org}",
            Variables(dkim_key="k", dkim_ed25519_key="k"),
            "dkim: PAPERROUND_DKIM_ED25519_KEY is set, and has no name in the DNS; add `ed25519_selector`",
        ),
        ("", Variables(relay_password=PASSWORD), "PAPERROUND_RELAY_PASSWORD is set, and there is no relay"),
        (
            "relay: {host: h.org}",
            Variables(relay_password=PASSWORD),
            "relay: there is a password, and nobody to log",
        ),
        ("relay: {host: h.org, port: 465}", Variables(), "relay.port: port 465 usually speaks TLS at once"),
        (
            "dkim: {selector: s1, domain: example.net}",
            Variables(dkim_key="k"),
            'dkim.domain: the mails are from "example.org": DMARC would not count this signature',
        ),
        (
            "dkim: {selector: s1, domain: ample.org}",
            Variables(dkim_key="k"),
            'dkim.domain: the mails are from "example.org": DMARC would not count this signature',
        ),
    ],
)
def test_what_is_likely_not_meant_is_a_warning(lines: str, variables: Variables, warning: str) -> None:
    done = read(lines, variables=variables)
    assert done.problems == []
    assert len(done.warnings) == 1
    assert warning in done.warnings[0]


def test_a_variable_replaces_what_the_file_says() -> None:
    variables = Variables(store="sqlite:////data/x.db", public_url="https://other.example")
    settings = read("store: sqlite:///y.db\npublic_url: https://example.org\n", variables=variables).settings
    assert settings is not None
    assert (settings.store, settings.public_url) == ("sqlite:////data/x.db", "https://other.example")


# subscribers.yaml, key by key


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("keywords: [1e3]", 'keywords[0]: YAML reads 1e3 as a number; write "1e3"'),
        ("keywords: [3]", 'keywords[0]: YAML reads 3 as a number; write "3"'),
        ("keywords: [True]", 'keywords[0]: YAML reads True as true or false; write "True"'),
        ("keywords: [null]", 'keywords[0]: YAML reads null as nothing; write "null"'),
        ("keywords: [{term: 0x10}]", 'keywords[0].term: YAML reads 0x10 as a number; write "0x10"'),
        ("keywords: [{all: [a, 1]}]", 'keywords[0].all[1]: YAML reads 1 as a number; write "1"'),
        ("keywords: ['']", "keywords[0]: this is empty"),
        ("keywords: ['  ']", "keywords[0]: this is empty"),
        ("keywords: ['!?']", "keywords[0]: '!?' holds no word that a paper could contain; write words"),
        ("exclude: [a b c d e f g h i j k l m]", "exclude[0]: 'a b c d e f g h i j k l m'… has 13 words"),
        (
            "keywords: [{all: [a b c d e f g h i j k l m, n]}]",
            "keywords[0]: 'a b c d e f g h i j k l m'… has 13",
        ),
        (f"exclude: [{'x' * 201}]", "exclude[0]: this is longer than 200 characters; shorten it"),
        ('keywords: ["a\\e[31m"]', "keywords[0]: a control character stands in this text"),
        ("keywords: [[a, b]]", "keywords[0]: a text is expected here, not a list or keys"),
        (
            "keywords: [{LoRA: 3}]",
            'keywords[0]: "LoRA" is no key of a keyword; write {term: LoRA, weight: 3}',
        ),
        ("keywords: [{term: a, wieght: 3}]", 'keywords[0].wieght: unknown key, did you mean "weight"?'),
        ("keywords: [{weight: 3}]", "keywords[0]: either `term` or `all` is expected here"),
        ("keywords: [{term: a, all: [b]}]", "keywords[0]: either `term` or `all` is expected here"),
        ("keywords: [{all: []}]", "keywords[0].all: this list is empty"),
        ("keywords: [{all: a}]", "keywords[0].all: a list is expected here, even of one"),
        ("keywords: [{term: a, weight: 0}]", "keywords[0].weight: this is not more than 0"),
        ("keywords: [{term: a, weight: -1}]", "keywords[0].weight: this is not more than 0"),
        ("keywords: [{term: a, weight: 1000}]", "keywords[0].weight: this is more than 100"),
        ("keywords: [{term: a, weight: .nan}]", "keywords[0].weight: this is no number to count with"),
        (f"keywords: [{{term: a, weight: {'9' * 390}}}]", "keywords[0].weight: a number is expected here"),
        ("keywords: [{term: a, weight: '3'}]", "keywords[0].weight: a number is expected here"),
        ("keywords: [{term: a, at_most: 0}]", "keywords[0].at_most: this is less than 1"),
        ("keywords: [{term: a, at_most: 1.5}]", "keywords[0].at_most: a whole number is expected here"),
        ("keywords: [{at_most: 2}]", "keywords[0]: either `term` or `all` is expected here"),
        ("keywords: diffusion models", "keywords: a list is expected here, even of one; put it in brackets"),
        ("keywords: {a: b}", "keywords: a list is expected here; begin each line with a dash"),
        (
            "keywords: [a, b, a]",
            "keywords[2]: the same keyword stands on line 3 already; keep one of the two",
        ),
        ("keywords: [a  b, a b]", "keywords[1]: the same keyword stands on line 3 already"),
        (
            "keywords: [{all: [a, b]}, {all: [b, a]}]",
            "keywords[1]: the same keyword stands on line 3 already",
        ),
        ("exclude: [{term: a, weight: 2}]", "exclude[0].weight: unknown key; known here: all, term"),
        ("exclude: [{term: a, at_most: 2}]", "exclude[0].at_most: unknown key; known here: all, term"),
        ("exclude: [2]", 'exclude[0]: YAML reads 2 as a number; write "2"'),
        ("authors: [1]", 'authors[0]: YAML reads 1 as a number; write "1"'),
        ("authors: ['']", "authors[0]: this is empty"),
        ("categories: [cs.Ro]", 'categories[0]: "cs.Ro" is no category of arXiv, did you mean "cs.RO"?'),
        ("categories: [cs]", 'categories[0]: "cs" is no category of arXiv'),
        ("min_relevance: 1.5", "min_relevance: this is more than 1; write a smaller number"),
        ("min_relevance: -0.1", "min_relevance: this is less than 0; write a larger number"),
        ("min_relevance: 20%", "min_relevance: a number is expected here"),
        ("variety: 1.5", "variety: this is more than 1; write a smaller number"),
        ("variety: -0.1", "variety: this is less than 0; write a larger number"),
        ("updates: 1", "updates: "),
        ("language: fr", 'language: "fr" cannot be chosen here; write one of: en, de'),
        ("trending: -1", "trending: this is less than 0"),
        ("trending: 1.5", "trending: a whole number is expected here"),
        ("max_papers: 0", "max_papers: this is less than 1"),
        ("max_papers: 101", "max_papers: this is more than 100"),
        ("max_papers: true", "max_papers: a whole number is expected here"),
        ("cadence: monthly", 'cadence: "monthly" cannot be chosen here; write daily, weekly, or {every: 3}'),
        ("cadence: weakly", 'cadence: "weakly" cannot be chosen here, did you mean "weekly"?'),
        ("cadence: 3", "cadence: this cannot be chosen here; write daily, weekly, or {every: 3}"),
        ("cadence: {every: 1}", "cadence.every: this is less than 2"),
        ("cadence: {every: 15}", "cadence.every: this is more than 14"),
        ("cadence: {every: three}", "cadence.every: a number is expected here"),
        ("cadence: {from: 2026-07-06}", 'cadence.every: missing; add the key "every"'),
        ("cadence: {every: 2, form: 2026-07-06}", 'cadence.form: unknown key, did you mean "from"?'),
        ("cadence: {every: 2, from: 2026-02-30}", 'cadence.from: "2026-02-30" is no day of the calendar'),
        ("cadence: {every: 2, from: 20260706}", "cadence.from: YAML reads 20260706 as a number"),
        (
            "cadence: {every: 2, from: 2026-7-6}",
            'cadence.from: "2026-7-6" is no day of the calendar',
        ),
        (
            "cadence: {every: 11}",
            "cadence.every: a digest holds 14 days at most, and `days` names 5 a week; write 10 or less",
        ),
        (
            "cadence: weekly",
            "cadence: weekly needs one day, and `days` names 5; write one day, such as days: [mon]",
        ),
        ("days: [mon, tuesdy]", 'days[1]: "tuesdy" is no day, did you mean "tuesday"?'),
        ("days: Mon", 'days: "Mon" is no day, did you mean "mon"?'),
        ("days: [1]", "days[0]: a day's name is expected here; write mon, tue, wed"),
        ("days: []", "days: no day is named; write [mon, thu], or weekdays, or daily"),
        ("days: weekends", 'days: "weekends" is no day'),
        ("days: 5", 'days: YAML reads 5 as a number; write "5"'),
        ("deliver_at: 0730", "deliver_at: YAML reads this as a number, not as a time; write it with a colon"),
        ("deliver_at: 450", "deliver_at: YAML reads this as a number, not as a time; write it with a colon"),
        ("deliver_at: '24:00'", 'deliver_at: "24:00" is no time of day; write it like "07:30"'),
        ("deliver_at: 7.30", "deliver_at: YAML reads 7.30 as a number"),
        ("deliver_at: 7 o'clock", 'deliver_at: "7 o\'clock" is no time of day'),
        (
            "timezone: europe/berlin",
            'timezone: "europe/berlin" is no time zone, did you mean "Europe/Berlin"?',
        ),
        ("timezone: Berlin", 'timezone: "Berlin" is no time zone, did you mean "Europe/Berlin"?'),
        (
            "timezone: ../../etc/passwd",
            'timezone: "../../etc/passwd" is no time zone; write it like Europe/Berlin',
        ),
        ("timezone: 1", 'timezone: YAML reads 1 as a number; write "1"'),
        ("paused: yes", "paused: true or false is expected here; write true, without quotation marks"),
        ("paused: 'false'", "paused: true or false is expected here; write true or false, without"),
        ("away: {from: 2026-07-01}", 'away.until: missing; add the key "until"'),
        ("away: [{from: 2026-07-01}]", 'away[0].until: missing; add the key "until"'),
        (
            "away: {from: 2026-07-01, until: 2026-07-14, why: rest}",
            "away.why: unknown key; known here: from, until",
        ),
        (
            "away: {from: 2026-07-14, until: 2026-07-14}",
            "away.until: nobody is away for no time at all; `until` is the day that brings mail again, and",
        ),
        (
            "away: [{from: 2026-07-01, until: 2027-07-02}]",
            "away[0].until: nobody is away for more than 365 days; write paused: true where no end is known",
        ),
        ("away: {from: 2026-07-01, until: tomorrow}", 'away.until: "tomorrow" is no day of the calendar'),
        ("away: 2026-07-01", "away: a list is expected here, even of one"),
        (
            "away: [{from: 2026-07-08, until: 2026-07-14}, {from: 2026-07-01, until: 2026-07-09}]",
            "away[0]: this begins before the time on line 3 is over, which ends on 2026-07-09; make one",
        ),
        ("key: word", "key: unknown key; known here: authors, away, cadence"),
    ],
)
def test_a_key_of_a_subscriber_that_cannot_be_used_is_named_with_its_mend(line: str, problem: str) -> None:
    interest = () if line.startswith("keywords") else ("keywords: [graphs]",)
    problems = reader(line, *interest).problems
    assert len(problems) == 1, problems
    assert problems[0].startswith(f"s.yaml:3: subscribers[0].{problem}")


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("ada@example.com", "ada@example.com"),
        ("Ada.B+papers@Example.COM", "Ada.B+papers@example.com"),
        ("ada@bücher.example", "ada@xn--bcher-kva.example"),
        ("root@localhost", "root@localhost"),
        ("'o''brien@sub.example.com'", "o'brien@sub.example.com"),
        (f"{'a' * 64}@example.com", f"{'a' * 64}@example.com"),
    ],
)
def test_an_address_is_kept_in_the_form_mail_needs(written: str, kept: str) -> None:
    done = reader(f"email: {written}", "keywords: [graphs]")
    assert done.problems == []
    assert done.subscribers[0].address == kept


@pytest.mark.parametrize(
    "written",
    [
        "ada",
        "ada@",
        "@example.com",
        "ada@example",
        "ada@example..com",
        "ada@example.com.",
        "ada@-example.com",
        "ada@example.123",
        "ada@[127.0.0.1]",
        "ada@exa_mple.com",
        "ada.@example.com",
        ".ada@example.com",
        "a..b@example.com",
        "ada@b@example.com",
        '"a b"@example.com',
        "ada @example.com",
        "ada@example.com, bob@example.com",
        "Ada <ada@example.com>",
        "grün@example.com",
        "ada@example.com\r\nBcc: eve@example.com",
        "ada\x00@example.com",
        f"{'a' * 65}@example.com",
        f"ada@{'a' * 64}.com",
        f"ada@{'a.' * 126}com",
        f"{'a' * 60}@{'a.' * 98}com",
        f"a@{'a' * 100_000}.com",
    ],
)
def test_what_is_no_plain_address_is_refused(written: str) -> None:
    with pytest.raises(Wrong) as caught:
        addresses.address(written)
    assert str(caught.value).isprintable()


def test_letters_beyond_ascii_before_the_at_sign_are_refused_with_the_reason() -> None:
    with pytest.raises(Wrong, match="which most relays refuse"):
        addresses.address("grün@example.com")


@given(st.text(max_size=90))
def test_an_address_that_passes_is_ascii_without_blanks_and_passes_again(text: str) -> None:
    for candidate in (text, f"{text}@example.com", f"ada@{text}"):
        try:
            kept = addresses.address(candidate)
        except Wrong:
            continue
        assert kept.isascii()
        assert kept.isprintable()
        assert not set(kept) & set(' <>,;:"()[]\\')
        assert addresses.address(kept) == kept


def test_an_address_subscribes_once_whatever_its_capitals() -> None:
    done = reading(
        "subscribers:\n"
        "  - {email: ada@example.com, keywords: [a]}\n"
        "  - {email: bob@example.com, keywords: [a]}\n"
        "  - {email: ADA@Example.com, keywords: [a], colour: red}\n"
    )
    assert done.problems[0] == (
        's.yaml:4: subscribers[2].email: "ADA@Example.com" subscribes on line 2 already; keep one of the two'
    )


@pytest.mark.parametrize(
    ("address", "words"),
    [
        (
            "Papers@Example.org",
            "the mails are sent from this address: its answers and bounces would go round",
        ),
        ("postmaster@example.com", "bounces come from this address: mail to it could go round in circles"),
        ("MAILER-DAEMON@example.com", "bounces come from this address: mail to it could go round in circles"),
    ],
)
def test_mail_that_would_go_round_in_circles_is_refused(address: str, words: str) -> None:
    (problem,) = reader(f"email: {address}", "keywords: [a]").problems
    assert problem.startswith(f"s.yaml:3: subscribers[0].email: {words}")


@pytest.mark.parametrize("line", ["exclude: [survey]", "keywords: []", "max_papers: 3"])
def test_a_subscriber_without_interests_is_a_problem(line: str) -> None:
    (problem,) = reader(line).problems
    assert problem.startswith("s.yaml:2: subscribers[0]: this subscriber has no interests")


@pytest.mark.parametrize(
    "line", ["keywords: [a]", "authors: [A B]", "categories: [cs.RO]", "organizations: [X]", "trending: 3"]
)
def test_any_one_interest_is_enough(line: str) -> None:
    assert reader(line).problems == []


def test_words_that_yaml_1_1_took_for_something_else_are_words() -> None:
    done = reader("keywords: [no, on, 2024-01-01, 12:30]")
    assert done.problems == []
    assert [each.text for each in done.subscribers[0].interests.keywords] == [
        "no",
        "on",
        "2024-01-01",
        "12:30",
    ]


@pytest.mark.parametrize(
    ("written", "days"),
    [
        ("weekdays", WEEKDAYS),
        ("daily", EVERY_DAY),
        ("everyday", EVERY_DAY),
        ("fri", {4}),
        ("[mon, sunday]", {0, 6}),
    ],
)
def test_days_are_named(written: str, days: frozenset[int]) -> None:
    assert reader(f"days: {written}", "keywords: [a]").subscribers[0].days == days


def test_a_time_needs_no_quotation_marks() -> None:
    assert reader("deliver_at: 07:30", "keywords: [a]").subscribers[0].deliver_at == time(7, 30)


def test_defaults_hold_for_whoever_does_not_say_otherwise() -> None:
    done = reading(
        "defaults: {timezone: Asia/Tokyo, max_papers: 3, trending: 1, keywords: [graphs]}\n"
        "subscribers:\n"
        "  - {email: ada@example.com}\n"
        "  - {email: bob@example.com, max_papers: 10, trending: 0, keywords: [trees]}\n"
    )
    assert done.problems == []
    ada, bob = done.subscribers
    assert (ada.timezone.key, ada.max_papers, ada.trending) == ("Asia/Tokyo", 3, 1)
    assert (bob.timezone.key, bob.max_papers, bob.trending) == ("Asia/Tokyo", 10, 0)
    assert [each.text for each in ada.interests.keywords] == ["graphs"]
    assert [each.text for each in bob.interests.keywords] == ["trees"]


def test_a_weekly_reader_may_have_the_day_from_the_defaults() -> None:
    weekly = "subscribers:\n  - {email: ada@example.com, cadence: weekly, keywords: [a]}\n"
    assert reading(f"defaults: {{days: [mon]}}\n{weekly}").problems == []
    assert len(reading(f"defaults: {{days: [mon, tue]}}\n{weekly}").problems) == 1


@pytest.mark.parametrize(
    ("written", "away"),
    [
        ("{from: 2026-07-01, until: 2026-07-14}", [(1, 14)]),
        (
            "[{from: 2026-07-14, until: 2026-07-15}, {from: 2026-07-01, until: 2026-07-14}]",
            [(1, 14), (14, 15)],
        ),
        ("[]", []),
    ],
)
def test_who_is_away_may_be_so_once_or_several_times(written: str, away: list[tuple[int, int]]) -> None:
    (ada,) = reader(f"away: {written}", "keywords: [a]").subscribers
    assert ada.away == tuple(
        Away(first=date(2026, 7, first), until=date(2026, 7, until)) for first, until in away
    )


def test_being_away_is_nobody_s_default() -> None:
    away = "defaults: {away: {from: 2026-07-01, until: 2026-07-14}}\nsubscribers: []\n"
    assert reading(away).problems[0].startswith("s.yaml:1: defaults.away: unknown key")


@pytest.mark.parametrize(
    ("written", "every"),
    [
        ("{every: 10}", Every(number=10)),
        ("{every: 2, from: 2026-07-06}", Every(number=2, since=date(2026, 7, 6))),
    ],
)
def test_one_of_so_many_days_is_a_daily_cadence_that_leaves_the_others_out(
    written: str, every: Every
) -> None:
    (ada,) = reader(f"cadence: {written}", "keywords: [a]").subscribers
    assert (ada.cadence, ada.every, ada.days) == (Cadence.DAILY, every, WEEKDAYS)


def test_days_may_be_counted_as_far_as_a_digest_reaches_back() -> None:
    text = "subscribers:\n  - {email: ada@example.com, days: [mon], cadence: {every: %d}, keywords: [a]}\n"
    assert reading(text % 2).problems == []
    assert "`days` names 1 a week; write 2 or less" in reading(text % 3).problems[0]
    everybody = "defaults: {cadence: {every: 14}, days: daily}\n"
    assert reading(f"{everybody}subscribers: [{{email: ada@example.com, keywords: [a]}}]").problems == []


def test_wrong_defaults_are_not_blamed_on_the_subscribers() -> None:
    done = reading(
        "defaults: {day: [mon], email: x@example.com}\n"
        "subscribers:\n"
        "  - {email: ada@example.com, cadence: weekly, keywords: [a]}\n"
    )
    assert done.problems[0] == 's.yaml:1: defaults.day: unknown key, did you mean "days"?'
    assert [problem.split(":")[1] for problem in done.problems] == ["1", "1"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("defaults: {}\n", 's.yaml:1: subscribers: missing; add the key "subscribers"'),
        ("subscribers:\n", "s.yaml:1: subscribers: nothing stands behind this key"),
        ("subscribers: ada@example.com\n", "s.yaml:1: subscribers: a list is expected here, even of one"),
        ("subscribers: {email: x}\n", "s.yaml:1: subscribers: a list is expected here; begin each line"),
        ("subscribers: [ada@example.com]\n", "s.yaml:1: subscribers[0]: keys and their values are expected"),
        ("defaults:\nsubscribers: []\n", "s.yaml:1: defaults: nothing stands behind this key"),
        ("defaults: []\nsubscribers: []\n", "s.yaml:1: defaults: keys and their values are expected here"),
        (
            "subscriber: []\nsubscribers: []\n",
            's.yaml:1: subscriber: unknown key, did you mean "subscribers"?',
        ),
        ("- email: ada@example.com\n", "s.yaml:1: keys and their values are expected here"),
        ("just words\n", "s.yaml:1: keys and their values are expected here"),
    ],
)
def test_a_file_of_another_shape_is_explained(text: str, problem: str) -> None:
    problems = reading(text).problems
    assert len(problems) == 1, problems
    assert problems[0].startswith(problem)


@pytest.mark.parametrize("text", ["just words\n", "- from: x\n", "~\n"])
def test_a_paperround_yaml_of_another_shape_is_one_problem(text: str) -> None:
    (problem,) = read(start=text).problems
    assert problem.startswith("p.yaml:1: keys and their values are expected here")


def test_nobody_subscribing_is_a_warning() -> None:
    done = reading("subscribers: []\n")
    assert done.problems == []
    assert len(done.warnings) == 1


def test_arxiv_has_the_categories_that_its_taxonomy_lists() -> None:
    assert len(CATEGORIES) == 155
    assert {"cs.CL", "math.PR", "quant-ph", "physics.optics", "cond-mat.mtrl-sci"} <= CATEGORIES


def test_a_message_cannot_disturb_a_terminal() -> None:
    done = reading('subscribers:\n  - {email: "\\e]0;x\\a@example.com", "\\e[2J": 1, keywords: [a]}\n')
    assert len(done.problems) == 2
    assert all(problem.isprintable() for problem in done.problems)


@pytest.mark.parametrize("name", ["all-MiniLM-L6-v2", "sentence-transformers/all-MiniLM-L6-v2"])
def test_a_model_may_have_a_name(name: str) -> None:
    done = read(f"semantic: {{model: {name}}}\n", variables=Variables())
    assert done.settings is not None
    assert done.settings.semantic == SemanticSettings(model=name)
    assert done.problems == done.warnings == []


@pytest.mark.parametrize(
    "written", ["./minilm", "/srv/models/minilm", "models/of/ours", "~/minilm", "x" * 400]
)
def test_a_folder_without_a_model_is_warned_of_and_stops_nothing(written: str) -> None:
    done = read(f"semantic: {{model: {written}}}\n", variables=Variables())
    assert done.settings is not None
    assert done.settings.semantic == SemanticSettings(model=Path("config") / written)
    assert done.problems == []
    (warning,) = done.warnings
    assert warning.startswith("p.yaml:3: semantic.model: there is no folder ")


def test_a_model_must_be_said() -> None:
    assert read("semantic: {}\n").problems == ['p.yaml:3: semantic.model: missing; add the key "model"']
