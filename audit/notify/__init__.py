"""Telling people and monitors about a run: every channel is optional, and none can fail the run."""

from audit.notify.notifier import Notifier

__all__ = ["Notifier"]
