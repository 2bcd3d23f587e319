"""What a spam filter thinks of a digest."""

import re
import subprocess
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from paperround.digests import Digest, Match, Pick, Section
from paperround.keywords import keyword
from paperround.languages import Language
from paperround.letters import Letters
from paperround.papers import Paper, PaperId
from paperround.ports import SubscriberId
from paperround.rendering import Renderer
from paperround.settings import Mailbox
from paperround.subscribers import Interests, Subscriber

DAY = date(2026, 6, 16)


def letter(*, images: bool, language: Language) -> bytes:
    picks = tuple(
        Pick(
            paper=Paper(
                id=PaperId(f"arxiv:2606.{number:05}"),
                title=f"Planning with language models, part {number}",
                url=f"https://arxiv.org/abs/2606.{number:05}",
                published=DAY,
                abstract="We show that a model that plans before it acts needs fewer steps.",
                authors=("Ada Example", "Bo Example"),
                votes=number,
                image_url=f"https://pictures.example.org/{number}.png",
            ),
            section=Section.FOR_YOU,
            relevance=0.8,
            announced=DAY,
            matched=(Match(term="planning", where=("title", "abstract"), weight=1.0),),
            reasons=("Matches planning in the title and the abstract",),
        )
        for number in range(1, 8)
    )
    subscriber = Subscriber(
        address="ada@example.org",
        interests=Interests(keywords=(keyword("planning"),)),
        timezone=ZoneInfo("Europe/London"),
        deliver_at=time(7, 30),
        images=images,
        language=language,
    )
    digest = Digest(
        subscriber=subscriber, day=DAY, picks=picks, titles=(), batches=(), considered=90, rejected={}
    )
    letters = Letters(
        renderer=Renderer(),
        sender=Mailbox(name="Paper Round", address="papers@example.org"),
        secret=b"s" * 32,
        public_url="https://papers.example.org",
        postal_address="1 Example Street, London",
    )
    return letters.write(digest, SubscriberId(7), now=datetime.now(UTC)).message


@pytest.mark.needs("spamassassin")
@pytest.mark.parametrize("images", [False, True])
@pytest.mark.parametrize("language", list(Language))
def test_a_spam_filter_with_its_local_rules_finds_nothing_wrong(
    images: bool,  # noqa: FBT001 - an example's input
    language: Language,
) -> None:
    command = ["spamassassin", "--local", "--test-mode"]
    report = subprocess.run(
        command, input=letter(images=images, language=language), capture_output=True, check=True
    ).stdout.decode()
    score = re.search(r"^X-Spam-Status: .*\bscore=(-?[\d.]+)", report, re.MULTILINE)
    assert score is not None, report
    assert float(score[1]) <= 1.0, report
