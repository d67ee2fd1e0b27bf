"""The feedback loop: proposals are run, measured and kept only if the real decoder's output says so (docs/loop.md)."""
