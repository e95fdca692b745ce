"""What the end-to-end tests stand on: the real binary, a scripted model server, a small HTTP client."""
