"""Which release this is. The same as in pyproject.toml, which a checkout that runs does not read."""

VERSION = "0.1.0"
