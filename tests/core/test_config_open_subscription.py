"""What the config says of people who subscribe by themselves."""

from dataclasses import replace
from datetime import time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from paperround.config import ConfigError, Loaded, load
from paperround.keywords import exclusion, keyword
from paperround.settings import NEWCOMER
from paperround.subscribers import Cadence, Interests

OPEN = """\
open_subscription: true
public_url: https://papers.example.org
postal_address: 1 Example Street, London
web: {trusted_proxies: [127.0.0.1, 10.0.0.0/8, '2001:db8::/32']}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def loaded(
    folder: Path, settings: str, defaults: str = "{}", environ: dict[str, str] | None = None
) -> Loaded:
    """Read a config with these settings and these defaults."""
    start = "from: Paper Round <papers@example.org>\nsources: [{kind: huggingface}]\n"
    (folder / "paperround.yaml").write_text(start + settings)
    (folder / "subscribers.yaml").write_text(f"defaults: {defaults}\nsubscribers: []\n")
    return load(folder, environ or {}, dotenv=folder / "none")


def problems(folder: Path, settings: str, defaults: str = "{}") -> list[str]:
    with pytest.raises(ConfigError) as error:
        loaded(folder, settings, defaults)
    return [str(each).partition(".yaml:")[2] for each in error.value.problems]


def warnings(config: Loaded) -> list[str]:
    return [str(each).partition(".yaml:")[2] for each in config.warnings]


def test_nobody_subscribes_by_themselves_unless_it_is_said(folder: Path) -> None:
    settings = loaded(folder, "").settings
    assert not settings.open_subscription
    assert settings.web.trusted_proxies == ()
    assert settings.newcomer == NEWCOMER


def test_it_is_said_with_all_that_goes_with_it(folder: Path) -> None:
    config = loaded(folder, OPEN)
    assert config.settings.open_subscription
    assert config.settings.web.trusted_proxies == ("127.0.0.1", "10.0.0.0/8", "2001:db8::/32")
    assert warnings(config) == ["2: subscribers: nobody subscribes; add somebody to subscribers.yaml"]


def test_there_must_be_a_page_on_which_to_confirm_it(folder: Path) -> None:
    (problem,) = problems(folder, "open_subscription: true\npostal_address: x\n")
    assert problem == (
        "3: open_subscription: whoever subscribes confirms it on a page, and nothing says where that is; "
        "add public_url: https://…, or write open_subscription: false"
    )
    by_variable = {"PAPERROUND_PUBLIC_URL": "https://papers.example.org"}
    assert loaded(folder, "open_subscription: true\n", environ=by_variable).settings.open_subscription


def test_what_is_missing_for_strangers_is_warned_of(folder: Path) -> None:
    told = warnings(loaded(folder, "open_subscription: true\npublic_url: https://papers.example.org\n"))
    assert told[0] == (
        "3: open_subscription: behind a proxy everybody looks alike, and the limits for one network hold for "
        "all together; name the proxy's address under web.trusted_proxies"
    )
    assert told[1] == (
        "3: open_subscription: mail to strangers should say where its sender is; the law asks for it in many "
        "places; add postal_address"
    )


@pytest.mark.parametrize("proxy", ["proxy.example.org", "10.0.0.1/8", "300.1.1.1", "*", "''"])
def test_a_proxy_is_told_by_its_address(folder: Path, proxy: str) -> None:
    (problem,) = problems(folder, f"web: {{trusted_proxies: ['{proxy.strip(chr(39))}']}}\n")
    assert problem.startswith("3: web.trusted_proxies[0]: ")
    assert problem.endswith("write it like 10.0.0.0/8")


def test_newcomers_read_as_the_defaults_say(folder: Path) -> None:
    defaults = "{timezone: Europe/Berlin, deliver_at: '06:15', days: daily, max_papers: 3, exclude: [survey]}"
    assert loaded(folder, OPEN, defaults).settings.newcomer == replace(
        NEWCOMER,
        timezone=ZoneInfo("Europe/Berlin"),
        deliver_at=time(6, 15),
        days=frozenset(range(7)),
        max_papers=3,
        interests=Interests(exclude=(exclusion("survey"),)),
    )


def test_defaults_may_have_interests_of_their_own(folder: Path) -> None:
    newcomer = loaded(folder, OPEN, "{keywords: [LoRA], categories: [cs.RO]}").settings.newcomer
    assert newcomer.interests == Interests(keywords=(keyword("LoRA"),), categories=("cs.RO",))


def test_weekly_defaults_name_one_day_where_somebody_may_come_to_have_them(folder: Path) -> None:
    (problem,) = problems(folder, OPEN, "{cadence: weekly}")
    assert problem == (
        "1: defaults.cadence: weekly needs one day, and for whoever subscribes by themselves there are 5; "
        "write one day, such as days: [mon]"
    )
    assert loaded(folder, "", "{cadence: weekly}").settings.newcomer.cadence is Cadence.WEEKLY
    assert loaded(folder, OPEN, "{cadence: weekly, days: [mon]}").settings.newcomer.days == frozenset({0})


def test_what_is_wrong_with_the_defaults_is_told_once(folder: Path) -> None:
    (problem,) = problems(folder, OPEN, "{max_papers: 0}")
    assert problem.startswith("1: defaults.max_papers: this is less than 1")
