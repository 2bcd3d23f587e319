import pytest
from tests.fakes import digests

from paperround.rendering import Rendered, Renderer, Shortened, findings, pictures

LINK = '<a href="https://example.org/a">Read</a>'
IMAGE = '<img src="https://cdn.example.org/a.png" alt="" width="120">'


def mail(html: str = "", *, text: str = "Hello", shortened: Shortened | None = None) -> Rendered:
    return Rendered(subject="16 June", preheader="", html=html, text=text, shortened=shortened or Shortened())


def test_in_the_mails_of_the_built_in_templates_there_is_nothing_to_mend() -> None:
    for digest in (digests.full(), digests.empty()):
        assert findings(Renderer().render(digest, footer=digests.FOOTER)) == ()


@pytest.mark.parametrize(
    "html",
    [
        LINK,
        IMAGE,
        '<a href="MAILTO:papers@example.org">Leave</a>',
        '<a href="https://example.org/">' + IMAGE.replace('alt=""', 'alt="Home"') + "</a>",
        '<a href="https://example.org/" aria-label="Home"><span></span></a>',
        '<a href="https://example.org/?a=1&amp;b=2"> <b>Read</b> </a>',
        '<img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=" alt="A dot" width="1">',
        '<!-- <a href="/old">Old</a> <img src="old.png"> -->',
    ],
)
def test_what_works_in_a_mail_is_no_finding(html: str) -> None:
    assert findings(mail(html)) == ()


@pytest.mark.parametrize(
    ("html", "finding"),
    [
        ('<a href="/about">About</a>', "A link leads to /about: in a mail, only whole http(s) links"),
        ('<a href="javascript:alert(1)">Try</a>', "A link leads to javascript:alert(1): "),
        ('<a href="https://">Try</a>', "A link leads to https://: "),
        (
            '<a href="https://ada:secret@example.org/">Try</a>',
            "A link leads to https://ada:secret@example.org/",
        ),
        ('<a href="">Try</a>', "A link leads to nowhere: "),
        ("<a>Try</a>", "A link leads to nowhere: "),
        ('<a href="https://example.org/a"> </a>', "The link to https://example.org/a has no text: "),
        (f'<a href="https://example.org/a">{IMAGE}</a>', "The link to https://example.org/a has no text: "),
        (IMAGE.replace('alt=""', ""), "The image https://cdn.example.org/a.png has no alt: "),
        (IMAGE.replace('width="120"', ""), "The image https://cdn.example.org/a.png has no width: "),
        (
            IMAGE.replace("https", "http"),
            "The image http://cdn.example.org/a.png would be loaded where others",
        ),
        (
            IMAGE.replace("https://cdn.example.org", "img"),
            "The image img/a.png is not found by a mail program: ",
        ),
        (IMAGE.replace("src", "data-src"), "An image without an address is not found by a mail program: "),
    ],
)
def test_each_thing_to_mend_is_a_sentence_that_names_it(html: str, finding: str) -> None:
    (found,) = findings(mail(html))
    assert found.startswith(finding)


def test_what_is_wrong_again_and_again_is_said_once() -> None:
    assert len(findings(mail('<a href="/about">About</a>' * 20))) == 1


def test_an_address_without_end_is_cut() -> None:
    (found,) = findings(mail(f'<a href="/{"a" * 5000}">About</a>'))
    assert len(found) < 200


def test_a_mail_without_text_is_named() -> None:
    assert findings(mail(text=" \n")) == ("The text part is empty.",)


def test_what_was_left_out_to_stay_small_is_counted() -> None:
    shortened = Shortened(no_sentence=2, only_title=1, left_out=3)
    (found,) = findings(mail(shortened=shortened))
    assert found == (
        "Made shorter to stay under 90,000 bytes: "
        "2 papers without a sentence, 1 paper as a title line and 3 papers left out."
    )


def test_only_images_from_elsewhere_are_pictures_that_opening_a_mail_loads() -> None:
    assert pictures(LINK + IMAGE * 2 + IMAGE.replace("https", "http")) == 3
    assert pictures('<img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=" alt="">') == 0
