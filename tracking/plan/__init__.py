"""The tracking plan: what events should look like, what breaks it, and how good the data is."""
