"""The running stories of the course, each a seeded world with its truth attached."""
