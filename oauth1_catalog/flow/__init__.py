"""The protocol's steps without I/O: generators that yield requests, receive responses and return credentials.

``registry/login.py`` orchestrates a whole login from them. Nothing here is public.
"""
