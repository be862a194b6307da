"""Chromium's own `EventSource`, and the page, while the server restarts under them."""

import time

from browser import Page
from model import Model, prompt
from place import Place, ask, check, figure, free_port, normal
from verdict import Verdict, counted, text_of

# It does nothing but listen: the browser reconnects by itself, with the last ID, until it is told that this was the end.
LISTEN = """
const seen = window.seen = { pieces: [], ids: [], opened: 0, end: "" };
const source = new EventSource("/api/agent/stream/" + arguments[0] + "?" + arguments[1]);
const parts = (id) => id.split("-").map(Number);
const isAfter = (a, b) => parts(a)[0] - parts(b)[0] || parts(a)[1] - parts(b)[1];
source.onopen = () => { seen.opened += 1; };
source.addEventListener("message", (event) => {
  seen.ids.push(event.lastEventId);
  seen.pieces.push([event.lastEventId, event.data]);
});
source.addEventListener("attempt", (event) => {
  const valid = JSON.parse(event.data).last_valid_id;
  seen.pieces = seen.pieces.filter(([id]) => isAfter(id, valid) <= 0);
});
source.addEventListener("done", () => { seen.end = "done"; source.close(); });
source.addEventListener("error", (event) => { if (event.data !== undefined) { seen.end = event.data; source.close(); } });
"""


def chromium(kills: int = 6) -> None:
    if not Page.is_possible():
        return check(False, "chromedriver is installed")
    with Place(model=Model().url) as place:
        process, server = place.serve()
        worker = place.work()
        asked = prompt(1500, 0.02, turns=3)
        conversation = ask(server, asked)
        pages = []
        try:
            pages.append(Page(f"{server}/#{conversation}", free_port()))
            for query in ("isolation=live", "isolation=committed"):
                pages.append(Page(f"{server}/openapi.json", free_port()))
                run(pages[-1], LISTEN, conversation, query)
            port = int(server.rsplit(":", 1)[1])
            for number in range(kills):
                time.sleep(2)
                process.kill()
                process.wait()
                if number == 1:
                    worker.kill()
                    place.work()
                process, _ = place.serve(port)
            wait_for_end(pages)
            verdict = Verdict(place, server, {conversation: asked})
            verdict.check_logs()
            entries = verdict.entries[conversation]
            expected = normal(text_of(entries))
            for page, name, shown in zip(pages[1:], ("live", "committed"), (entries, counted(entries))):
                seen = run(page, "return window.seen")
                figure(f"EventSource, {name}: {seen['opened']} connections, {len(seen['ids'])} events with text; "
                       f"server killed {kills} times, {verdict.takeovers} takeovers")
                check("".join(text for _, text in seen["pieces"]) == expected, f"EventSource, {name}: the text of the log, byte for byte")
                check(seen["ids"] == [identifier for identifier, fields in shown if fields["event"] == "text"],
                      f"EventSource, {name}: no event is missing or there twice")
                check(seen["end"] == "done" and seen["opened"] > 2, f"EventSource, {name}: came back by itself, to the end", seen["end"])
            check(normal(pages[0].answer) == expected, "the page has the same text", pages[0].answer[-200:])
        finally:
            for page in pages:
                page.close()


def run(page: Page, script: str, *arguments: str):
    return page.post(page.session + "/execute/sync", {"script": script, "args": list(arguments)})


def wait_for_end(pages: list[Page]) -> None:
    until = time.monotonic() + 90
    while time.monotonic() < until:
        if all(run(page, "return window.seen.end") for page in pages[1:]):
            # The page reconnects at its own pace.
            time.sleep(5)
            return
        time.sleep(0.5)
