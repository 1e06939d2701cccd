"""The contents of the HTML page, computed part by part; its markup and styles are in the two templates."""
