"""`python -m aicodec_native`: the same as the command `aicodec-native`."""

from aicodec_native.cli import main

main()
