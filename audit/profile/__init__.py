"""The profile: the rules that an organisation's backups are judged by, written in YAML.

A profile is based on a preset and says what differs: which subjects are judged (scope), which controls apply and with
which limits, which subjects have limits of their own (levels), when missing runs are expected (maintenance), which
failures are accepted (waivers), and which restores were tested by hand (drills).

A profile is read before the first request. What it means to the core is said in ``applied``, which is imported after
that request, because the core takes longer to import than ``requests``.

Imports controls, judging, report, schedule and subjects.
"""

from audit.profile.differences import earlier_profile, profile_changes
from audit.profile.limit_fields import LimitValues
from audit.profile.model import Profile
from audit.profile.presets import PRESETS
from audit.profile.reading import build, build_profile, find_source, load_profile, parse_profile
from audit.profile.source import WrittenSource

__all__ = [
    "PRESETS",
    "LimitValues",
    "Profile",
    "WrittenSource",
    "build",
    "build_profile",
    "earlier_profile",
    "find_source",
    "load_profile",
    "parse_profile",
    "profile_changes",
]
