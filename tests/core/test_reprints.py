"""A digest made again says what the letter said."""

from dataclasses import replace
from datetime import UTC, datetime

from tests.fakes import digests
from tests.fakes.ledger import MemoryLedger

from paperround.digests import Bar, Digest, Hindrance, Match, Section
from paperround.papers import Paper, PaperId
from paperround.ports import DeliveryRecord, Plan, Status
from paperround.rendering import Renderer
from paperround.reprints import papers_of, reprinted

NOW = datetime(2026, 6, 16, 6, tzinfo=UTC)
RENDERER = Renderer()


def kept(digest: Digest) -> DeliveryRecord:
    ledger = MemoryLedger()
    address = digest.subscriber.address
    subscriber = ledger.enrol([address], now=NOW)[address]
    plan = Plan(
        subscriber=subscriber,
        day=digest.day,
        status=Status.PLANNED,
        digest=digest,
        message_id="<1@example.org>",
        message=b"",
    )
    ledger.plan([plan], now=NOW)
    (row,) = ledger.rows()
    return row


def papers_in(digest: Digest) -> dict[PaperId, Paper]:
    return {pick.paper.id: pick.paper for pick in (*digest.picks, *digest.titles)}


def again(digest: Digest) -> Digest:
    return reprinted(kept(digest), digest.subscriber, papers_in(digest))


def fullest() -> Digest:
    full = digests.full()
    followed = replace(
        full.picks[0],
        section=Section.AUTHORS,
        follows=("Ada Example",),
        matched=(Match(term="Ada Example", where=("authors",), weight=1.0),),
    )
    line = replace(full.titles[0], hindrance=Hindrance(bar=Bar.NO_ROOM))
    return replace(full, picks=(followed, *full.picks), titles=(line, *full.titles[1:]))


def test_a_digest_made_again_reads_as_it_did() -> None:
    for digest in (fullest(), digests.in_german(fullest()), digests.empty()):
        before, after = (RENDERER.render(each, footer=digests.FOOTER) for each in (digest, again(digest)))
        known_no_more = before.html.replace("555 new", "555").replace("555 neu", "555")
        assert after.html == known_no_more
        assert after.subject == before.subject


def test_of_a_mail_without_papers_the_remark_says_nothing_twice() -> None:
    noted = replace(digests.empty(), remark="a note without papers: nothing matched")
    assert again(noted).remark == ""
    ranked = replace(digests.full(), remark="ranked by words alone: the model could not be used")
    assert again(ranked).remark == ranked.remark


def test_what_is_not_known_any_more_is_left_out() -> None:
    digest = digests.full()
    known = papers_in(digest)
    del known[digest.picks[0].paper.id]
    record = kept(digest)
    assert papers_of(record) == papers_in(digest).keys()
    made = reprinted(record, digest.subscriber, known)
    assert [pick.paper.id for pick in made.picks] == [pick.paper.id for pick in digest.picks[1:]]
