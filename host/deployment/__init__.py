"""An integration as a customer has it: its instances, their endpoints and the webhooks registered for them."""
