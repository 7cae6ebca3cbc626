"""Tag suggestion: sources of evidence, weighed into one calibrated confidence."""
