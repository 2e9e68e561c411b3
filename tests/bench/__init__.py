"""The bench: our figures beside what a user would pick instead, both in one run on one machine (``make bench``)."""
