"""A site that shows the papers of three days to everybody."""

from datetime import UTC, date, datetime, timedelta

import httpx
from starlette.applications import Starlette
from tests.fakes.asking import ask
from tests.fakes.days import MONDAY, TUESDAY, WEDNESDAY
from tests.fakes.ledger import MemoryLedger
from tests.fakes.library import MemoryLibrary
from tests.fakes.preferences import MemoryPreferences

from paperround.batches import Batch, BatchState
from paperround.papers import Paper, PaperId
from paperround.web import Health, create_app

NOON = datetime(2026, 6, 17, 12, tzinfo=UTC)

LORA = Paper(
    id=PaperId("arxiv:2606.00001"),
    title="LoRA for diffusion models",
    url="https://arxiv.org/abs/2606.00001",
    published=date(2026, 6, 12),
    abstract="Models grow. We propose LoRA for diffusion models. It is small.",
    authors=("Ada Lovelace", "Grace Hopper"),
    organization="Analytical Engines",
    categories=("cs.CV", "cs.LG"),
    keywords=("adapters",),
    votes=45,
    pdf_url="https://arxiv.org/pdf/2606.00001",
    code_url="https://github.com/ada/lora",
    project_url="https://lora.example.org/",
)
ROBOTS = Paper(
    id=PaperId("arxiv:2606.00002"),
    title="Robots that plan",
    url="https://arxiv.org/abs/2606.00002",
    published=MONDAY,
    abstract="Robots plan.",
    authors=("René Descartes",),
    categories=("cs.RO",),
)
HOSTILE = Paper(
    id=PaperId("test:hostile"),
    title="<script>alert(1)</script> & \u202eesrever",
    url="javascript:alert(1)",
    published=MONDAY,
    abstract="<img src=x onerror=alert(1)> \"quoted\" 'too' $x^2$ {{ 7 * 7 }}",
    authors=("<b>Bold</b>", '"><script>'),
    organization="</details><h1>Org",
    categories=("<i>",),
    keywords=("<u>",),
    votes=1,
    pdf_url="data:text/html,<script>",
)
ADA_FIRST = Batch(source="Hugging Face", day=WEDNESDAY, state=BatchState.FRESH, papers=(LORA, HOSTILE))
ARXIV = Batch(source="arXiv", day=WEDNESDAY, state=BatchState.FRESH, papers=(ROBOTS, LORA))
EARLIER = Batch(
    source="arXiv",
    day=MONDAY,
    state=BatchState.FRESH,
    papers=tuple(
        Paper(
            id=PaperId(f"arxiv:2605.{number:05}"),
            title=f"On robots, part {number}",
            url=f"https://arxiv.org/abs/2605.{number:05}",
            published=MONDAY,
        )
        for number in range(60)
    ),
)
QUIET = Batch(source="arXiv", day=TUESDAY, state=BatchState.QUIET)


class ReadingRoom:
    """The site, and what it shows."""

    def __init__(self, *batches: Batch) -> None:
        self.library = MemoryLibrary()
        for batch in batches or (EARLIER, QUIET, ARXIV, ADA_FIRST):
            self.library.record(batch, now=NOON)

    def app(self, *, patience: timedelta = timedelta(seconds=10)) -> Starlette:
        return create_app(
            ledger=MemoryLedger(),
            preferences=MemoryPreferences(MemoryLedger()),
            readers=lambda _: None,
            language=lambda _: None,
            secret=bytes(range(32)),
            health=Health,
            now=lambda: NOON,
            sender_name="Paper Round",
            papers=self.library,
            patience=patience,
        )

    def open(self, path: str, **headers: str) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return ask("GET", path, self.app(), headers=named)
