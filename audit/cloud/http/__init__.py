"""HTTP for the cloud: connections, deadlines, retries and authentication."""
