"""The page on which a reader pauses the emails, or chooses when they come and what is in them."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
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
from paperround.preferences import Overlay, overlaid
from paperround.subscribers import Interests, Subscriber
from paperround.tokens import PREFERENCES, subscriber_of
from paperround.trials import Trial
from paperround.web.bodies import received
from paperround.web.choices import Typed, asked_for, choices, wanted
from paperround.web.forms import fields
from paperround.web.options import Mistaken
from paperround.web.pages import Pages
from paperround.web.topics import Form

_TITLE = N_("Pause, or change what comes")
_SAVED = N_("Your choice is saved")
_UNCHANGED = N_("Nothing was changed")
_TRIED = N_("Tried, and not saved yet")
_LARGEST_BODY = 131_072  # bytes; interests may be told in many sentences
_MOST_FIELDS = 1000  # each keyword with settings has one

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choosing:
    """Where readers choose how they read; `readers` tells of whoever is sent mail what the config says.

    `trial` says what interests would have brought, or None where nothing is known of that.
    """

    preferences: Preferences
    readers: Callable[[SubscriberId], Subscriber | None]
    secret: bytes
    now: Callable[[], datetime]
    pages: Pages
    patience: timedelta
    feed_address: Callable[[SubscriberId], str | None]
    trial: Callable[[Interests], Trial | None] | None = None
    _trying: asyncio.Lock = field(default_factory=asyncio.Lock)  # it takes a second, and can wait

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
        body = await received(request, patience=self.patience, largest=_LARGEST_BODY)
        form = fields(request.headers.get("Content-Type", ""), body, most=_MOST_FIELDS)
        try:
            if dict(form).get("change") == "try" and self.trial is not None:
                return await self._tried(subscriber, reader, form, self.trial)
            return await self._changed(subscriber, reader, form)
        except Mistaken as error:
            typed = Typed(form=form, mistakes=error.mistakes)
            return await self._page(subscriber, reader, title=_UNCHANGED, typed=typed)

    async def _changed(self, subscriber: SubscriberId, reader: Subscriber, form: Form) -> Response:
        """Keep what the form asks for."""
        overlay = await run_in_threadpool(self.preferences.overlay, subscriber)
        today = local_day(self._current(reader, overlay), self.now())
        change = asked_for(form, reader, overlay, today, translations.wording(reader.language))
        if change is None:
            raise HTTPException(HTTPStatus.BAD_REQUEST)
        await run_in_threadpool(self.preferences.change, subscriber, change, now=self.now())
        _log.info("preferences.changed", subscriber=subscriber, change=dict(form)["change"])
        return await self._page(subscriber, reader, title=_SAVED)

    async def _tried(
        self,
        subscriber: SubscriberId,
        reader: Subscriber,
        form: Form,
        trial: Callable[[Interests], Trial | None],
    ) -> Response:
        """Keep nothing, and say what the form's interests would have brought."""
        overlay = await run_in_threadpool(self.preferences.overlay, subscriber)
        interests = wanted(form, reader, overlay, translations.wording(reader.language))
        async with self._trying:
            found = await run_in_threadpool(trial, interests)
        return await self._page(subscriber, reader, title=_TRIED, typed=Typed(form=form, trial=found))

    async def _page(
        self, subscriber: SubscriberId, reader: Subscriber, *, title: str, typed: Typed | None = None
    ) -> Response:
        overlay = await run_in_threadpool(self.preferences.overlay, subscriber)
        today = local_day(self._current(reader, overlay), self.now())
        wording = translations.wording(reader.language)
        can_try = self.trial is not None
        shown = choices(reader, overlay, today, wording, title=title, typed=typed, trial=can_try)
        status = HTTPStatus.UNPROCESSABLE_ENTITY if typed and typed.mistakes else HTTPStatus.OK
        return self.pages.preferences(shown, status, wording, feed=self.feed_address(subscriber))

    @staticmethod
    def _current(reader: Subscriber, overlay: Overlay | None) -> Subscriber:
        return overlaid([reader], {reader.address: overlay} if overlay else {})[0]
