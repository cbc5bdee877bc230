"""A webhook as the official SDK's tutorial for Flask has it: its decorator checks the signature, the view answers with TwiML.

It keeps nothing. https://www.twilio.com/docs/usage/tutorials/how-to-secure-your-flask-app-by-validating-incoming-twilio-requests
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Flask, abort, request
from loopback import TOKEN
from twilio.request_validator import RequestValidator
from twilio.twiml.messaging_response import MessagingResponse

app = Flask(__name__)


def validate_twilio_request(view: Callable[..., str]) -> Callable[..., str]:
    @wraps(view)
    def decorated(*args: Any, **kwargs: Any) -> str:
        validator = RequestValidator(TOKEN)
        if not validator.validate(request.url, request.form, request.headers.get("X-TWILIO-SIGNATURE", "")):
            abort(403)
        return view(*args, **kwargs)

    return decorated


@app.route("/message", methods=["POST"])
@validate_twilio_request
def incoming_message() -> str:
    response = MessagingResponse()
    response.message(f"Your text to me was {len(request.form['Body'])} characters long.")
    return str(response)
