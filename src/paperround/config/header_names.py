"""The name of a header field that mail does not use for anything else."""

import re

from paperround.config.problems import Wrong, quoted

LONGEST_NAME = 60  # so that the value has room beside it

EXAMPLE = "write the name that the relay documents, such as Idempotency-Key"

# RFC 5322, 3.6.8: visible ASCII without the colon; and here letters, digits and dashes, as all names are.
_NAME = re.compile(r"[A-Za-z](-?[A-Za-z0-9])*")

# Names that mail has a meaning for, of IANA's registry and of those that everybody uses, and whole families.
_FAMILIES = ("arc-", "authentication-", "content-", "dkim-", "list-", "mime-", "resent-", "x-auto-", "x-ms-")
_NAMES = """
accept-language alternate-recipient archived-at auto-submitted autoforwarded autosubmitted base bcc
bimi-indicator bimi-location bimi-selector cc cfbl-address cfbl-feedback-id comments conversion
conversion-with-loss date deferred-delivery delivered-to delivery-date discarded-x400-ipms-extensions
discarded-x400-mts-extensions disclose-recipients disposition-notification-options
disposition-notification-to distribution domainkey-signature ediint-features encoding encrypted
envelope-to errors-to expires expiry-date feedback-id followup-to form-sub from
generate-delivery-report importance in-reply-to incomplete-copy jabber-id keywords language
latest-delivery-time lines message-context message-id message-type newsgroups obsoletes organization
original-encoded-information-types original-from original-message-id original-recipient
original-subject originator-return-address path pics-label precedence
prevent-nondelivery-report priority received received-spf references reply-by reply-to
require-recipient-valid-since return-path return-receipt-to sender sensitivity sio-label
sio-label-history solicitation status subject supersedes tls-report-domain tls-report-submitter
tls-required to user-agent vbr-info x-mailer x-priority x-spam-flag x-spam-score x-spam-status
x400-content-identifier x400-content-return x400-content-type x400-mts-identifier x400-originator
x400-received x400-recipients x400-trace xref
"""
_TAKEN = frozenset(_NAMES.split())


def own_header(text: str) -> str:
    """Return the name of a field of one's own; raise Wrong for no name, or one that mail has a use for."""
    if not _NAME.fullmatch(text) or len(text) > LONGEST_NAME:
        raise Wrong(f"{quoted(text)} is no name of a header field", EXAMPLE)
    if text.lower() in _TAKEN or text.lower().startswith(_FAMILIES):
        raise Wrong(f"{quoted(text)} is a field that mail uses for something else", EXAMPLE)
    return text
