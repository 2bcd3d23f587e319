"""Fits a file's values into forms, and says in plain words, line by line, what does not fit."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from paperround.config.forms import Form
from paperround.config.problems import KeyPath, Problem, Wrong, did_you_mean, dotted, quoted
from paperround.config.yaml_lines import Document, Entry

FormT = TypeVar("FormT", bound=Form)


class Findings:
    """What is wrong with a config (`problems`) and what is likely not meant (`warnings`), as it is found."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.warnings: list[Problem] = []

    def problem(self, message: str, mend: str, *, name: str = "", file: Path | None = None) -> None:
        """Note a problem that stands on no line: of a variable, or of a whole file."""
        self.problems.append(Problem(file=file, path=name, message=message, mend=mend))

    def warn(self, message: str, mend: str, *, name: str = "", file: Path | None = None) -> None:
        """Note a warning that stands on no line."""
        self.warnings.append(Problem(file=file, path=name, message=message, mend=mend))


class Sheet:
    """One file while it is checked: its values, and where to note what is wrong with them."""

    def __init__(self, document: Document, findings: Findings) -> None:
        self.document = document
        self._findings = findings
        findings.problems.extend(document.problems)

    def problem(self, path: KeyPath, message: str, mend: str = "") -> None:
        """Note a problem of what stands at the path."""
        self._findings.problems.append(self._placed(path, message, mend))

    def warn(self, path: KeyPath, message: str, mend: str = "") -> None:
        """Note a warning about what stands at the path."""
        self._findings.warnings.append(self._placed(path, message, mend))

    def mapping(self, path: KeyPath) -> Mapping[str, object]:
        """Return the mapping at the path, empty if something else stands there."""
        entry = self.document.at(path)
        value = entry.node.value if entry else None
        return value if isinstance(value, dict) else {}

    def items(self, path: KeyPath) -> tuple[KeyPath, ...]:
        """Return the paths of a list's items, after noting it if something else stands there."""
        entry = self.document.at(path)
        value = entry.node.value if entry else None
        if isinstance(value, list):
            return tuple((*path, index) for index in range(len(value)))
        if entry is not None and value is not None:
            self.problem(path, *_not_a_list(entry))
        return ()

    def fit(self, form: type[FormT], path: KeyPath = (), *, leaving: tuple[str, ...] = ()) -> FormT | None:
        """Return the form filled with the mapping at the path, or None after noting why it does not fit.

        The keys named in `leaving` are left to the caller.
        """
        entry = self.document.at(path)
        value = entry.node.value if entry else None
        if entry is None or not isinstance(value, dict):
            self.problem(path, "keys and their values are expected here", _KEYS)
            return None
        taken = {key: each for key, each in value.items() if key not in leaving}
        try:
            return form.model_validate(taken)
        except ValidationError as error:
            for each in error.errors(include_url=False):
                self._note(form, each, path)
            return None

    def fit_what_fits(self, form: type[FormT], *, leaving: tuple[str, ...] = ()) -> FormT:
        """Return the form filled with those keys of the whole file that fit it, after noting the others.

        Every key of the form has a default.
        """
        filled = self.fit(form, leaving=leaving)
        if filled is not None:
            return filled
        sound = {key: value for key, value in self.mapping(()).items() if key not in leaving}
        while True:
            try:
                return form.model_validate(sound)
            except ValidationError as error:
                wrong = {each["loc"][0] for each in error.errors(include_url=False, include_input=False)}
                sound = {key: value for key, value in sound.items() if key not in wrong}

    def _note(self, form: type[Form], error: ErrorDetails, at: KeyPath) -> None:
        path = self._unlisted((*at, *error["loc"]))
        wrong = error.get("ctx", {}).get("error")
        if isinstance(wrong, Wrong):
            self.problem(self._standing((*path, *wrong.at)), wrong.message, wrong.mend)
        elif error["type"] == "missing":
            self.problem(path, "missing", f"add the key {quoted(str(path[-1]))}")
        elif error["type"] == "extra_forbidden":
            self.problem(path, "unknown key", _known_instead(str(path[-1]), _form_at(form, error["loc"])))
        else:
            standing = self._standing(path)
            self.problem(standing, *_explained(error, self.document.at(standing)))

    def _unlisted(self, path: KeyPath) -> KeyPath:
        """Return the path without the step into a list where the file has the one thing in it alone."""
        for at, step in enumerate(path):
            if isinstance(step, int) and self.mapping(path[:at]):
                return self._unlisted((*path[:at], *path[at + 1 :]))
        return path

    def _standing(self, path: KeyPath) -> KeyPath:
        """Return the path without the steps that a loose form leaves out: a keyword without `term:`."""
        while path and self.document.at(path) is None:
            path = path[:-1]
        return path

    def _placed(self, path: KeyPath, message: str, mend: str) -> Problem:
        line = self.document.line(path)
        return Problem(file=self.document.file, line=line, path=dotted(path), message=message, mend=mend)


_KEYS = "write key: value, one on a line"


def _known_instead(key: str, form: type[Form]) -> str:
    if key in form.secrets:
        return f"a secret does not stand in this file: set {form.secrets[key]} in the environment"
    if key == "<<":
        return "YAML 1.2 merges no keys: write them out, or use `defaults`"
    known = sorted(_keys_of(form))
    return did_you_mean(key, known, otherwise=f"known here: {', '.join(known)}")


def _keys_of(form: type[Form]) -> set[str]:
    return {each.alias or name for name, each in form.model_fields.items()}


def _form_at(form: type[Form], path: KeyPath) -> type[Form]:
    """Return the form of the mapping in which the path's last key stands."""
    for step in path[:-1]:
        for name, each in form.model_fields.items():
            if step == (each.alias or name):
                form = next(_forms_in(each.annotation), form)
    return form


def _forms_in(annotation: object) -> Iterator[type[Form]]:
    if isinstance(annotation, type) and issubclass(annotation, Form):
        yield annotation
    for each in get_args(annotation):
        yield from _forms_in(each)


def _explained(error: ErrorDetails, entry: Entry | None) -> tuple[str, str]:
    """Return what pydantic found, in plain words, and the mend."""
    explain = _EXPLAINED.get(error["type"])
    if entry is None or explain is None:
        return error["msg"], ""
    if entry.node.value is None:
        dash = ("nothing stands behind this dash", "write something, or remove the line")
        return _not_a_text({}, entry) if entry.node.text else dash
    return explain(error.get("ctx", {}), entry)


def _not_a_text(_: Mapping[str, Any], entry: Entry) -> tuple[str, str]:
    if entry.node.text is None:
        return "a text is expected here, not a list or keys", "write one text"
    value, written = entry.node.value, entry.node.text[:40]
    kind = "nothing" if value is None else "true or false" if isinstance(value, bool) else "a number"
    return f"YAML reads {written} as {kind}", f'write "{written}"'


def _not_a_number(_: Mapping[str, Any], entry: Entry) -> tuple[str, str]:
    if isinstance(entry.node.value, str):
        return "a number is expected here, not a text", "write it in figures, without quotation marks"
    return "a whole number is expected here", "write it in figures"


def _not_a_truth(_: Mapping[str, Any], entry: Entry) -> tuple[str, str]:
    word = (entry.node.text or "").casefold()
    means = "true" if word in {"yes", "on", "y", "1"} else "false" if word in {"no", "off", "n", "0"} else ""
    return "true or false is expected here", f"write {means or 'true or false'}, without quotation marks"


def _not_a_list(entry: Entry) -> tuple[str, str]:
    if not entry.node.text:
        return "a list is expected here", "begin each line with a dash, or write [one, two]"
    return "a list is expected here, even of one", "put it in brackets, such as [one, two]"


def _no_choice(context: Mapping[str, Any], entry: Entry) -> tuple[str, str]:
    choices = [each.strip("'") for each in context["expected"].replace(" or ", ", ").split(", ")]
    written = entry.node.text
    if written is None:
        return "one word is expected here", f"write one of: {', '.join(choices)}"
    return (
        f"{quoted(written)} cannot be chosen here",
        did_you_mean(written, choices, otherwise=f"write one of: {', '.join(choices)}"),
    )


_EXPLAINED: Mapping[str, Callable[[Mapping[str, Any], Entry], tuple[str, str]]] = {
    "string_type": _not_a_text,
    "int_type": _not_a_number,
    "float_type": lambda *_: ("a number is expected here", "write it in figures, unquoted, such as 0.5"),
    "bool_type": _not_a_truth,
    "list_type": lambda _, entry: _not_a_list(entry),
    "model_type": lambda *_: ("keys and their values are expected here", _KEYS),
    "literal_error": _no_choice,
    "greater_than": lambda limit, _: (f"this is not more than {limit['gt']:g}", "write a larger number"),
    "greater_than_equal": lambda limit, _: (f"this is less than {limit['ge']:g}", "write a larger number"),
    "less_than": lambda limit, _: (f"this is not less than {limit['lt']:g}", "write a smaller number"),
    "less_than_equal": lambda limit, _: (f"this is more than {limit['le']:g}", "write a smaller number"),
    "finite_number": lambda *_: ("this is no number to count with", "write a number in figures"),
    "string_too_short": lambda *_: ("this is empty", "write something, or remove the line"),
    "string_too_long": lambda limit, _: (
        f"this is longer than {limit['max_length']} characters",
        "shorten it",
    ),
    "string_pattern_mismatch": lambda *_: ("this holds a sign that cannot stand here", "remove it"),
    "too_short": lambda *_: ("this list is empty", "name at least one, or remove the line"),
    "too_long": lambda limit, _: (f"this list has more than {limit['max_length']} items", "shorten it"),
    "value_error": lambda context, _: (str(context["error"]), "write words"),
}
