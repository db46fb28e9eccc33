#!/bin/sh
# Starts the worker in the background and waits until it has said who it is.
before=$(cat pids/worker.pid)
setsid nohup python3 -B worker.py >> logs/worker.log 2>&1 < /dev/null &
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
  [ "$(cat pids/worker.pid)" = "$before" ] || { echo "worker started with process $(cat pids/worker.pid)"; exit 0; }
  sleep 0.1
done
echo 'The worker does not start: see logs/worker.log' >&2
exit 1
