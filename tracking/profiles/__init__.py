"""Who people are: identifiers found again by blind index, joined by what was seen together, every merge undoable."""
