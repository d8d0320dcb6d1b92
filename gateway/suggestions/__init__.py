"""Help with prompts: completion, enhancement, random ones, and what owners' own prompts taught."""
