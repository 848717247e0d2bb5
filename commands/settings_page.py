"""`python -m commands.settings_page` writes docs/settings.md from the table of settings; a test holds it to that."""

from __future__ import annotations

from pathlib import Path

from settings import PREFIX, TABLE, flag_name, shown

PATH = Path(__file__).parents[1] / "docs" / "settings.md"
INTRODUCTION = f"""\
# Settings

Written by `python -m commands.settings_page` from `settings.py`; change it there.

A value comes from a flag before the command (`python server.py --heartbeat-s 20`), else from the environment
(`{PREFIX}HEARTBEAT_S=20`), else from the file that `--config FILE` names, else it is the default. The file is TOML:

```toml
port = 8080
data_dir = "/srv/campus"
public_url = "https://campus.example"
cors_origins = ["https://www.campus.example"]
trusted_proxies = ["127.0.0.1"]
```

A name that does not exist, in the file or in a variable that begins with `{PREFIX}`, and a value that is not
possible stop the start with one line that says where it stands.

| flag | default | what it is | 0 means |
|---|---|---|---|
"""


def page() -> str:
    """The page's whole text."""
    return INTRODUCTION + "".join(_row(name) for name in TABLE)


def _row(name: str) -> str:
    setting = TABLE[name]
    value = shown(setting.default)
    default = " ".join(filter(None, (f"`{value}`" if value else "", setting.metadata["unit"])))
    cells = (f"`{flag_name(name)}`", default.replace(",", ", "), setting.metadata["why"], setting.metadata["zero"])
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"


if __name__ == "__main__":
    PATH.write_text(page(), encoding="utf-8")
