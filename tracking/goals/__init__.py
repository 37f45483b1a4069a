"""Conversion goals: what a marketer counts as success, and the contacts that came before it."""
