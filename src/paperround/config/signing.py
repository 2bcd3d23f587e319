"""How mails are signed, as `paperround.yaml` and the environment say it."""

from types import MappingProxyType
from typing import Annotated

from pydantic import ConfigDict, Field

from paperround.config.environment import Variables
from paperround.config.fitting import Sheet
from paperround.config.forms import Domain, Form
from paperround.config.problems import quoted
from paperround.settings import DkimKey, DkimSettings, Mailbox

_LABEL = "[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?"
Selector = Annotated[str, Field(max_length=63, pattern=rf"^{_LABEL}(\.{_LABEL})*$")]


class DkimForm(Form):
    """How mails are signed. The private keys: PAPERROUND_DKIM_KEY, and PAPERROUND_DKIM_ED25519_KEY."""

    model_config = ConfigDict(title="DKIM")
    secrets = MappingProxyType(
        {
            "key": "PAPERROUND_DKIM_KEY",
            "private_key": "PAPERROUND_DKIM_KEY",
            "ed25519_key": "PAPERROUND_DKIM_ED25519_KEY",
        }
    )

    selector: Selector
    """The name before ._domainkey in your DNS."""
    domain: Domain
    """The domain that signs: the one of `from`, or one above it."""
    ed25519_selector: Selector | None = None
    """The name in your DNS of a second key, Ed25519, that signs beside the first one, RSA."""


def read(
    sheet: Sheet, form: DkimForm | None, *, sender: Mailbox | None, variables: Variables
) -> DkimSettings | None:
    """Return how mails are signed, after noting what is wrong with it; None where they are not."""
    if form is None:
        if (variables.dkim_key or variables.dkim_ed25519_key) and sheet.document.at(("dkim",)) is None:
            name = "PAPERROUND_DKIM_KEY" if variables.dkim_key else "PAPERROUND_DKIM_ED25519_KEY"
            unused = f"{name} is set, and nothing is signed"
            sheet.warn((), unused, "add dkim: with selector and domain, or unset it")
        return None
    if not variables.dkim_key:
        mend = "set PAPERROUND_DKIM_KEY_FILE to the file of the private key, or PAPERROUND_DKIM_KEY"
        sheet.problem(("dkim",), "there is no key to sign with", mend)
        return None
    if sender and not f".{sender.domain}".endswith(f".{form.domain}"):
        apart = f"the mails are from {quoted(sender.domain)}: DMARC would not count this signature"
        sheet.warn(("dkim", "domain"), apart, "sign with the domain of `from`")
    return DkimSettings(
        selector=form.selector,
        domain=form.domain,
        key=variables.dkim_key,
        ed25519=_second_key(sheet, form, variables),
    )


def _second_key(sheet: Sheet, form: DkimForm, variables: Variables) -> DkimKey | None:
    name, place = "PAPERROUND_DKIM_ED25519_KEY", ("dkim", "ed25519_selector")
    key, selector = variables.dkim_ed25519_key, form.ed25519_selector
    if selector is None:
        if key:
            mend = "add `ed25519_selector`, or unset it"
            sheet.warn(("dkim",), f"{name} is set, and has no name in the DNS", mend)
        return None
    if selector.lower() == form.selector.lower():
        sheet.problem(place, "each key has a name of its own", "write another one than that of `selector`")
    if not key:
        mend = f"set {name}_FILE to the file of the Ed25519 key, or {name}; or remove the line"
        sheet.problem(place, "there is no key for it", mend)
        return None
    return DkimKey(selector=selector, key=key)
