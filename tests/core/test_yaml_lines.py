"""YAML 1.2 becomes plain values that know their lines, and what is no YAML is explained in plain words."""

import contextlib
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from paperround.config.problems import ConfigError
from paperround.config.yaml_lines import LARGEST_FILE, Document, parse

FILE = Path("some.yaml")


def parsed(text: str) -> Document:
    return parse(text.encode(), FILE)


def refusal(text: str | bytes) -> str:
    with pytest.raises(ConfigError) as caught:
        parse(text if isinstance(text, bytes) else text.encode(), FILE)
    return str(caught.value)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("no", "no"),
        ("yes", "yes"),
        ("on", "on"),
        ("07:30", "07:30"),
        ("0730", 730),
        ("0o17", 15),
        ("0x1F", 31),
        ("1e3", 1000.0),
        ("-.5", -0.5),
        ("3.", 3.0),
        (".inf", float("inf")),
        ("-.INF", float("-inf")),
        ("True", True),
        ("FALSE", False),
        ("~", None),
        ("Null", None),
        ("", None),
        ("2024-01-01", "2024-01-01"),
        ("1_000", "1_000"),
        ("12h", "12h"),
        ('"3"', "3"),
        ("'true'", "true"),
        ("!!str 3", "3"),
        ("! 3", "3"),
        ("!!int 3", 3),
        ("!!float 3", 3.0),
        ("!!null ''", None),
    ],
)
def test_a_scalar_means_what_the_core_schema_of_yaml_1_2_says(written: str, read: object) -> None:
    value = parsed(f"a: {written}\n").value
    assert value == {"a": read}
    assert isinstance(value, dict)
    assert type(value["a"]) is type(read)


def test_not_a_number_is_a_number() -> None:
    value = parsed("[.nan]").value
    assert isinstance(value, list)
    assert value[0] != value[0]


def test_more_figures_than_anybody_could_count_with_are_infinite() -> None:
    assert parsed("9" * 5000).value == float("inf")


def test_each_value_knows_the_line_of_its_key_and_how_it_was_written() -> None:
    document = parsed("# first\na:\n  b: 1e3\n  c:\n    - x\n\n    - 'y'\n")
    assert document.line(("a",)) == 2
    assert document.line(("a", "b")) == 3
    assert document.line(("a", "c", 1)) == 7
    entry = document.at(("a", "b"))
    assert entry is not None
    assert entry.node.text == "1e3"


def test_what_is_absent_is_placed_where_it_would_stand() -> None:
    document = parsed("a: 1\nb:\n  c: 2\n")
    assert document.at(("b", "missing")) is None
    assert document.line(("b", "missing")) == 2


def test_an_alias_repeats_what_its_anchor_names_and_has_a_line_of_its_own() -> None:
    document = parsed("a: &x [1, 2]\nb: *x\n")
    assert document.value == {"a": [1, 2], "b": [1, 2]}
    assert document.line(("b",)) == 2


def test_a_key_that_stands_twice_is_a_problem_that_names_both_lines() -> None:
    document = parsed("a: 1\nb: {c: 1, c: 2}\na: 3\n")
    assert [str(problem) for problem in document.problems] == [
        "some.yaml:2: b.c: this key stands on line 2 already; keep one of the two",
        "some.yaml:3: a: this key stands on line 1 already; keep one of the two",
    ]
    assert document.value == {"a": 1, "b": {"c": 1}}


def test_a_byte_order_mark_is_no_part_of_the_first_key() -> None:
    assert parsed("\ufeffa: 1\n").value == {"a": 1}


@pytest.mark.parametrize("line_end", ["\r\n", "\r"])
def test_lines_are_counted_whatever_ends_them(line_end: str) -> None:
    assert parsed(line_end.join(["a: 1", "b: 2", "c: 3"])).line(("c",)) == 3


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a:\n\t- b\n", "some.yaml:2: a tab stands where the line is indented; indent with blanks"),
        ("a: b: c\n", "some.yaml:1: a colon stands where none is expected"),
        ("a: 1\nb: 'x\nc: 2\n", "some.yaml:2: a quotation mark is opened here and never closed"),
        ("a: 1\nb: [1,\nc: 2\n", "some.yaml:2: a [ is opened here and never closed; close it with ]"),
        ("a: {b: 1\n", "some.yaml:1: a { is opened here and never closed; close it with }"),
        ("{a: 1\n b: 2}", "some.yaml:2: a comma or a } is missing here"),
        ("[a\n b: 2: 3]", "some.yaml:2: a comma or a ] is missing in this list"),
        ("a: @x\n", "some.yaml:1: a text cannot begin with this sign; put the whole text in quotation marks"),
        ("a:\n  b: 1\n c: 2\n", "some.yaml:3: this line does not fit what stands around it"),
        ("a: 'b' c\n", "some.yaml:1: this line does not fit what stands around it"),
        ('a: "\\d"\n', "some.yaml:1: in double quotes a backslash begins an escape, and this is none"),
        ('a: 1\nb: "\\UFFFFFFFF"\n', "some.yaml:2: an escape here names no character"),
        ('a: "\\ud800"\n', "some.yaml:1: a: an escape here names half a character"),
        ("a: 1\nb: \x01\n", "some.yaml:2: a control character (U+0001) stands here; remove it"),
        ("a: - b\n", "some.yaml:1: a list cannot begin behind a key"),
        ("a: 1\nb\n", "some.yaml:2: this line has no colon; write key: value"),
        ("a: ]\n", "some.yaml:1: a value is expected here"),
        ("a: |9x\n", "some.yaml:1: behind | or > only a figure, + or - may stand"),
        ("%YAML 3.1\n---\na: 1\n", "some.yaml:1: a line that begins with % cannot be used; remove it"),
        ("a: &\n", "some.yaml:1: the name of an anchor is expected behind & or *"),
        ("a: !x!y b\n", "some.yaml:1: the name of a tag is expected behind !"),
        (
            "a: 1\n---\nb: 2\n",
            "some.yaml:2: a second document begins here; a config is one document: remove the ---",
        ),
        ("a: *ptr\n", 'some.yaml:1: a: no anchor above is called "ptr"; a text that begins with * needs'),
        ("a: &x [*x]\n", "some.yaml:1: a[0]: *x stands inside of what it names"),
        ("? [a]\n: b\n", "some.yaml:1: a key is a list or a mapping here"),
        (
            "a: !!python/object:os.system x\n",
            'some.yaml:1: a: the tag "python/object:os.system" has no meaning',
        ),
        ("a: !!int x\n", "some.yaml:1: a: this is not what its tag !!int says"),
        ("a: !!set {x}\n", 'some.yaml:1: a: the tag "set" has no meaning here'),
        ("", "some.yaml: the file is empty"),
        ("# nothing\n", "some.yaml: the file holds nothing but comments"),
        (b"a: 1\nb: \xff\n", "some.yaml:2: this is not UTF-8; save the file as UTF-8"),
        ("a: 1\n".encode("utf-16"), "some.yaml:1: this is UTF-16; save the file as UTF-8"),
    ],
)
def test_what_is_no_yaml_is_refused_in_plain_words(text: str | bytes, words: str) -> None:
    assert refusal(text).startswith(words)


def test_aliases_cannot_grow_into_more_than_a_config_needs() -> None:
    levels = (f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join([f'*{chr(97 + n)}'] * 10)}]\n" for n in range(8))
    bomb = "a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n" + "".join(levels)
    assert "with aliases written out, this file holds over 1,000,000 values" in refusal(bomb)


def test_deep_nesting_is_refused_and_not_followed() -> None:
    assert parsed("[" * 50 + "]" * 50).value is not None
    assert "nested more than 50 deep" in refusal("[" * 100_000)


def test_a_huge_file_is_refused_before_it_is_read() -> None:
    assert "larger than 20 MB" in refusal(b"#" * (LARGEST_FILE + 1))


def test_a_refusal_repeats_no_line_of_the_file() -> None:
    with pytest.raises(ConfigError) as caught:
        parse(b"a: hunter2 : hunter2\nPASSWORD: hunter2: x\n", FILE)
    error: BaseException | None = caught.value
    assert "hunter2" not in str(error)
    assert error is not None
    assert error.__suppress_context__


@given(
    st.one_of(st.binary(), st.text(alphabet="ab:-[]{}&*!|>'\"%@`#,?\\ \n\t0.~<\x00é\ufeff").map(str.encode))
)
@example(b'"\\U00110000"')
@example(b"a: !<tag:yaml.org,2002:int> 0x")
@example(b"--- >\n\n...\n--- ")
def test_any_bytes_are_a_document_or_one_explained_error(data: bytes) -> None:
    with contextlib.suppress(ConfigError):
        assert parse(data, FILE).line(()) >= 1
