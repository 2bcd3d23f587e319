"""What readers chose, as subscribers.yaml says it, and as an edit of that file."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import fields, replace

from paperround.config.editing import relisted, said
from paperround.config.loading import Loaded
from paperround.config.replacing import Edit
from paperround.config.subscriptions import PreferencesForm
from paperround.config.yaml_cuts import NotEditable, Value
from paperround.keywords import Keyword
from paperround.preferences import Overlay, Topics, overlaid
from paperround.subscribers import EVERY_DAY, WEEKDAYS, Interests, Subscriber

LISTS = tuple(each.name for each in fields(Topics))

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def written(overlay: Overlay) -> Mapping[str, Value]:
    """Return what was chosen but for a pause, by the keys of a subscriber."""
    said_of_it: dict[str, Value] = {}
    if overlay.rhythm is not None:
        said_of_it |= {"cadence": overlay.rhythm.cadence.value, "days": _days(overlay.rhythm.days)}
    if overlay.hour is not None:
        said_of_it |= {"deliver_at": f"{overlay.hour.at:%H:%M}", "timezone": overlay.hour.timezone.key}
    if overlay.max_papers is not None:
        said_of_it["max_papers"] = overlay.max_papers
    for name, entries in _lists(overlay):
        said_of_it[name] = [_entry(each) for each in entries]
    return said_of_it


def day_names(days: Collection[int]) -> list[str]:
    """Return weekdays by their names."""
    return [_DAYS[day] for day in sorted(days)]


def exported(now: Loaded, text: str, before: Subscriber, overlay: Overlay) -> Edit:
    """Return the edit by which the file says of a subscriber what they chose; a pause stays out of it."""
    index = now.settings.subscribers.index(before)
    wanted = replace(overlay, pause=None)
    lists = dict(_lists(overlay))
    # What is new stands below the address, the first of it above the others.
    for key, value in reversed(tuple(written(overlay).items())):
        stands = now.readers.at(("subscribers", index, key))
        old = stands.node.value if stands else None
        if key in lists and isinstance(old, list):
            text = _with_list(text, index, key, old, lists[key])
        elif old != value:
            text = said(text, index, key, value)
    (after,) = overlaid([before], {before.address: wanted})
    return Edit(
        about=before.address,
        text=text,
        holds=lambda it: it is not None and _alike(it, replace(after, chosen_at=None)),
    )


def _with_list(
    text: str, index: int, key: str, old: Sequence[object], wanted: Sequence[Keyword | str]
) -> str:
    """Return the text with a list that holds what is wanted; of it, what stands there keeps its place."""
    entries = [_read(key, each) for each in old]
    gone = [place for place, each in enumerate(entries) if each not in wanted]
    new = [_entry(each) for each in wanted if each not in entries]
    try:
        return relisted(text, index, key, gone=gone, new=new)
    except NotEditable:  # an alias, say, in whose place a list of one's own can stand
        return said(text, index, key, [_entry(each) for each in wanted])


def _read(key: str, item: object) -> Keyword | str:
    form = PreferencesForm.model_validate({key: [item]})
    (entry,) = getattr(form, key)
    return entry if isinstance(entry, str) else entry.keyword


def _lists(overlay: Overlay) -> Iterator[tuple[str, Sequence[Keyword | str]]]:
    for name in LISTS if overlay.topics else ():
        entries = getattr(overlay.topics, name)
        if entries is not None:
            yield name, entries


def _entry(entry: Keyword | str) -> Value:
    if isinstance(entry, str):
        return entry
    words: dict[str, Value] = {"all": list(entry.phrases)}
    if len(entry.phrases) == 1:
        words = {"term": entry.phrases[0]}
    if entry.weight != 1:
        words["weight"] = int(entry.weight) if entry.weight == int(entry.weight) else entry.weight
    if entry.at_most is not None:
        words["at_most"] = entry.at_most
    return entry.phrases[0] if words.keys() == {"term"} else words


def _days(days: frozenset[int]) -> Value:
    if days == WEEKDAYS:
        return "weekdays"
    return "daily" if days == EVERY_DAY else day_names(days)


def _alike(one: Subscriber, other: Subscriber) -> bool:
    """Return whether both are the same but for the order of their lists."""
    if replace(one, interests=Interests()) != replace(other, interests=Interests()):
        return False
    lists = [[frozenset(getattr(each.interests, name)) for name in LISTS] for each in (one, other)]
    return lists[0] == lists[1]
