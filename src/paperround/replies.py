"""An SMTP reply: what it means for the delivery and for the subscriber."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a relay answered: the three-digit code, and its words on one line."""

    code: int
    text: str

    def __str__(self) -> str:
        return f"{self.code} {self.text}".strip()
