"""A folder that a team keeps in git, and the host made like it: connections, customers, integrations, instances.

    connections/<any>.yaml              {name, component, key, fields, secrets} or {name, type, config, secret_config}
    customers/<any>.yaml                {externalId, name, users}
    integrations/<any>/integration.yaml a definition, with the code of its steps beside it
    instances/<any>.yaml                {integration, customer, name, config, enabled, schedules}

No file holds a secret: where one belongs stands its name; see :mod:`..secrets.named_secrets`. Everything is checked before
anything is changed, and a second run changes nothing.
"""

from .apply import Outcome, apply
from .check import check
from .model import Declarations, DeclarationsInvalid
from .read import read

__all__ = ["Declarations", "DeclarationsInvalid", "Outcome", "apply", "check", "read"]
