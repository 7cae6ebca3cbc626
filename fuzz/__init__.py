"""Fuzzing: what holds of papersim whatever bytes it is given; not shipped with it."""
