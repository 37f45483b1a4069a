"""Programs that send events with unmodified client libraries, each in a process of its own."""
