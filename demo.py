"""`make demo`: a sample campus in a temporary folder, to be looked at with two curl lines. Gone when it ends.

Drives the server as its operator would: the commands make the people, the HTTP interface does the rest.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent
PASSWORD = "securePassword123"
PEOPLE = [
    ("john_doe", "John", "Doe", "student"),
    ("jane_smith", "Jane", "Smith", "student"),
    ("ravi_kumar", "Ravi", "Kumar", "student"),
    ("mei_lin", "Mei", "Lin", "teacher"),
    ("principal", "Amara", "Okafor", "college_admin"),
]
TALK = [
    ("jane_smith", "john_doe", "Hi John, are you coming to the library?"),
    ("john_doe", "jane_smith", "In ten minutes. Keep me a seat?"),
    ("jane_smith", "john_doe", "Done. Second floor, by the window."),
]
HELP = """
A sample campus is running. Everybody's password is {password}: {people}.
Open {url} in a browser for the application, or:

1. In one terminal, listen as jane_smith:

   curl -N '{url}/api/v1/communication/sse/events/?token={jane}'

2. In another, write to her as john_doe, and see the event arrive in the first:

   curl -X POST {url}/api/v1/communication/chats/ -H 'Authorization: Token {john}' \\
     -H 'Content-Type: application/json' -d '{{"receiver_id": {jane_id}, "message": "Hello from the demo"}}'

The integration guide's pages work against {url} as they are. Control-C ends the demo and deletes its data.
"""


def main() -> int:
    """Run the demo until it is interrupted."""
    signal.signal(
        signal.SIGTERM, signal.default_int_handler
    )  # ended by another way than Control-C it leaves nothing, too
    port = os.environ.get("PORT", "8000")
    with tempfile.TemporaryDirectory(prefix="campus-demo-") as folder:
        command = [sys.executable, str(ROOT / "server.py"), "--data-dir", folder, "--port", port]
        for username, first, last, kind in PEOPLE:
            flags = ["--first-name", first, "--last-name", last, "--user-type", kind, "--password-stdin"]
            subprocess.run(
                [*command, "create-user", username, *flags], input=PASSWORD, text=True, check=True, capture_output=True
            )
        serving = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            assert serving.stdout is not None
            line = serving.stdout.readline()
            if not line.startswith("listening on "):
                return serving.wait() or 1
            _talk(line.split()[-1])
            return serving.wait()
        except KeyboardInterrupt:
            return 0
        finally:
            if serving.poll() is None:
                serving.send_signal(signal.SIGTERM)
                serving.wait()


def _talk(url: str) -> None:
    """Sign the two in, let them talk, and tell the person at the terminal what to do."""
    signed_in = {name: _post(f"{url}/api/v1/auth/login/", username=name, password=PASSWORD) for name, *_ in PEOPLE[:2]}
    for sender, receiver, text in TALK:
        body = {"receiver_id": signed_in[receiver]["user"]["id"], "message": text}
        _post(f"{url}/api/v1/communication/chats/", signed_in[sender]["key"], **body)
    jane, john = signed_in["jane_smith"], signed_in["john_doe"]
    people = ", ".join(name for name, *_ in PEOPLE)
    print(
        HELP.format(
            url=url, password=PASSWORD, people=people, jane=jane["key"], jane_id=jane["user"]["id"], john=john["key"]
        ),
        flush=True,
    )


def _post(url: str, token: str = "", **body: object) -> Any:
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Token {token}"} if token else {})
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


if __name__ == "__main__":
    sys.exit(main())
