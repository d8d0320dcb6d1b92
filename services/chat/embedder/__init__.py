"""A small server of OpenAI's `/v1/embeddings` for one sentence-embedding model."""
