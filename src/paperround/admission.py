"""How often the papers may be asked for: often enough for people, too seldom to bomb anybody with mail."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from ipaddress import ip_address, ip_network

from paperround.rates import Rate

LIFE_OF_A_REQUEST = timedelta(hours=48)  # in which it can be confirmed
REMEMBERED = timedelta(days=1)  # that somebody asked; no limit looks further back

MAILS_AN_HOUR, MAILS_A_DAY = 1, 3  # to one address
OF_A_NETWORK = 10  # an hour
OF_EVERYBODY = 200  # an hour: what this service can be made to send to people who never asked
SHARE = 4  # a fourth of what the relay takes: the rest is for the letters of readers


class Admission(StrEnum):
    """What becomes of it when somebody asks."""

    MAIL = "mail"  # one is sent, if that address may get any
    SILENCE = "silence"  # that address had enough of them; whoever asks is told the same as for MAIL
    BUSY = "busy"  # nothing more is taken from there, or from anybody, for a while


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """How often was asked lately: for an address, as far as mail came of it, from a network, by everybody.

    What is silent does not count for the address, or anybody could keep the mail from it for ever.
    """

    address_hour: int = 0
    address_day: int = 0
    network_hour: int = 0
    everybody_hour: int = 0
    everybody_day: int = 0


def admission(asked: Asked, rate: Rate) -> Admission:
    """Return what becomes of one more.

    That an address had its mails must not show: whatever can be seen from outside comes first.
    """
    for asked_by_all, most in ((asked.everybody_hour, rate.per_hour), (asked.everybody_day, rate.per_day)):
        if most is not None and asked_by_all >= max(most // SHARE, 1):
            return Admission.BUSY
    if asked.network_hour >= OF_A_NETWORK or asked.everybody_hour >= OF_EVERYBODY:
        return Admission.BUSY
    if asked.address_hour >= MAILS_AN_HOUR or asked.address_day >= MAILS_A_DAY:
        return Admission.SILENCE
    return Admission.MAIL


def mailbox_of(address: str) -> str:
    """Return the mailbox that an address leads to: what follows a plus sorts the mail within it."""
    local, _, domain = address.lower().rpartition("@")
    return f"{local.partition('+')[0] or local}@{domain}"


def network_of(host: str) -> str:
    """Return the network that an IP address is in, of a size that one person may have all of.

    Whoever has no address that can be read is in one with all others like that.
    """
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return ""
    address = getattr(address, "ipv4_mapped", None) or address
    return str(ip_network((address, _PREFIX[address.version]), strict=False))


_PREFIX = {4: 24, 6: 56}
