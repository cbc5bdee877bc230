"""Phone numbers that can be bought: search. https://www.twilio.com/docs/phone-numbers/api/availablephonenumber-resource."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from ..connector.context import ActionContext
from ..connector.errors import Refused
from ..connector.inputs import Hint, Trimmed
from ..connector.result import Example
from ..connector.twilio.fields import Address
from ..connector.twilio.parameters import NOT_SENT
from ..connector.twilio.resources.phone_numbers import AVAILABLE_NUMBERS
from .fields import Country
from .operations import ActionInputs, Limit, PageSize
from .rules import at_most_one, excludes, needs

_NORTH_AMERICAN = (
    "area_code",
    "near_number",
    "near_lat_long",
    "distance",
    "in_postal_code",
    "in_region",
    "in_rate_center",
    "in_lata",
)


class NumberSearch(ActionInputs):
    """What the number to buy should be like."""

    country_code: Annotated[
        Country,
        NOT_SENT,
        Field(
            title="Country",
            description="The country's two letters (ISO 3166-1), such as US, GB or DE.",
            pattern="^[A-Z]{2}$",
            examples=["US"],
        ),
    ]
    number_type: Annotated[
        Literal["local", "machineToMachine", "mobile", "national", "sharedCost", "tollFree", "voip"],
        NOT_SENT,
        Field(
            title="Type",
            description="The kind of number. Which kinds there are depends on the country.",
            examples=["local"],
        ),
        Hint(required=True),
    ] = "local"
    area_code: Annotated[
        int | None,
        Field(
            title="Area Code",
            description="Only numbers with this area code (US and Canada).",
            ge=200,
            le=999,
            examples=["808"],
        ),
    ] = None
    contains: Annotated[
        Trimmed,
        Field(
            title="Contains",
            description="Only numbers that match this: 2 to 16 digits or letters; * is any digit, % any digits, "
            "+ at the start and $ at the end stand for the ends.",
            pattern=r"^[0-9A-Za-z*%+$]{2,18}$",
            examples=["555"],
        ),
    ] = ""
    sms_enabled: Annotated[
        bool | None,
        Field(title="SMS", description="Only numbers that can, or cannot, receive texts.", examples=["true"]),
    ] = None
    mms_enabled: Annotated[
        bool | None,
        Field(title="MMS", description="Only numbers that can, or cannot, receive MMS.", examples=["true"]),
    ] = None
    voice_enabled: Annotated[
        bool | None,
        Field(title="Voice", description="Only numbers that can, or cannot, receive calls.", examples=["true"]),
    ] = None
    fax_enabled: Annotated[
        bool | None,
        Field(title="Fax", description="Only numbers that can, or cannot, receive faxes.", examples=["false"]),
        Hint(advanced=True),
    ] = None
    exclude_all_address_required: Annotated[
        bool | None,
        Field(
            title="Exclude Any Address Required",
            description="Leave out numbers that need an address.",
            examples=["true"],
        ),
        Hint(advanced=True),
    ] = None
    exclude_local_address_required: Annotated[
        bool | None,
        Field(
            title="Exclude Local Address Required",
            description="Leave out numbers that need an address in their country.",
            examples=["true"],
        ),
        Hint(advanced=True),
    ] = None
    exclude_foreign_address_required: Annotated[
        bool | None,
        Field(
            title="Exclude Foreign Address Required",
            description="Leave out numbers that need an address abroad.",
            examples=["true"],
        ),
        Hint(advanced=True),
    ] = None
    beta: Annotated[
        bool | None,
        Field(
            title="Beta",
            description="Whether to offer numbers that are new to Twilio. Blank: yes.",
            examples=["false"],
        ),
        Hint(advanced=True),
    ] = None
    near_number: Annotated[
        Address | None,
        Field(
            title="Near Number",
            description="Only numbers within the distance of this number (US and Canada).",
            examples=["+18085550143"],
        ),
    ] = None
    near_lat_long: Annotated[
        Trimmed,
        AfterValidator(lambda place: place.replace(" ", "")),
        Field(
            title="Near Latitude, Longitude",
            description="Only numbers within the distance of this place (US and Canada).",
            pattern=r"^-?\d{1,2}(\.\d+)? *, *-?\d{1,3}(\.\d+)?$",
        ),
        Hint(placeholder="19.72,-155.09"),
    ] = ""
    distance: Annotated[
        int | None,
        Field(
            title="Distance",
            description="How near, in miles, at most 500. Blank: 25.",
            ge=1,
            le=500,
            examples=["50"],
        ),
    ] = None
    in_postal_code: Annotated[
        Trimmed,
        Field(title="Postal Code", description="Only numbers of this postal code (US and Canada).", examples=["96720"]),
        Hint(advanced=True),
    ] = ""
    in_region: Annotated[
        Trimmed,
        Field(title="Region", description="Only numbers of this state or province (US and Canada).", examples=["HI"]),
        Hint(advanced=True),
    ] = ""
    in_rate_center: Annotated[
        Trimmed,
        Field(
            title="Rate Center",
            description="Only numbers of this rate center; needs the LATA too (US and Canada).",
            examples=["HILO"],
        ),
        Hint(advanced=True),
    ] = ""
    in_lata: Annotated[
        Trimmed,
        Field(
            title="LATA",
            description="Only numbers of this local access and transport area (US and Canada).",
            pattern="^[0-9]{3,5}$",
            examples=["834"],
        ),
        Hint(advanced=True),
    ] = ""
    in_locality: Annotated[
        Trimmed,
        Field(title="Locality", description="Only numbers of this city.", examples=["Hilo"]),
        Hint(advanced=True),
    ] = ""

    limit: Limit = 100
    page_size: PageSize = None

    @property
    def kind(self) -> str:
        """The part of the path that names the type."""
        return f"{self.number_type[0].upper()}{self.number_type[1:]}"

    @model_validator(mode="after")
    def _known_there(self) -> "NumberSearch":
        at_most_one(self, "near_number", "near_lat_long")
        if not self.near_lat_long:
            needs(self, ["distance"], "near_number")
        needs(self, ["in_rate_center"], "in_lata")
        if self.country_code not in {"US", "CA"}:
            excludes(self, "country_code", _NORTH_AMERICAN, "Twilio knows it for US and CA only")
        return self


def search_available_numbers(
    context: ActionContext, inputs: NumberSearch
) -> Iterator[Annotated[dict[str, Any], Example(dict(AVAILABLE_NUMBERS.example))]]:
    """List numbers to buy. Raises Refused for a country that has none of the type."""
    parents, filters = AVAILABLE_NUMBERS.parents(inputs), inputs.parameters()
    try:
        yield from inputs.client(context).list(
            AVAILABLE_NUMBERS, filters, limit=inputs.limit, page_size=inputs.page_size, **parents
        )
    except Refused as error:
        if error.status != HTTPStatus.NOT_FOUND:
            raise
        wanted = f"numbers of the type {inputs.number_type} are not found in {inputs.country_code}"
        message = f"numberType: {wanted}: choose another type, or another country (countryCode); see {error.more_info}"
        raise Refused(message, **error.details | {"field": "numberType"}) from None
