"""The quick reader of pages of long lists: one step from bytes to records, for rows of which nothing can be lost.

What it cannot be sure of is left to the careful reader; a differential test holds the two together.
"""
