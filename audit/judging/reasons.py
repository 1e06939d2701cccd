"""Reasons of findings that later runs recognise in a report."""

from typing import Final

OUT_OF_SCOPE: Final = "not in the scope of the profile"
"""The reason of every finding about a subject that the profile leaves out."""
