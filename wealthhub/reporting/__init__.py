"""Rows and pages as files."""
