"""Atelier's services; none imports another."""
