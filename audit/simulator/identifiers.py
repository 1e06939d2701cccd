"""Identifiers in the formats of the cloud, from a seeded generator."""

from random import Random


def uuid(rng: Random) -> str:
    """Return a random UUID of version 4."""
    text = f"{rng.getrandbits(128):032x}"
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}"


def project(rng: Random) -> str:
    """Return a random project id: 32 hexadecimal digits."""
    return f"{rng.getrandbits(128):032x}"


def request(rng: Random) -> str:
    """Return a random request id as in ``extra_info.common``."""
    return "req-" + uuid(rng)
