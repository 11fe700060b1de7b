"""The steps of a login without I/O: generators that yield requests, receive responses and return credentials.

Nothing here is public.
"""
