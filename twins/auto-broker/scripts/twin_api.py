"""What the maintenance scripts share: one request to the API, its answer as a value.

Settings: AUTO_BROKER_URL (default http://127.0.0.1:3211), AUTO_BROKER_TOKEN.
"""
import json
import os
import sys
import urllib.error
import urllib.request


def ask(path, body=None):
    """Reads, or with a body changes. Ends the script with code 1 and one sentence when the API refuses or is not there."""
    url = os.environ.get("AUTO_BROKER_URL", "http://127.0.0.1:3211").rstrip("/")
    headers = {"Authorization": f"Bearer {os.environ.get('AUTO_BROKER_TOKEN', '')}", "Content-Type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{url}{path}", data=data, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            return json.load(response)
    except urllib.error.HTTPError as error:
        sys.exit(f"The API refused: {error.code} {error.read().decode()}")
    except urllib.error.URLError as error:
        sys.exit(f"The API could not be reached: {error.reason}")
