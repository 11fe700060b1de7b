"""Log in with Twitter, keep the token with the user, and call the API in a later request."""
