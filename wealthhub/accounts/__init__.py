"""Firms, people, sign-in, keys and the audit trail."""
