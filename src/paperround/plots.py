"""Bars for each day, drawn as SVG: no script is in it, and its colours come from the page's style sheet."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from xml.etree import ElementTree as ET

from paperround.phrases import full_day, listed, short_day

# In the units of the drawing: the bars stand in the middle, with room for the numbers and the days.
_WIDTH, _HEIGHT = 360, 160
_LEFT, _RIGHT, _TOP, _BOTTOM = 40, 4, 10, 24
_GAP = 0.2  # of the place of a day
_PARTS = 2  # that lines divide the height into
_STEPS = (2, 4, 10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """What is counted by day, what it is called, and the class that its bars have for the style sheet."""

    name: str
    kind: str
    counts: Mapping[date, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """Series that are drawn upon each other, for these days; `key` tells its parts from those of others."""

    key: str
    title: str
    days: Sequence[date]
    series: Sequence[Series]


def drawn(plot: Plot) -> str:
    """Return the plot as SVG, with its title, and a description for who does not see it."""
    title, told = f"{plot.key}-title", f"{plot.key}-desc"
    svg = ET.Element(
        "svg",
        {
            "class": "plot",
            "viewBox": f"0 0 {_WIDTH} {_HEIGHT}",
            "role": "img",
            "aria-labelledby": f"{title} {told}",
        },
    )
    ET.SubElement(svg, "title", {"id": title}).text = plot.title
    ET.SubElement(svg, "desc", {"id": told}).text = _description(plot)
    highest = _rounded_up(max((_total(plot, day) for day in plot.days), default=0))
    _draw_lines(svg, highest)
    for number, day in enumerate(plot.days):
        _draw_day(svg, plot, number, highest)
        if number in (0, len(plot.days) - 1):
            _draw_name(svg, day, at_end=number > 0)
    return ET.tostring(svg, encoding="unicode")


def _total(plot: Plot, day: date) -> int:
    return sum(each.counts.get(day, 0) for each in plot.series)


def _description(plot: Plot) -> str:
    if not plot.days:
        return "No days."
    sums = [f"{sum(each.counts.get(day, 0) for day in plot.days):,} {each.name}" for each in plot.series]
    most = max(plot.days, key=lambda day: _total(plot, day))
    span = f"From {full_day(plot.days[0])} to {full_day(plot.days[-1])}: {listed(sums)}"
    return f"{span}; most on {full_day(most)}: {_total(plot, most):,}." if _total(plot, most) else f"{span}."


def _rounded_up(number: int) -> int:
    """Return the least of 2, 4, 10, 20, 40, 100 … that is not below it: each of them has a half."""
    unit = 1
    while unit * _STEPS[-1] < number:
        unit *= 10
    return next(unit * step for step in _STEPS if unit * step >= number)


def _draw_lines(svg: ET.Element, highest: int) -> None:
    for part in range(_PARTS + 1):
        height = _y(highest * part / _PARTS, highest)
        ends = {"x1": str(_LEFT), "x2": str(_WIDTH - _RIGHT), "y1": height, "y2": height}
        ET.SubElement(svg, "line", {"class": "scale", **ends})
        place = {"x": str(_LEFT - 5), "y": height, "dy": "0.35em", "text-anchor": "end"}
        ET.SubElement(svg, "text", place).text = f"{highest * part // _PARTS:,}"


def _draw_day(svg: ET.Element, plot: Plot, number: int, highest: int) -> None:
    """Draw one bar, its parts upon each other."""
    day, below = plot.days[number], 0
    place = (_WIDTH - _LEFT - _RIGHT) / len(plot.days)
    left = _LEFT + place * (number + _GAP / 2)
    bar = ET.SubElement(svg, "g")
    counted = [(each, each.counts.get(day, 0)) for each in plot.series]
    said = [f"{count:,} {each.name}" for each, count in counted if count]
    ET.SubElement(bar, "title").text = f"{full_day(day)}: {listed(said) or 'nothing'}"
    for each, count in counted:
        if not count:
            continue
        top, foot = float(_y(below + count, highest)), float(_y(below, highest))
        size = {"x": f"{left:.2f}", "y": f"{top:.2f}", "width": f"{place * (1 - _GAP):.2f}"}
        ET.SubElement(bar, "rect", {"class": each.kind, **size, "height": f"{foot - top:.2f}"})
        below += count


def _draw_name(svg: ET.Element, day: date, *, at_end: bool) -> None:
    x, anchor = (_WIDTH - _RIGHT, "end") if at_end else (_LEFT, "start")
    place = {"x": str(x), "y": str(_HEIGHT - 6), "text-anchor": anchor}
    ET.SubElement(svg, "text", place).text = short_day(day)


def _y(count: float, highest: int) -> str:
    return f"{_HEIGHT - _BOTTOM - (_HEIGHT - _TOP - _BOTTOM) * count / highest:.2f}"
