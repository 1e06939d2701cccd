"""One audit put together: what is ordered, what it needs of the world, and the steps of a run; also doctor and replay.

Imports every room below it; only commands and the function import it.
"""
