"""Settings for all tests."""

from hypothesis import settings

# No test is timed: the machine may be busy.
settings.register_profile("brief", deadline=None, max_examples=40)
settings.load_profile("brief")
