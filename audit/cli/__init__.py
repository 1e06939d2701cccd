"""What a person types and sees: commands, their words on the terminal, progress.

Imports every other room; nothing imports it.
"""


def main() -> None:
    """Start ``cbr-audit``."""
    from audit.cli import commands  # noqa: PLC0415  # whoever imports another module of the room needs no commands

    commands.main()
