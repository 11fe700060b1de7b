"""The only layer that opens sockets: pools that drive a flow, and sessions that sign.

Public: ``requests_client``, ``httpx_client`` and ``oauth1_catalog.Limits``.
"""
