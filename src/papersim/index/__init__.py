"""What is kept on disk: SQLite, which is the truth, and what is derived from it."""
