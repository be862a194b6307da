#!/bin/bash
# Sends a server everything that its OpenAPI document allows, and much that it does not, and checks each answer
# against the document. Once without tokens, and once with.
#
# Needs schemathesis: pip install schemathesis. Run: Tests/OpenAPI/check.sh [examples per route]
# SERVER names the program if it is built already.
set -euo pipefail
cd "$(dirname "$0")/../.."

examples=${1:-50}
token=checking-0123456789
if [ -z "${SERVER:-}" ]; then
    swift build --product streaming-to-users
    SERVER=$(swift build --show-bin-path)/streaming-to-users
fi
output=$(mktemp)
trap 'kill "$pid" 2> /dev/null || true; rm -f "$output"' EXIT

for tokens in "" "checker:$token"; do
    STREAM_SERVER_TOKENS=$tokens "$SERVER" serve --port 0 --waiting-runs-per-caller 0 > "$output" &
    pid=$!
    until url=$(grep -o 'http://[0-9.:]*' "$output"); do
        kill -0 "$pid"
        sleep 0.1
    done
    # Which cursors, sessions and keys fit together is not a matter of their form, so no schema can tell. A prompt that
    # waits for its response takes its time.
    schemathesis --config-file Tests/OpenAPI/schemathesis.toml run "$url/openapi.json" \
        --header "Authorization: Bearer $token" --max-examples "$examples" --seed 1 --request-timeout 90 \
        --checks all --exclude-checks positive_data_acceptance --max-response-time 90
    kill "$pid"
    wait "$pid" || true
done
