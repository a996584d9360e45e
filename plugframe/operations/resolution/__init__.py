"""Which implementation a call of an operation gets: what the context wants, what fits, and what comes first."""
