"""Training, tuning and evaluating models (weeks 6 to 10 of the course)."""
