"""What went wrong: alerts of the Monitor API, notifications of the 2010 API.

https://www.twilio.com/docs/usage/monitor-alert, https://www.twilio.com/docs/usage/api/notifications
"""

from ..resource import ACCOUNT_SID, API_2010, Resource, api_2010, dates, example_sid

ALERTS = Resource(
    name="alert",
    path="/v1/Alerts",
    items="alerts",
    product="monitor",
    dates=dates("date_generated"),
    example={
        "accountSid": ACCOUNT_SID,
        "alertText": "sourceComponent=14100&ErrorCode=11200&httpResponse=502",
        "apiVersion": "2010-04-01",
        "dateCreated": "2026-03-15T14:32:11.000Z",
        "dateGenerated": "2026-03-15T14:32:10.000Z",
        "dateUpdated": "2026-03-15T14:32:11.000Z",
        "errorCode": "11200",
        "logLevel": "error",
        "moreInfo": "https://www.twilio.com/docs/errors/11200",
        "requestMethod": "POST",
        "requestUrl": "https://example.com/sms",
        "resourceSid": example_sid("SM"),
        "serviceSid": None,
        "sid": example_sid("NO"),
        "url": f"https://monitor.twilio.com/v1/Alerts/{example_sid('NO')}",
    },
)

NOTIFICATIONS = api_2010(
    "notification",
    "{of_call}Notifications",
    "notifications",
    dates=dates("message_date"),
    example={
        "accountSid": ACCOUNT_SID,
        "apiVersion": "2010-04-01",
        "callSid": example_sid("CA"),
        "dateCreated": "2026-03-15T14:32:11.000Z",
        "dateUpdated": "2026-03-15T14:32:11.000Z",
        "errorCode": "11200",
        "log": "0",
        "messageDate": "2026-03-15T14:32:10.000Z",
        "messageText": "ErrorCode=11200&httpResponse=502&url=https%3A%2F%2Fexample.com%2Fvoice",
        "moreInfo": "https://www.twilio.com/docs/errors/11200",
        "requestMethod": "POST",
        "requestUrl": "https://example.com/voice",
        "sid": example_sid("NO"),
        "uri": f"{API_2010}/Accounts/{ACCOUNT_SID}/Notifications/{example_sid('NO')}.json",
    },
)
"""``of_call`` is empty, or ``Calls/CA…/``."""
