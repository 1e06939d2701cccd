"""How anything is asked of the cloud: connections, deadlines, retries, and what authenticates requests."""
