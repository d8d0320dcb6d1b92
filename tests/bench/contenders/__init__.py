"""What takes part: each module is started as a worker (`worker`) and as the one who submits and measures (`drive`).

The peers run in a Python environment of their own, so these modules import nothing of the house but
`tests.bench.measure`.
"""
