"""Rights of the people behind the data: access, erasure, objection, and an end to everything that is kept."""
