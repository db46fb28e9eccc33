"""The worker: says that it runs, claims what nobody processes any more, and goes on until its Redis is gone."""
import os
import socket
import time

PORT = int(open("../redis-host/port").read())
STREAM, GROUP = "mail:incoming", "workers"


def ask(*words):
    """One command; its answer as it came."""
    with socket.create_connection(("127.0.0.1", PORT), timeout=3) as connection:
        parts = [word.encode() for word in words]
        connection.sendall(b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts))
        return connection.recv(65536).decode(errors="replace")


def process_orphans():
    claimed = ask("XAUTOCLAIM", STREAM, GROUP, "worker-2", "0", "0-0", "COUNT", "100", "JUSTID")
    ids = [line for line in claimed.split("\r\n") if "-" in line and line[0].isdigit()][1:]
    for message in ids:
        ask("XACK", STREAM, GROUP, message)
    print(f"{len(ids)} orphaned messages claimed and processed", flush=True)


with open("pids/worker.pid", "w") as file:
    file.write(f"{os.getpid()}\n")
print("worker started", flush=True)
try:
    process_orphans()
    while True:
        ask("PING")
        time.sleep(1)
except OSError as error:
    print(f"RedisConnectionError: {error}", flush=True)
