"""A second decoder of the .aic format, written from docs/bitstream.md alone: obvious, slow, pure Python and numpy."""
