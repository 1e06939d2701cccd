"""Identifiers in the forms that the cloud uses, drawn from a seeded generator."""

from random import Random


def uuid(rng: Random) -> str:
    """Draw a random UUID of version 4."""
    text = f"{rng.getrandbits(128):032x}"
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}"


def project(rng: Random) -> str:
    """Draw a project id: 32 hexadecimal digits."""
    return f"{rng.getrandbits(128):032x}"


def request(rng: Random) -> str:
    """Draw a request id as it appears in ``extra_info.common``."""
    return "req-" + uuid(rng)
