"""A YAML parser's complaint, in plain words."""

import re
from dataclasses import dataclass
from typing import Self

from ruamel.yaml.error import MarkedYAMLError


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """What keeps a file from being read, and what to do about it."""

    line: int | None
    message: str
    mend: str = ""

    @classmethod
    def of_character(cls, text: str, position: int) -> Self:
        """Return the explanation of a character that no YAML may contain."""
        code = f"U+{ord(text[position]):04X}" if position < len(text) else "unknown"
        line = text.count("\n", 0, position) + 1
        return cls(line=line, message=f"a control character ({code}) stands here", mend="remove it")

    @classmethod
    def of_escape(cls, text: str) -> Self:
        """Return the explanation of an escape beyond the last character there is."""
        found = re.search(r"\\U(?!000|0010)[0-9A-Fa-f]{8}", text)
        line = text.count("\n", 0, found.start()) + 1 if found else None
        return cls(line=line, message="an escape here names no character", mend="write the character itself")


def explained(error: MarkedYAMLError) -> Explained:
    """Return what the parser found, where, and what it can have been meant to be."""
    context, problem = str(error.context or ""), str(error.problem or "")
    begun = "stream end" in problem or "end of stream" in problem or "simple key" in context
    mark = error.context_mark if begun and error.context_mark else error.problem_mark
    line = None if mark is None else mark.line + 1
    for pattern, message, mend in _COMPLAINTS:
        if re.search(pattern, f"{context}: {problem}"):
            return Explained(line=line, message=message, mend=mend)
    return Explained(line=line, message=f"this is no YAML: {problem[:100]}")


_QUOTE = "put the whole text in quotation marks"

# What is looked for in the parser's words, what it means, and what most often mends it; the first counts.
_COMPLAINTS = (
    (r"found character '\\t'", "a tab stands where the line is indented", "indent with blanks"),
    (r"found character '[@`%]", "a text cannot begin with this sign", _QUOTE),
    (r"quoted scalar: found unexpected", "a quotation mark is opened here and never closed", "close it"),
    (
        r"unknown escape|escape sequence",
        "in double quotes a backslash begins an escape, and this is none",
        "use single quotes, or write two backslashes",
    ),
    (r"flow sequence: .*stream end", "a [ is opened here and never closed", "close it with ]"),
    (r"flow mapping: .*stream end", "a { is opened here and never closed", "close it with }"),
    (r"flow sequence: ", "a comma or a ] is missing in this list", "write [one, two]"),
    (r"flow mapping: ", "a comma or a } is missing here", "write {key: value, other: value}"),
    (
        r"mapping values are not allowed",
        "a colon stands where none is expected",
        "put a text with a colon in quotation marks, or check the indentation",
    ),
    (
        r"sequence entries are not allowed",
        "a list cannot begin behind a key",
        "begin it on the next line, indented, or write [one, two]",
    ),
    (r"could not find expected ':'", "this line has no colon", "write key: value"),
    (r"simple key|found unexpected ':'", "a colon and a blank are expected behind a key", "write key: value"),
    (
        r"expected <block end>",
        "this line does not fit what stands around it",
        "indent it like its neighbours, each with the same number of blanks; quote a text that holds quotes",
    ),
    (r"expected the node content", "a value is expected here", _QUOTE),
    (r"anchor|alias", "the name of an anchor is expected behind & or *", _QUOTE),
    (r"tag", "the name of a tag is expected behind !", _QUOTE),
    (r"block scalar", "behind | or > only a figure, + or - may stand", "begin the text on the next line"),
    (r"directive|incompatible YAML|document start", "a line that begins with % cannot be used", "remove it"),
)
