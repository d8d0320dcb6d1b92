"""The chassis every service stands on: bus, jobs, calls, objects, telemetry and the host that joins them."""
