"""The language segments are written in: a typed JSON tree, what it means in words, and how to read it."""
