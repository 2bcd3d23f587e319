"""Digests as mails show them at their fullest and at their emptiest."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from paperround.batches import BatchRecord, BatchState
from paperround.digests import Digest, Match, Pick, Section
from paperround.keywords import keyword
from paperround.languages import Language
from paperround.papers import Paper, PaperId
from paperround.rendering import Footer
from paperround.subscribers import Interests, Subscriber

DAY = date(2026, 6, 16)
FOOTER = Footer(
    unsubscribe="https://papers.example.org/u/1.abc",
    preferences="https://papers.example.org/p/1.abc",
    view="https://papers.example.org/d/1.abc",
    postal_address="1 Example Street, London",
)
READER = Subscriber(
    address="ada@example.org",
    timezone=ZoneInfo("Europe/London"),
    deliver_at=time(7, 30),
    interests=Interests(keywords=(keyword("planning"), keyword("LoRA")), authors=("Ada Example",)),
    images=True,
)


def full() -> Digest:
    """Return a digest with a paper in each section, known well and hardly, and title lines."""
    sections = list(Section)[:-1]
    picks = tuple(_pick(_paper(at), section) for at, section in enumerate(sections))
    bare = Paper(id=PaperId("x:1"), title="A bare paper", url="javascript:alert(1)", published=DAY)
    return _digest(
        picks=(*picks, _pick(bare, Section.FOR_YOU)),
        titles=(_pick(_paper(8), Section.MORE), _pick(bare, Section.MORE)),
    )


def in_german(digest: Digest) -> Digest:
    """Return the digest of somebody who reads in German."""
    return replace(digest, subscriber=replace(digest.subscriber, language=Language.GERMAN))


def empty() -> Digest:
    """Return a digest without a paper."""
    return _digest()


def _digest(*, picks: tuple[Pick, ...] = (), titles: tuple[Pick, ...] = ()) -> Digest:
    batch = BatchRecord(
        source="arXiv",
        day=DAY,
        state=BatchState.FRESH,
        papers=555,
        new=555,
        reason="",
        etag=None,
        fetched_at=datetime(2026, 6, 16, tzinfo=UTC),
    )
    return Digest(
        subscriber=READER,
        day=DAY,
        picks=picks,
        titles=titles,
        batches=(batch,),
        considered=589,
        rejected={},
    )


def _paper(number: int) -> Paper:
    return Paper(
        id=PaperId(f"arxiv:2606.{number:05}"),
        title=f"Planning with LoRA, part {number}: R²-Tuning & <more> of “it”",
        url=f"https://arxiv.org/abs/2606.{number:05}",
        published=date(2026, 6, 12),
        abstract="Plans are hard. We show that planning before acting halves the steps. Code is public.",
        authors=tuple(f"{name} Example" for name in ("Ada", "Bo", "Cy", "Di", "Ed", "Flo", "Gus")),
        organization="Example Institute",
        categories=("cs.CL",),
        votes=number,
        pdf_url=f"https://arxiv.org/pdf/2606.{number:05}",
        code_url="https://code.example.org/planning?a=1&b=2",
        project_url="https://planning.example.org/",
        image_url=f"https://pictures.example.org/{number}.png",
    )


def _pick(paper: Paper, section: Section) -> Pick:
    return Pick(
        paper=paper,
        section=section,
        relevance=0.8,
        announced=DAY - timedelta(1) if section is Section.LATE else DAY,
        matched=(Match(term="planning", where=("title", "abstract"), weight=1.0),),
        reasons=("Matches planning in the title and the abstract",),
        version=2 if section is Section.UPDATES else None,
    )
