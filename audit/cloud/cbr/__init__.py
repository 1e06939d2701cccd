"""The client of CBR: its requests, and how pages become a complete list."""
