"""What people change of a host beside instances: connections, customers, secrets, who may come in. Each change is noted."""
