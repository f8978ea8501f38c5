"""The pages that cross the apps."""
