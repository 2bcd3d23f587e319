"""When a digest is due: time zones and clock changes live only here."""

from datetime import UTC, date, datetime, timedelta

from paperround.subscribers import Subscriber

# The slot of today may be to come, and that of yesterday may have been put off by a clock change.
_DAYS_BACK = 3


def slot(day: date, subscriber: Subscriber) -> datetime:
    """Return the moment, in UTC, at which the subscriber's digest of that local day is due.

    An hour that a clock change repeats counts the first time; one that it skips counts as much later.
    """
    local = datetime.combine(day, subscriber.deliver_at, tzinfo=subscriber.timezone)
    return local.astimezone(UTC)


def due(subscriber: Subscriber, now: datetime, *, catch_up: timedelta) -> date | None:
    """Return the latest local day whose slot has come, and came no longer than `catch_up` ago.

    Every day has a slot; whether there is a digest that day is not a question of the clock. Nothing is due
    to whoever joined only after the slot. Whoever chose on that very day an hour that was past by then does
    not lose the day by it.
    """
    today = local_day(subscriber, now)
    days = (today - timedelta(days=back) for back in range(_DAYS_BACK))
    latest = next(day for day in days if slot(day, subscriber) <= now)
    since = slot(latest, subscriber)
    if subscriber.joined_at is not None and since < subscriber.joined_at:
        return None
    if subscriber.chosen_at is not None and local_day(subscriber, subscriber.chosen_at) == latest:
        since = max(since, subscriber.chosen_at)
    return latest if now - since <= catch_up else None


def local_day(subscriber: Subscriber, now: datetime) -> date:
    """Return the day it is where the subscriber lives."""
    return now.astimezone(subscriber.timezone).date()
