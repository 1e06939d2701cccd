"""Notifications about a run. Every channel is optional, and none can fail the run.

Imports cloud and report.
"""

from audit.notify.notifier import Notifier

__all__ = ["Notifier"]
