"""One file per resource; each is thin over the parts it uses."""
