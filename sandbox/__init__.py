"""The ad platforms on localhost: one simulated market with known truth, one wire per platform. Django-free."""
