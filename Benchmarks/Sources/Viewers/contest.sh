#!/bin/bash
# One round of the load generator: a Redis of its own, a server, viewers, and what both sides spent.
# Run:    contest.sh ours --viewers 1000 --rate 100     contest.sh python --viewers 1000 --rate 100
# Expect: the generator's report. SERVER is the streaming-to-users program, VIEWERS the generator, PYTHON has the packages.
set -eu
kind=$1
shift
here=$(cd "$(dirname "$0")" && pwd)
root=$here/../../..
server=${SERVER:-$root/.build/release/streaming-to-users}
viewers=${VIEWERS:-$root/Benchmarks/.build/release/viewers}
redis_port=${REDIS_PORT:-7392} http_port=${HTTP_PORT:-7393}
# A server takes half of these as connections.
ulimit -n "$(ulimit -H -n)"

redis-server --port "$redis_port" --save '' --maxclients 20000 --logfile /dev/null >/dev/null &
redis=$!
serving=
trap 'kill $serving $redis 2>/dev/null || :; wait' EXIT
sleep 1
case $kind in
ours)
    "$server" serve --no-worker --port "$http_port" --redis "redis://127.0.0.1:$redis_port" >/dev/null &
    url="http://127.0.0.1:$http_port/api/agent/stream/{}"
    ;;
python)
    cd "$here"
    REDIS_URL="redis://127.0.0.1:$redis_port" "${PYTHON:-python3}" -B -m uvicorn peer:app --port "$http_port" \
        --log-level warning &
    url="http://127.0.0.1:$http_port/stream/{}"
    ;;
*)
    echo "The server is 'ours' or 'python', not '$kind'." >&2
    exit 2
    ;;
esac
serving=$!
sleep 3
ticks() { awk '{print $14 + $15}' "/proc/$redis/stat"; }
before=$(ticks)
"$viewers" --url "$url" --redis "127.0.0.1:$redis_port" --pid "$serving" "$@" || echo "The generator found faults."
echo "Redis CPU: $(($(ticks) - before)) hundredths of a second"
