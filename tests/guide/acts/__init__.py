"""What each block of the guide must do, an act each: it runs the block and watches the page and the server."""
