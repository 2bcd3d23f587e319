"""How fast letters are signed: paperround beside dkimpy, with an RSA key of 2,048 bits and with Ed25519.

    python benchmarks/signing.py [FOLDER]

FOLDER holds recorded days; without it the papers are generated. Each letter is a whole mail of ten papers in
full and twenty title lines; both are given the same letters, keys and fields to sign. One JSON line for each
key and signer, after one signature of each was verified.
"""

import base64
import json
import random
import re
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import dkim
import typer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from paperround.dkim_signing import Signer
from paperround.letters import Letters
from paperround.ports import SubscriberId
from paperround.rendering import Renderer
from paperround.settings import DkimKey, DkimSettings, Mailbox
from ranking_speed import SEED, papers_of
from rendering import drawn

DOMAIN, RSA_SELECTOR, ED25519_SELECTOR = "example.org", "s1", "e1"
NOW = datetime(2026, 6, 16, 12, tzinfo=UTC)
ROUNDS = 3  # of which the fastest counts

Sign = Callable[[bytes], bytes]


def main(
    folder: Annotated[
        Path | None, typer.Argument(help="Recorded days; without it papers are made up.")
    ] = None,
    *,
    papers: Annotated[int, typer.Option(min=1)] = 1_000,
    letters: Annotated[int, typer.Option(min=1)] = 200,
) -> None:
    """Sign each letter in each way, and say how many that are in a second."""
    chance = random.Random(SEED)  # noqa: S311 - nothing is secret here
    day = papers_of(folder, papers, chance)
    digests = drawn(day, letters, chance)
    written = [office().write(each, SubscriberId(at), now=NOW).message for at, each in enumerate(digests)]
    rsa, ed25519 = generate_private_key(65537, 2048), Ed25519PrivateKey.generate()
    ways = _ways(rsa, ed25519, fields=_signed_fields(rsa, written[0]))
    _verify(ways, _records(rsa, ed25519), written[0])
    # In turns, so that what else the machine does falls on all of them.
    took = dict.fromkeys(ways, float("inf"))
    for _ in range(ROUNDS):
        for way, sign in ways.items():
            took[way] = min(took[way], _seconds(sign, written))
    for (key, signer), seconds in took.items():
        line = {
            "key": key,
            "signer": signer,
            "letters": len(written),
            "bytes_per_letter": round(sum(map(len, written)) / len(written)),
            "per_second": round(len(written) / seconds, 1),
            "times_paperround": round(seconds / took[key, "paperround"], 1),
        }
        print(json.dumps(line), flush=True)


def office() -> Letters:
    """Return what writes letters that are not signed yet."""
    return Letters(
        renderer=Renderer(),
        sender=Mailbox(name="Paper Round", address=f"papers@{DOMAIN}"),
        secret=bytes(32),
        public_url=f"https://papers.{DOMAIN}",
        postal_address="1 Example Street",
    )


def _ways(
    rsa: RSAPrivateKey, ed25519: Ed25519PrivateKey, *, fields: Sequence[bytes]
) -> Mapping[tuple[str, str], Sign]:
    beside = DkimKey(selector=ED25519_SELECTOR, key=_pem(ed25519))

    def ours(selector: str, key: RSAPrivateKey | Ed25519PrivateKey, beside: DkimKey | None = None) -> Sign:
        settings = DkimSettings(selector=selector, domain=DOMAIN, key=_pem(key), ed25519=beside)
        signer = Signer(settings)
        return lambda letter: signer.sign(letter, now=NOW)

    def dkimpy(selector: str, key: bytes, algorithm: str) -> Sign:
        def sign(letter: bytes) -> bytes:
            signature: bytes = dkim.sign(
                letter,
                selector.encode(),
                DOMAIN.encode(),
                key,
                canonicalize=(b"relaxed", b"relaxed"),
                signature_algorithm=algorithm.encode(),
                include_headers=fields,
            )
            return signature + letter

        return sign

    seed = base64.b64encode(
        ed25519.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
    )  # the form in which dkimpy takes it
    return {
        ("rsa-2048", "paperround"): ours(RSA_SELECTOR, rsa),
        ("rsa-2048", "dkimpy"): dkimpy(RSA_SELECTOR, _pem(rsa).encode(), "rsa-sha256"),
        ("ed25519", "paperround"): ours(ED25519_SELECTOR, ed25519),
        ("ed25519", "dkimpy"): dkimpy(ED25519_SELECTOR, seed, "ed25519-sha256"),
        ("both", "paperround"): ours(RSA_SELECTOR, rsa, beside),
    }


def _signed_fields(key: RSAPrivateKey, letter: bytes) -> list[bytes]:
    """Return the fields that paperround signs, each as often as it does."""
    settings = DkimSettings(selector=RSA_SELECTOR, domain=DOMAIN, key=_pem(key))
    signed = Signer(settings).sign(letter, now=NOW).removesuffix(letter)
    found = re.search(rb"\bh=([^;]*);", re.sub(rb"\s", b"", signed))
    if found is None:
        sys.exit("a signature that does not say what it covers")
    return found[1].split(b":")


def _records(rsa: RSAPrivateKey, ed25519: Ed25519PrivateKey) -> Mapping[bytes, bytes]:
    public = (
        (
            RSA_SELECTOR,
            b"rsa",
            rsa.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        ),
        (ED25519_SELECTOR, b"ed25519", ed25519.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)),
    )
    return {
        f"{selector}._domainkey.{DOMAIN}.".encode(): b"v=DKIM1; k=%s; p=%s" % (kind, base64.b64encode(key))
        for selector, kind, key in public
    }


def _verify(ways: Mapping[tuple[str, str], Sign], records: Mapping[bytes, bytes], letter: bytes) -> None:
    for way, sign in ways.items():
        if not dkim.verify(sign(letter), dnsfunc=lambda name, **_: records[name]):
            sys.exit(f"{', '.join(way)}: a signature that does not verify")


def _pem(key: RSAPrivateKey | Ed25519PrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def _seconds(sign: Sign, letters: Sequence[bytes]) -> float:
    """Return the seconds of a processor that signing takes: nothing here waits for anything."""
    started = time.process_time()
    for letter in letters:
        sign(letter)
    return time.process_time() - started


if __name__ == "__main__":
    typer.run(main)
