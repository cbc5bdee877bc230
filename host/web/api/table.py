"""All routes of the API."""

from . import catalogue, connections, customers, executions, flows, instances, integrations, log, run
from .route import Route

ROUTES: tuple[Route, ...] = (
    *catalogue.ROUTES,
    *run.ROUTES,
    *connections.ROUTES,
    *customers.ROUTES,
    *integrations.ROUTES,
    *instances.ROUTES,
    *flows.ROUTES,
    *executions.ROUTES,
    *log.ROUTES,
)
