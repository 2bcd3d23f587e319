"""How often a short keyword finds what was not meant, and how relevance spreads over recorded days.

    python benchmarks/precision.py FOLDER [--json]

FOLDER holds recorded days. A hit is a paper; it is false where the paper does not hold what the reader
meant. What is meant, whether the keyword is typed in capitals or not:

* `rag`, `sam`, `gan`, `nas`, `rl`, `lora`, `ai`: the acronym as its field writes it, its plural too, as a
  word of its own or a part of one with hyphens: RAG, RAGs, "RAG-based". A Sam is no SAM, a rag no RAG, and
  LoRa is a radio. In the keywords of the source, which are all in lower case, capitals do not matter.
* `agent`: agent or agents in whatever capitals, "multi-agent" too. "Agentic" and "agency" are other words.

Names made of several words in one, such as GraphRAG or SAM2, are not asked for by any of these. What is
meant and not found is told as missed. Beside paperround, the matcher that looks for the letters anywhere.
"""

import json
import re
import sys
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from statistics import fmean
from typing import Annotated

import numpy as np
import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from paperround.issue import KNOWN
from paperround.keywords import keyword
from paperround.papers import Paper
from paperround.ranking import Ranking
from paperround.subscribers import Interests
from recorded import RecordingError, days

# What is meant by each keyword, and the ways in which people type it.
MEANT = {
    "RAGs?": ("rag", "RAG"),
    "SAMs?": ("sam", "SAM"),
    "GANs?": ("gan", "GAN"),
    "NAS": ("nas", "NAS"),
    "RL": ("rl", "RL"),
    "LoRAs?|LORAs?": ("lora", "LoRA"),
    "AIs?": ("ai", "AI"),
    "[Aa]gents?|AGENTS?": ("agent",),
}
QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9, 1.0)
THRESHOLDS = (0.2, 0.5, 0.7)

# A reader is the first two, eight or forty of either.
NARROW = """
    LoRA; retrieval-augmented generation; speculative decoding; mixture of experts; Gaussian splatting;
    chain-of-thought; world models; KV cache; flow matching; visual question answering; code generation;
    knowledge distillation; sparse autoencoders; diffusion transformers; preference optimization; GRPO;
    reward hacking; tool calling; prompt injection; machine unlearning; state space models; low-resource
    languages; speech recognition; text-to-video; optical flow; pose estimation; point clouds; SLAM; imitation
    learning; motion planning; federated learning; differential privacy; graph neural networks; time series
    forecasting; molecular generation; protein language models; medical image segmentation; theorem proving;
    recommender systems; test-time scaling
"""
BROAD = """
    large language models; reinforcement learning; vision-language models; diffusion models; reasoning;
    agents; benchmark; robotics; multimodal; safety; alignment; fine-tuning; evaluation; generation;
    optimization; transformers; video; 3D; speech; planning; retrieval; memory; efficiency; inference;
    attention; datasets; self-supervised learning; pretraining; representation learning;
    interpretability; robustness; compression; segmentation; detection; translation; embeddings;
    simulation; uncertainty; causal inference; privacy
"""
SENTENCE = "robots that learn manipulation from few human demonstrations"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hits:
    """What a matcher finds for a keyword, in papers."""

    keyword: str
    matcher: str
    meant: int
    found: int
    false: int
    missed: int
    false_share: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How relevant a reader's papers are: quantiles over all days, and how many lie above, day by day."""

    reader: str
    keywords: int
    met: int
    quantiles: Mapping[str, float]
    above: Mapping[str, Sequence[int]]


def main(
    folder: Annotated[Path, typer.Argument(help="Recorded days.")],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON lines.")] = False,
) -> None:
    """Print the false hits of short keywords, and the distribution of relevance."""
    try:
        recorded = days(folder)
    except RecordingError as error:
        sys.exit(str(error))
    papers = [paper for of_day in recorded.values() for paper in of_day]
    every_hit, spreads = list(hits(papers)), list(relevance(recorded))
    if as_json:
        for line in (*map(asdict, every_hit), *map(asdict, spreads)):
            print(json.dumps(line))
        return
    console = Console()
    console.print(f"{len(papers)} papers of {len(recorded)} days")
    console.print(_hits_table(every_hit), _spread_table(spreads))


def hits(papers: Sequence[Paper]) -> Iterator[Hits]:
    """Yield for each keyword, as people type it, what paperround and a substring matcher find."""
    for meaning, typed in MEANT.items():
        meant = {at for at, paper in enumerate(papers) if _holds(meaning, paper)}
        for text in typed:
            yield _hits(text, "paperround", _found(text, papers), meant)
            anywhere = {at for at, paper in enumerate(papers) if text.lower() in _text(paper).lower()}
            yield _hits(text, "substring", anywhere, meant)


def relevance(recorded: Mapping[date, Sequence[Paper]]) -> Iterator[Spread]:
    """Yield how relevance spreads for each of the readers, each day ranked as a round would."""
    readers = {
        f"{kind}, {count}": Interests(keywords=tuple(map(keyword, _listed(terms)[:count])))
        for kind, terms in (("narrow", NARROW), ("broad", BROAD))
        for count in (2, 8, 40)
    }
    readers["a sentence, 1"] = Interests(keywords=(keyword(SENTENCE),))
    scores: dict[str, list[np.ndarray[tuple[int], np.dtype[np.float64]]]] = {name: [] for name in readers}
    known: list[Paper] = []
    for papers in recorded.values():
        known = [*papers, *known][:KNOWN]
        ranking = Ranking(papers, readers.values(), known=known)
        for name, ranked in zip(readers, ranking.rank(list(readers.values())), strict=True):
            scores[name].append(ranked.relevance[ranked.met])
    for name, by_day in scores.items():
        whole = np.concatenate(by_day)
        yield Spread(
            reader=name,
            keywords=len(readers[name].keywords),
            met=len(whole),
            quantiles={str(at): round(float(np.quantile(whole, at)), 3) for at in QUANTILES if len(whole)},
            above={str(least): [int((day >= least).sum()) for day in by_day] for least in THRESHOLDS},
        )


def _holds(meaning: str, paper: Paper) -> bool:
    word = rf"(?<!\w)(?:{meaning})(?!\w)"
    return bool(
        re.search(word, f"{paper.title}\n{paper.abstract}")
        or re.search(word, "\n".join(paper.keywords), re.IGNORECASE)
    )


def _found(text: str, papers: Sequence[Paper]) -> set[int]:
    reader = Interests(keywords=(keyword(text),))
    ranking = Ranking(papers, [reader])
    met = {ranking.papers[at].id for ranked in ranking.rank([reader]) for at in ranked.papers[ranked.met]}
    return {at for at, paper in enumerate(papers) if paper.id in met}


def _text(paper: Paper) -> str:
    return "\n".join((paper.title, paper.abstract, *paper.keywords))


def _hits(text: str, matcher: str, found: Collection[int], meant: Collection[int]) -> Hits:
    false = len(set(found) - set(meant))
    return Hits(
        keyword=text,
        matcher=matcher,
        meant=len(meant),
        found=len(found),
        false=false,
        missed=len(set(meant) - set(found)),
        false_share=round(false / len(found), 4) if found else None,
    )


def _listed(terms: str) -> list[str]:
    return [" ".join(term.split()) for term in terms.split(";")]


def _hits_table(every: Sequence[Hits]) -> Table:
    table = _table("False hits of short keywords, in papers", "keyword", "matcher")
    columns: Mapping[str, Callable[[Hits], str]] = {
        "meant": lambda each: str(each.meant),
        "found": lambda each: str(each.found),
        "false": lambda each: str(each.false),
        "share": lambda each: "" if each.false_share is None else f"{each.false_share:.1%}",
        "missed": lambda each: str(each.missed),
    }
    for name in columns:
        table.add_column(name, justify="right")
    for each in every:
        table.add_row(each.keyword, each.matcher, *(told(each) for told in columns.values()))
    return table


def _spread_table(spreads: Sequence[Spread]) -> Table:
    table = _table("Relevance of the papers met, and how many a day lie above", "reader")
    for name in ("met", *(f"{at:.0%}" for at in QUANTILES), *(f">={least}" for least in THRESHOLDS)):
        table.add_column(name, justify="right")
    for each in spreads:
        above = (f"{fmean(by_day):.1f}" for by_day in each.above.values())
        quantiles = (f"{each.quantiles[str(at)]:.2f}" if each.met else "" for at in QUANTILES)
        table.add_row(each.reader, str(each.met), *quantiles, *above)
    return table


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for column in columns:
        table.add_column(column, no_wrap=True)
    return table


if __name__ == "__main__":
    typer.run(main)
