"""Measures against peers, both sides in the same run: ``make bench``.

docs/performance.md says how each figure is measured, what bounds it, and what was tried.
"""
