"""How long a word takes from the model's socket to the viewer's, through worker, Redis and server."""

import re
import time

from crowd import Crowd, Viewer
from model import Model, prompt
from place import Place, ask, check, figure


class TimedViewer(Viewer):
    def __init__(self, *words) -> None:
        super().__init__(*words)
        self.heard: dict[tuple[int, int], float] = {}

    def dispatch(self) -> bool:
        now = time.perf_counter()
        for nonce, place in re.findall(r"(\d+)\.(\d+)🗼", "\n".join(self.data)) if self.event == "message" else []:
            self.heard[int(nonce), int(place)] = now
        return super().dispatch()


def lateness(runs: int = 200, limit: int = 5) -> None:
    """The limit is in milliseconds. A machine that has other things to do does not keep it."""
    with Place(model=(model := Model()).url) as place:
        _, server = place.serve()
        place.work()
        first, all_words = [], []
        for number in range(runs):
            crowd = Crowd()
            viewer = crowd.add(TimedViewer([server], ask(server, prompt(20, 0.01))))
            crowd.run(20)
            crowd.close()
            late = [(heard - model.said[word]) * 1000 for word, heard in viewer.heard.items()]
            # The first run also opens connections.
            if number and late:
                first.append(late[0])
                all_words += late
        for name, values in (("first words", first), ("words at 100/s", all_words)):
            values.sort()
            quantile = lambda share: values[min(len(values) - 1, int(len(values) * share))]
            figure(f"{len(values)} {name}: p50 {quantile(0.5):.2f} ms, p99 {quantile(0.99):.2f} ms, at most {values[-1]:.2f} ms "
                   "after the model")
            check(quantile(0.99) <= limit, f"p99 of the {name} is at most {limit} ms")
