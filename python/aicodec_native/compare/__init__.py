"""Comparisons: one video with another, and `.aic` with its peers."""
