"""What Prometheus hears about language models."""

from prometheus_client import Counter, Gauge, Histogram

FIRST_TOKEN_SECONDS = Histogram(
    "atelier_chat_first_token_seconds",
    "Time from the request to the first content token.",
    ["model"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
TOKENS = Counter("atelier_chat_tokens_total", "Tokens read and written.", ["model", "direction"])
REQUESTS_INSIDE = Gauge("atelier_chat_requests_inside", "Requests running or queued in the engine.", ["model"])
RESTARTS = Gauge("atelier_chat_engine_restarts", "Times a child server ended since this service started.", ["child"])
