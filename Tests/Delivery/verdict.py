"""Compares what viewers have with the log of a run and with its snapshot."""

import json
import os

from crowd import LateViewer, Viewer
from model import faults
from place import Place, check, normal, order, snapshot


def counted(entries: list[tuple[str, dict]]) -> list[tuple[str, dict]]:
    """The entries of a log without the text that was taken back."""
    kept: list[tuple[str, dict]] = []
    for identifier, fields in entries:
        if fields["event"] == "attempt":
            valid = order(json.loads(fields["data"])["last_valid_id"])
            kept = [entry for entry in kept if entry[1]["event"] != "text" or order(entry[0]) <= valid]
        kept.append((identifier, fields))
    return kept


def text_of(entries: list[tuple[str, dict]]) -> str:
    return "".join(fields.get("text", "") for _, fields in counted(entries))


def difference(viewer: Viewer, entries: list[tuple[str, dict]]) -> str:
    """What a viewer has missed, has twice, or has otherwise than the log; nothing if all is well."""
    if viewer.errors:
        return f"was told {viewer.errors[0]}"
    if not viewer.end:
        return f"has no end after {len(viewer.ids)} events, {viewer.connections} connections, the last {viewer.last}"
    if isinstance(viewer, LateViewer):
        expected = normal(text_of(entries))
        return "" if viewer.text == expected else parting(viewer.text, expected)
    if "view=timeline" in viewer.query:
        expected = [identifier for identifier, _ in entries]
        if [int(event["sequence"]) for event in viewer.timeline] != list(range(len(entries))):
            return "its sequences have a gap or a repeat"
    else:
        shown = counted(entries) if "committed" in viewer.query else entries
        expected = [identifier for identifier, fields in shown if fields["event"] in ("text", "attempt") or "done" in fields]
        if viewer.text != normal(text_of(entries)):
            return parting(viewer.text, normal(text_of(entries)))
    if viewer.ids != expected:
        missed, more = set(expected) - set(viewer.ids), set(viewer.ids) - set(expected)
        return f"missed {len(missed)} of {len(expected)} events, has {len(more)} others, {len(viewer.ids) - len(set(viewer.ids))} twice"
    return ""



def parting(text: str, expected: str) -> str:
    """Where two texts part."""
    place = len(os.path.commonprefix([text, expected]))
    start = max(0, place - 20)
    return f"after {place} characters its text goes on {text[start:place + 20]!r}, and the log's {expected[start:place + 20]!r}"


class Verdict:
    """The logs of all conversations, and what is wrong with them and with their viewers."""

    def __init__(self, place: Place, server: str, asked: dict[str, str]) -> None:
        self.asked = asked
        self.entries = {conversation: place.redis.entries(conversation) for conversation in asked}
        self.snapshots = {conversation: snapshot(server, conversation) for conversation in asked}

    @property
    def takeovers(self) -> int:
        return sum(fields["event"] == "attempt" for entries in self.entries.values() for _, fields in entries)

    def check_logs(self) -> None:
        last = {conversation: entries[-1][1]["event"] for conversation, entries in self.entries.items()}
        check(set(last.values()) == {"task_completed"}, f"all of {len(last)} runs completed",
              {name: (kind, self.entries[name][-1][1]) for name, kind in last.items() if kind != "task_completed"})
        wrong = [name for name, entries in self.entries.items()
                 if [int(fields["sequence"]) for _, fields in entries] != list(range(len(entries)))]
        check(not wrong, "the sequence of each log has no gap and no repeat", wrong)
        wrong = [(name, fault) for name, asked in self.asked.items() if (fault := faults(text_of(self.entries[name]), asked))]
        check(not wrong, "each log holds every word of the answer once, in order", wrong)
        wrong = [name for name, snapshot in self.snapshots.items() if snapshot["text"] != text_of(self.entries[name])]
        check(not wrong, "each snapshot has the text of its log, byte for byte", wrong)

    def check_viewers(self, viewers: list[Viewer]) -> None:
        for query, name in (("", "live"), ("isolation=committed", "committed"), ("view=timeline", "timeline")):
            group = [viewer for viewer in viewers if viewer.query == query and not isinstance(viewer, LateViewer)]
            wrong = [(viewer.conversation, found) for viewer in group
                     if (found := difference(viewer, self.entries[viewer.conversation]))]
            what = "every event, once and in order" if name == "timeline" else "the text of the log, byte for byte, and each event once"
            if group:
                check(not wrong, f"{len(group)} viewers, {name}: {what}", f"not {len(wrong)}, for instance {wrong[:3]}")
        late = [viewer for viewer in viewers if isinstance(viewer, LateViewer)]
        wrong = [(viewer.conversation, found) for viewer in late if (found := difference(viewer, self.entries[viewer.conversation]))]
        if late:
            check(not wrong, f"{len(late)} viewers who began with a snapshot in the middle: the text of the log, byte for byte", wrong[:3])


QUERIES = ["", "isolation=committed", "view=timeline"]
