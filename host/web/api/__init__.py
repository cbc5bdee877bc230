"""The JSON API: what the pages do, for programs. One table of routes drives serving and the OpenAPI document."""
