"""What the container is promised by compose.yaml, and that its profile for trying out fits together."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML
from sqlalchemy import make_url

from paperround.config import load
from paperround.config.forms import is_loopback
from paperround.delivery.connection import Timeouts

ROOT = Path(__file__).resolve().parents[2]
FOLDER = "/srv/paperround"


@pytest.fixture
def services() -> dict[str, dict[str, Any]]:
    services = YAML(typ="safe").load((ROOT / "compose.yaml").read_text(encoding="utf-8"))["services"]
    return dict(services)


def instructions(name: str) -> list[str]:
    """Return what the Dockerfile's last image says by this instruction."""
    final = (ROOT / "Dockerfile").read_text(encoding="utf-8").rpartition("\nFROM ")[2]
    lines = final.replace("\\\n", "").splitlines()
    return [rest for word, _, rest in (line.partition(" ") for line in lines) if word == name]


@pytest.mark.parametrize("name", ["paperround", "try"])
def test_the_service_has_no_rights_that_it_does_not_need(
    services: dict[str, dict[str, Any]], name: str
) -> None:
    service = services[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert instructions("USER") == ["paperround"]
    mounted = dict(volume.split(":", 1) for volume in service["volumes"])
    writable = {target for target in mounted.values() if not target.endswith(":ro")}
    assert writable == {f"{FOLDER}/var"} == set(instructions("VOLUME"))


@pytest.mark.parametrize("name", ["paperround", "try"])
def test_it_may_end_after_the_last_word_of_a_relay(services: dict[str, dict[str, Any]], name: str) -> None:
    grace = services[name]["stop_grace_period"]
    assert timedelta(minutes=int(grace.removesuffix("m"))) > Timeouts().dot
    assert instructions("STOPSIGNAL") == ["SIGTERM"]


@pytest.mark.parametrize("name", ["paperround", "try"])
def test_its_health_is_asked_for_as_the_image_says(services: dict[str, dict[str, Any]], name: str) -> None:
    check = services[name]["healthcheck"]
    (said,) = instructions("HEALTHCHECK")
    options, _, command = said.partition(" CMD ")
    assert command == str(check["test"][1:]).replace("'", '"')
    names = {
        "interval": "interval",
        "timeout": "timeout",
        "start-period": "start_period",
        "retries": "retries",
    }
    assert options == " ".join(f"--{ours}={check[theirs]}" for ours, theirs in names.items())


def test_nothing_is_published_but_to_this_machine(services: dict[str, dict[str, Any]]) -> None:
    ports = [port for service in services.values() for port in service.get("ports", ())]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_images_of_others_are_of_a_known_version(services: dict[str, dict[str, Any]]) -> None:
    others = [service["image"] for service in services.values() if "build" not in service]
    tags = [image.partition(":")[2] for image in others]
    assert tags
    assert all(tag and tag != "latest" for tag in tags)


def test_what_is_for_trying_out_is_not_started_beside_the_service(
    services: dict[str, dict[str, Any]],
) -> None:
    assert {name for name, service in services.items() if "profiles" not in service} == {"paperround"}
    assert {"var", "var-try", "postgresql-try"} == {
        volume.partition(":")[0] for service in services.values() for volume in service.get("volumes", ())
    } - {"./config", "./deploy/try"}


def test_the_mails_of_trying_out_go_to_mailpit_and_lead_to_its_pages(
    services: dict[str, dict[str, Any]],
) -> None:
    settings = load(ROOT / "deploy" / "try", services["try"]["environment"]).settings
    # Without TLS, which is for loopback alone: it has to be that of the one who takes the mails.
    assert services["try"]["network_mode"] == "service:mailpit"
    assert settings.relay is not None
    assert (is_loopback(settings.relay.host), settings.relay.port) == (True, 1025)
    published = dict(port.removeprefix("127.0.0.1:").split(":") for port in services["mailpit"]["ports"])
    assert settings.public_url == "http://localhost:8081"
    assert int(published["8081"]) == settings.web.port
    assert published["8025"] == "8025"
    assert settings.subscribers


def test_what_is_tried_out_has_its_store_on_the_server_beside_it(services: dict[str, dict[str, Any]]) -> None:
    url = make_url(load(ROOT / "deploy" / "try", services["try"]["environment"]).settings.store)
    server = services[str(url.host)]
    assert server["image"].startswith("postgres:")
    assert "ports" not in server
    assert server["environment"] == {"POSTGRES_USER": url.username, "POSTGRES_PASSWORD": url.password}
    assert url.database == url.username  # which the image makes
