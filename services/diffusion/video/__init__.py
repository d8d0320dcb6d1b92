"""Videos: stills under a moving camera, and models that make frames themselves."""
