"""Which links from outside may go into a mail."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paperround.links import code_link, image_link, web_link


@pytest.mark.parametrize(
    "link",
    [
        "https://arxiv.org/abs/2606.14832",
        "http://example.org",
        "https://example.org:8443/a/b.html?q=1&r=%20#part",
        "https://example.org./a",
        "http://127.0.0.1:8900/papers",
        "http://localhost:8900/",
        "http://[2001:db8::1]:8080/x",
        "https://huggingface.co/papers/2606.14832",
        "https://en.wikipedia.org/wiki/Paper_(disambiguation)",
        "https://a_b.example.org/~user/",
    ],
)
def test_a_link_to_the_web_is_taken(link: str) -> None:
    assert web_link(link) == link.replace("example.org.", "example.org")


@pytest.mark.parametrize(
    "value",
    [
        None, 7, b"https://example.org", ["https://example.org"], "", "https://", "http:///path",
        "example.org",
        "//example.org/x", "/abs/1", "ftp://example.org", "javascript:alert(1)", "data:text/html,x",
        "mailto:a@b.c",
        "https:example.org", "https:\\\\example.org", "https://user:secret@example.org/",
        "https://user@example.org/",
        "https://example.org/a b", "https://example.org/\n", " https://example.org",
        "https://example.org/\x00",
        'https://example.org/"onclick=x', "https://example.org/'x", "https://example.org/<b>",
        "https://example.org/\u202egnp", "https://example.org/\u200b", "https://example.org/\ud800",
        "https://example.org:0/", "https://example.org:99999/", "https://example.org:x/",
        "https://-a.example.org/",
        "https://a..b.org/", "https://exa%6dple.org/", "https://intranet/", "http://[::1",
        "http://[fe80::1%25eth0]/",
        "http://2130706433/", "http://127.1/", "http://0x7f.0.0.1.0x1/", "http://256.1.1.1/",
        "https://" + "a" * 64 + ".org/", "https://" + "a." * 127 + "org/",
        "https://example.org/" + "a" * 2000,
        "https://\u2488example.org/", "https://example\u3002.org/",
    ],
)  # fmt: skip
def test_what_is_no_safe_link_is_none(value: object) -> None:
    assert web_link(value) is None


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ("HTTPS://Example.ORG/Path", "https://example.org/Path"),
        ("https://b\u00fccher.example/x", "https://xn--bcher-kva.example/x"),
        ("https://fa\u00df.de/", "https://xn--fa-hia.de/"),
        ("https://example.org/caf\u00e9?q=\u00fc", "https://example.org/caf%C3%A9?q=%C3%BC"),
    ],
)
def test_a_link_is_written_in_ascii(link: str, expected: str) -> None:
    assert web_link(link) == expected


def test_a_link_that_grows_too_long_in_ascii_is_none() -> None:
    assert web_link("https://example.org/" + "\u00e9" * 1000) is None


@given(st.text() | st.text().map("https://example.org/".__add__) | st.text().map("https://".__add__))
def test_any_link_that_is_taken_is_plain(value: str) -> None:
    link = web_link(value)

    if link is not None:
        assert link.isascii()
        assert link.startswith(("http://", "https://"))
        assert not set(link) & set(" \"'<>`\\\n\r\t")
        assert web_link(link) == link


@pytest.mark.parametrize("ending", ["png", "JPG", "jpeg", "gif", "png?width=600"])
def test_an_image_that_mail_shows_is_taken(ending: str) -> None:
    assert image_link(f"https://cdn.example.org/a.{ending}") == f"https://cdn.example.org/a.{ending}"


@pytest.mark.parametrize(
    "value",
    [
        *("https://a.org/a.svg", "https://a.org/a.mp4", "https://a.org/a.webp", "https://a.org/?x=a.png"),
        *("http://a.org/a.png", "/a.png", None),
    ],
)
def test_what_not_every_mail_program_shows_is_no_image(value: object) -> None:
    assert image_link(value) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Code: https://github.com/man-sean/SP3.", "https://github.com/man-sean/SP3"),
        ("(see http://www.github.com/a/b), and", "https://github.com/a/b"),
        ("available at github.com/a/b.", "https://github.com/a/b"),
        (r"\url{https://github.com/a/b\_c}", "https://github.com/a/b_c"),
        (r"\href{https://gitlab.com/a/b}{code}", "https://gitlab.com/a/b"),
        ("https://github.com/a/b/tree/main/c;", "https://github.com/a/b/tree/main/c"),
        ("https://bitbucket.org/a/b", "https://bitbucket.org/a/b"),
        ("weights: https://huggingface.co/microsoft/phi-4!", "https://huggingface.co/microsoft/phi-4"),
        ("https://huggingface.co/datasets/a/b and https://github.com/a/c", "https://github.com/a/c"),
        ("https://github.com/topics/llm, https://github.com/a", None),
        ("https://huggingface.co/papers/2606.14832", None),
        ("https://evilgithub.com/a/b", None),
        ("https://example.org/github.com/a/b", None),
        ("https://github.com.evil.org/a/b", None),
        ("me@github.com/a/b", None),
        ("no link", None),
    ],
)
def test_the_first_repository_in_a_text_is_found(text: str, expected: str | None) -> None:
    assert code_link(text) == expected


@pytest.mark.parametrize("piece", ["github.com/a/", "https://github.com/a/b.", "a/", "https://"])
def test_a_long_and_hostile_text_is_searched_in_time(piece: str) -> None:
    code_link(piece * (200_000 // len(piece)))
