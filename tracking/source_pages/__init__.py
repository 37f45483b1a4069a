"""Pages of the sources events come from: their keys, their books, what was refused, what arrives right now."""
