"""What the gateway remembers: jobs, assets, conversations. The bus is the truth about running work; rows follow it."""
