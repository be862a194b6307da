"""Checks every state of the page; see check.sh."""

import contextlib
import pathlib
import re
import signal
import subprocess
import sys
import time

from browser import Browser

server, axe, folder = sys.argv[1], pathlib.Path(sys.argv[2]).read_text(), pathlib.Path(sys.argv[3])
trip, booking = "Plan a 1-day trip to Rome", "Plan a 1-day trip to Rome and book a hotel"
looks = [(1280, 720, "light"), (1280, 720, "dark"), (320, 640, "light"), (320, 640, "dark")]
phase = "document.getElementById('status').dataset.phase"
faults = 0


@contextlib.contextmanager
def serving(*options):
    """A server on a port of its own, and its Redis."""
    program = subprocess.Popen([server, "serve", "--port", "0", *options], stdout=subprocess.PIPE, text=True)
    try:
        for line in program.stdout:
            if found := re.search(r"http://[0-9.:]*", line):
                break
        yield program, found[0]
    finally:
        program.send_signal(signal.SIGCONT)
        program.terminate()
        program.wait()


def ask(browser, url, prompt):
    browser.open(url)
    browser.wait("document.getElementById('send')")
    browser.run(f"document.getElementById('prompt').value = {prompt!r}; document.getElementById('form').requestSubmit()")


def click(browser, text):
    browser.run(f"[...document.querySelectorAll('button')].find((one) => one.textContent === {text!r}).click()")


def check(browser, state):
    """Looks at a state in every size and scheme: what axe finds, and what does not fit."""
    global faults
    for width, height, scheme in looks:
        browser.look(width, height, scheme)
        time.sleep(0.3)
        name = f"{state}-{width}-{scheme}"
        browser.screenshot(folder / f"{name}.png")
        found = violations(browser)
        if browser.run("return document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            found.append("the page is wider than its window")
        faults += len(found)
        print(f"{name}: {'good' if not found else ''}", *found, sep="\n  " if found else "", flush=True)
    browser.look(1280, 720, "light")


def violations(browser):
    browser.run(axe + ";return 0")
    script = """const done = arguments[arguments.length - 1];
        axe.run().then(({ violations, passes }) => done([passes.length, violations.flatMap(({ id, help, nodes }) =>
            nodes.map(({ target, any }) => `${id}: ${help} [${target.join(" ")}] ${any[0]?.message ?? ""}`))]))"""
    passed, found = browser.post("/execute/async", {"script": script, "args": []})
    if passed < 10:
        found.append(f"axe has looked at {passed} rules only")
    return found


def with_worker(browser):
    with serving() as (_, url):
        browser.open(url)
        check(browser, "1-empty")
        ask(browser, url, trip)
        browser.wait(f"{phase} === 'writing'")
        check(browser, "2-running")
        browser.wait(f"{phase} === 'done'")
        browser.run("document.querySelector('#log details').open = true; document.getElementById('times').open = true")
        check(browser, "3-done")
        browser.run("document.getElementById('toggle').click()")
        for decision in ["Approve", "Reject"]:
            ask(browser, url, booking)
            browser.wait(f"{phase} === 'waiting'")
            if decision == "Approve":
                check(browser, "4-approval")
            click(browser, decision)
            browser.wait(f"{phase} === 'done'")
            check(browser, f"5-{decision.lower()}")
        browser.open(url + "/#nothing-of-this-name")
        browser.wait(f"{phase} === 'error'")
        check(browser, "6-error")


def stopped_and_lost(browser):
    with serving() as (program, url):
        ask(browser, url, trip)
        browser.wait(f"{phase} === 'writing'")
        click(browser, "Stop the run")
        browser.wait(f"{phase} === 'cancelled'")
        check(browser, "7-stopped")
        ask(browser, url, trip)
        browser.wait(f"{phase} === 'writing'")
        program.kill()
        browser.wait("document.getElementById('status').textContent.includes('Reconnecting')")
        check(browser, "8-lost-server")


def queued(browser):
    with serving("--no-worker") as (_, url):
        ask(browser, url, trip)
        browser.wait(f"{phase} === 'queued'")
        check(browser, "9-queued")


def lab(browser):
    with serving("--lab") as (_, url):
        ask(browser, url, trip)
        browser.wait("document.querySelector('#lab-workers li')")
        browser.wait(f"{phase} === 'writing'")
        check(browser, "10-lab")
        ask(browser, url, trip)
        browser.wait(f"{phase} === 'writing'")
        # Both, as only one of them has the run.
        for count in [1, 2]:
            click(browser, "Kill")
            browser.wait(f"document.querySelectorAll('#lab-workers [data-state=dead]').length === {count}")
        check(browser, "11-workers-killed")
        click(browser, "Start a worker")
        browser.wait(f"{phase} === 'lost'")
        check(browser, "12-worker-lost")
        browser.wait(f"{phase} === 'done'")
        check(browser, "13-taken-over")


folder.mkdir(parents=True, exist_ok=True)
with Browser() as browser:
    browser.look(1280, 720, "light")
    for part in [with_worker, stopped_and_lost, queued, lab]:
        part(browser)
print(f"{faults} faults; screenshots are in {folder}")
sys.exit(1 if faults else 0)
