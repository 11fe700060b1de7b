import lti
import requests
from record import KEY, SECRET, calls

LAUNCH = {
    "lti_message_type": "basic-lti-launch-request",
    "lti_version": "LTI-1p0",
    "resource_link_id": "120988f929-274612",
    "resource_link_title": "Café & thé: 100% (50 + 50)",
    "user_id": "292832126",
}
consumer = lti.ToolConsumer(KEY, SECRET, launch_url="https://tool.example/launch?course=1", params=LAUNCH)


def launch():
    fields = consumer.generate_launch_data()
    requests.post("https://tool.example/launch?course=1", data=fields, timeout=1)


def outcome():
    request = lti.OutcomeRequest(
        {
            "consumer_key": KEY,
            "consumer_secret": SECRET,
            "lis_outcome_service_url": "https://lms.example/outcomes",
            "lis_result_sourcedid": "feb-123-456-2929::28883",
            "message_identifier": "1",
        }
    )
    request.post_replace_result(0.5)


calls(launch=launch, outcome=outcome)
