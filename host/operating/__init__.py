"""What who runs a host needs: changes, logs, figures, traces, backups, and what is forgotten when."""
