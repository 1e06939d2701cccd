"""The client of Cloud Trace Service: its requests, and how pages become a complete list."""
