"""Language models: chat, completion and embeddings in OpenAI's terms."""
