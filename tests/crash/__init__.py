"""The program is killed at every point of its way, and started again: see ``test_killed_anywhere.py``."""
