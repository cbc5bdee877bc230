"""How a stopping host leaves a flow."""


class Stopping(BaseException):
    """The host is stopping. No error of the flow: nothing is recorded, and the next start goes on from the last checkpoint."""
