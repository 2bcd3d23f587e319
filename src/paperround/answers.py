"""The mails to people who ask for the papers: confirm it; or, you read them already."""

from dataclasses import dataclass
from datetime import datetime

from paperround import translations
from paperround.languages import Wording
from paperround.letters import Letters
from paperround.messages import answer_id, build
from paperround.ports import Request, SubscriberId
from paperround.rendering import Answer, AnswerRenderer


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """How this installation answers to who asks, in the language in which they did.

    Nothing that they typed is in it but the address it goes to: else anybody could have us send their words
    to anybody.
    """

    renderer: AnswerRenderer
    letters: Letters

    def confirm(self, request: Request, *, now: datetime) -> bytes:
        """Return the mail with the link by which a request is confirmed."""
        wording = translations.wording(request.wish.language)
        sender = self.letters.sender.shown
        answer = Answer(
            subject=wording.gettext("Confirm your subscription to {sender}", sender=sender),
            before=(
                wording.gettext(
                    "Somebody, most likely you, asked {sender} to send new papers on chosen keywords to this "
                    "address.",
                    sender=sender,
                ),
                wording.gettext("To get them, open this link within two days and press the button there:"),
            ),
            label=wording.gettext("Confirm the subscription"),
            link=self.letters.confirmation(request.id) or "",
            after=(wording.gettext("It was not you? Then do nothing, and nothing comes."),),
            sender=sender,
            postal_address=self.letters.postal_address,
        )
        return self._message(answer, request, wording, now=now)

    def already(self, request: Request, subscriber: SubscriberId, *, now: datetime) -> bytes:
        """Return the mail for somebody who reads already, with the link to the page on which they choose."""
        wording = translations.wording(request.wish.language)
        sender = self.letters.sender.shown
        answer = Answer(
            subject=wording.gettext("You get {sender} already", sender=sender),
            before=(
                wording.gettext(
                    "Somebody, most likely you, asked {sender} to send new papers to this address. They come "
                    "already, so nothing was changed.",
                    sender=sender,
                ),
                wording.gettext("To pause the emails, or to change how often they come, open this link:"),
            ),
            label=wording.gettext("Choose how to read"),
            link=self.letters.preferences(subscriber) or "",
            after=(wording.gettext("It was not you? Then do nothing: all stays as it is."),),
            sender=sender,
            postal_address=self.letters.postal_address,
        )
        return self._message(answer, request, wording, now=now)

    def _message(self, answer: Answer, request: Request, wording: Wording, *, now: datetime) -> bytes:
        html, text = self.renderer.render(answer, wording)
        letters = self.letters
        message = build(
            subject=answer.subject,
            text=text,
            html=html,
            sender=letters.sender,
            recipient=request.address,
            message_id=answer_id(request.id, secret=letters.secret, domain=letters.sender.domain),
            date=now,
            unsubscribe=None,
        )
        return letters.signer.sign(message, now=now) if letters.signer else message
