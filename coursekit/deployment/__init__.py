"""Serving models and changing them without harm (weeks 11 to 13 of the course)."""
