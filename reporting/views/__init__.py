"""The pages, split by topic."""
