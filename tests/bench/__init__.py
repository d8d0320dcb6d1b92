"""Ratios against peers, measured side by side on one machine. Nothing here is asserted on time."""
