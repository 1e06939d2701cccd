"""Reasons of findings that a later run knows again when it reads the report."""

from typing import Final

OUT_OF_SCOPE: Final = "not in the scope of the profile"
"""The reason of every finding on a subject that the profile leaves out."""
