"""Phone numbers of the account, and those that can be bought.

https://www.twilio.com/docs/phone-numbers/api
"""

from ..resource import ACCOUNT_SID, API_2010, api_2010, example_sid

PHONE_NUMBERS = api_2010(
    "phone number",
    "IncomingPhoneNumbers",
    "incoming_phone_numbers",
    example={
        "accountSid": ACCOUNT_SID,
        "addressRequirements": "none",
        "addressSid": None,
        "apiVersion": "2010-04-01",
        "beta": False,
        "bundleSid": None,
        "capabilities": {"voice": True, "sms": True, "mms": True, "fax": False},
        "dateCreated": "2026-03-01T09:00:00.000Z",
        "dateUpdated": "2026-03-01T09:00:00.000Z",
        "emergencyAddressSid": None,
        "emergencyAddressStatus": "unregistered",
        "emergencyStatus": "Inactive",
        "friendlyName": "Reception",
        "identitySid": None,
        "origin": "twilio",
        "phoneNumber": "+15557654321",
        "sid": example_sid("PN"),
        "smsApplicationSid": "",
        "smsFallbackMethod": "POST",
        "smsFallbackUrl": "",
        "smsMethod": "POST",
        "smsUrl": "https://example.com/sms",
        "status": "in-use",
        "statusCallback": "",
        "statusCallbackMethod": "POST",
        "trunkSid": None,
        "type": "local",
        "uri": f"{API_2010}/Accounts/{ACCOUNT_SID}/IncomingPhoneNumbers/{example_sid('PN')}.json",
        "voiceApplicationSid": "",
        "voiceCallerIdLookup": False,
        "voiceFallbackMethod": "POST",
        "voiceFallbackUrl": "",
        "voiceMethod": "POST",
        "voiceReceiveMode": "voice",
        "voiceUrl": "https://example.com/voice",
    },
)

AVAILABLE_NUMBERS = api_2010(
    "number to buy",
    "AvailablePhoneNumbers/{country_code}/{kind}",
    "available_phone_numbers",
    example={
        "addressRequirements": "none",
        "beta": False,
        "capabilities": {"voice": True, "SMS": True, "MMS": True},
        "friendlyName": "(808) 555-0143",
        "isoCountry": "US",
        "lata": "834",
        "latitude": "19.720000",
        "locality": "Hilo",
        "longitude": "-155.090000",
        "phoneNumber": "+18085550143",
        "postalCode": "96720",
        "rateCenter": "HILO",
        "region": "HI",
    },
)
"""``kind`` is Local, MachineToMachine, Mobile, National, SharedCost, TollFree or Voip."""
