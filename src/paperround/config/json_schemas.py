"""The forms of both files as JSON schemas, by which editors complete and check what is typed."""

import json
from collections.abc import Mapping
from pathlib import Path

from paperround.config.forms import Form
from paperround.config.installation import InstallationForm
from paperround.config.subscriptions import SubscribersForm

FOLDER = Path(__file__).resolve().parents[1] / "schemas"

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schemas() -> Mapping[str, str]:
    """Return the text of each schema by the name of its file."""
    forms: Mapping[str, type[Form]] = {
        "paperround.schema.json": InstallationForm,
        "subscribers.schema.json": SubscribersForm,
    }
    return {
        name: json.dumps({"$schema": _DIALECT, **form.model_json_schema()}, indent=2, ensure_ascii=False)
        + "\n"
        for name, form in forms.items()
    }


def write(folder: Path = FOLDER) -> None:
    """Write the schemas into the folder of the package that holds them."""
    for name, text in schemas().items():
        (folder / name).write_text(text, encoding="utf-8")
