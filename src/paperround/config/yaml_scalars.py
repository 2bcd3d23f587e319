"""What a plain scalar means: the core schema of YAML 1.2 (https://yaml.org/spec/1.2.2/#103-core-schema)."""

import re

Scalar = str | int | float | bool | None

_PREFIX = "tag:yaml.org,2002:"
STR = f"{_PREFIX}str"
CORE_TAGS = frozenset(f"{_PREFIX}{name}" for name in ("str", "int", "float", "bool", "null", "map", "seq"))

_NULL = re.compile(r"null|Null|NULL|~|")
_TRUE = re.compile(r"true|True|TRUE")
_FALSE = re.compile(r"false|False|FALSE")
_INT = re.compile(r"[-+]?[0-9]{1,400}")
_OCTAL = re.compile(r"0o[0-7]{1,400}")
_HEX = re.compile(r"0x[0-9a-fA-F]{1,400}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_INFINITY = re.compile(r"[-+]?\.(inf|Inf|INF)")
_NAN = re.compile(r"\.(nan|NaN|NAN)")


def scalar(text: str, tag: str | None = None) -> Scalar:
    """Return what the text means, under its tag if it has one; raise ValueError when the two do not fit."""
    if tag == STR:
        return text
    value = _read(text)
    if tag is None or tag == f"{_PREFIX}{_name(value)}":
        return value
    if tag == f"{_PREFIX}float" and _name(value) == "int":
        return float(text)
    raise ValueError(f"this is not what its tag !!{tag.removeprefix(_PREFIX)} says")


def _read(text: str) -> Scalar:  # noqa: PLR0911 - a table, one line a row
    if not text or text[0] not in "-+.0123456789ntfNTF~":
        return text or None
    if _NULL.fullmatch(text):
        return None
    if _TRUE.fullmatch(text):
        return True
    if _FALSE.fullmatch(text):
        return False
    if _INT.fullmatch(text):
        return int(text)
    if _OCTAL.fullmatch(text) or _HEX.fullmatch(text):
        return int(text, 0)
    if _FLOAT.fullmatch(text) or _NAN.fullmatch(text):
        return float(text.replace(".", "", 1) if _NAN.fullmatch(text) else text)
    if _INFINITY.fullmatch(text):
        return float(text.replace(".", "", 1))
    return text


def _name(value: Scalar) -> str:
    return "null" if value is None else type(value).__name__
