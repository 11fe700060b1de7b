"""One package per framework; none imports another."""
