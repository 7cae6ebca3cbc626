"""Ranking: vectors and counts in, answers out. Nothing here touches a disk."""
