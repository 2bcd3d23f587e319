"""An SMTP reply: what it means for the delivery and for the subscriber."""

import re
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class Verdict(StrEnum):
    """What a reply asks of us."""

    ACCEPTED = "accepted"
    TEMPORARY = "temporary"  # try this message again later
    PERMANENT = "permanent"  # this address takes no mail
    OURS = "ours"  # our message or our name is not wanted; never the subscriber's fault
    PACE = "pace"  # too much, too fast: nothing more through this relay for a while
    CONFIG = "config"  # no message can pass until somebody mends the config


class Step(StrEnum):
    """The steps of a conversation with a relay; DOT is the end of the message."""

    CONNECT = "connect"
    AUTH = "auth"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    DOT = "dot"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a relay answered: the three-digit code, its words on one line, and to what.

    A bounce is read as the answer to RCPT.
    """

    code: int
    text: str
    step: Step = Step.RCPT

    def __str__(self) -> str:
        return f"{self.code} {self.text}".strip()

    @property
    def verdict(self) -> Verdict:
        """What it means at the step at which it was given."""
        return verdict(self, self.step)


def heard(code: int, words: str, step: Step) -> Reply:
    """Return a reply as a relay gave it: its lines joined, without control characters, cut to a length.

    Of an address it keeps the domain: relays repeat what they were told, and replies get into logs.
    """
    lines = words.splitlines() or [""]
    enhanced = _ENHANCED.match(lines[0])
    status = enhanced[0].strip() if enhanced else None
    rest = (line.strip().removeprefix(status) if status else line for line in lines[1:])
    joined = " ".join(" ".join((lines[0], *rest)).split())
    shown = "".join(mark if mark.isprintable() else "\N{REPLACEMENT CHARACTER}" for mark in joined)
    # An address that the cut would go through is one until then.
    text = _LOCAL_PART.sub("…", shown[: 2 * _LONGEST])
    return Reply(code=code, text=text[:_LONGEST], step=step)


def verdict(reply: Reply, step: Step) -> Verdict:
    """Return what a reply at that step means, for any code and any words.

    The enhanced code (RFC 3463) counts before the code, as it is the more exact of the two. Where
    they disagree about whether trying again helps, it is tried again.
    """
    if 200 <= reply.code < 300:  # noqa: PLR2004 - RFC 5321, 4.2.1: the first digit is the outcome
        return Verdict.ACCEPTED
    if not 400 <= reply.code < 600:  # noqa: PLR2004
        return Verdict.TEMPORARY
    if reply.code in _AUTH_CODES or _RELAYING_DENIED.search(reply.text):
        return Verdict.CONFIG
    status = _status(reply.text)
    if reply.code in _PACE_CODES or status in _PACE_STATUSES:
        return Verdict.PACE
    if reply.code < 500 or (status and status[0] == _TRANSIENT):  # noqa: PLR2004
        return Verdict.PACE if step in _BEFORE_ANY_MESSAGE else Verdict.TEMPORARY
    return _refusal(reply, step, status)


def is_about_address(reply: Reply) -> bool:
    """Return whether a refusal says, by its enhanced code, that there is no such mailbox, or none any more.

    Without one it may mean much else, and nobody loses a subscription to a guess.
    """
    return reply.verdict is Verdict.PERMANENT and _status(reply.text) is not None


def is_about_content(reply: Reply) -> bool:
    """Return whether a refusal says, by its enhanced code, that it is about what was sent, or by whom."""
    status = _status(reply.text)
    return status is not None and status[1] in _CONTENT_AND_POLICY


def retry_after(attempts: int, *, jitter: float) -> timedelta:
    """Return how long to wait after that many attempts, a fifth shorter (jitter 0) to a fifth longer (1).

    The steps suit a daily mail and pass a greylist, which opens after five minutes.
    """
    step = _WAITS[min(max(attempts, 1), len(_WAITS)) - 1]
    return step * (0.8 + 0.4 * jitter)


_WAITS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 30, 60, 120, 240))
_LONGEST = 500

# Not the beginning of an IP address.
_ENHANCED = re.compile(
    r"\s*[#(\[]?(?P<class>[245])\.(?P<subject>[0-9]{1,3})\.(?P<detail>[0-9]{1,3})(?!\.?[0-9])"
)
_LOCAL_PART = re.compile(r"(?:\"[^\"]*\"|[^\s@<>()\[\]\",:;]+)(?=@[^\s@])")
_TRANSIENT = 4
_CONTENT_AND_POLICY = (6, 7)

_BEFORE_ANY_MESSAGE = (Step.CONNECT, Step.AUTH)
_AUTH_CODES = frozenset({530, 534, 535, 538})
_RELAYING_DENIED = re.compile(
    r"relay(?:ing)?\b.{0,40}\b(?:denied|prohibited|forbidden|not (?:permitted|allowed))"
    r"|(?:unable|not permitted|not allowed|cannot|(?:do|will) not) (?:to )?relay\b",
    re.IGNORECASE,
)
_PACE_CODES = frozenset({421, 454})
_PACE_STATUSES = frozenset({(4, 3, 2), (4, 7, 28), (4, 4, 5), (5, 4, 5)})

# What a refusal for good means by its subject and detail, and where that says nothing, by its subject.
_BY_DETAIL = {
    **dict.fromkeys(((1, 1), (1, 2), (1, 3), (1, 6), (1, 10), (2, 1)), Verdict.PERMANENT),
    **dict.fromkeys(((1, 7), (1, 8), (7, 8), (7, 9), (7, 11)), Verdict.CONFIG),
    **dict.fromkeys(((2, 2), (3, 1), (3, 2)), Verdict.TEMPORARY),  # a full mailbox, a full or closed system
}
_BY_SUBJECT = {4: Verdict.TEMPORARY}  # routing
_MESSAGE_TOO_LARGE = frozenset({(5, 3, 4), (5, 2, 3)})

_STORAGE_EXCEEDED = 552
_NO_SUCH_MAILBOX = frozenset({550, 551, 553, 556})
# A reader must not lose the subscription to a block list or a full mailbox, so doubt is for the reader.
_POLICY = re.compile(
    r"spam|block|blacklist|reputation|policy|denied|banned|\b(?:spf|dkim|dmarc|dnsbl|rbl)\b|virus|unsolicited",
    re.IGNORECASE,
)
_FULL = re.compile(r"\bfull\b|quota|exceed|storage", re.IGNORECASE)


def _status(text: str) -> tuple[int, int, int] | None:
    found = _ENHANCED.match(text)
    return (int(found["class"]), int(found["subject"]), int(found["detail"])) if found else None


def _refusal(reply: Reply, step: Step, status: tuple[int, int, int] | None) -> Verdict:
    """Judge a 5yz reply whose enhanced code, where there is one, is not of class 4."""
    too_large = status in _MESSAGE_TOO_LARGE or (status is None and reply.code == _STORAGE_EXCEEDED)
    if step is Step.MAIL and too_large:
        return Verdict.OURS
    if step in (Step.CONNECT, Step.AUTH, Step.MAIL):
        return Verdict.CONFIG
    if status:
        _, subject, detail = status
        return _BY_DETAIL.get((subject, detail)) or _BY_SUBJECT.get(subject, Verdict.OURS)
    return _bare_refusal(reply) if step is Step.RCPT else Verdict.OURS


def _bare_refusal(reply: Reply) -> Verdict:
    """Judge a 5yz reply at RCPT without an enhanced code."""
    # RFC 5321, 4.5.3.1.10 asks to take 552 at this step as temporary.
    if reply.code == _STORAGE_EXCEEDED or _FULL.search(reply.text):
        return Verdict.TEMPORARY
    if reply.code not in _NO_SUCH_MAILBOX or _POLICY.search(reply.text):
        return Verdict.OURS
    return Verdict.PERMANENT
