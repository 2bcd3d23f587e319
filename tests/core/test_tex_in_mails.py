"""TeX reads as text wherever a mail shows it: in the subject, in the HTML and in the text part."""

from dataclasses import replace
from datetime import date
from functools import cache
from typing import Any, cast

import pytest
from lxml import html
from tests.fakes import digests

from paperround.digests import Digest, Pick, Section
from paperround.papers import Paper, PaperId
from paperround.rendering import Rendered, Renderer
from paperround.sources import fields

# ruff: noqa: RUF001 - letters that look like others are what this is about

EXAMPLES = [
    (r"$\textit{Trans-LoRA}$: towards data-free", "Trans-LoRA: towards data-free"),
    (r"Adapt-$\infty$: Scalable", "Adapt-∞: Scalable"),
    (r"$R^2$-Tuning", "R²-Tuning"),
    (r"Di$\mathtt{[M]}$O", "Di[M]O"),
    (r"LLM$\times$MapReduce-V2", "LLM×MapReduce-V2"),
    (r"in $\mathcal{O}(n^2)$ steps", "in 𝒪(n²) steps"),
    (r"3.2\% better", "3.2% better"),
    (r"graphs, trees \etc", "graphs, trees etc."),
    (r"an \emph{x} of its own", "an x of its own"),
    (r"as before \cite{a}, but faster", "as before, but faster"),
    (r"Poincar\'e maps", "Poincaré maps"),
    (r"H\"older spaces", "Hölder spaces"),
    (r"Erd\H{o}s numbers", "Erdős numbers"),
    (r"$\mathbb{R}^{d\times k}$ and $\beta_{t+1}$", "ℝ^(d×k) and βₜ₊₁"),
    (r"$\|x\|_2$ beside $\ell_1$", "‖x‖₂ beside ℓ₁"),
    (r"our \href{https://github.com/a}{code}", "our code"),
    # What is no TeX, or cannot be turned into text, stays as it was written.
    ("costs $5 and $10 today", "costs $5 and $10 today"),
    ("we gain 5% on X & more", "we gain 5% on X & more"),
    ("a state-of-the-art trans-lora", "a state-of-the-art trans-lora"),
    (r"an open $x_{i$ and \frac{a}", r"an open $x_{i$ and \frac{a}"),
]


@cache
def renderer() -> Renderer:
    return Renderer()


def mail(source: str) -> Rendered:
    paper = Paper(
        id=PaperId("arxiv:2606.00001"),
        title=fields.title(source),
        url="https://arxiv.org/abs/2606.00001",
        published=date(2026, 6, 12),
        abstract=fields.abstract(f"We study {source}"),
        authors=fields.authors([source]),
    )
    picked = Pick(paper=paper, section=Section.FOR_YOU, relevance=0.5, announced=digests.DAY)
    digest = Digest(
        subscriber=digests.READER,
        day=digests.DAY,
        picks=(picked, replace(picked, section=Section.TRENDING)),
        titles=(replace(picked, section=Section.MORE),),
        batches=(),
        considered=9,
        rejected={},
    )
    return renderer().render(digest, footer=digests.FOOTER)


@pytest.mark.parametrize(("source", "shown"), EXAMPLES)
def test_tex_reads_as_text_everywhere_in_a_mail(source: str, shown: str) -> None:
    rendered = mail(source)
    page = html.document_fromstring(rendered.html)

    def read(path: str) -> set[str]:
        return {" ".join(each.text_content().split()) for each in cast("list[Any]", page.xpath(path))}

    assert rendered.subject == f"16 June · {shown} and 1 more"
    assert read("//title") == {rendered.subject}
    assert read("//body/div[1]") == {f"Also: {shown}"}
    assert read("//h3 | //h3/following-sibling::p[1] | //li") == {shown}
    assert read("//h3/following-sibling::p[@dir]") == {f"We study {shown}"}
    for number in (1, 2):
        assert f"\n{number}. {shown}\n   {shown}\n" in rendered.text
    assert f"\n   We study {shown}\n" in rendered.text
    assert f"\n3. {shown}\n" in rendered.text
