"""A machine without the package cryptography, as the function's is."""

import sys

import pytest

from audit.simulator import Simulator


def hide_cryptography(patch: pytest.MonkeyPatch, simulator: Simulator) -> None:
    """Hide the package from cbr-audit; the simulator, which is elsewhere, still signs."""
    patch.setattr(type(simulator.key), "pem", simulator.key.pem)
    patch.setitem(sys.modules, "cryptography.hazmat.primitives.serialization", None)
