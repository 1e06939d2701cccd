"""The client of CBR: what is asked, how it is authenticated, and how pages become a whole list."""
