from hypothesis import settings

# A machine that is busy elsewhere must not fail a test: nothing here is about time.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")
