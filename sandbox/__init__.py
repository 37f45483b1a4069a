"""The ad platforms on localhost: one simulated market with a known truth, one wire per platform."""
