import os

from jira import JIRA
from record import KEY, TOKEN, TOKEN_SECRET, calls

oauth = {
    "access_token": TOKEN,
    "access_token_secret": TOKEN_SECRET,
    "consumer_key": KEY,
    "key_cert": os.environ["PRIVATE_KEY"],
    "signature_method": "RSA-SHA1",
}
jira = JIRA("https://jira.example", oauth=oauth, get_server_info=False, max_retries=0)

calls(
    myself=jira.myself,
    issue=lambda: jira.issue("A-1", fields="summary,Café & more"),
    comment=lambda: jira.add_comment("A-1", "Café & more"),
)
