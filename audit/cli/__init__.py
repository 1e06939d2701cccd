"""The command line: commands, terminal output and progress.

Imports answers, app, cloud, controls, evidence, fleet, generators, judging, profile, report, simulator and watch.
"""


def main() -> None:
    """Start ``cbr-audit``."""
    from audit.cli import commands  # noqa: PLC0415  # other modules of this room do not need the commands

    commands.main()
