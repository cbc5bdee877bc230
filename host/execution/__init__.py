"""One attempt at one execution, step by step. It knows no engine: what checkpoints and sleeps is handed in."""
