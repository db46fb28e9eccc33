"""The machine that a Redis runs on: the folder in which this is started. `port` names its port, `keys.txt` what its last backup held.

Actions: command WORD… sends one command; start starts the server when none answers; restart ends it first.
"""
import os
import shutil
import socket
import subprocess
import sys
import time

PORT = int(open("port").read())


def ask(*words):
    """One command, its answer as redis-cli prints a simple one. OSError when nobody answers."""
    with socket.create_connection(("127.0.0.1", PORT), timeout=3) as connection:
        parts = [word.encode() for word in words]
        connection.sendall(b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts))
        return connection.recv(65536).decode(errors="replace").strip().lstrip("+-:")


def running():
    try:
        return ask("PING") == "PONG"
    except OSError:
        return False


def start():
    found = shutil.which("redis-server", path="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/opt/homebrew/bin")
    if not found:
        sys.exit("redis-server is not installed on this machine")
    options = {"port": PORT, "bind": "127.0.0.1", "save": "", "appendonly": "no", "dir": os.getcwd(), "daemonize": "yes"}
    # Who may only read is known to it after each start.
    if os.path.exists("users.acl"):
        options["aclfile"] = "users.acl"
    arguments = [text for name, value in options.items() for text in (f"--{name}", str(value))]
    subprocess.run([found, *arguments, "--logfile", "redis-server.log"], check=True)
    until = time.monotonic() + 10
    while not running():
        if time.monotonic() > until:
            sys.exit("Redis does not come up: see redis-server.log")
        time.sleep(0.02)
    for line in open("keys.txt").read().splitlines():
        if line:
            ask(*line.split(" "))
    print("Redis is up")


def main():
    action, *words = sys.argv[1:]
    if action == "command":
        try:
            print(ask(*words))
        except OSError:
            sys.exit(f"Could not connect to Redis at 127.0.0.1:{PORT}: Connection refused")
        return
    if running():
        if action == "start":
            sys.exit("Redis runs already")
        try:
            ask("SHUTDOWN", "NOSAVE")
        except OSError:
            pass  # it closes the connection on its way out
        while running():
            time.sleep(0.02)
    start()


main()
