"""The only layer that opens sockets: pools that drive a flow, and sessions that sign."""
