"""Models from outside: fetched from where they lie, looked at without being loaded, kept by their hash."""
