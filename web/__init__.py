"""What is reached over HTTP: the webhooks of the chat providers, and a health check for the reverse proxy."""
