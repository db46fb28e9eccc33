"""Works off FRANCO's backlog: asks the API for one retention call after the other.

Settings: AUTO_BROKER_URL (default http://127.0.0.1:3211), AUTO_BROKER_TOKEN.
Exit codes: 0 done, 1 the API refused or could not be reached, 2 wrong usage.
"""
import argparse
import json
import os
import sys
import urllib.error
import urllib.request


def trigger(url, token):
    request = urllib.request.Request(
        f"{url}/franco/internal/trigger", method="POST", data=b"", headers={"Authorization": f"Bearer {token}"}
    )
    with urllib.request.urlopen(request, timeout=10) as response:
        return json.load(response)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--max-calls", type=int, default=10)
    max_calls = parser.parse_args().max_calls
    if max_calls < 1:
        parser.error("--max-calls must be at least 1")
    url = os.environ.get("AUTO_BROKER_URL", "http://127.0.0.1:3211").rstrip("/")
    token = os.environ.get("AUTO_BROKER_TOKEN", "")
    called = 0
    backlog = None
    try:
        while called < max_calls:
            answer = trigger(url, token)
            backlog = answer["backlog"]
            if answer["called"] == 0:
                break
            called += answer["called"]
    except urllib.error.HTTPError as error:
        print(f"{called} calls placed, then the API refused: {error.code} {error.read().decode()}", file=sys.stderr)
        return 1
    except urllib.error.URLError as error:
        print(f"{called} calls placed, then the API could not be reached: {error.reason}", file=sys.stderr)
        return 1
    print(f"{called} calls placed, backlog {backlog}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
