#!/bin/bash
# Brings the page into each of its states, and has axe-core look for what keeps people from using it: with a screen
# reader, a keyboard, little sight, a narrow screen. Leaves a screenshot of each state in artifacts/states.
#
# Needs chromium and chromedriver, and axe-core, for example: pip install --no-deps axe-playwright-python.
# AXE names its axe.min.js, SERVER the program if it is built already. Run: Tests/Accessibility/check.sh
set -euo pipefail
cd "$(dirname "$0")/../.."

if [ -z "${AXE:-}" ]; then
    AXE=$(python3 -c 'import importlib.util as u; print(u.find_spec("axe_playwright_python").origin)')
    AXE=$(dirname "$AXE")/axe.min.js
fi
if [ -z "${SERVER:-}" ]; then
    swift build --product streaming-to-users
    SERVER=$(swift build --show-bin-path)/streaming-to-users
fi
exec python3 -B Tests/Accessibility/check.py "$SERVER" "$AXE" artifacts/states
