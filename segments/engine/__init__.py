"""Keeps memberships true: what is touched is looked at at once, what is due on time, what is new is built in the background.

Everything that writes memberships of a workspace holds the lock `TOPIC`, or has fenced its segment off (`building`).
"""

TOPIC = "segments"
