"""Sign-in for programs."""
