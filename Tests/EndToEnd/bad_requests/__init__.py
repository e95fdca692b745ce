"""The table of bad requests: what is sent, and what the contract says must come back."""
