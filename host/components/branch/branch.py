"""Which way a flow goes on."""

from typing import Annotated, Any

from pydantic import Field
from twilio_connector.connector.context import ActionContext
from twilio_connector.connector.inputs import Hint, Inputs, KeyValues
from twilio_connector.connector.payload import text_of
from twilio_connector.connector.result import ActionResult

from .operators import evaluate

ELSE = "Else"


class BranchOnValue(Inputs):
    """A value, and the branch for each value it may have."""

    branch_value_mappings: Annotated[
        KeyValues, Field(title="Branch Value Mappings", description="For each branch, the value that leads to it.")
    ]
    input_value: Annotated[Any, Field(title="Input Value", description="The value to look up.")] = None


class BranchOnExpression(Inputs):
    """Branches with their conditions, tried in order."""

    conditions: Annotated[
        tuple[dict[str, Any], ...],
        Field(title="Conditions", description="For each branch, the condition under which it is taken."),
        Hint(type="conditional", collection="keyvaluelist"),
    ]


def branch_on_value(_context: ActionContext, inputs: BranchOnValue) -> ActionResult:
    """Compare as text, so that 5 and true lead where ``"5"`` and ``"true"`` do."""
    wanted = text_of(inputs.input_value)
    return _take(next((name for name, value in inputs.branch_value_mappings if text_of(value) == wanted), ELSE))


def branch_on_expression(_context: ActionContext, inputs: BranchOnExpression) -> ActionResult:
    """Evaluate no further than needed. Raises InvalidInput for operands that cannot be compared."""
    return _take(next((branch["name"] for branch in inputs.conditions if evaluate(branch["value"])), ELSE))


def _take(name: str) -> ActionResult:
    return ActionResult(data=name, branch=name)
