"""Whether the service is well, as containers ask it: often, and so with as little as possible."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from paperround.probing import NoAnswer, ask, own_host
from paperround.settings import WebSettings


@contextmanager
def answering(status: int, body: str = "{}", host: str = "127.0.0.1") -> Iterator[WebSettings]:
    """Run a server that answers so to whoever asks for health, and yield where it is."""

    class Service(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/healthz" else 404)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer((host, 0), Service) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield WebSettings(host=host, port=server.server_address[1])
        server.shutdown()
        thread.join()


def test_it_is_well_where_the_service_says_so() -> None:
    for status, well in ((200, True), (503, False), (404, False)):
        with answering(status, '{"problems": []}') as web:
            answer = ask(web)
        assert (answer.text, answer.well) == ('{"problems": []}', well)


def test_who_listens_at_all_addresses_is_asked_at_this_machine() -> None:
    with answering(200, host="0.0.0.0") as web:  # noqa: S104 - the point
        assert ask(web).well


def test_who_listens_at_every_address_of_version_six_is_asked_at_one_of_these() -> None:
    assert own_host(WebSettings(host="::")) == "::1"  # a socket of version six takes nobody of version four


def test_silence_is_told_of_with_its_place() -> None:
    with answering(200) as web:
        pass
    with pytest.raises(NoAnswer, match=rf"does not answer at 127\.0\.0\.1:{web.port}: .*refused"):
        ask(web)


def probe(folder: Path, web: WebSettings) -> "subprocess.CompletedProcess[str]":
    config = "from: papers@example.org\nsources: [{kind: huggingface}]\n"
    (folder / "paperround.yaml").write_text(config)
    environment = {"PAPERROUND_CONFIG": str(folder), "PAPERROUND_WEB_PORT": str(web.port)}
    command = [sys.executable, "-m", "paperround.probing"]
    return subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, check=False)


def test_it_ends_as_commands_do_and_does_not_read_who_subscribes(tmp_path: Path) -> None:
    (tmp_path / "subscribers.yaml").write_text("]")
    with answering(200, '{"status": "ok"}') as web:
        well = probe(tmp_path, web)
    assert (well.returncode, well.stdout, well.stderr) == (0, '{"status": "ok"}\n', "")
    silent = probe(tmp_path, web)
    assert (silent.returncode, silent.stdout) == (1, "")
    assert "does not answer" in silent.stderr


def test_a_config_that_does_not_say_where_the_service_listens_is_a_mistake(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "paperround.probing"]
    asked = subprocess.run(command, env={}, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (asked.returncode, asked.stdout) == (2, "")
    assert asked.stderr.startswith("config/paperround.yaml: there is no such file")


def test_it_loads_none_of_what_the_work_needs() -> None:
    asked = "import sys, paperround.probing; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True).stdout
    assert not {"scipy", "sqlalchemy", "starlette", "httpx", "typer", "lxml"} & set(loaded.split())
