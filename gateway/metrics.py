"""The gateway's Prometheus metrics."""

from prometheus_client import Counter, Gauge, Histogram

REQUESTS = Counter("atelier_gateway_requests_total", "Requests answered.", ["route", "method", "status"])
RESPONSE_START_SECONDS = Histogram(
    "atelier_gateway_response_start_seconds",
    "Time until the first byte of the answer was ready; streams run on after it.",
    ["route", "method"],
    buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60),
)
REQUESTS_OPEN = Gauge("atelier_gateway_requests_open", "Requests being answered, streams included.")
LISTENERS = Gauge("atelier_gateway_listeners", "Clients that listen to live events.")
SLOW_LISTENERS = Counter("atelier_gateway_slow_listeners_total", "Clients let go because they fell behind.")
EVENTS_FANNED_OUT = Counter("atelier_gateway_events_fanned_out_total", "Events handed to listening clients.")
EVENTS_PROJECTED = Counter("atelier_gateway_events_projected_total", "Events written into the catalog.")
JOBS_ACCEPTED = Counter("atelier_gateway_jobs_accepted_total", "Jobs accepted.", ["kind"])
JOBS_MENDED = Counter("atelier_gateway_jobs_mended_total", "Jobs found astray and mended.", ["how"])
