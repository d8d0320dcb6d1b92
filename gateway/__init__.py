"""The HTTP face of Atelier: API, event streams, web UI and the catalog behind them."""
