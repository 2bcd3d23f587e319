"""The web application with one reader, on a Tuesday at noon."""

from collections.abc import Collection
from datetime import UTC, datetime, time
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import httpx
from starlette.applications import Starlette
from tests.fakes.asking import URLENCODED, ask
from tests.fakes.ledger import MemoryLedger
from tests.fakes.preferences import MemoryPreferences

from paperround.keywords import exclusion, keyword
from paperround.languages import Language
from paperround.papers import Paper, PaperId
from paperround.preferences import Overlay, Rhythm
from paperround.subscribers import Interests, Pause, Subscriber
from paperround.tokens import PREFERENCES, token
from paperround.trials import Trial, trial
from paperround.web import Health, create_app
from paperround.web.monitoring import Probes
from paperround.web.status import Lookout

SECRET = bytes(range(32))
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
ADDRESS = "ada@example.org"
READER = Subscriber(
    address=ADDRESS,
    name="Ada Lovelace",
    interests=Interests(
        keywords=(
            keyword("diffusion models"),
            keyword("LoRA", weight=3),
            keyword("planning", "LLM"),
        ),
        exclude=(exclusion("survey"),),
    ),
    timezone=ZoneInfo("Europe/London"),
    deliver_at=time(7),
)
PAPERS = tuple(
    Paper(id=PaperId(f"test:{number}"), title=title, url="https://example.org/", published=NOON.date())
    for number, title in enumerate(
        ["Diffusion models", "A LoRA", "A survey of diffusion models", "Planning by an LLM", "On frogs"]
    )
)


class Site:
    """A site with one reader, and what they chose there."""

    def __init__(self, reader: Subscriber | None = READER, *, now: datetime = NOON) -> None:
        ledger = MemoryLedger()
        self.ada = ledger.enrol([ADDRESS], now=now)[ADDRESS]
        self.preferences = MemoryPreferences(ledger)
        self.reader = reader
        self.language = reader.language if reader else Language.ENGLISH
        self.now = now
        self.papers = True
        self.link = f"/preferences/{token(SECRET, PREFERENCES, self.ada)}"

    def app(
        self,
        *,
        hosts: Collection[str] | None = None,
        probes: Probes | None = None,
        lookout: Lookout | None = None,
    ) -> Starlette:
        return create_app(
            ledger=MemoryLedger(),
            preferences=self.preferences,
            readers={self.ada: self.reader}.get,
            language={self.ada: self.language}.get,
            secret=SECRET,
            health=Health,
            now=lambda: self.now,
            sender_name="Paper Round",
            probes=probes,
            hosts=hosts,
            lookout=lookout,
            trial=self.trial,
        )

    def open(self, path: str | None = None) -> httpx.Response:
        return ask("GET", path or self.link, self.app())

    def choose(self, **form: str) -> httpx.Response:
        return ask("POST", self.link, self.app(), urlencode(form).encode(), URLENCODED)

    def trial(self, interests: Interests) -> Trial | None:
        """Return what interests meet among the papers."""
        return trial(interests, PAPERS, since=NOON.date()) if self.papers else None

    @property
    def overlay(self) -> Overlay:
        return self.preferences.overlay(self.ada) or Overlay(chosen_at=self.now)

    @property
    def pause(self) -> Pause | None:
        return self.overlay.pause

    @property
    def rhythm(self) -> Rhythm | None:
        return self.overlay.rhythm
