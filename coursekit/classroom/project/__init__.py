"""The group project: its documents read, checked and counted, its bonus system verified."""
