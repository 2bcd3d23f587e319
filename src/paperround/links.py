"""Links from outside: only what is safe and sensible to put in a mail."""

import ipaddress
import re
from urllib.parse import quote, urlsplit

import idna


def web_link(value: object) -> str | None:
    """Return the value if it is an absolute http(s) link to a real host, in ASCII, and None otherwise.

    Without user information, blanks, controls, quotation marks and angle brackets, and no longer than
    2,000 characters.
    """
    if not isinstance(value, str) or len(value) > _LONGEST or _UNSAFE.search(value):
        return None
    try:
        parts = urlsplit(value)
        host, port = _host(parts.hostname or ""), parts.port
    except ValueError:  # also what idna raises
        return None
    if parts.scheme not in {"http", "https"} or host is None or "@" in parts.netloc or port == 0:
        return None
    place = host if port is None else f"{host}:{port}"
    rest = value.partition("://")[2][len(parts.netloc) :]
    link = f"{parts.scheme}://{place}{quote(rest, safe=_ASCII_SIGNS)}"
    return link if len(link) <= _LONGEST else None


def image_link(value: object) -> str | None:
    """Return the value if it is an https link to an image of a kind that every mail program shows."""
    link = web_link(value)
    if link is None or not link.startswith("https://"):
        return None
    return link if urlsplit(link).path.lower().endswith(_IMAGES) else None


def code_link(text: str) -> str | None:
    """Return the first link in the text to a repository with code or a model.

    The text may still hold TeX's escapes; a link without its scheme counts as well.
    """
    for found in _REPOSITORY.finditer(_ESCAPED.sub(r"\1", text)):
        if found["first"].lower() not in _NO_OWNERS[found["host"].lower()]:
            return web_link(f"https://{found['host'].lower()}{_trimmed(found['path'])}")
    return None


_LONGEST = 2000
_UNSAFE = re.compile(
    r"[\x00-\x20\x7f-\xa0\"'<>`\\\s\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ud800-\udfff]"
)
_ASCII_SIGNS = "!#$%&()*+,-./:;=?@[]^_{|}~"
_IMAGES = (".png", ".jpg", ".jpeg", ".gif")  # WebP is a red cross in Outlook on Windows

_LONGEST_HOST = 253
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMBER = re.compile(r"\d+|0x[0-9a-f]*")

_REPOSITORY = re.compile(
    r"(?<![\w./@-])(?:https?://)?(?:www\.)?(?P<host>github\.com|gitlab\.com|bitbucket\.org|huggingface\.co)"
    r"(?P<path>/(?P<first>[\w.-]{1,100})/[\w.-]{0,99}\w[\w./%#?=&+~@:-]{0,500})",
    re.ASCII | re.IGNORECASE,
)
_ESCAPED = re.compile(r"\\([_%#&~])")
_OF_GITHUB = frozenset({"topics", "orgs", "sponsors", "features", "search", "marketplace", "apps", "about"})
_OF_HUGGING_FACE = frozenset(
    {"papers", "blog", "docs", "collections", "datasets", "learn", "posts", "tasks", "organizations", "api"}
)
_NO_OWNERS = {
    "github.com": _OF_GITHUB,
    "gitlab.com": frozenset({"explore", "help"}),
    "bitbucket.org": frozenset({"product", "blog"}),
    "huggingface.co": _OF_HUGGING_FACE,
}


def _host(name: str) -> str | None:
    """Return the host in the letters of the DNS, or None if there can be no such host."""
    if ":" in name and "%" not in name:
        return f"[{ipaddress.IPv6Address(name)}]"
    if not name or len(name) > _LONGEST_HOST:
        return None
    name = name.removesuffix(".")
    host = name if name.isascii() else idna.encode(name, uts46=True).decode("ascii")
    labels = host.split(".")
    if _NUMBER.fullmatch(labels[-1]):
        return str(ipaddress.IPv4Address(host))
    if len(labels) < len(("example", "org")) and host != "localhost":
        return None
    return host if all(_LABEL.fullmatch(label) for label in labels) else None


def _trimmed(path: str) -> str:
    """Return the path without what belongs to the sentence around it."""
    return path.rstrip(".,;:?!&=+-/@%#~")
