"""What makes executions go: the durable engine, times and polls, and executions once more."""
