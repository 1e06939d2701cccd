"""The JSON Schemas, as data that importlib.resources can read."""
