"""The embedded integration host. :class:`.host.Host` puts its rooms together; a room imports only those below it.

    web/             pages, the JSON API, webhooks, live updates
    declarations/    a team's folder of files, checked and applied
    administration/  connections, customers and users, named secrets and keys, who may come in
    deployment/      instances, their endpoints, the webhooks registered for them
    engine/          DBOS underneath; times and polls; executions once more
    execution/       one attempt at one execution: steps, state, code's databases, logs; single actions too
    receiving/       the way in: routes → reception → acceptance → inbox; and the answer on the way out
    integrations/    uploads, published versions, config variables and what they are worth
    operating/       changes, logs, metrics, traces, backups, retention
    processes/       which of several processes acts
    secrets/         vault, keys, rotation, named secrets, redaction
    components/      the host's own components: branch, loop, code, http, persist-data …
    store/           the tables, and values and ids as they stand in them
    definition/      integration files: read, checked; expressions and code functions
    registry         the components that are installed
    settings         where the data is, how the host is reached, its limits
    loggers          where the host writes its log

pyproject.toml keeps this order (import-linter).
"""
