"""What one viewer has of a conversation: the parser of its event stream, and the answer that it assembles."""

import json

from place import order


class Events:
    """Parses `text/event-stream` as the WHATWG has it, and assembles an answer as the page does.

    An event `attempt` takes back the text after its `last_valid_id`. What was cut in the middle of an event is forgotten.
    """

    def __init__(self) -> None:
        self.pieces: list[tuple[str, str]] = []
        self.ids: list[str] = []
        self.timeline: list[dict] = []
        self.kinds: list[str] = []
        self.last = ""
        self.end = ""
        self.resets = 0
        self.reconnect()

    def reconnect(self) -> None:
        """A new response begins."""
        self.rest, self.event, self.data, self.identifier = b"", "", [], ""

    @property
    def text(self) -> str:
        return "".join(text for _, text in self.pieces)

    def feed(self, bytes: bytes, most: int = 1 << 60) -> None:
        """Takes bytes of a response; `most` events at most, and what comes behind them is dropped."""
        lines = (self.rest + bytes).split(b"\n")
        self.rest = lines.pop()
        for line in lines:
            if line.strip(b"\r"):
                self.field(line.rstrip(b"\r").decode())
            else:
                most -= self.dispatch()
                if most <= 0:
                    return

    def field(self, line: str) -> None:
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            self.data.append(value)
        elif name == "event":
            self.event = value
        elif name == "id" and "\0" not in value:
            self.identifier = value

    def dispatch(self) -> bool:
        """Takes the event that has ended here; whether it was one with an ID."""
        identifier, event, data = self.identifier, self.event or "message", "\n".join(self.data)
        is_event = bool(self.data)
        self.event, self.data, self.identifier = "", [], ""
        if not is_event:
            return False
        self.last = identifier or self.last
        if identifier:
            self.ids.append(identifier)
        self.kinds.append(event)
        if event == "message":
            self.pieces.append((identifier, data))
        elif event == "timeline":
            self.timeline.append(json.loads(data))
        elif event == "attempt":
            valid = order(json.loads(data)["last_valid_id"])
            self.pieces = [piece for piece in self.pieces if order(piece[0]) <= valid]
            self.resets += 1
        elif event in ("done", "error"):
            self.end = event + ("" if event == "done" else f": {data}")
        return bool(identifier)


class Body:
    """Takes the head and the chunks of an HTTP/1.1 answer apart, however they come."""

    def __init__(self) -> None:
        self.buffer, self.status, self.left = b"", 0, 0
        self.is_over = False

    def feed(self, bytes: bytes) -> bytes:
        """The part of the body in these bytes."""
        self.buffer += bytes
        if not self.status:
            head, blank, rest = self.buffer.partition(b"\r\n\r\n")
            if not blank:
                return b""
            self.status, self.buffer = int(head.split()[1]), rest
            self.is_chunked = b"transfer-encoding: chunked" in head.lower()
        if not self.is_chunked:
            body, self.buffer = self.buffer, b""
            return body
        body = []
        while not self.is_over:
            if self.left:
                taken = self.buffer[:self.left]
                self.left, self.buffer = self.left - len(taken), self.buffer[len(taken):]
                body.append(taken)
                if self.left or len(self.buffer) < 2:
                    break
            line, end, rest = self.buffer.partition(b"\r\n")
            if not end:
                break
            if line:
                self.left = int(line, 16)
                self.is_over = not self.left
            self.buffer = rest
        return b"".join(body)
