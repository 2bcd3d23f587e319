"""TLS to a server that the config names, and what went wrong with a conversation, in words."""

import socket
import ssl
from collections.abc import Mapping
from pathlib import Path


class AuthorityProblem(Exception):  # noqa: N818 - it says what is wrong with a file
    """The certificates to trust cannot be used; the message says why."""


def trusting(ca_file: Path | None, *, section: str) -> ssl.SSLContext:
    """Return what verifies a server: by the system's authorities, and by those of the file.

    `section` is where the config names the file, as for `why`. Raise AuthorityProblem.
    """
    context = ssl.create_default_context()
    if ca_file is not None:
        try:
            context.load_verify_locations(ca_file)
        except OSError as error:
            problem = f"{ca_file}: cannot be used as {section}.ca_file: {error.strerror}"
            raise AuthorityProblem(problem) from error
    return context


def why(error: Exception, *, section: str, others: Mapping[type[Exception], str]) -> str:
    """Return what went wrong with a conversation, for people; `others` has words for a library's errors."""
    if isinstance(error, ssl.SSLCertVerificationError):
        mend = f"a private authority goes into {section}.ca_file"
        return f"its certificate is not trusted ({error.verify_message}); {mend}"
    if isinstance(error, ssl.SSLError):
        return f"TLS failed ({error.reason}); is {section}.tls right for this port?"
    sentences = {**_SENTENCES, **others}
    return next((sentence for kind, sentence in sentences.items() if isinstance(error, kind)), str(error))


_SENTENCES: Mapping[type[Exception], str] = {
    TimeoutError: "no answer in time",
    socket.gaierror: "no machine of that name is known",
    ConnectionRefusedError: "nothing listens there",
    ConnectionError: "the connection was lost",
}
