from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paperround.replies import Reply, Step, Verdict, heard, retry_after, verdict


@pytest.mark.parametrize(
    ("step", "code", "text", "meaning"),
    [
        (Step.DOT, 250, "2.0.0 Ok: queued as 9F3", Verdict.ACCEPTED),
        (Step.RCPT, 251, "user not local; will forward", Verdict.ACCEPTED),
        # A relay that has enough of us.
        (Step.CONNECT, 421, "too many connections", Verdict.PACE),
        (Step.CONNECT, 450, "not now", Verdict.PACE),
        (Step.AUTH, 454, "4.7.0 Temporary authentication failure", Verdict.PACE),
        (Step.MAIL, 421, "4.7.0 try again later", Verdict.PACE),
        (Step.RCPT, 450, "4.3.2 system not accepting messages", Verdict.PACE),
        (Step.DOT, 421, "4.7.28 unusual rate of mail", Verdict.PACE),
        (Step.DOT, 451, "4.7.28 unusual rate of mail", Verdict.PACE),
        (Step.DOT, 454, "Throttling failure: Maximum sending rate exceeded", Verdict.PACE),
        (Step.DOT, 550, "5.4.5 Daily user sending limit exceeded", Verdict.PACE),
        # Later.
        (Step.MAIL, 451, "4.3.0 queue file write error", Verdict.TEMPORARY),
        (Step.RCPT, 450, "4.7.1 greylisted", Verdict.TEMPORARY),
        (Step.RCPT, 451, "greylisted, come back in 300 seconds", Verdict.TEMPORARY),
        (Step.RCPT, 450, "4.1.8 sender domain not found", Verdict.TEMPORARY),
        (Step.RCPT, 452, "4.2.2 over quota", Verdict.TEMPORARY),
        (Step.RCPT, 552, "5.2.2 over quota", Verdict.TEMPORARY),
        (Step.DOT, 552, "5.2.2 over quota", Verdict.TEMPORARY),
        (Step.RCPT, 552, "too many recipients", Verdict.TEMPORARY),
        (Step.RCPT, 550, "mailbox is full", Verdict.TEMPORARY),
        (Step.RCPT, 550, "5.4.4 unable to route", Verdict.TEMPORARY),
        (Step.RCPT, 554, "5.3.1 mail system full", Verdict.TEMPORARY),
        (Step.RCPT, 450, "5.1.1 unknown, or is it", Verdict.TEMPORARY),
        (Step.RCPT, 550, "4.1.1 unknown, or is it", Verdict.TEMPORARY),
        (Step.DATA, 450, "not yet", Verdict.TEMPORARY),
        # This address.
        (Step.RCPT, 550, "5.1.1 no such user", Verdict.PERMANENT),
        (Step.RCPT, 550, "#5.1.1 no such user", Verdict.PERMANENT),
        (Step.RCPT, 550, "(5.1.1) no such user", Verdict.PERMANENT),
        (Step.RCPT, 554, "5.1.2 bad destination system", Verdict.PERMANENT),
        (Step.RCPT, 501, "5.1.3 bad address syntax", Verdict.PERMANENT),
        (Step.RCPT, 551, "5.1.6 moved", Verdict.PERMANENT),
        (Step.RCPT, 556, "5.1.10 null MX", Verdict.PERMANENT),
        (Step.RCPT, 550, "5.2.1 disabled", Verdict.PERMANENT),
        (Step.DOT, 550, "5.1.1 no such user", Verdict.PERMANENT),
        (Step.RCPT, 550, "no such user", Verdict.PERMANENT),
        (Step.RCPT, 551, "user not local", Verdict.PERMANENT),
        (Step.RCPT, 553, "mailbox name not allowed", Verdict.PERMANENT),
        (Step.RCPT, 556, "domain takes no mail", Verdict.PERMANENT),
        # Ours, whatever the address.
        (Step.RCPT, 550, "5.7.1 blocked", Verdict.OURS),
        (Step.RCPT, 550, "5.7.26 unauthenticated mail", Verdict.OURS),
        (Step.DOT, 550, "5.7.515 Access denied", Verdict.OURS),
        (Step.DOT, 554, "5.6.0 content rejected", Verdict.OURS),
        (Step.MAIL, 552, "5.3.4 message too large", Verdict.OURS),
        (Step.MAIL, 552, "message size exceeds limit", Verdict.OURS),
        (Step.DOT, 552, "message size exceeds limit", Verdict.OURS),
        (Step.DOT, 552, "5.2.3 message larger than the mailbox allows", Verdict.OURS),
        (Step.DOT, 554, "looks like spam", Verdict.OURS),
        (Step.DOT, 550, "rejected", Verdict.OURS),
        (Step.DATA, 554, "no valid recipients", Verdict.OURS),
        (Step.RCPT, 554, "refused", Verdict.OURS),
        (Step.RCPT, 550, "your host is on a block list", Verdict.OURS),
        (Step.RCPT, 550, "5.1.0 address rejected", Verdict.OURS),
        (Step.DOT, 550, "5.1.1.7 is not welcome", Verdict.OURS),
        (Step.MAIL, 552, "5.2.3 message too large", Verdict.OURS),
        (Step.RCPT, 503, "5.5.1 bad sequence", Verdict.OURS),
        # Nothing passes before somebody mends it.
        (Step.CONNECT, 554, "5.7.1 no service for you", Verdict.CONFIG),
        (Step.AUTH, 535, "5.7.8 wrong password", Verdict.CONFIG),
        (Step.AUTH, 504, "unknown mechanism", Verdict.CONFIG),
        (Step.MAIL, 530, "5.7.0 authentication required", Verdict.CONFIG),
        (Step.RCPT, 530, "authentication required", Verdict.CONFIG),
        (Step.RCPT, 538, "encryption required", Verdict.CONFIG),
        (Step.RCPT, 550, "5.7.8 authentication failed", Verdict.CONFIG),
        (Step.MAIL, 550, "5.1.1 who are you", Verdict.CONFIG),
        (Step.MAIL, 553, "5.7.1 sender address not owned by you", Verdict.CONFIG),
        (Step.RCPT, 550, "5.1.8 sender domain does not exist", Verdict.CONFIG),
        (Step.RCPT, 554, "5.7.1 <ada@example.org>: Relay access denied", Verdict.CONFIG),
        (Step.RCPT, 454, "4.7.1 <ada@example.org>: Relay access denied", Verdict.CONFIG),
        (Step.RCPT, 550, "5.7.54 Unable to relay recipient in non-accepted domain", Verdict.CONFIG),
        (Step.RCPT, 550, "relaying prohibited", Verdict.CONFIG),
        # No answer at all to what was asked.
        (Step.DATA, 354, "go ahead", Verdict.TEMPORARY),
        (Step.MAIL, 0, "", Verdict.TEMPORARY),
        (Step.RCPT, 999, "5.1.1 no such user", Verdict.TEMPORARY),
    ],
)
def test_a_reply_means(step: Step, code: int, text: str, meaning: Verdict) -> None:
    assert Reply(code=code, text=text, step=step).verdict is meaning


_ENHANCED = st.builds("{}.{}.{} ".format, st.integers(0, 9), st.integers(0, 20), st.integers(0, 999))


@given(
    code=st.integers(0, 999),
    enhanced=st.one_of(st.just(""), _ENHANCED),
    words=st.text(),
    step=st.sampled_from(Step),
)
def test_every_reply_has_a_meaning(code: int, enhanced: str, words: str, step: Step) -> None:
    meaning = verdict(heard(code, enhanced + words, step), step)
    assert (meaning is Verdict.ACCEPTED) == (200 <= code <= 299)
    if meaning is Verdict.PERMANENT:
        assert code // 100 == 5
        assert step in (Step.RCPT, Step.DATA, Step.DOT)


@given(code=st.integers(500, 599), text=st.text())
def test_what_is_said_about_us_never_costs_a_reader_the_subscription(code: int, text: str) -> None:
    for subject in (5, 6, 7):
        assert Reply(code=code, text=f"5.{subject}.1 {text}").verdict is not Verdict.PERMANENT


def test_several_lines_are_one_and_name_their_code_once() -> None:
    reply = heard(550, "5.1.1 The account\n5.1.1 does not exist.\n5.1.1 https://example.org/help", Step.RCPT)
    assert reply.text == "5.1.1 The account does not exist. https://example.org/help"
    assert str(reply) == "550 5.1.1 The account does not exist. https://example.org/help"


@given(words=st.text())
def test_a_reply_is_one_printable_line_of_bounded_length(words: str) -> None:
    text = heard(250, words, Step.DOT).text
    assert text.isprintable()
    assert len(text) <= 500


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("5.1.1 <ada@example.org>: unknown", "5.1.1 <…@example.org>: unknown"),
        ("5.1.1 ada.love+x@example.org, who?", "5.1.1 …@example.org, who?"),
        ('5.1.1 <"ada love"@example.org>', "5.1.1 <…@example.org>"),
        ("5.1.8 <bounces+1-7-abc@example.org>: unknown", "5.1.8 <…@example.org>: unknown"),
        ("2.0.0 queued as 9F3@mx", "2.0.0 queued as …@mx"),
        ("5.7.1 see a @ b, or @c", "5.7.1 see a @ b, or @c"),
    ],
)
def test_of_an_address_a_reply_keeps_the_domain(words: str, shown: str) -> None:
    assert heard(550, words, Step.RCPT).text == shown


@pytest.mark.parametrize("name", ["ada", "spam", "policy", "quota.full"])
def test_the_name_of_a_mailbox_does_not_decide_what_a_reply_means(name: str) -> None:
    assert heard(550, f"no such user: {name}@example.org", Step.RCPT).verdict is Verdict.PERMANENT


def test_bytes_that_are_no_text_are_shown_as_such() -> None:
    assert (
        heard(250, b"caf\xe9\x1b[2J".decode("utf-8", "surrogateescape"), Step.DOT).text
        == "caf\ufffd\ufffd[2J"
    )


def test_the_waits_grow_to_four_hours() -> None:
    waits = [retry_after(attempts, jitter=0.5) for attempts in range(1, 10)]
    assert waits == [timedelta(minutes=minutes) for minutes in (1, 5, 15, 30, 60, 120, 240, 240, 240)]


def test_jitter_moves_a_wait_by_a_fifth() -> None:
    assert retry_after(2, jitter=0.0) == timedelta(minutes=4)
    assert retry_after(2, jitter=1.0) == timedelta(minutes=6)


@given(attempts=st.integers(), jitter=st.floats(0, 1))
def test_a_wait_is_never_short_of_a_try_in_a_minute(attempts: int, jitter: float) -> None:
    assert timedelta(seconds=48) <= retry_after(attempts, jitter=jitter) <= timedelta(minutes=288)
