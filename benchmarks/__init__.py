"""Every figure that the README and the notes quote, printed by ``make bench``."""
