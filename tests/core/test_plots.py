"""What is drawn: bars that are as high as their counts, and words for who does not see them."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paperround.plots import Plot, Series, drawn

FIRST = date(2026, 6, 1)
DAYS = tuple(FIRST + timedelta(days=number) for number in range(3))


def plot(*counts: Mapping[date, int], days: Sequence[date] = DAYS) -> Plot:
    series = [
        Series(name=f"kind {number}", kind=f"k{number}", counts=each) for number, each in enumerate(counts)
    ]
    return Plot(key="it", title="Things by day", days=days, series=series)


def bars(svg: str) -> list[tuple[str, float, float]]:
    """Return the kind of each rectangle, with its top and its height."""
    return [
        (each.attrib["class"], float(each.attrib["y"]), float(each.attrib["height"]))
        for each in ET.fromstring(svg).iter("rect")  # noqa: S314 - our own
    ]


def test_bars_are_as_high_as_their_counts_and_stand_upon_each_other() -> None:
    svg = drawn(plot({DAYS[0]: 10, DAYS[2]: 20}, {DAYS[0]: 20}))
    (below, top_below, low), (above, top_above, high), (_, _, other) = bars(svg)
    assert (below, above) == ("k0", "k1")
    assert high == other == pytest.approx(2 * low, abs=0.02)
    assert top_above + high == pytest.approx(top_below, abs=0.02)


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=30))
def test_no_bar_stands_out_of_the_drawing(counts: list[int]) -> None:
    days = [FIRST + timedelta(days=number) for number in range(len(counts))]
    drawing = ET.fromstring(drawn(plot(dict(zip(days, counts, strict=True)), days=days)))  # noqa: S314
    _, _, width, height = map(float, drawing.attrib["viewBox"].split())
    found = list(drawing.iter("rect"))
    assert len(found) == sum(count > 0 for count in counts)
    for each in found:
        x, y, wide, high = (float(each.attrib[name]) for name in ("x", "y", "width", "height"))
        assert 0 <= x <= x + wide <= width
        assert 0 <= y <= y + high <= height
    numbers = [each.text or "" for each in drawing.iter("text") if each.attrib.get("text-anchor") == "end"]
    assert int(numbers[2].replace(",", "")) >= max(counts)
    assert int(numbers[1].replace(",", "")) * 2 == int(numbers[2].replace(",", ""))


def test_who_does_not_see_it_is_told() -> None:
    drawing = ET.fromstring(drawn(plot({DAYS[0]: 1000}, {DAYS[0]: 1, DAYS[1]: 2})))  # noqa: S314
    title, told = drawing.find("title"), drawing.find("desc")
    assert title is not None
    assert told is not None
    assert drawing.attrib["role"] == "img"
    assert drawing.attrib["aria-labelledby"] == f"{title.attrib['id']} {told.attrib['id']}"
    assert title.text == "Things by day"
    assert told.text == (
        "From 1 June 2026 to 3 June 2026: 1,000 kind 0 and 3 kind 1; most on 1 June 2026: 1,001."
    )
    each = [bar.findtext("title") for bar in drawing.iter("g")]
    assert each == ["1 June 2026: 1,000 kind 0 and 1 kind 1", "2 June 2026: 2 kind 1", "3 June 2026: nothing"]


def test_nothing_is_drawn_of_nothing() -> None:
    assert bars(drawn(plot({}))) == []
    assert "0 kind 0." in drawn(plot({}))
    assert bars(drawn(plot({}, days=()))) == []


def test_it_brings_no_style_of_its_own_and_no_markup_of_others() -> None:
    hostile = Series(name="<script>", kind='"><b>', counts={DAYS[0]: 1})
    svg = drawn(Plot(key="it", title="<script>alert(1)</script>", days=DAYS, series=[hostile]))
    assert "style" not in svg
    assert "<script" not in svg
    assert "<b>" not in svg
