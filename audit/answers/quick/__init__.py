"""The quick reader of task pages: one step from bytes to packed rows, for rows of which nothing can be lost.

What it cannot be sure of is left to the careful reader; a differential test holds the two together.
"""
