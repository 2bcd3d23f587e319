"""The benchmarks as they are run, on what is small enough to be reckoned by hand."""

import gzip
import json
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from math import log2
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"

DOCUMENTS: list[dict[str, object]] = [
    {"id": "in-title", "title": "LoRA at work", "abstract": ""},
    {"id": "in-abstract", "title": "In passing", "abstract": "We use LoRA."},
    {"id": "elsewhere", "title": "Something else"},
    {"id": "untitled", "title": "", "abstract": "Robots walk.", "keywords": "gait, legs"},
    {"id": "seed", "title": "Planning for robots", "abstract": None},
    {"id": "heavy", "title": "Planning"},
    {"id": "blank", "title": "", "abstract": ""},
]
QUERIES: list[dict[str, object]] = [
    {"id": 1, "text": "LoRA"},
    {"id": "profile", "keywords": ["planning", "robots"], "weights": [3, 1], "seed": "seed"},
    {"id": "unjudged", "text": "planning"},
    {"id": "sentence", "text": "nowhere is a word of so long a question found, whatever it may be about"},
]
JUDGEMENTS = [
    ("1", "in-title", "0"),
    ("1", "in-abstract", "2"),
    ("1", "elsewhere", "1"),
    ("profile", "untitled", "1"),
    ("gone", "heavy", "1"),
]


def run(program: str, *arguments: str | Path, ends: int = 0) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(BENCHMARKS / program), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == ends, done.stderr
    return done


def lines(done: subprocess.CompletedProcess[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in done.stdout.splitlines()]


def write(
    folder: Path,
    *,
    documents: Sequence[Mapping[str, object]] = DOCUMENTS,
    queries: Sequence[Mapping[str, object]] = QUERIES,
    judgements: Sequence[Sequence[str]] = JUDGEMENTS,
) -> Path:
    folder.mkdir()
    pack(folder / "docs.jsonl.gz", map(json.dumps, documents))
    pack(folder / "queries.jsonl.gz", map(json.dumps, queries))
    pack(folder / "qrels.tsv.gz", map("\t".join, judgements))
    return folder


def pack(path: Path, text: Iterable[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress("\n".join(text).encode()))


def figures(line: Mapping[str, object]) -> tuple[object, ...]:
    return line["collection"], line["ranker"], line["ndcg@10"], line["map"], line["p@5"]


def test_the_measures_are_those_that_a_hand_reckons(tmp_path: Path) -> None:
    write(tmp_path / "one")
    write(tmp_path / "two", queries=QUERIES[:1])
    one, two, mean = map(figures, lines(run("ranking.py", tmp_path)))
    # For the first query the second of two is relevant, and the other relevant one is not found.
    first = (2 / log2(3)) / (2 + 1 / log2(3))
    # For the profile the seed is left out, and what the light keyword finds comes second.
    profile = 1 / log2(3)
    assert one == ("one", "paperround", round((first + profile) / 2, 4), (0.25 + 0.5) / 2, 0.2)
    assert two == ("two", "paperround", round(first, 4), 0.25, 0.2)
    assert mean == ("mean", "paperround", pytest.approx((one[2] + two[2]) / 2, abs=1e-4), 0.3125, 0.2)


def test_a_folder_may_be_a_collection_itself(tmp_path: Path) -> None:
    assert [line["collection"] for line in lines(run("ranking.py", write(tmp_path / "one")))] == [
        "one",
        "mean",
    ]


def test_a_document_that_alone_holds_the_words_is_the_first_of_every_ranker(tmp_path: Path) -> None:
    words = ["walking robots", "zebra crossings", "speech", "graph theory", "proteins", "weather"]
    documents = [{"id": str(at), "title": "", "abstract": word} for at, word in enumerate(words)]
    queries: list[dict[str, object]] = [
        {"id": "all", "keywords": ["zebra crossings", "striped"]},
        {"id": "none", "text": "nothing of this"},
    ]
    folder = write(tmp_path / "z", documents=documents, queries=queries, judgements=[("all", "1", "1")])
    done = run("ranking.py", folder, "--peers")
    found = {line["ranker"]: figures(line)[2:] for line in lines(done)}
    peers = {"paperround", "rank_bm25", "bm25s", "bm25s stemmed", "FTS5 porter", "TF-IDF bigrams"}
    assert found.keys() >= peers
    assert set(found.values()) == {(1.0, 1.0, 0.2)}
    assert ("MiniLM" in found) == ("without MiniLM" not in done.stderr)


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("docs.jsonl.gz", '{"id": "1"}\n{"id": "1"}', ":2: `id` '1' stands there twice"),
        ("docs.jsonl.gz", '{"id": "1"}\n\n{"id": "2", "title": 7}', ":3: `title` must be a text"),
        ("docs.jsonl.gz", "[]", ":1: not a JSON object"),
        ("queries.jsonl.gz", '{"id": "1"}', ":1: a query has `text`, or `keywords`"),
        ("queries.jsonl.gz", '{"id": "1", "keywords": ["a"], "weights": [0]}', ":1: a weight must be"),
        ("queries.jsonl.gz", '{"id": "1", "keywords": ["a"], "weights": [1, 2]}', ":1: `weights` must be"),
        ("qrels.tsv.gz", "1\tin-title\t1\n1 in-abstract 1", ":2: must be query, document and a whole grade"),
        ("qrels.tsv.gz", "other\tin-title\t1", ": judges none of the queries"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_line(
    tmp_path: Path, file: str, content: str, message: str
) -> None:
    path = write(tmp_path / "one") / file
    path.write_bytes(gzip.compress(content.encode()))
    assert f"{path}{message}" in run("ranking.py", tmp_path, ends=1).stderr


def test_a_file_that_is_cut_off_or_missing_is_named(tmp_path: Path) -> None:
    path = write(tmp_path / "one") / "queries.jsonl.gz"
    path.write_bytes(path.read_bytes()[:-12])
    assert f"{path}: " in run("ranking.py", tmp_path, ends=1).stderr
    path.unlink()
    assert f"{path}: No such file" in run("ranking.py", tmp_path, ends=1).stderr
    (tmp_path / "one" / "docs.jsonl.gz").unlink()
    assert "no docs.jsonl.gz here or one folder below" in run("ranking.py", tmp_path, ends=1).stderr


def test_speed_is_told_beside_that_of_an_index_that_is_asked_for_each_reader() -> None:
    made_up = run("ranking_speed.py", "--papers", "60", "--readers", "70", "--sample", "5")
    ours, bm25s, fts5 = lines(made_up)
    assert (ours["papers"], ours["readers"], bm25s["readers"], fts5["readers"]) == (60, 70, 5, 5)
    assert isinstance(ours["papers_met_per_reader"], float)
    assert 0 < ours["papers_met_per_reader"] <= 60
    for peer in (bm25s, fts5):
        assert isinstance(peer["times_paperround"], float)


def test_a_day_is_composed_for_each_number_of_readers_in_a_process_of_its_own() -> None:
    told = lines(run("composing.py", "--papers", "60", "--readers", "3", "--readers", "70"))
    assert [(line["readers"], line["papers"]) for line in told] == [(3, 60), (70, 60)]
    for line in told:
        assert isinstance(line["papers_shown"], float)
        assert 0 < line["papers_shown"] <= 10


def record(folder: Path, *titles: str) -> Path:
    papers = (
        {"id": f"2606.{at:05}", "title": title, "summary": "x", "authors": [], "categories": ["cs.CL"]}
        for at, title in enumerate(titles)
    )
    pack(folder / "arxiv" / "2026-06-16.jsonl.gz", map(json.dumps, papers))
    return folder


def test_a_false_hit_is_a_paper_that_does_not_hold_what_was_meant(tmp_path: Path) -> None:
    titles = "RAGs at work", "A rag for Sam", "Fragile things", "Multi-agent RAG-based LoRA"
    done = run("precision.py", record(tmp_path, *titles), "--json")
    told = {(line.get("keyword"), line.get("matcher")): line for line in lines(done)}

    def counted(word: str, matcher: str) -> tuple[object, ...]:
        return tuple(
            told[word, matcher][name] for name in ("meant", "found", "false", "missed", "false_share")
        )

    assert counted("RAG", "paperround") == (2, 2, 0, 0, 0.0)
    assert counted("rag", "paperround") == (2, 3, 1, 0, 0.3333)
    assert counted("rag", "substring") == (2, 4, 2, 0, 0.5)
    assert counted("sam", "substring") == (0, 1, 1, 0, 1.0)
    assert counted("agent", "paperround") == (1, 1, 0, 0, 0.0)
    assert counted("nas", "paperround") == (0, 0, 0, 0, None)


def test_relevance_is_told_by_reader_and_day(tmp_path: Path) -> None:
    folder = record(tmp_path, "LoRA", "Nothing")
    spread = {
        line["reader"]: line for line in lines(run("precision.py", folder, "--json")) if "reader" in line
    }
    narrow, broad = spread["narrow, 2"], spread["broad, 2"]
    assert (narrow["keywords"], narrow["met"]) == (2, 1)
    assert narrow["above"] == {"0.2": [1], "0.5": [0], "0.7": [0]}
    assert (broad["met"], broad["quantiles"], broad["above"]) == (0, {}, {"0.2": [0], "0.5": [0], "0.7": [0]})
    assert "narrow, 40" in run("precision.py", folder).stdout


def test_a_recorded_day_that_cannot_be_read_is_named_with_its_line(tmp_path: Path) -> None:
    pack(record(tmp_path) / "arxiv" / "2026-06-17.jsonl.gz", map(str, ['{"id": "2606.1"}']))
    assert "2026-06-17.jsonl.gz:1: " in run("precision.py", tmp_path, ends=1).stderr
    (tmp_path / "arxiv" / "2026-06-17.jsonl.gz").unlink()
    (tmp_path / "huggingface").mkdir()
    (tmp_path / "huggingface" / "2026-06-17.json").write_text("[", encoding="utf-8")
    assert "2026-06-17.json: the list is not in JSON" in run("precision.py", tmp_path, ends=1).stderr
    assert "no arxiv/" in run("precision.py", BENCHMARKS, ends=1).stderr


def test_mails_are_rendered_with_npm_mjml_too_where_it_is(node_modules: Path) -> None:
    program = node_modules / ".bin" / "mjml"
    done = run("rendering.py", "--papers", "60", "--readers", "2", "--npm-mjml", program)
    told = lines(done)
    assert len(told) == 4
    assert str(told[-1]["way"]).startswith("npm mjml")
    assert {line["mails"] for line in told} == {2}


def test_mails_are_rendered_without_npm_mjml_where_it_is_not(tmp_path: Path) -> None:
    done = run("rendering.py", "--papers", "60", "--readers", "1", "--npm-mjml", tmp_path / "mjml")
    once, whole, for_each = lines(done)
    assert once["way"] == "compiled once"
    assert once["times_compiled_once"] == 1.0
    assert isinstance(whole["per_second"], float)
    assert str(for_each["way"]) == "compiled for each mail"
    assert f"without npm mjml: no {tmp_path / 'mjml'}" in done.stderr


def test_letters_are_signed_by_others_too_and_each_way_is_told_beside_ours() -> None:
    told = lines(run("signing.py", "--papers", "60", "--letters", "2"))
    assert [(line["key"], line["signer"]) for line in told] == [
        ("rsa-2048", "paperround"),
        ("rsa-2048", "dkimpy"),
        ("ed25519", "paperround"),
        ("ed25519", "dkimpy"),
        ("both", "paperround"),
    ]
    assert [line["times_paperround"] for line in told if line["signer"] == "paperround"] == [1.0] * 3
    assert {line["letters"] for line in told} == {2}
    for line in told:
        assert isinstance(line["per_second"], float)


def test_letters_to_sign_are_made_of_recorded_days_where_there_are_any(tmp_path: Path) -> None:
    def size(folder: Path, word: str) -> int:
        titles = [f"{word} {chr(ord('a') + at) * 5}" for at in range(20)]  # words that are not in every paper
        told = lines(run("signing.py", record(folder, *titles), "--letters", "1"))
        return int(str(told[0]["bytes_per_letter"]))

    assert size(tmp_path / "long", "Interdisciplinary") > size(tmp_path / "short", "On")
    assert "no arxiv/" in run("signing.py", BENCHMARKS, ends=1).stderr


def test_letters_handed_over_are_counted_for_each_way_to_a_relay() -> None:
    told = lines(run("delivering.py", "--letter", "100", "--seconds", "0.05"))
    assert [(line["round_trip_ms"], line["connections"], line["transport"]) for line in told] == [
        (round_trip, connections, transport)
        for round_trip in (0, 20)
        for connections in (1, 16)
        for transport in ("standard", "pipelined")
    ]
    assert {line["times_standard"] for line in told[::2]} == {1.0}
    for line in told:
        assert isinstance(line["per_second"], float)
        assert line["per_second"] > 0


def test_commits_are_counted_of_letters_recorded_together_and_alone() -> None:
    told = lines(run("recording.py", "--letters", "20", "--slower", "1"))
    assert [(line["connections"], line["commits"]) for line in told] == [
        (connections, way) for connections in (1, 4, 16, 64) for way in ("alone", "together")
    ]
    commits = [line["commits_per_letter"] for line in told]
    assert commits[:2] == [pytest.approx(3, abs=0.1)] * 2
    for alone, together in zip(commits[2::2], commits[3::2], strict=True):
        assert isinstance(alone, float)
        assert isinstance(together, float)
        assert together < 3 <= alone
    assert all(line["processor_us_per_letter"] for line in told)
    assert {line["times_alone"] for line in told[::2]} == {1.0}


def test_searches_are_timed_over_copies_of_recorded_days(tmp_path: Path) -> None:
    folder = record(tmp_path / "days", "Diffusion models of SAM", "Robots")
    told = lines(run("searching.py", folder, "--papers", "7"))
    assert told[0]["papers"] == 7
    found = {(line["search"], line["days"]): line["shown"] for line in told[1:]}
    assert found["SAM", "all"] == found["SAM", "one"] == found['"diffusion models"', "all"] == 4
    assert found["zzz", "all"] == 0
