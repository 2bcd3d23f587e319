"""Reading TeX: every place of a text once, and what cannot be read stays as it was written."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from paperround.tex import forms, symbols
from paperround.tex.spans import Span, spans

# Groups within groups are read to this depth; what lies deeper stays as it was written.
_DEEPEST = 24

_PROSE_SIGN = re.compile(r"https?://[^\s\\{}$<>\"]+|\\(?:[A-Za-z]+|.)?|[_^](?=\{)|[${}~`]|-{2,}", re.DOTALL)
_MATH_SIGN = re.compile(r"\\(?:[A-Za-z]+|.)?|[{}^_~&]|\s+", re.DOTALL)
_MACRO = re.compile(r"\\([A-Za-z]+|.|)", re.DOTALL)
_BLANKS = re.compile(r"\s*")
_OPTION = re.compile(r"\[([^\]\[{}]{0,40})\]")
_STEM = re.compile(r"(?:^|(?<![^\W_]))[^\W\d_]$")
_LONE_ACCENT = re.compile(r"\\[\"'`^~=.]")
_MARK_ALONE = re.compile(r"[,.:;/-]")
_WORD = re.compile(r"[A-Za-z0-9+-]+")
_CLOSING_ESCAPED_QUOTE = re.compile(r'\\"(?![A-Za-z{}\\])')
_CONTRACTION = re.compile(r"[A-Za-z]\\'(?:s|t|re|ll|ve|d|m)(?![A-Za-z])")
_ESCAPED_IN_LINK = re.compile(r"\\([_%#&~$])")
_RANGE = re.compile(r"(?:^|[^\w.])[\d.,]+[A-Za-z%]{0,2}$")

_Piece = tuple[str, int]  # what was read, and where to read on


@dataclass(frozen=True, slots=True, kw_only=True)
class _Macro:
    """A macro in the text that is being read up to `end`, by its name and where its name ends."""

    name: str
    start: int
    stop: int
    end: int
    depth: int
    math: bool


class Reader:
    """Reads one text; the time it takes grows with the length of the text alone."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._spans = spans(source)
        self._quotes_are_escaped = bool(_CLOSING_ESCAPED_QUOTE.search(source))

    def prose(self, start: int, end: int, depth: int) -> str:
        """Return what stands there, as words."""
        return self._read(start, end, depth, _PROSE_SIGN, self._prose_sign)

    def math(self, start: int, end: int, depth: int) -> str:
        """Return what stands there, as a formula."""
        return self._read(start, end, depth, _MATH_SIGN, self._math_sign)

    def _read(
        self,
        start: int,
        end: int,
        depth: int,
        signs: re.Pattern[str],
        read: Callable[[re.Match[str], int, int], _Piece],
    ) -> str:
        if depth > _DEEPEST:
            return self._source[start:end]
        pieces = []
        at = start
        while sign := signs.search(self._source, at, end):
            pieces.append(self._source[at : sign.start()])
            piece, at = read(sign, end, depth)
            pieces.append(piece)
        pieces.append(self._source[at:end])
        return "".join(pieces)

    def _prose_sign(self, sign: re.Match[str], end: int, depth: int) -> _Piece:  # noqa: PLR0911 - one a sign
        at, after = sign.span()
        span = self._spans.get(at)
        match self._source[at]:
            case "\\":
                return self._macro(at, end, depth, math=False)
            case "$" if span:
                return self._formula(span, depth)
            case "{" if span:
                return self._group(at, span, depth)
            case "`" if span:
                left, right = "“”" if span.start - at > 1 else "‘’"
                return left + self.prose(span.start, span.stop, depth + 1) + right, span.after
            case "~":
                return self._tie(at), after
            case "-":
                return self._dash(at, after), after
            case "^" | "_" if _STEM.search(self._source, max(at - 2, 0), at):
                return self._script(at, end, depth)
        return sign.group(), after

    def _math_sign(self, sign: re.Match[str], end: int, depth: int) -> _Piece:
        at, after = sign.span()
        span = self._spans.get(at)
        match self._source[at]:
            case "\\":
                return self._macro(at, end, depth, math=True)
            case "^" | "_":
                return self._script(at, end, depth)
            case "{" if span:
                return self.math(span.start, span.stop, depth + 1), span.after
            case "{" | "}":
                return sign.group(), after
        return " ", after

    def _formula(self, span: Span, depth: int) -> _Piece:
        return _tidy(self.math(span.start, span.stop, depth + 1)), span.after

    def _group(self, at: int, span: Span, depth: int) -> _Piece:
        """Read braces in prose: TeX's own go, those that the author wants to be seen stay."""
        inner = self._source[span.start : span.stop]
        before, behind = self._before(at), self._at(span.after)
        if _LONE_ACCENT.fullmatch(inner) and behind.isalpha():  # the careless T{\"}ulu
            return symbols.accented(behind, symbols.LETTER_MARKS[inner[1]]), span.after + 1
        text = self.prose(span.start, span.stop, depth + 1)
        if inner.lstrip().startswith("\\") or (before.strip() and not inner):
            return text, span.after
        glued = behind.isalnum() or "-" in {before, behind} or not inner.islower()
        joined = len(inner) <= len("ii") if before.isalnum() else glued
        if _MARK_ALONE.fullmatch(inner) or (_WORD.fullmatch(inner) and joined):
            return inner, span.after
        return "{" + text + "}", span.after

    def _tie(self, at: int) -> str:
        """Read a tilde: a tie between two words, or about, as in ~5 %."""
        before, behind = self._before(at), self._at(at + 1)
        if behind == "\\":
            return " "
        loose = not before.strip() or before in "(/[<>~" or not behind.strip() or behind in "/~"
        if loose or (behind.isdigit() and _RANGE.search(self._source, max(at - 12, 0), at)):
            return "~"
        return " "

    def _dash(self, at: int, after: int) -> str:
        dashes = self._source[at:after]
        before, behind = self._before(at), self._at(after)
        is_option = not before.strip() and behind.isalpha()
        is_arrow = "<" in {before, behind} or ">" in {before, behind}
        if is_arrow or (is_option and len(dashes) == len("--")):
            return dashes
        return {2: "\u2013", 3: "—"}.get(len(dashes), dashes)

    def _script(self, at: int, end: int, depth: int) -> _Piece:
        argument = self._argument(at + 1, end, depth, math=True)
        if argument is None:
            return self._source[at], at + 1
        text, after = _tidy(argument[0]), argument[1]
        if not text:
            return "", after
        return symbols.raised(text) if self._source[at] == "^" else symbols.lowered(text), after

    def _argument(self, at: int, end: int, depth: int, *, math: bool) -> _Piece | None:
        """Read a macro's argument: a group, a macro or a letter."""
        at = self._skip_blanks(at, end)
        if at >= end or self._source[at] in "}$^_&~":
            return None
        if self._source[at] == "\\":
            return self._macro(at, end, depth + 1, math=math)
        if self._source[at] != "{":
            return self._source[at], at + 1
        if span := self._spans.get(at):
            read = self.math if math else self.prose
            return read(span.start, span.stop, depth + 1), span.after
        return None

    def _macro(self, at: int, end: int, depth: int, *, math: bool) -> _Piece:
        found = _MACRO.match(self._source, at, end)
        if found is None or not found[1] or depth > _DEEPEST:
            stop = found.end() if found else end
            return self._source[at:stop], stop
        macro = _Macro(name=found[1], start=at, stop=found.end(), end=end, depth=depth, math=math)
        if not _is_name(macro.name):
            return self._escape(macro) or self._as_written(macro)
        return self._mark(macro) or self._wrapper(macro) or self._built(macro) or self._word(macro)

    def _escape(self, macro: _Macro) -> _Piece | None:
        """Read a backslash before something that is no letter."""
        if macro.name in "([":
            span = self._spans.get(macro.start)
            return self._formula(span, macro.depth) if span else None
        if macro.name == "\\":
            option = _OPTION.match(self._source, macro.stop, macro.end)
            return " ", option.end() if option else macro.stop
        if macro.name in symbols.LETTER_MARKS and not macro.math:
            return self._letter_mark(macro)
        escapes = symbols.MATH_ESCAPES if macro.math else symbols.ESCAPES
        text = " " if macro.name.isspace() else escapes.get(macro.name)
        return None if text is None else (text, macro.stop)

    def _letter_mark(self, macro: _Macro) -> _Piece | None:
        r"""Read an accent of a word, as in `\'e` and `\H{o}`."""
        escaped_quote = macro.name == '"' and self._quotes_are_escaped
        if escaped_quote or _CONTRACTION.match(self._source, max(macro.start - 1, 0)):
            return macro.name, macro.stop
        behind = self._at(macro.stop)
        explicit = _is_name(macro.name) or behind in {"{", "\\"}
        argument = None
        if _is_name(macro.name) or not behind.isspace():
            argument = self._argument(macro.stop, macro.end, macro.depth, math=False)
        text, after = argument or ("", macro.stop)
        letter = symbols.accented(text, symbols.LETTER_MARKS[macro.name]) if text[:1].isalpha() else ""
        if letter and (explicit or len(letter) == 1):
            return letter, after
        return (macro.name + text if macro.name in "'\"`~^." else self._source[macro.start : after]), after

    def _mark(self, macro: _Macro) -> _Piece | None:
        """Read an accent over a symbol."""
        if macro.name in symbols.LETTER_MARKS and not macro.math:
            return self._letter_mark(macro)
        mark = symbols.MARKS.get(macro.name)
        argument = self._argument(macro.stop, macro.end, macro.depth, math=True) if mark else None
        if mark is None:
            return None
        if argument is None:
            return self._as_written(macro)
        text = argument[0].strip()
        return symbols.accented(text, mark, every=macro.name == "overline"), argument[1]

    def _wrapper(self, macro: _Macro) -> _Piece | None:
        """Read a macro that only says how its argument looks."""
        at = self._skip_blanks(macro.stop + self._source.startswith("*{", macro.stop), macro.end)
        if symbols.is_alphabet(macro.name):
            argument = self._argument(at, macro.end, macro.depth, math=True)
            if argument is None:
                return self._as_written(macro)
            return symbols.styled(macro.name, argument[0].strip()), argument[1]
        of_math = macro.name in forms.MATH_WRAPPERS
        if not of_math and macro.name not in forms.PROSE_WRAPPERS:
            return None
        if not macro.math and self._at(at) != "{":
            return self._as_written(macro)
        as_math = macro.name == "ensuremath" or (of_math and macro.math)
        argument = self._argument(at, macro.end, macro.depth, math=as_math)
        return argument or self._as_written(macro)

    def _built(self, macro: _Macro) -> _Piece | None:
        """Read a macro that makes something of its arguments."""
        if macro.name in forms.LINKS:
            return self._link(macro)
        form = forms.FORMS.get(macro.name)
        if form is None:
            return None
        option = _OPTION.match(self._source, macro.stop, macro.end)
        at = option.end() if option else macro.stop
        arguments = []
        for _ in range(form.arguments):
            argument = self._argument(at, macro.end, macro.depth, math=form.math or macro.math)
            if argument is None:
                # Whatever was read must not be read again: each level of a nest would double the work.
                return self._source[macro.start : at], at
            arguments.append(_tidy(argument[0]))
            at = argument[1]
        text = form.write(option[1] if option else "", *arguments)
        ambiguous = form.write is forms.fraction and self._at(at).isalnum()
        return f"({text})" if ambiguous else text, at

    def _link(self, macro: _Macro) -> _Piece:
        at = self._skip_blanks(macro.stop, macro.end)
        span = self._spans.get(at) if self._at(at) == "{" else None
        if span is None:
            return self._as_written(macro)
        address = _ESCAPED_IN_LINK.sub(r"\1", self._source[span.start : span.stop])
        if macro.name != "href" or self._at(span.after) != "{":
            return address, span.after
        shown = self._argument(span.after, macro.end, macro.depth, math=False)
        return (shown[0] or address, shown[1]) if shown else (address, span.after)

    def _word(self, macro: _Macro) -> _Piece:
        """Read a macro that stands for itself: a declaration, an operator, a symbol or a name."""
        name, stop = macro.name, macro.stop + 2 * self._source.startswith("{}", macro.stop)
        if name in forms.DECLARATIONS:
            stop += name in {"left", "right"} and self._at(stop) == "."
            return "", self._skip_blanks(stop, macro.end)
        if name in forms.ABBREVIATIONS and not macro.math:
            return forms.ABBREVIATIONS[name].removesuffix(self._at(stop) or " "), stop
        if name in forms.OPERATORS:
            return self._operator(macro), stop
        if name in symbols.SYMBOLS:
            return symbols.SYMBOLS[name], self._behind_symbol(macro, stop)
        return self._unknown(macro, stop)

    def _behind_groups(self, at: int, macro: _Macro) -> int:
        while self._at(at) == "{" and (group := self._argument(at, macro.end, macro.depth, math=macro.math)):
            at = group[1]
        return at

    def _unknown(self, macro: _Macro, stop: int) -> _Piece:
        """Read an author's own macro: what it is set around, or else its name."""
        if stop == macro.stop and self._at(stop) == "{":
            content = self._argument(stop, macro.end, macro.depth, math=macro.math)
            if content is None:
                return self._as_written(macro)
            if (end := self._behind_groups(content[1], macro)) > content[1]:
                return self._source[macro.start : end], end  # nobody knows what it makes of several
            return content if content[0].strip() else (macro.name, content[1])
        return self._as_written(macro) if len(macro.name) == 1 and not macro.math else (macro.name, stop)

    def _operator(self, macro: _Macro) -> str:
        before, behind = self._before(macro.start), self._source[macro.stop : macro.stop + 2]
        left = " " if before.isalnum() or before in {")", "]", "}"} else ""
        right = " " if behind[:1] == "\\" and behind[1:].isalpha() else ""
        return left + forms.OPERATORS[macro.name] + right

    def _behind_symbol(self, macro: _Macro, stop: int) -> int:
        """Return where to read on: blanks behind a macro end its name, unless they are there to be seen."""
        behind = self._skip_blanks(stop, macro.end)
        following = self._at(behind)
        if macro.name in symbols.LETTERS:
            return behind if following.isalpha() else stop
        if not macro.math:
            return stop
        if symbols.SYMBOLS[macro.name].isalpha():
            return behind if following.isalnum() else stop
        return stop if self._before(macro.start).isspace() else behind

    def _as_written(self, macro: _Macro) -> _Piece:
        return self._source[macro.start : macro.stop], macro.stop

    def _skip_blanks(self, at: int, end: int) -> int:
        blanks = _BLANKS.match(self._source, at, end)
        return blanks.end() if blanks else at

    def _at(self, place: int) -> str:
        return self._source[place : place + 1]

    def _before(self, place: int) -> str:
        return self._source[place - 1 : place] if place else ""


def _is_name(macro: str) -> bool:
    return macro.isascii() and macro.isalpha()


def _tidy(text: str) -> str:
    return " ".join(text.split())
