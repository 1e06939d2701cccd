"""What a person types and sees: commands, their words on the terminal, progress.

Imports answers, app, cloud, controls, evidence, generators, judging, profile, report and simulator.
"""


def main() -> None:
    """Start ``cbr-audit``."""
    from audit.cli import commands  # noqa: PLC0415  # whoever imports another module of the room needs no commands

    commands.main()
