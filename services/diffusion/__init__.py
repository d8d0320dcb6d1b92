"""Pictures from words: diffusion models behind one batched sampling loop."""
