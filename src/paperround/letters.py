"""A digest as the letter that goes out: rendered, addressed, signed; its bytes are final."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Self

from paperround.digests import Digest, as_shown
from paperround.dkim_signing import Signer
from paperround.messages import Unsubscribe, build, message_id, return_path, unsubscribe
from paperround.ports import DeliveryId, RequestId, SubscriberId
from paperround.rendering import Draft, Footer, Mail, Rendered, Renderer, RoundRenderer
from paperround.settings import Mailbox
from paperround.tokens import CONFIRM, FEED, PREFERENCES, digest_token, token


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A finished message; `digest` is as much of the digest as it shows."""

    message_id: str
    message: bytes
    digest: Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Letters:
    """How digests become letters in this installation.

    `bounces` is the address of the mailbox for what comes back, where there is one.
    """

    renderer: Renderer | RoundRenderer
    sender: Mailbox
    secret: bytes = field(repr=False)
    signer: Signer | None = None
    public_url: str | None = None
    postal_address: str | None = None
    idempotency_header: str | None = None
    bounces: str | None = None

    @property
    def trouble(self) -> str:
        """What is wrong with the operator's templates, where the built-in ones are used in their place."""
        return str(self.renderer.trouble or "")

    def for_round(self) -> Self:
        """Return what writes the letters of another round."""
        return replace(self, renderer=self.renderer.anew())

    def write(self, digest: Digest, subscriber: SubscriberId, *, now: datetime) -> Letter:
        """Return the letter with that digest; the same bytes for the same digest and time."""
        rendered = self.render(digest, subscriber)
        identity = message_id(digest.day, subscriber, secret=self.secret, domain=self.sender.domain)
        message = build(
            subject=rendered.subject,
            text=rendered.text,
            html=rendered.html,
            sender=self.sender,
            recipient=digest.subscriber.address,
            message_id=identity,
            date=now,
            unsubscribe=self._unsubscribe(subscriber),
            idempotency_header=self.idempotency_header,
        )
        shortened = rendered.shortened
        return Letter(
            message_id=identity,
            message=self.signer.sign(message, now=now) if self.signer else message,
            digest=as_shown(digest, only_title=shortened.only_title, left_out=shortened.left_out),
        )

    def render(self, digest: Digest, subscriber: SubscriberId) -> Rendered:
        """Return what the letter shows."""
        return self.renderer.render(
            digest, footer=self._footer(subscriber, view=self.view(subscriber, digest.day))
        )

    def seen_in_browser(self, digest: Digest, subscriber: SubscriberId) -> Rendered:
        """Return what the letter shows, but for the link that leads here."""
        return self.renderer.render(digest, footer=self._footer(subscriber, view=None))

    def mail(self, digest: Digest, subscriber: SubscriberId) -> Mail:
        """Return what the letter says, in words without a form."""
        return Draft(digest, self._footer(subscriber, view=None)).mail(0)

    def view(self, subscriber: SubscriberId, day: date) -> str | None:
        """Return the page on which the letter is seen in a browser, where there is one."""
        return self._page(f"digest/{digest_token(self.secret, subscriber, day)}")

    def feed(self, subscriber: SubscriberId) -> str | None:
        """Return where the subscriber's digests are to be had as a feed, if they are."""
        return self._page(f"feed/{token(self.secret, FEED, subscriber)}.xml")

    def return_path(self, delivery: DeliveryId) -> str:
        """Return the address to which this delivery comes back: its own, where there is a mailbox for it."""
        if self.bounces is None:
            return self.sender.address
        return return_path(delivery, secret=self.secret, mailbox=self.bounces)

    @property
    def mailbox(self) -> str:
        """The address to which mail about what we send goes."""
        return self.bounces or self.sender.address

    def confirmation(self, request: RequestId) -> str | None:
        """Return the page on which a request is confirmed, where there is one."""
        return self._page(f"confirm/{token(self.secret, CONFIRM, request)}")

    def _footer(self, subscriber: SubscriberId, *, view: str | None) -> Footer:
        ways_out = self._unsubscribe(subscriber)
        return Footer(
            unsubscribe=ways_out.url or ways_out.mailto,
            preferences=self.preferences(subscriber),
            view=view,
            postal_address=self.postal_address,
        )

    def preferences(self, subscriber: SubscriberId) -> str | None:
        """Return the page on which the subscriber chooses, where there is one."""
        return self._page(f"preferences/{token(self.secret, PREFERENCES, subscriber)}")

    def _page(self, path: str) -> str | None:
        """Return the address of a page of ours, where readers reach them."""
        return None if self.public_url is None else f"{self.public_url.rstrip('/')}/{path}"

    def _unsubscribe(self, subscriber: SubscriberId) -> Unsubscribe:
        return unsubscribe(subscriber, secret=self.secret, mailbox=self.mailbox, public_url=self.public_url)
