"""A mail that has one of everything, to try templates on."""

from paperround.languages import ENGLISH
from paperround.rendering.views import Card, Line, Link, Mail, Part, Piece

_TITLE = "A title with a matched word"

SPECIMEN = Mail(
    wording=ENGLISH,
    subject=f"16 June · {_TITLE}",
    preheader="Also: another title",
    day="Tuesday 16 June 2026",
    heading="2 papers for you",
    summary="Picked from 589 papers.",
    parts=(
        Part(
            heading="For you",
            cards=(
                Card(
                    title=(Piece("A title with a ", marked=False), Piece("matched word", marked=True)),
                    plain_title=_TITLE,
                    url="https://papers.example.org/1",
                    authors="Ada Example and Bo Example",
                    announced="15 June",
                    late=True,
                    facts=("papers.example.org", "12 June", "Example Institute"),
                    votes=56,
                    image="https://papers.example.org/1.png",
                    sentence=(Piece("We show it.", marked=False),),
                    plain_sentence="We show it.",
                    why="“matched word” is in the title",
                    links=(Link("PDF", "https://papers.example.org/1.pdf"),),
                ),
            ),
            lines=(Line(title="Another title", url="https://papers.example.org/2"),),
        ),
    ),
    left_out="3 more papers did not fit into this mail.",
    batches="Example 16 June: 589 new",
    because="You get this because ada@example.org asked for matched words.",
    view="https://papers.example.org/d/1",
    preferences="https://papers.example.org/p/1",
    unsubscribe="https://papers.example.org/u/1",
    postal_address="1 Example Street, London",
)
