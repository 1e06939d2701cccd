"""The profile: what an organisation demands of its backups, as people write it in YAML.

A profile stands on a preset and says what differs: whom it is about (scope), which controls, by which limits, for whom
other ones (levels), when runs may stay away (maintenance), which failures somebody accepts (waivers), and which
restores somebody signs for (drills).

A profile is read before the first request, and turned into what the core knows after it. Its parts import the core only
then, inside of the methods that do so, because that takes longer than importing requests.

Imports controls, judging, report, schedule and subjects.
"""

from audit.profile.differences import profile_changes
from audit.profile.limits import LimitValues
from audit.profile.model import Profile
from audit.profile.presets import PRESETS
from audit.profile.reading import ProfileSource, build, build_profile, find_source, load_profile, parse_profile

__all__ = [
    "PRESETS",
    "LimitValues",
    "Profile",
    "ProfileSource",
    "build",
    "build_profile",
    "find_source",
    "load_profile",
    "parse_profile",
    "profile_changes",
]
