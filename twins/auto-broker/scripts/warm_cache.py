"""Fills the semantic cache through the API.

Settings: AUTO_BROKER_URL (default http://127.0.0.1:3211), AUTO_BROKER_TOKEN.
Exit codes: 0 done, 1 the API refused or could not be reached.
"""
import json
import os
import sys
import urllib.error
import urllib.request


def main():
    url = os.environ.get("AUTO_BROKER_URL", "http://127.0.0.1:3211").rstrip("/")
    token = os.environ.get("AUTO_BROKER_TOKEN", "")
    request = urllib.request.Request(
        f"{url}/cache/warm", method="POST", data=b"", headers={"Authorization": f"Bearer {token}"}
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            answer = json.load(response)
    except urllib.error.HTTPError as error:
        print(f"The API refused: {error.code} {error.read().decode()}", file=sys.stderr)
        return 1
    except urllib.error.URLError as error:
        print(f"The API could not be reached: {error.reason}", file=sys.stderr)
        return 1
    print(f"{answer['warmed']} entries warmed, hit rate {answer['hit_rate']}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
