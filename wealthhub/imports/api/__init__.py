"""The imports API."""
