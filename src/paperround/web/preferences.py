"""The page on which a reader pauses the emails, or chooses how often they come."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus

import structlog
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from paperround import translations
from paperround.clock import local_day
from paperround.languages import N_
from paperround.ports import Preferences, SubscriberId
from paperround.subscribers import Subscriber
from paperround.tokens import PREFERENCES, subscriber_of
from paperround.web.bodies import received
from paperround.web.choices import NoSuchDay, asked_for, choices
from paperround.web.forms import fields
from paperround.web.pages import Pages

_TITLE = N_("Pause, or change how often")
_SAVED = N_("Your choice is saved")
_UNCHANGED = N_("Nothing was changed")

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choosing:
    """Where readers choose how they read; `readers` tells of whoever is sent mail what the config says."""

    preferences: Preferences
    readers: Callable[[SubscriberId], Subscriber | None]
    secret: bytes
    now: Callable[[], datetime]
    pages: Pages
    patience: timedelta
    feed_address: Callable[[SubscriberId], str | None]

    async def answer(self, request: Request) -> Response:
        """Return the page, after keeping what was chosen where it is sent."""
        subscriber = subscriber_of(self.secret, PREFERENCES, request.path_params["token"])
        if subscriber is None:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        reader = await run_in_threadpool(self.readers, subscriber)
        if reader is None:
            raise HTTPException(HTTPStatus.GONE)
        # Programs that look for malware open every link of an email, so opening one changes nothing.
        if request.method != "POST":
            return await self._page(subscriber, reader, title=_TITLE)
        body = await received(request, patience=self.patience)
        form = dict(fields(request.headers.get("Content-Type", ""), body))
        try:
            change = asked_for(form, local_day(reader, self.now()), translations.wording(reader.language))
        except NoSuchDay as mistake:
            return await self._page(subscriber, reader, title=_UNCHANGED, mistake=str(mistake))
        if change is None:
            raise HTTPException(HTTPStatus.BAD_REQUEST)
        await run_in_threadpool(self.preferences.change, subscriber, change, now=self.now())
        _log.info("preferences.changed", subscriber=subscriber, change=form["change"])
        return await self._page(subscriber, reader, title=_SAVED)

    async def _page(
        self, subscriber: SubscriberId, reader: Subscriber, *, title: str, mistake: str = ""
    ) -> Response:
        overlay = await run_in_threadpool(self.preferences.overlay, subscriber)
        today = local_day(reader, self.now())
        wording = translations.wording(reader.language)
        shown = choices(reader, overlay, today, wording, title=title, mistake=mistake)
        status = HTTPStatus.UNPROCESSABLE_ENTITY if mistake else HTTPStatus.OK
        return self.pages.preferences(shown, status, wording, feed=self.feed_address(subscriber))
