"""What relays do wrong and what becomes of letters: what a test tries, and the table in docs/delivery.md.

`.venv/bin/python -m tests.edges.faults` writes the table.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum
from pathlib import Path

from tests.fakes.plans import LETTER
from tests.fakes.smtp_server import DROP, HANG, LARGE

from paperround.delivery.connection import Timeouts
from paperround.ports import Status
from paperround.rates import MINUTE, pause_after
from paperround.replies import retry_after
from paperround.settings import Tls

LETTERS = 5
NO_TIME = timedelta(seconds=0.3)


class Then(Enum):
    """What happens to the letters that a fault kept from going out, for people."""

    DONE = ""
    AGAIN = "each is tried again when its wait is over"
    AFTER_PAUSE = "nothing goes to the relay while it pauses; then everything goes out"
    AFTER_MENDING = "the delivery ends and says why; once that is mended, the next run sends everything"
    UNWANTED = (
        "for us to mend, so the relay is left alone for half an hour; then the next run sends everything"
    )
    RESENT = "`resend` (the default): the same bytes once more, by the next run; `hold`: waits for a person"
    NEVER = "given up; its papers come with the next digest; [counted](bounces.md) as if it had come back"
    NEVER_AGAIN = "given up, and the reader is suppressed"

    def at_once(self, state: Status) -> Status:
        """Return what a run makes of a letter in this state, where it follows at once on a mended relay."""
        goes_out = state in (Status.PLANNED, Status.UNKNOWN) and self not in _PAUSED
        return Status.SENT if goes_out else state

    @property
    def wait(self) -> tuple[timedelta, timedelta]:
        """How long it takes at least, and at most, until what does not go out at once does."""
        match self:
            case Then.AGAIN:
                return retry_after(1, jitter=0), retry_after(1, jitter=1)
            case Then.AFTER_PAUSE:
                return MINUTE, MINUTE
            case Then.UNWANTED:
                return 30 * MINUTE, 30 * MINUTE
            case _:
                return timedelta(0), timedelta(0)


_PAUSED = (Then.AFTER_PAUSE, Then.UNWANTED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One way to bring a fault about: with so many letters, and as much patience with the relay."""

    timeouts: Timeouts = field(default_factory=Timeouts)
    letters: int = LETTERS
    message: bytes = LETTER


@dataclass(frozen=True, slots=True, kw_only=True)
class Nobody(Trial):
    """Nothing listens."""

    def __str__(self) -> str:
        return "nobody"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sink(Trial):
    """Postfix's smtp-sink with these options."""

    options: tuple[str, ...]

    def __str__(self) -> str:
        return f"smtp-sink {' '.join(self.options)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Script(Trial):
    """A server that gives these answers; we log in where there is TLS, and may not trust the certificate."""

    answers: Mapping[str, str | Sequence[str]]
    tls: Tls = Tls.NONE
    trusted: bool = True

    def __str__(self) -> str:
        words = ", ".join(f"{verb} {answer!r}" for verb, answer in self.answers.items())
        return f"{self.tls}, {words[:60]}{'' if self.trusted else ', not trusted'}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What a relay does, and what it leads to, whichever way it is tried.

    `states` are those of the letters, in their order; `reason` is the ledger's for the first of them.
    """

    relay: str
    states: tuple[Status, ...]
    reason: str
    then: Then
    trials: tuple[Trial, ...]

    def tried(self, letters: int) -> int:
        """Return how many of so many letters were tried.

        It is those that are planned no more, and the one from which we learn that nothing goes out.
        """
        settled = sum(state is not Status.PLANNED for state in self.states[:letters])
        return settled + (self.then is Then.AFTER_MENDING)


def sink(*options: str) -> Sink:
    return Sink(options=options)


def soft(command: str, reply: str) -> Sink:
    return sink("-r", command, "-b", reply)


def hard(command: str, reply: str) -> Sink:
    return sink("-f", command, "-B", reply)


def over_tls(*, trusted: bool = True, tls: Tls = Tls.STARTTLS, **answers: str) -> Script:
    offer = "250-test\r\n250-STARTTLS\r\n250 AUTH PLAIN"
    return Script(answers={"EHLO": offer} | answers, tls=tls, trusted=trusted)


def all_in(status: Status) -> tuple[Status, ...]:
    return (status,) * LETTERS


def ends_after(number: int, status: Status) -> tuple[Status, ...]:
    return (status,) * number + (Status.PLANNED,) * (LETTERS - number)


GREETING = Timeouts(greeting=NO_TIME)
ENVELOPE = Timeouts(envelope=NO_TIME, data=NO_TIME)

FAULTS = (
    Fault(
        relay="accepts each letter, however slowly, before our patience ends",
        states=all_in(Status.SENT),
        reason="",
        then=Then.DONE,
        trials=(
            sink(),
            Sink(options=("-W", ".:1"), letters=1),
            Script(answers={"QUIT": DROP}),
        ),
    ),
    Fault(
        relay="does not listen, greets with 5xx, with silence or with what is no SMTP, or refuses EHLO",
        states=all_in(Status.PLANNED),
        reason="the relay cannot be used",
        then=Then.AFTER_MENDING,
        trials=(
            Nobody(),
            sink("-q", "CONNECT"),
            sink("-f", "CONNECT"),
            hard("CONNECT", "554 5.7.1 no service for you"),
            Sink(options=("-W", "CONNECT:60"), timeouts=GREETING),
            Script(answers={"GREETING": "HTTP/1.1 400 Bad Request"}),
            sink("-q", "EHLO"),
            sink("-f", "EHLO"),
            sink("-e"),
            Sink(options=("-W", "EHLO:60"), timeouts=GREETING),
        ),
    ),
    Fault(
        relay="offers no TLS, breaks it off, or shows a certificate that is not trusted",
        states=all_in(Status.PLANNED),
        reason="the relay cannot be used",
        then=Then.AFTER_MENDING,
        trials=(
            over_tls(EHLO="250-test\r\n250 AUTH PLAIN"),
            over_tls(STARTTLS="502 5.5.1 no"),
            over_tls(STARTTLS=DROP),
            over_tls(trusted=False),
            over_tls(trusted=False, tls=Tls.IMPLICIT),
        ),
    ),
    Fault(
        relay="refuses the password, or offers no way to log in that we know",
        states=all_in(Status.PLANNED),
        reason="the relay cannot be used",
        then=Then.AFTER_MENDING,
        trials=(
            over_tls(AUTH="535 5.7.8 authentication failed"),
            over_tls(AUTH="530 5.7.0 not so"),
            over_tls(EHLO="250-test\r\n250-STARTTLS\r\n250 AUTH GSSAPI"),
        ),
    ),
    Fault(
        relay="wants a login first, or refuses the sender: 530, or any 5xx to MAIL",
        states=all_in(Status.PLANNED),
        reason="the relay does not accept mail from us",
        then=Then.AFTER_MENDING,
        trials=(
            hard("MAIL", "530 5.7.0 authentication required"),
            hard("MAIL", "550 5.7.1 sender refused"),
            hard("MAIL", "553 5.1.8 no such domain"),
            sink("-f", "MAIL"),
        ),
    ),
    Fault(
        relay="passes nothing on for us: 530, or “relay access denied”, to RCPT",
        states=ends_after(3, Status.DEFERRED),
        reason="the relay does not accept mail from us",
        then=Then.AGAIN,
        trials=(
            hard("RCPT", "530 5.7.0 authentication required"),
            hard("RCPT", "554 5.7.1 <ada@example.org>: Relay access denied"),
            soft("RCPT", "454 4.7.1 <ada@example.org>: Relay access denied"),
        ),
    ),
    Fault(
        relay="wants a pause: 421, 454, 4.3.2, 4.7.28, or 4xx before any letter",
        states=ends_after(1, Status.DEFERRED),
        reason="the relay asks for a pause",
        then=Then.AFTER_PAUSE,
        trials=(
            sink("-r", "CONNECT"),
            sink("-Q", "CONNECT"),
            soft("CONNECT", "421 4.3.2 busy"),
            sink("-r", "EHLO"),
            sink("-Q", "EHLO"),
            over_tls(STARTTLS="454 4.7.0 TLS not available"),
            over_tls(AUTH="454 4.7.0 not now"),
            sink("-Q", "MAIL"),
            sink("-Q", "RCPT"),
            sink("-Q", "DATA"),
            sink("-Q", "."),
            soft("MAIL", "421 4.7.0 too fast"),
            soft("RCPT", "421 4.7.28 unusual rate of mail"),
            soft("RCPT", "450 4.7.28 unusual rate of mail"),
            soft("DATA", "450 4.3.2 system not accepting messages"),
            soft(".", "454 4.7.0 throttling"),
            hard(".", "550 5.4.5 daily sending limit exceeded"),
        ),
    ),
    Fault(
        relay="answers 4xx, be it a greylist; or a 5xx that passes, as 5.2.2, 5.4.x and full mailboxes do",
        states=all_in(Status.DEFERRED),
        reason="refused for now",
        then=Then.AGAIN,
        trials=(
            sink("-r", "MAIL"),
            sink("-r", "RCPT"),
            sink("-r", "DATA"),
            sink("-r", "."),
            soft("RCPT", "450 4.2.0 greylisted"),
            soft("RCPT", "451 4.7.1 greylisted, come back in 300 seconds"),
            soft("RCPT", "451 come back later"),
            soft("RCPT", "452 4.2.2 over quota"),
            soft("MAIL", "452 4.3.1 insufficient system storage"),
            soft(".", "451 4.3.0 queue file write error"),
            hard("RCPT", "552 5.2.2 over quota"),
            hard(".", "552 5.2.2 over quota"),
            hard("RCPT", "552 too many recipients"),
            hard("RCPT", "550 mailbox is full"),
            hard("RCPT", "554 5.4.4 unable to route"),
        ),
    ),
    Fault(
        relay="says by an enhanced code that an address is none: 5.1.1, 5.1.2, 5.1.3, 5.1.6, 5.1.10, 5.2.1",
        states=all_in(Status.FAILED),
        reason="the address does not accept mail",
        then=Then.NEVER_AGAIN,
        trials=(
            hard("RCPT", "550 5.1.1 no such user"),
            hard("RCPT", "554 5.1.2 no such domain"),
            hard("RCPT", "551 5.1.6 moved"),
            hard("RCPT", "556 5.1.10 null MX"),
            hard("RCPT", "550 5.2.1 disabled"),
            hard(".", "550 5.1.1 no such user"),
        ),
    ),
    Fault(
        relay="refuses an address by 550, 551, 553 or 556 alone",
        states=all_in(Status.FAILED),
        reason="the address does not accept mail",
        then=Then.NEVER,
        trials=(
            hard("RCPT", "550 no such user"),
            hard("RCPT", "551 user not local"),
            hard("RCPT", "553 mailbox name not allowed"),
        ),
    ),
    Fault(
        relay="refuses a letter for what we send or who we are: 5.7.x, 5.6.x, too large, spam, any other 5xx",
        states=(Status.DEFERRED, Status.DEFERRED, Status.DEFERRED, Status.PLANNED, Status.PLANNED),
        reason="the relay does not accept this letter",
        then=Then.UNWANTED,
        trials=(
            hard("RCPT", "550 5.7.1 blocked"),
            hard("RCPT", "550 5.7.26 unauthenticated mail"),
            hard("RCPT", "550 your host is on a block list"),
            hard("MAIL", "552 5.3.4 message too large"),
            sink("-f", "RCPT"),
            sink("-f", "DATA"),
            sink("-f", "."),
            hard(".", "554 5.7.1 looks like spam"),
            hard(".", "554 looks like spam"),
            hard(".", "552 5.3.4 message too large"),
            hard(".", "550 5.7.515 access denied"),
            Script(answers={"EHLO": "250-test\r\n250 SIZE 10"}),
        ),
    ),
    Fault(
        relay="goes away, or falls silent, before a letter is out",
        states=ends_after(3, Status.DEFERRED),
        reason="the connection was lost",
        then=Then.AGAIN,
        trials=(
            sink("-q", "MAIL"),
            sink("-q", "RCPT"),
            sink("-q", "DATA"),
            Sink(options=("-W", "MAIL:60"), timeouts=ENVELOPE),
            Sink(options=("-W", "RCPT:60"), timeouts=ENVELOPE),
            Sink(options=("-W", "DATA:60"), timeouts=ENVELOPE),
            Script(answers={"RCPT": "hello?"}),
            Script(answers={"BODY": DROP}, message=LARGE, letters=1),
            Script(answers={"BODY": HANG}, message=LARGE, letters=1, timeouts=Timeouts(block=NO_TIME)),
        ),
    ),
    Fault(
        relay="goes away, or falls silent, when a letter is out: it may have been accepted",
        states=ends_after(3, Status.UNKNOWN),
        reason="no reply to the whole letter",
        then=Then.RESENT,
        trials=(
            sink("-q", "."),
            Sink(options=("-W", ".:60"), timeouts=Timeouts(dot=NO_TIME)),
            Script(answers={"DOT": "hello?"}),
            Script(answers={"DOT": "354 hello?"}),
        ),
    ),
)


DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "delivery.md"
BEGIN, END = "<!-- faults:begin -->\n", "<!-- faults:end -->\n"


def documented(text: str) -> str:
    """Return the document with the table as it should be."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}{_table()}{END}{after}"


def _table() -> str:
    rows = [
        f"| {fault.relay} | {_counted(fault.states)} | {fault.reason} | {fault.then.value} |"
        for fault in FAULTS
    ]
    head = ["| the relay … | five letters are then | with the reason | and |", "|---|---|---|---|"]
    waits = ", ".join(str(retry_after(number, jitter=0.5) // MINUTE) for number in range(1, 8))
    pauses = ", ".join(str(pause_after(number) // MINUTE) for number in range(5))
    words = [
        f"The waits are {waits} minutes, give or take a fifth, and then always the last; the pauses {pauses}",
        "minutes, until a letter is accepted.",
    ]
    return "\n".join([*head, *rows, "", *words, ""])


def _counted(states: tuple[Status, ...]) -> str:
    return ", ".join(f"{number} {status}" for status, number in Counter(states).items())


if __name__ == "__main__":
    DOCUMENT.write_text(documented(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
