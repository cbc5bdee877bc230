"""The embedded integration host.

Where to look for what:

    what people configure   definition/ (integration files), declarations/ (a team's folder), configuration, publication,
                            uploads, versions, registry
    what comes in           web/ (pages, API, webhooks) → reception, routes → acceptance → inbox; scheduler (times and polls),
                            invocation (flows that the host starts), registrations and ledger (webhooks at their services)
    what runs               engine and durable (DBOS) → work → runner, with expressions, code, run_as, states, journal, claims,
                            outcome, databases; past and replays (again); results and answer (back to the sender)
    whose turn it is        identity and life (this process and its heartbeat), locks, presence
    what is kept            store/ (the tables), portable, subject, step_log, changes, retention, backup
    what is secret          vault, keys, rotation, custody, named_secrets, credentials, password, redact
    what is told            logs, telemetry, metrics, tracing, readiness, diagnosis
    what is brought along   components/ (branch, loop, code, http, persist-data …)

:mod:`host` puts them together; :mod:`workshop` is what executions share of them.
"""
