"""How TeX in titles and abstracts reads as text."""

# ruff: noqa: RUF001 - letters that look like others are what this is about

import gzip
import json
import re
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from paperround.tex import readable


def lines(table: str) -> list[tuple[str, str]]:
    rows = (row.split(" => ") for row in table.strip().splitlines())
    return [(source.strip(), shown.strip()) for source, shown in rows]


TITLES = r"""
$\textit{Trans-LoRA}$: towards data-free => Trans-LoRA: towards data-free
Adapt-$\infty$: Scalable => Adapt-∞: Scalable
$R^2$-Tuning => R²-Tuning
Di$\mathtt{[M]}$O => Di[M]O
LLM$\times$MapReduce-V2 => LLM×MapReduce-V2
$\mathcal{O}(n^2)$ => 𝒪(n²)
S$^2$COPE => S²COPE
PM$_{2.5}$ Forecasting => PM₂.₅ Forecasting
A Proof of $K_8(4, 2) = 23$ => A Proof of K₈(4, 2) = 23
kissing arrangements in ${\mathbb R}^{12}$ => kissing arrangements in ℝ¹²
the $841$st sphere => the 841st sphere
\textsc{DiARC}: Samples => DiARC: Samples
{BERT}: Pre-training of {GAN}s => BERT: Pre-training of GANs
"""

WORDS = r"""
3.2\% of P\&L, a\_b, \#1, \$12 => 3.2% of P&L, a_b, #1, $12
\etc => etc.
regularization, \etc. However => regularization, etc. However
distortions (\eg, warping) => distortions (e.g., warping)
\emph{x} and {\bf y} and {\it Envy-free} z => x and y and Envy-free z
\textit{\textbf{answer debiasing}} => answer debiasing
\underline{G}ranularity-\underline{R}egulated => Granularity-Regulated
\textcolor{red}{new} \color{blue} text => new  text
\href{https://github.com/a}{code} => code
\href{https://github.com/a\_b}{} => https://github.com/a_b
\url{https://a.org/~u/x\_y--z} => https://a.org/~u/x_y--z
Chinese\footnote{In short.} is => Chinese (In short.) is
the model of \cite{ren2018}. => the model of.
(ARC;~\citealp{chollet2019}) contains => (ARC) contains
as shown (\cite[p.~5]{a,b}) here => as shown here
Figure~\ref{fig:one} shows => Figure shows
``cost $5'' and 6$ => “cost $5” and 6$
the \AC of \DD => the AC of DD
called \ours, of \method{} => called ours, of method
a \blue{clinical reward} => a clinical reward
\textbf{\surgellm} is => surgellm is
the \texttt{[EOS]} token => the [EOS] token
10{,}817 puzzles, RTX\,5090, e.g.\ this => 10,817 puzzles, RTX 5090, e.g. this
Lean~4 and Round~2, p~=~0.5 => Lean 4 and Round 2, p = 0.5
60--64\%, one---two, easy--hard => 60–64%, one—two, easy–hard
``coding agents'', `intent' and ``mixed" => “coding agents”, ‘intent’ and “mixed”
spans \qtyproduct{128 x 128}{\m}, \num{33000} => spans 128 x 128 m, 33000
pass\textasciicircum{}k, \textbackslash boxed\{x\} => pass^k, \boxed{x}
{De, It, Zh} => {De, It, Zh}
models π_{0.5} and F_{u,m} => models π₀.₅ and F_(u,m)
$\textbf{T}$raject and $t-$test => Traject and t-test
\uppercase{x} \ldots y => x … y
"""

ACCENTS = r"""
Poincar\'e => Poincaré
Poincar\'{e} => Poincaré
H\"older => Hölder
{\"o}, \"{o}, \"{\i} => ö, ö, ï
Erd\H{o}s => Erdős
Erd\H os => Erdős
\v{S}koda, \c{c}a, \k{a}, \r{a}, \u{g} => Škoda, ça, ą, å, ğ
S\o ren, Stra\ss e, \L{}ukasz, \AA, \ae => Søren, Straße, Łukasz, Å, æ
Hern\'andez, \^ile, \~nu, \`a, \=o, \.z => Hernández, île, ñu, à, ō, ż
T{\"}ulu-3 => Tülu-3
it\'s, we\'re, don\'t => it's, we're, don't
he said \"Is it?\" twice => he said "Is it?" twice
"""

FORMULAS = r"""
$\beta_{t+1}$ => βₜ₊₁
$\mathbb{R}^{d\times k}$ => ℝ^(d×k)
$\|x\|_2$, $\ell_1$, $F_q$ => ‖x‖₂, ℓ₁, F_q
$\tilde{\mathcal{O}}(\sqrt{T})$ => 𝒪̃(√T)
$\frac{1-K/N}{1-(K/N)^M}$ => (1-K/N)/(1-(K/N)ᴹ)
$\frac12 x$ and $\frac{1}{2}x$ => 1/2 x and (1/2)x
$\sqrt[3]{x+1}$, $\sqrt[n]{2}$ => ∛(x+1), ⁿ√2
$\binom{m}{k}$ => (m choose k)
$\min\{k, \ln \gamma\}$ => min{k, ln γ}
$k\log n$, $\log\log n$, $\arg\min_x$ => k log n, log log n, arg minₓ
$\hat{x} \approx +1.0 \times 10^{-3}$ => x̂ ≈ +1.0 × 10⁻³
$\overline{AB}$, $\not\in$, $\vec{v}$ => A̅B̅, ∉, v⃗
\(O(N^{1/m})\) and \[ x \le 1 \] => O(N^(1/m)) and x ≤ 1
$$ |C\cap B| $$ => |C∩B|
${\cal O}(n)$, $\mathbf{0.9759}$, $\mathbf{x}$ => 𝒪(n), 0.9759, 𝐱
$E_{x\sim p}\!\left[\prod_{i=1}^W f\right]$ => E_(x∼p)[∏ᵢ₌₁ᵂ f]
1.84$^\circ$, C$_0^{(q)}$ => 1.84°, C₀^(q)
$10^{.5}$, $x^V$ => 10^(.5), xⱽ
$N_{\text{eff}}$, $M_{\text{pure}}$ => N_(eff), Mₚᵤᵣₑ
$x^{weights}$ => x^(weights)
2$\times$2 and $\sim$20 and $\approx$0.97 => 2×2 and ∼20 and ≈0.97
$a$$b$, $p(x\mid y)$, $\operatorname{conv}(A)$ => ab, p(x|y), conv(A)
$\text{if $x$ holds}$ => if x holds
"""

UNCHANGED = [
    "costs $5 and $10 today",
    "tickets at $5-$10 or $7/$9",
    "write file_{i}.txt",
    "from $17.7K to $569, above the $1M mark",
    "$5 million of 10$ here",
    "we gain 5% on X. And more.",
    "about ~5% (~6%), 5~10, 2M~3M",
    "https://a.org/~user/x--y and http://b.org/$z",
    "use --verbose now, a --> b",
    "snake_case, 10^6, x_1, {a, b}, {name}, dict {}",
    "an unbalanced { brace, or } brace",
    "$x_{i$ and more",
    r"a regex \d+ \w and \1",
    "markdown ``` fences and `code`",
    r"a lonely \frac{a}",
    r"an author's own \pair{a}{b}",
    r"\textbf alone, \hat",
    r"\textit{open and \href{x",
    r"\(never closed, \]",
    "5'' pipe, the models' weights",
    "\\",
    "",
]


@pytest.mark.parametrize(
    ("source", "shown"), [case for table in (TITLES, WORDS, ACCENTS, FORMULAS) for case in lines(table)]
)
def test_tex_reads_as_text(source: str, shown: str) -> None:
    assert readable(source) == shown


@pytest.mark.parametrize("text", UNCHANGED)
def test_what_is_no_tex_stays_as_it_was_written(text: str) -> None:
    assert readable(text) == text


@given(st.text(st.characters(exclude_characters="\\${}~`-")))
def test_text_without_tex_comes_back_unchanged(text: str) -> None:
    assert readable(text) == text


MACROS = (
    "frac",
    "hat",
    "text",
    "cite",
    "href",
    "left",
    "alpha",
    "mathcal",
    "sqrt",
    "begin",
    "o",
    "H",
    "not",
    "SI",
)
PIECES = st.sampled_from(
    [*"$${}\\^_`'\"~- ab1é()[]\n"] + [f"\\{name}" for name in MACROS] + [f"\\{sign}" for sign in "()\"'"]
)


@given(st.lists(PIECES).map("".join) | st.text())
@example("\\frac{\\frac{\\frac{a")
def test_nothing_is_raised_and_nothing_explodes(source: str) -> None:
    assert len(readable(source)) <= 12 * len(source)


@given(st.lists(st.sampled_from(["word", "Trans-LoRA", "naïve", "$5", "100%"]), min_size=1))
def test_a_formula_leaves_the_words_around_it_alone(words: list[str]) -> None:
    sentence = " ".join(words)

    assert readable(f"{sentence} $x_1$ {sentence}").startswith(sentence)


@pytest.mark.parametrize(
    "piece",
    [
        *("$", "{", "}", "^", "_", "x_{", "`", "~", " ", "--", "``a", "http://", "$\\text{"),
        *("\\a", "\\frac", "\\frac{", "\\hat", "\\hat{", "\\cite{", "\\cite[", "\\href{a}{", "\\'", "\\c{"),
        *("\\footnote{", "\\log\\", "\\sqrt[3]{", "\\overline{"),
    ],
)
def test_time_grows_with_the_length_alone(piece: str) -> None:
    text = piece * (200_000 // len(piece) // 4)

    assert readable(text + "}" * 1000)  # anything worse than linear would not end


@pytest.mark.parametrize(
    ("opening", "closing"),
    [("{", "}"), ("$x^{", "}$"), (r"\textbf{", "}"), (r"\frac{", "}{b}"), ("x_{", "}")],
)
def test_a_deep_nest_is_read_without_an_end_of_the_stack(opening: str, closing: str) -> None:
    assert "core" in readable(opening * 5_000 + "core" + closing * 5_000)


def test_recorded_papers_keep_no_macro(recorded: Path) -> None:
    texts = set()
    for path in (recorded / "data" / "arxiv").glob("*.jsonl.gz"):
        for line in gzip.decompress(path.read_bytes()).splitlines():
            paper = json.loads(line)
            texts |= {paper["title"], paper["summary"]}

    left = [text for text in map(readable, texts) if re.search(r"\\[A-Za-z]", text)]

    assert len(texts) > 1_000
    assert [text for text in left if "boxed{" not in text] == []
