"""Makes a fresh checkout ready to run, with nothing but a Python and its standard library."""
