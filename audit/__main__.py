"""``python -m audit`` is the same as ``cbr-audit``."""

from audit.cli import main

main()
