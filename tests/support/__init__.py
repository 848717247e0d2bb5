"""What tests stand on: a real server, a campus in it, a reader of streams that shares nothing with it, a browser."""
