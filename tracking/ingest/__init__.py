"""From stored events to facts: an ordered list of named steps over micro-batches (`tracking.ingest.steps`)."""
