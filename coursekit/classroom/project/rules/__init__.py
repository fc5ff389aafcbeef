"""What the checker looks for in a design document, one module per concern."""
