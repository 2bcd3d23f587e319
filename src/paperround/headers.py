"""Header fields as they travel: lines of RFC 5322, words of RFC 2047, addresses in ASCII."""

import base64
import re
import unicodedata
from collections.abc import Iterator

from paperround.settings import Mailbox

# The standard library folds headers differently from one Python release to the next, and makes an
# encoded word of a long URL. These lines are signed, stored and compared, so they are written here.

_LINE = 78  # what a line should not exceed
_LONGEST = 998  # what a line must not exceed
_WORD = 75  # what an encoded word must not exceed
_WORD_LINE = 76  # what a line that holds one must not exceed
_FRAME = len("=?utf-8?q??=")
_LOCAL_LENGTH = 64  # RFC 5321, 4.5.3.1.1
_DOMAIN_LENGTH = 253  # RFC 1035, 2.3.4, without the dot of the root

_ATEXT = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_DOT_ATOM = re.compile(rf"{_ATEXT}(?:\.{_ATEXT})*")
_ATOMS = re.compile(rf"{_ATEXT}(?: {_ATEXT})*")
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_BREAKS = re.compile("[\x00-\x20\x7f-\x9f\u2028\u2029]+")
_PLAIN_IN_Q = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!*+-/")


def field(name: str, value: str) -> str:
    """Return a field whose value stands as it is: no word of it is encoded, no line of it is broken."""
    return f"{name}: {_verbatim(name, value)}\r\n"


def text_field(name: str, text: str) -> str:
    """Return a field of free text, encoded where it must be; control characters become spaces."""
    text = flattened(text)
    words = text.split(" ")
    room = _LINE - len(name) - 2
    if not _is_plain(text) or max(map(len, words)) > room:
        return f"{name}: {_encoded(text, room=_WORD_LINE - len(name) - 2)}\r\n"
    return f"{name}: {_wrapped(words, room=room)}".rstrip(" ") + "\r\n"


def mailbox_field(name: str, mailbox: Mailbox) -> str:
    """Return a field with one display name and one address."""
    address = wire_address(mailbox.address)
    phrase = _phrase(flattened(mailbox.name), room=_WORD_LINE - len(name) - 2)
    if not phrase:
        return field(name, address)
    last_line = f"{name}: {phrase}".rpartition("\r\n")[2]
    space = " " if len(last_line) + len(address) + 3 <= _LINE else "\r\n "
    return f"{name}: {phrase}{space}<{address}>\r\n"


def list_field(name: str, title: str, identifier: str) -> str:
    """Return a List-Id field; a title that would have to be encoded or folded is left out."""
    title = flattened(title)
    if not title or not _is_plain(title):
        return field(name, f"<{identifier}>")
    named = f"{_quoted(title)} <{identifier}>"
    return field(name, named if len(name) + 2 + len(named) <= _LINE else f"<{identifier}>")


def uris_field(name: str, uris: tuple[str, ...]) -> str:
    """Return a field of URIs in angle brackets, each whole on a line of its own."""
    for uri in uris:
        if re.search(r"[<>,\s]", uri):
            raise ValueError(f"{name}: {uri!r}: percent-encode spaces, commas and angle brackets")
    lines = ",\r\n ".join(_verbatim(name, f"<{uri}>") for uri in uris)
    return f"{name}: {lines}\r\n"


def flattened(text: str) -> str:
    """Return the text on one line: each run of control characters, line breaks and spaces is one space."""
    return _BREAKS.sub(" ", text.encode(errors="replace").decode()).strip(" ")


def wire_address(address: str) -> str:
    """Return the address with its domain in ASCII, or raise ValueError, saying why it cannot get mail."""
    local, _, domain = address.rpartition("@")
    if not _DOT_ATOM.fullmatch(local) or len(local) > _LOCAL_LENGTH:
        raise ValueError(
            f"{address[:320]!r}: not an address that can get mail; it is written name@example.org, "
            "the name in ASCII letters, digits and marks without spaces or quotes"
        )
    if "=?" in local:
        raise ValueError(f"{address!r}: '=?' in an address would be read as an encoded word")
    return f"{local}@{wire_domain(domain)}"


def wire_domain(domain: str) -> str:
    """Return the domain in lower-case ASCII (`exämple.org` is `xn--exmple-cua.org`), or raise ValueError."""
    ascii_domain = domain.lower() if domain.isascii() else _a_labels(domain)
    if not _DOMAIN.fullmatch(ascii_domain) or len(ascii_domain) > _DOMAIN_LENGTH:
        raise ValueError(f"{domain[:260]!r}: not a domain; it is written like example.org")
    return ascii_domain


def _a_labels(domain: str) -> str:
    wanted = unicodedata.normalize("NFC", domain[: _DOMAIN_LENGTH + 1]).lower()
    try:
        encoded = wanted.encode("idna")
        same = encoded.decode("idna") == wanted
    except UnicodeError:
        same = False
    # IDNA 2003, which Python knows, makes straße.de a strasse.de that may belong to somebody else.
    if not same:
        raise ValueError(f"{domain[:260]!r}: write this domain in its ASCII form, which begins with xn--")
    return encoded.decode("ascii")


def _verbatim(name: str, value: str) -> str:
    if not value.isascii() or not value.isprintable() or len(name) + 2 + len(value) > _LONGEST:
        raise ValueError(f"{name}: {value[:80]!r} cannot stand in a header; use printable ASCII on one line")
    return value


def _is_plain(text: str) -> bool:
    return text.isascii() and text.isprintable() and "=?" not in text


def _phrase(name: str, *, room: int) -> str:
    if _is_plain(name) and len(_quoted(name)) <= room:
        return _quoted(name)
    return _encoded(name, room=room)


def _quoted(name: str) -> str:
    if not name or _ATOMS.fullmatch(name):
        return name
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _wrapped(words: list[str], *, room: int) -> str:
    lines = [words[0]]
    for word in words[1:]:
        if len(lines[-1]) + 1 + len(word) > room:
            lines.append(word)
        else:
            lines[-1] += f" {word}"
    return "\r\n ".join(lines)


def _encoded(text: str, *, room: int) -> str:
    """Return the text as encoded words, one a line, in the shorter of the two encodings."""
    q_costs = [len(_q(char)) for char in text]
    b_costs = [len(char.encode()) for char in text]
    if sum(q_costs) <= (sum(b_costs) + 2) // 3 * 4:
        pieces = _pieces(text, q_costs, first=room - _FRAME, rest=_WORD - _FRAME)
        words = [f"=?utf-8?q?{_q(piece)}?=" for piece in pieces]
    else:
        pieces = _pieces(text, b_costs, first=(room - _FRAME) // 4 * 3, rest=(_WORD - _FRAME) // 4 * 3)
        words = [f"=?utf-8?b?{base64.b64encode(piece.encode()).decode()}?=" for piece in pieces]
    return "\r\n ".join(words)


def _pieces(text: str, costs: list[int], *, first: int, rest: int) -> Iterator[str]:
    start, used, room = 0, 0, first
    for end, cost in enumerate(costs):
        if used + cost > room:
            yield text[start:end]
            start, used, room = end, 0, rest
        used += cost
    yield text[start:]


def _q(text: str) -> str:
    return "".join(
        chr(byte) if byte in _PLAIN_IN_Q else "_" if byte == ord(" ") else f"={byte:02X}"
        for byte in text.encode()
    )
