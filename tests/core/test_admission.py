import pytest

from paperround.admission import Admission, Asked, admission, mailbox_of, network_of
from paperround.rates import Rate

FREE = Rate(relay="smtp.example.org:587")


def test_an_address_gets_one_mail_an_hour_and_three_a_day() -> None:
    assert admission(Asked(), FREE) is Admission.MAIL
    assert admission(Asked(address_day=2), FREE) is Admission.MAIL
    assert admission(Asked(address_hour=1, address_day=1), FREE) is Admission.SILENCE
    assert admission(Asked(address_day=3), FREE) is Admission.SILENCE


def test_a_network_and_everybody_together_ask_so_often_and_no_more() -> None:
    assert admission(Asked(network_hour=9, everybody_hour=199), FREE) is Admission.MAIL
    assert admission(Asked(network_hour=10), FREE) is Admission.BUSY
    assert admission(Asked(everybody_hour=200), FREE) is Admission.BUSY


def test_a_fourth_of_what_the_relay_takes_is_for_strangers() -> None:
    rate = Rate(relay="smtp.example.org:587", per_hour=20, per_day=100)
    assert admission(Asked(everybody_hour=4, everybody_day=24), rate) is Admission.MAIL
    assert admission(Asked(everybody_hour=5), rate) is Admission.BUSY
    assert admission(Asked(everybody_day=25), rate) is Admission.BUSY


def test_what_is_refused_for_all_to_see_says_nothing_of_an_address() -> None:
    for address in (Asked(network_hour=10), Asked(network_hour=10, address_hour=1, address_day=3)):
        assert admission(address, FREE) is Admission.BUSY


@pytest.mark.parametrize(
    ("host", "network"),
    [
        ("192.0.2.77", "192.0.2.0/24"),
        ("::ffff:192.0.2.77", "192.0.2.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1::/56"),
        ("fe80::1%eth0", "fe80::/56"),
        ("127.0.0.1", "127.0.0.0/24"),
        ("", ""),
        ("unix:", ""),
    ],
)
def test_whoever_asks_is_counted_with_their_network(host: str, network: str) -> None:
    assert network_of(host) == network


def test_all_names_of_a_mailbox_are_counted_together() -> None:
    assert mailbox_of("Ada+papers@Example.org") == mailbox_of("ada@example.org") == "ada@example.org"
    assert mailbox_of("+@example.org") == "+@example.org"
