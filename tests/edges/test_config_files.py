"""The config as files, a folder and an environment."""

import contextlib
import json
import logging
import os
import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paperround.config import ConfigError, Loaded, environment, load
from paperround.config.environment import Variables
from paperround.config.fitting import Findings
from paperround.config.json_schemas import FOLDER, schemas
from paperround.settings import FileSettings, SemanticSettings

REPOSITORY = Path(__file__).resolve().parents[2]

SMALLEST = "from: papers@example.org\nsources: [{kind: huggingface}]\n"
NOBODY = "subscribers: []\n"

ALL_KEYS = """\
public_url: https://papers.example.org
from: Paper Round <papers@example.org>
postal_address: 1 Example Street, London
store: sqlite:///var/paperround.db
sources:
  - kind: huggingface
  - kind: arxiv
    categories: [cs.CL, cs.LG]
  - kind: feed
    name: Distill
    url: https://distill.pub/rss.xml
  - kind: file
    path: papers.jsonl
relay:
  host: smtp.example.org
  port: 587
  tls: starttls
  username: papers
  max_per_second: 10
  connections: 4
  ca_file: ca.pem
dkim: {selector: s1, domain: example.org}
on_unknown: resend
templates: ours
semantic: {model: minilm}
"""
ALL_READERS = """\
defaults: {timezone: Europe/London, deliver_at: "07:30", days: weekdays, max_papers: 10}
subscribers:
  - email: ada@example.org
    name: Ada
    keywords:
      - diffusion models
      - {term: LoRA, weight: 3}
      - {all: [planning, LLM]}
    exclude: [survey, "medical imaging"]
    authors: [Yann LeCun]
    categories: [cs.RO]
    min_relevance: 0.2
    trending: 2
    cadence: daily
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the smallest config."""
    config = tmp_path / "config"
    config.mkdir()
    (config / "paperround.yaml").write_text(SMALLEST)
    (config / "subscribers.yaml").write_text(NOBODY)
    return config


def loaded(folder: Path, environ: Mapping[str, str] = MappingProxyType({})) -> Loaded:
    return load(folder, environ, dotenv=folder.parent / ".env")


def problems(folder: Path, environ: Mapping[str, str] = MappingProxyType({})) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        loaded(folder, environ)
    return [str(problem) for problem in caught.value.problems]


def private(file: Path, text: str) -> Path:
    file.write_text(text)
    file.chmod(0o600)
    return file


def test_the_example_that_ships_can_be_used_as_it_is() -> None:
    done = load(REPOSITORY / "config", {}, dotenv=Path("nowhere"))
    assert done.warnings == ()
    assert done.settings.relay is None
    assert [source.name for source in done.settings.sources] == ["Hugging Face", "arXiv"]
    assert [subscriber.name for subscriber in done.settings.subscribers] == ["Ada", "Grace"]


@pytest.mark.parametrize("name", ["paperround", "subscribers"])
def test_the_example_that_ships_shows_every_key_and_names_its_schema(name: str) -> None:
    file = REPOSITORY / "config" / f"{name}.yaml"
    text = file.read_text(encoding="utf-8")
    schema = (file.parent / text.partition("$schema=")[2].split()[0]).resolve()
    assert schema == FOLDER / f"{name}.schema.json"
    form = json.loads(schema.read_text(encoding="utf-8"))
    keys = {key for each in (form, *form["$defs"].values()) for key in each["properties"]}
    assert {key for key in keys if not re.search(rf"\b{key}:", text)} <= {"base_url"}  # for mirrors alone


@pytest.mark.parametrize("name", ["paperround", "subscribers"])
def test_the_documentation_tells_of_every_key(name: str) -> None:
    text = (REPOSITORY / "docs" / "configuration.md").read_text(encoding="utf-8")
    form = json.loads(schemas()[f"{name}.schema.json"])
    keys = {key for each in (form, *form["$defs"].values()) for key in each["properties"]}
    assert {key for key in keys if f"`{key}`" not in text} <= {"kind", "term", "all"}  # in its examples


def test_the_examples_of_the_documentation_can_be_used(folder: Path) -> None:
    text = (REPOSITORY / "docs" / "configuration.md").read_text(encoding="utf-8")
    installation, subscribers = (block.partition("```")[0] for block in text.split("```yaml\n")[1:])
    (folder / "paperround.yaml").write_text(installation)
    (folder / "subscribers.yaml").write_text(subscribers)
    done = loaded(folder, {"PAPERROUND_RELAY_PASSWORD": "x"})
    assert done.warnings == ()
    assert [subscriber.name for subscriber in done.settings.subscribers] == ["Ada"]


def test_the_readers_of_another_folder_go_with_the_installation_of_this_one(
    folder: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "subscribers.yaml").write_text(ALL_READERS)
    done = load(folder, {}, dotenv=Path("nowhere"), readers_of=other)
    assert done.settings.sender.address == "papers@example.org"
    assert [subscriber.name for subscriber in done.settings.subscribers] == ["Ada"]
    assert done.readers.file == other / "subscribers.yaml"
    with pytest.raises(ConfigError, match="no such file"):
        load(folder, {}, dotenv=Path("nowhere"), readers_of=tmp_path / "nobody")


def test_every_kind_of_key_is_loaded_from_files(folder: Path) -> None:
    (folder / "paperround.yaml").write_text(ALL_KEYS)
    (folder / "subscribers.yaml").write_text(ALL_READERS)
    (folder / "papers.jsonl").touch()
    (folder / "ca.pem").touch()
    (folder / "ours").mkdir()
    (folder / "minilm").mkdir()
    done = loaded(folder, {"PAPERROUND_RELAY_PASSWORD": "pw", "PAPERROUND_DKIM_KEY": "key"})
    assert done.warnings == ()
    assert done.settings.sources[3] == FileSettings(name="papers", path=folder / "papers.jsonl")
    assert done.settings.templates == folder / "ours"
    assert done.settings.semantic == SemanticSettings(model=folder / "minilm")
    assert done.settings.relay is not None
    assert (done.settings.relay.password, done.settings.relay.ca_file) == ("pw", folder / "ca.pem")
    assert done.settings.dkim is not None
    assert done.settings.dkim.key == "key"
    assert [subscriber.address for subscriber in done.settings.subscribers] == ["ada@example.org"]


def test_both_files_are_checked_in_one_go_in_the_order_of_their_lines(folder: Path) -> None:
    (folder / "paperround.yaml").write_text("sources: [{kind: file, path: x}]\nform: a@b.org\nrelay: 3\n")
    (folder / "subscribers.yaml").write_text("subscribers:\n  - {email: a, keywords: [3]}\n  - {mail: x}\n")
    places = [problem.removeprefix(f"{folder}/").split(": ")[:2] for problem in problems(folder)]
    assert places == [
        ["paperround.yaml:1", "from"],
        ["paperround.yaml:2", "form"],
        ["paperround.yaml:3", "relay"],
        ["subscribers.yaml:2", "subscribers[0].keywords[0]"],
        ["subscribers.yaml:2", "subscribers[0].email"],
        ["subscribers.yaml:3", "subscribers[1].email"],
        ["subscribers.yaml:3", "subscribers[1].mail"],
    ]


def test_a_file_that_is_no_yaml_hides_no_problem_of_the_other(folder: Path) -> None:
    (folder / "paperround.yaml").write_text("from: [\n")
    (folder / "subscribers.yaml").write_text("subscribers: [3]\n")
    assert len(problems(folder)) == 2


def test_files_that_are_not_there_are_named_with_the_command_that_writes_them(tmp_path: Path) -> None:
    assert problems(tmp_path / "config") == [
        f"{tmp_path}/config/{name}: there is no such file; `paperround init` writes an example"
        for name in ("paperround.yaml", "subscribers.yaml")
    ]


def test_a_folder_in_the_place_of_a_file_is_a_problem(folder: Path) -> None:
    (folder / "subscribers.yaml").unlink()
    (folder / "subscribers.yaml").mkdir()
    (problem,) = problems(folder)
    assert problem == f"{folder}/subscribers.yaml: Is a directory; make it a file that this user may read"


def test_a_sender_does_not_subscribe_to_the_mails_it_sends(folder: Path) -> None:
    (folder / "subscribers.yaml").write_text("subscribers: [{email: Papers@example.org, keywords: [a]}]\n")
    (problem,) = problems(folder)
    assert "the mails are sent from this address" in problem


# The environment


def variables(
    environ: dict[str, str], dotenv: Path | None = None, **more: Path
) -> tuple[Variables, Findings]:
    findings = Findings()
    return environment.read(environ, dotenv, findings, **more), findings


def test_the_environment_wins_over_the_folders_env_file_and_that_over_the_other(folder: Path) -> None:
    private(folder.parent / ".env", "PAPERROUND_STORE=sqlite:///outer.db\n")
    assert loaded(folder).settings.store == "sqlite:///outer.db"
    private(folder / ".env", "PAPERROUND_STORE=sqlite:///inner.db\n")
    assert loaded(folder).settings.store == "sqlite:///inner.db"
    assert loaded(folder, {"PAPERROUND_STORE": "sqlite:///real.db"}).settings.store == "sqlite:///real.db"


def test_an_empty_variable_is_not_set(tmp_path: Path) -> None:
    dotenv = private(tmp_path / ".env", "PAPERROUND_RELAY_PASSWORD=inner\nPAPERROUND_DKIM_KEY=\n")
    read, findings = variables({"PAPERROUND_RELAY_PASSWORD": "", "PAPERROUND_DKIM_KEY_FILE": ""}, dotenv)
    assert (read.relay_password, read.dkim_key) == ("inner", None)
    assert findings.problems == []


def test_a_secret_of_the_environment_wins_over_a_file_that_the_env_file_names(tmp_path: Path) -> None:
    dotenv = private(tmp_path / ".env", "PAPERROUND_RELAY_PASSWORD_FILE=/nowhere\n")
    read, findings = variables({"PAPERROUND_RELAY_PASSWORD": "real"}, dotenv)
    assert read.relay_password == "real"  # noqa: S105 - of nobody
    assert findings.problems == []


def test_nothing_is_exported_and_nothing_is_taken_from_the_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OUTER", "taken")
    monkeypatch.setenv("PAPERROUND_STORE", "sqlite:///taken.db")
    dotenv = private(tmp_path / ".env", 'PAPERROUND_RELAY_PASSWORD="a${OUTER}b"\n')
    before = dict(os.environ)
    read, _ = variables({}, dotenv)
    assert (read.relay_password, read.store) == ("a${OUTER}b", None)
    assert dict(os.environ) == before


def test_an_env_file_may_hold_a_key_of_many_lines(tmp_path: Path) -> None:
    dotenv = private(
        tmp_path / ".env", '\ufeff# ours\nexport PAPERROUND_DKIM_KEY="-----BEGIN\nabc\n-----END"\n'
    )
    read, _ = variables({}, dotenv)
    assert read.dkim_key == "-----BEGIN\nabc\n-----END"


@pytest.mark.parametrize(
    ("contents", "words"),
    [
        (b"PAPERROUND_STORE=x\n'hunter2\n", ".env:2: this cannot be read; write NAME=value"),
        (b"PAPERROUND_RELAY_PASSWORD=\xff\n", ".env: this is not UTF-8; save the file as UTF-8"),
        (b"#" * 100_001, ".env: it is larger than 100 kB"),
    ],
)
def test_an_env_file_that_cannot_be_read_is_a_problem(
    tmp_path: Path, contents: bytes, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    dotenv = tmp_path / ".env"
    dotenv.write_bytes(contents)
    dotenv.chmod(0o600)
    with caplog.at_level(logging.DEBUG):
        _, findings = variables({}, dotenv)
    assert str(findings.problems[0]).startswith(f"{tmp_path}/{words}")
    assert "hunter2" not in str(findings.problems)
    assert caplog.records == []


@pytest.mark.skipif(os.name != "posix", reason="modes are of POSIX")
@pytest.mark.parametrize(
    ("mode", "refused"),
    [(0o600, False), (0o640, False), (0o644, True), (0o606, True), (0o602, True), (0o660, True)],
)
def test_an_env_file_with_secrets_is_kept_from_others(tmp_path: Path, mode: int, *, refused: bool) -> None:
    dotenv = private(tmp_path / ".env", "PAPERROUND_RELAY_PASSWORD=hunter2\n")
    dotenv.chmod(mode)
    _, findings = variables({}, dotenv)
    common = "other users of this machine could use the secrets in it"
    assert [str(each) for each in findings.problems] == [f"{dotenv}: {common}; chmod 600 {dotenv}"] * refused


def test_an_env_file_without_secrets_is_for_everybody(tmp_path: Path) -> None:
    dotenv = private(tmp_path / ".env", "PAPERROUND_STORE=sqlite:///x.db\nPAPERROUND_DKIM_KEY=\n")
    dotenv.chmod(0o644)
    _, findings = variables({}, dotenv)
    assert (findings.problems, findings.warnings) == ([], [])


@pytest.mark.parametrize("name", environment.SECRETS)
def test_a_secret_may_stand_in_a_file_of_its_own(tmp_path: Path, name: str) -> None:
    read, findings = variables({f"{name}_FILE": str(private(tmp_path / "secret", " two words \r\n"))})
    assert findings.problems == []
    assert getattr(read, name.removeprefix(environment.PREFIX).lower()) == " two words "


def test_a_secret_said_in_both_ways_is_a_problem(tmp_path: Path) -> None:
    file = private(tmp_path / "secret", "x")
    _, findings = variables({"PAPERROUND_DKIM_KEY": "y", "PAPERROUND_DKIM_KEY_FILE": str(file)})
    assert [str(problem) for problem in findings.problems] == [
        "PAPERROUND_DKIM_KEY: PAPERROUND_DKIM_KEY_FILE is set too; keep one of the two"
    ]


@pytest.mark.skipif(os.name != "posix", reason="modes are of POSIX")
@pytest.mark.parametrize(
    ("mode", "elsewhere", "mounted"),
    [(0o600, 0, 0), (0o440, 0, 0), (0o444, 1, 0), (0o644, 1, 0), (0o660, 1, 1), (0o602, 1, 1)],
)
def test_a_secret_in_a_file_is_kept_from_others(
    tmp_path: Path, mode: int, elsewhere: int, mounted: int
) -> None:
    file = private(tmp_path / "secret", "x")
    file.chmod(mode)
    environ = {"PAPERROUND_DKIM_KEY_FILE": str(file)}
    assert len(variables(environ)[1].problems) == elsewhere
    assert len(variables(environ, mounted=tmp_path)[1].problems) == mounted


@pytest.mark.parametrize("path", ["hunter2", "/", "hun\x00ter2", "hunter2/" * 200, "x" * 5000])
def test_a_secret_file_that_cannot_be_used_is_a_problem_that_does_not_repeat_the_variable(path: str) -> None:
    _, findings = variables({"PAPERROUND_RELAY_PASSWORD_FILE": path})
    (problem,) = map(str, findings.problems)
    assert problem.startswith("PAPERROUND_RELAY_PASSWORD_FILE: the file it names cannot be used")
    assert path not in problem.partition("used")[2] or path == "/"


@pytest.mark.parametrize("contents", [b"", b" \n", b"\xff\xfe"])
def test_a_secret_file_without_a_secret_is_a_problem(tmp_path: Path, contents: bytes) -> None:
    file = private(tmp_path / "secret", "")
    file.write_bytes(contents)
    assert len(variables({"PAPERROUND_RELAY_PASSWORD_FILE": str(file)})[1].problems) == 1


def test_an_override_that_cannot_be_used_is_named_by_its_variable(folder: Path) -> None:
    environ = {"PAPERROUND_STORE": "mysql://u:hunter2@h/x", "PAPERROUND_PUBLIC_URL": "x"}
    store, public_url = problems(folder, environ)
    assert store == "PAPERROUND_STORE: this is no SQLite file; write sqlite:///var/paperround.db"
    assert public_url.startswith("PAPERROUND_PUBLIC_URL: this is no absolute http or https address; write it")


def test_a_misspelt_variable_is_a_warning_and_a_foreign_one_is_none() -> None:
    _, findings = variables({"PAPERROUND_RELAY_PASWORD": "x", "PAPERROUND_IMAGE": "y", "PATH": "z"})
    assert [str(warning) for warning in findings.warnings] == [
        'PAPERROUND_RELAY_PASWORD: this variable is not known, did you mean "PAPERROUND_RELAY_PASSWORD"?'
    ]


def test_no_secret_is_in_what_is_said_or_shown(folder: Path) -> None:
    canary = "canary-7d1f"
    wrong = (
        f"store: postgresql://u:{canary}@h/x\n"
        f"public_url: http://u:{canary}@h\n"
        f"PAPERROUND_RELAY_PASSWORD: {canary}\n"
        f"relay: {{host: 'u:{canary}@h', password: {canary}, username: x, tls: none}}\n"
        f"dkim: {{key: {canary}, selector: '{canary} '}}\n"
        f"sources: [{{kind: feed, url: 'https://u:{canary}@h'}}, {{kind: file, path: x, token: {canary}}}]\n"
    )
    (folder / "paperround.yaml").write_text(wrong)
    (folder / "subscribers.yaml").write_text(f"subscribers: [{{email: x, password: {canary}}}]\n")
    private(folder / ".env", f"PAPERROUND_STORE=postgresql://u:{canary}@h/x\nPAPERROUND_DKIM_KEY={canary}\n")
    with pytest.raises(ConfigError) as caught:
        loaded(folder, {"PAPERROUND_RELAY_PASSWORD": canary})
    error: BaseException | None = caught.value
    while error is not None:
        assert canary not in f"{error} {error!r}"
        error = error.__cause__ or error.__context__
    assert canary not in repr(caught.value.problems)


def test_no_secret_is_in_the_repr_of_what_is_loaded(folder: Path) -> None:
    canary = "canary-7d1f"
    relay = "relay: {host: h.org, username: x}\n"
    dkim = "dkim: {selector: s, domain: example.org, ed25519_selector: e}\n"
    (folder / "paperround.yaml").write_text(SMALLEST + relay + dkim)
    done = loaded(folder, dict.fromkeys(environment.SECRETS, canary))
    assert done.settings.relay is not None
    assert done.settings.relay.password == canary
    assert canary not in repr(done)
    assert canary not in repr(variables(dict.fromkeys(environment.SECRETS, canary))[0])


@given(
    st.one_of(st.binary(), st.text(alphabet="from:sucebi{}[]-, \n@.x3'\"&*!").map(str.encode)),
    st.one_of(st.binary(), st.text(alphabet="subcrie:mal{}[]-, \n@.x3'\"&*!").map(str.encode)),
)
def test_any_bytes_are_settings_or_a_config_error(
    tmp_path_factory: pytest.TempPathFactory, installation: bytes, subscribers: bytes
) -> None:
    folder = tmp_path_factory.getbasetemp() / "any"
    folder.mkdir(exist_ok=True)
    for start, rest in ((b"", installation), (SMALLEST.encode(), installation)):
        (folder / "paperround.yaml").write_bytes(start + rest)
        (folder / "subscribers.yaml").write_bytes(subscribers)
        with contextlib.suppress(ConfigError):
            assert load(folder, {}, dotenv=folder / ".env").settings.sources


@pytest.mark.parametrize("name", ["paperround.schema.json", "subscribers.schema.json"])
def test_the_schemas_for_editors_are_what_the_forms_say(name: str) -> None:
    """After a change of the forms, `paperround.config.json_schemas.write()` writes them anew."""
    assert (FOLDER / name).read_text(encoding="utf-8") == schemas()[name]


def test_a_container_says_where_the_service_listens(folder: Path) -> None:
    assert load(folder, {"PAPERROUND_WEB_HOST": "0.0.0.0"}).settings.web.host == "0.0.0.0"  # noqa: S104 - the point


def test_a_second_service_is_told_another_port(folder: Path) -> None:
    assert load(folder, {"PAPERROUND_WEB_PORT": "8081"}).settings.web.port == 8081
    for wrong in ("0", "65536", "http", "80a", "-1"):
        with pytest.raises(ConfigError, match="PAPERROUND_WEB_PORT: this is no port; write a number"):
            load(folder, {"PAPERROUND_WEB_PORT": wrong})


def test_a_papers_file_that_is_not_there_yet_is_a_warning(folder: Path) -> None:
    source = "{kind: file, name: Nightly, path: tonight.jsonl}"
    (folder / "paperround.yaml").write_text(f"from: papers@example.org\nsources: [{source}]\n")
    assert any("sources[0].path: there is no file" in str(warning) for warning in load(folder, {}).warnings)


@pytest.mark.parametrize(
    ("store", "opened"),
    [
        ("postgresql://paperround@db/papers", "postgresql://paperround:p%40ss%2Fw%3Ard@db/papers"),
        (
            "postgres://db:5433/papers?sslmode=require",
            "postgresql://:p%40ss%2Fw%3Ard@db:5433/papers?sslmode=require",
        ),
        ("postgresql://paperround:other@db/papers", "postgresql://paperround:other@db/papers"),
        ("sqlite:////srv/store.db", "sqlite:////srv/store.db"),
    ],
)
def test_the_password_of_a_server_comes_from_the_environment(folder: Path, store: str, opened: str) -> None:
    environ = {"PAPERROUND_STORE": store, "PAPERROUND_STORE_PASSWORD": "p@ss/w:rd"}
    settings = load(folder, environ).settings
    assert settings.store == opened
    assert "p%40ss" not in repr(settings)
