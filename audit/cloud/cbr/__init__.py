"""The client of CBR: what is asked, and how pages become a whole list."""
