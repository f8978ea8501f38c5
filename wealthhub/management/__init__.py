"""What the command line of the whole project can do."""
