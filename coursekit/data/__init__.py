"""Collecting data and making features of it (weeks 2 to 5 of the course)."""
