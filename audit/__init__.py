"""cbr-audit: did the backups that should have happened really happen?"""

from typing import Final

__version__: Final = "0.3.0.dev0"
