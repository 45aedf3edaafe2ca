"""The vocabulary every part shares: ids, events, commands, errors and ports.

Owns no behaviour beyond what a word means. Standard library only; imports nothing of the project.
"""
