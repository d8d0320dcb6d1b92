"""From a description to files: what a model is asked, how its answer is read, whether the code is well-formed."""
