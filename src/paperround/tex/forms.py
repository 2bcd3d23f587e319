"""TeX's macros that make something of their arguments, and those that only say how they look."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from paperround.tex.symbols import lowered, raised


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """How many arguments a macro takes, and what it makes of its option and them."""

    arguments: int
    write: Callable[..., str]
    math: bool = True


def fraction(_: str, above: str, below: str) -> str:
    """Return one over the other."""
    return f"{_whole(above)}/{_whole(below)}"


def _root(degree: str, radicand: str) -> str:
    sign = {"": "√", "2": "√", "3": "∛", "4": "∜"}.get(degree.strip()) or f"{raised(degree.strip())}√"
    return sign + _whole(radicand)


def _binomial(_: str, above: str, below: str) -> str:
    return f"({above} choose {below})"


def _modulo(_: str, modulus: str) -> str:
    return f"(mod {modulus})"


def _over(_: str, above: str, base: str) -> str:
    return base + raised(above)


def _under(_: str, below: str, base: str) -> str:
    return base + lowered(below)


def _note(_: str, text: str) -> str:
    return f" ({text})" if text else ""


def _quantity(_: str, number: str, unit: str) -> str:
    return f"{number} {unit}"


def _between(left: str, right: str) -> Callable[..., str]:
    return lambda _, text: f"{left}{text}{right}"


def _second(_: str, __: str, text: str) -> str:
    return text


def _nothing(_: str, *__: str) -> str:
    return ""


def _blank(_: str, *__: str) -> str:
    return " "


def _whole(text: str) -> str:
    return text if _ONE.fullmatch(text) else f"({text})"


# One thing that needs no parentheses beside a stroke or a root.
_ONE = re.compile(r"[^\s+\-−*/×·=<>≤≥()^_]*|\([^()]*\)|[^\s+\-−*/×·=<>≤≥()]{0,2}[\^_](?:\w|\([^()]*\))")

FORMS: Mapping[str, Form] = MappingProxyType(
    dict.fromkeys(("frac", "tfrac", "dfrac", "cfrac", "sfrac", "nicefrac"), Form(arguments=2, write=fraction))
    | dict.fromkeys(("binom", "tbinom", "dbinom"), Form(arguments=2, write=_binomial))
    | dict.fromkeys(("overset", "stackrel"), Form(arguments=2, write=_over))
    | dict.fromkeys(("textcolor", "colorbox"), Form(arguments=2, write=_second, math=False))
    | dict.fromkeys(("qty", "SI", "qtyproduct"), Form(arguments=2, write=_quantity))
    | dict.fromkeys(("begin", "end", "hspace", "vspace"), Form(arguments=1, write=_blank, math=False))
    | dict.fromkeys(
        ("color", "thanks", "index", "tag", "phantom", "includegraphics"),
        Form(arguments=1, write=_nothing, math=False),
    )
    | {
        "sqrt": Form(arguments=1, write=_root),
        "underset": Form(arguments=2, write=_under),
        "pmod": Form(arguments=1, write=_modulo),
        "footnote": Form(arguments=1, write=_note, math=False),
        "enquote": Form(arguments=1, write=_between("“", "”"), math=False),
        "abs": Form(arguments=1, write=_between("|", "|")),
        "norm": Form(arguments=1, write=_between("‖", "‖")),
        "textsuperscript": Form(arguments=1, write=lambda _, text: raised(text), math=False),
        "textsubscript": Form(arguments=1, write=lambda _, text: lowered(text), math=False),
    }
)

LINKS = frozenset({"href", "url", "path", "nolinkurl"})

PROSE_WRAPPERS = frozenset(
    {
        "text", "textit", "textbf", "texttt", "textsc", "textsf", "textrm", "textup", "textmd", "textsl",
        "textnormal", "emph", "operatorname", "mbox", "hbox", "underline", "uline", "uppercase",
    }
)  # fmt: skip

MATH_WRAPPERS = frozenset(
    {
        "mathrm", "mathtt", "mathsf", "mathit", "mathnormal", "mathop", "mathbin", "mathrel", "mathord",
        "boldsymbol", "bm", "pmb", "ensuremath", "boxed", "num", "unit", "si", "substack",
    }
)  # fmt: skip

DECLARATIONS = frozenset(
    {
        "bf", "it", "em", "rm", "sf", "tt", "sc", "sl", "bfseries", "itshape", "scshape", "slshape",
        "upshape", "ttfamily", "sffamily", "rmfamily", "mdseries", "normalfont", "small",
        "footnotesize", "scriptsize", "tiny", "normalsize", "large", "Large", "LARGE", "huge", "Huge",
        "displaystyle", "textstyle",
        "scriptstyle", "limits", "nolimits", "left", "right", "middle", "big", "Big", "bigg", "Bigg", "bigl",
        "bigr", "Bigl", "Bigr", "biggl", "biggr", "Biggl", "Biggr", "centering", "noindent", "xspace",
        "protect", "nonumber", "hfill", "relax", "romannumeral",
    }
)  # fmt: skip

ABBREVIATIONS: Mapping[str, str] = MappingProxyType(
    {
        "etc": "etc.", "eg": "e.g.", "ie": "i.e.", "etal": "et al.", "cf": "cf.", "wrt": "w.r.t.",
        "aka": "a.k.a.", "iid": "i.i.d.", "resp": "resp.",
    }
)  # fmt: skip

OPERATORS: Mapping[str, str] = MappingProxyType(
    {
        name: name
        for name in (
            "arccos", "arcsin", "arctan", "arg", "cos", "cosh", "cot", "csc", "deg", "det", "dim", "erf",
            "exp", "gcd", "hom", "inf", "ker", "lcm", "lg", "lim", "ln", "log", "max", "min", "rank",
            "sec", "sgn", "sign", "sin", "sinh", "sup", "tan", "tanh", "Pr",
        )
    }
    | {"argmax": "arg max", "argmin": "arg min", "bmod": "mod", "limsup": "lim sup", "liminf": "lim inf"}
)  # fmt: skip
