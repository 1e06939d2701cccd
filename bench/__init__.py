"""Repeatable measurements, as ratios in one run: ``make bench``."""
