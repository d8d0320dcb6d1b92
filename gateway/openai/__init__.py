"""OpenAI's API over the bus. Nothing here touches the database: a token's way through the gateway is one copy."""
