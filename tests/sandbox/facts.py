"""The properties of each schema in Twilio's OpenAPI documents, release 2.6.7, by the schema's name."""

SCHEMAS: dict[str, str] = {
    "api.v2010.account": """
        auth_token date_created date_updated friendly_name owner_account_sid sid status subresource_uris type
        uri
    """,
    "api.v2010.account.balance": "account_sid balance currency",
    "api.v2010.account.call": """
        sid date_created date_updated parent_call_sid account_sid to to_formatted from from_formatted
        phone_number_sid status start_time end_time duration price price_unit direction answered_by api_version
        forwarded_from group_sid caller_name queue_time trunk_sid uri subresource_uris
    """,
    "api.v2010.account.call.call_recording": """
        account_sid api_version call_sid conference_sid date_created date_updated start_time duration sid price
        uri encryption_details price_unit status channels source error_code track
    """,
    "api.v2010.account.call.call_notification": """
        account_sid api_version call_sid date_created date_updated error_code log message_date message_text
        more_info request_method request_url sid uri
    """,
    "api.v2010.account.call.call_notification-instance": """
        account_sid api_version call_sid date_created date_updated error_code log message_date message_text
        more_info request_method request_url request_variables response_body response_headers sid uri
    """,
    "api.v2010.account.incoming_phone_number": """
        account_sid address_sid address_requirements api_version beta capabilities date_created date_updated
        friendly_name identity_sid phone_number origin sid sms_application_sid sms_fallback_method
        sms_fallback_url sms_method sms_url status_callback status_callback_method trunk_sid uri
        voice_receive_mode voice_application_sid voice_caller_id_lookup voice_fallback_method voice_fallback_url
        voice_method voice_url emergency_status emergency_address_sid emergency_address_status bundle_sid status
        type
    """,
    "api.v2010.account.message": """
        body num_segments direction from to date_updated price error_message uri account_sid num_media status
        messaging_service_sid sid date_sent date_created error_code price_unit api_version subresource_uris
    """,
    "api.v2010.account.message.media": "account_sid content_type date_created date_updated parent_sid sid uri",
    "api.v2010.account.message.message_feedback": "account_sid message_sid outcome date_created date_updated uri",
    "api.v2010.account.notification": """
        account_sid api_version call_sid date_created date_updated error_code log message_date message_text
        more_info request_method request_url sid uri
    """,
    "api.v2010.account.notification-instance": """
        account_sid api_version call_sid date_created date_updated error_code log message_date message_text
        more_info request_method request_url request_variables response_body response_headers sid uri
    """,
    "api.v2010.account.recording": """
        account_sid api_version call_sid conference_sid date_created date_updated start_time duration sid price
        price_unit status channels source error_code uri encryption_details subresource_uris media_url
    """,
    "api.v2010.account.recording.recording_transcription": """
        account_sid api_version date_created date_updated duration price price_unit recording_sid sid status
        transcription_text type uri
    """,
    "api.v2010.account.transcription": """
        account_sid api_version date_created date_updated duration price price_unit recording_sid sid status
        transcription_text type uri
    """,
    "api.v2010.account.usage.usage_record": """
        account_sid api_version as_of category count count_unit description end_date price price_unit start_date
        subresource_uris uri usage usage_unit
    """,
    "api.v2010.account.available_phone_number_country": "country_code country uri beta subresource_uris",
    "api.v2010.account.available_phone_number_country.available_phone_number_local": """
        friendly_name phone_number lata locality rate_center latitude longitude region postal_code iso_country
        address_requirements beta capabilities
    """,
    "api.v2010.account.application": """
        account_sid api_version date_created date_updated friendly_name message_status_callback sid
        sms_fallback_method sms_fallback_url sms_method sms_status_callback sms_url status_callback
        status_callback_method uri voice_caller_id_lookup voice_fallback_method voice_fallback_url voice_method
        voice_url public_application_connect_enabled
    """,
    "api.v2010.account.short_code": """
        account_sid api_version date_created date_updated friendly_name short_code sid sms_fallback_method
        sms_fallback_url sms_method sms_url uri
    """,
    "monitor.v1.alert": """
        account_sid alert_text api_version date_created date_generated date_updated error_code log_level
        more_info request_method request_url resource_sid sid url service_sid
    """,
    "monitor.v1.alert-instance": """
        account_sid alert_text api_version date_created date_generated date_updated error_code log_level
        more_info request_method request_url request_variables resource_sid response_body response_headers sid
        url request_headers service_sid
    """,
    "messaging.v1.service": """
        sid account_sid friendly_name date_created date_updated inbound_request_url inbound_method fallback_url
        fallback_method status_callback sticky_sender mms_converter smart_encoding scan_message_content
        fallback_to_long_code area_code_geomatch synchronous_validation validity_period url links usecase
        us_app_to_person_registered use_inbound_webhook_on_number
    """,
    "messaging.v1.service.phone_number": """
        sid account_sid service_sid date_created date_updated phone_number country_code capabilities url
    """,
    "messaging.v1.service.short_code": """
        sid account_sid service_sid date_created date_updated short_code country_code capabilities url
    """,
    "messaging.v1.service.alpha_sender": """
        sid account_sid service_sid date_created date_updated alpha_sender capabilities url
    """,
    "content.v1.content": """
        date_created date_updated sid account_sid friendly_name language variables types url links
    """,
    "content.v1.content_and_approvals": """
        date_created date_updated sid account_sid friendly_name language variables types approval_requests
    """,
    "content.v1.content.approval_fetch": "sid account_sid whatsapp url",
    "LookupResponse": """
        calling_country_code country_code phone_number national_format valid validation_errors caller_name
        sim_swap call_forwarding line_type_intelligence line_status identity_match reassigned_number
        sms_pumping_risk phone_number_quality_score pre_fill url
    """,
    "CallerNameInfo": "caller_name caller_type error_code",
    "LineTypeIntelligenceInfo": "mobile_country_code mobile_network_code carrier_name type error_code",
    "LineStatusInfo": "status error_code",
    "SmsPumpingRiskInfo": """
        carrier_risk_category number_blocked number_blocked_date number_blocked_last_3_months
        sms_pumping_risk_score error_code
    """,
    "SimSwapInfo": "last_sim_swap carrier_name mobile_country_code mobile_network_code error_code",
    "ReassignedNumberInfo": "last_verified_date is_number_reassigned error_code",
    "CallForwardingInfo": "call_forwarding_enabled error_code",
    "IdentityMatchInfo": """
        first_name_match last_name_match address_lines_match city_match state_match postal_code_match
        address_country_match national_id_match date_of_birth_match summary_score error_code error_message
    """,
    "verify.v2.service": """
        sid account_sid friendly_name code_length lookup_enabled psd2_enabled skip_sms_to_landlines
        dtmf_input_required tts_name do_not_share_warning_enabled custom_code_enabled push totp
        default_template_sid whatsapp passkeys verify_event_subscription_enabled date_created date_updated url
        links
    """,
    "verify.v2.service.verification": """
        sid service_sid account_sid to channel status valid lookup amount payee send_code_attempts date_created
        date_updated sna url
    """,
    "verify.v2.service.verification_check": """
        sid service_sid account_sid to channel status valid amount payee date_created date_updated
        sna_attempts_error_codes
    """,
    "events.v1.sink": "date_created date_updated description sid sink_configuration sink_type status url links",
    "events.v1.subscription": "account_sid sid date_created date_updated description sink_sid url links",
    "events.v1.subscription.subscribed_event": "account_sid type schema_version subscription_sid url",
}
