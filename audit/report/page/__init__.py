"""What the HTML page shows, worked out part by part; its markup and looks are the two templates."""
