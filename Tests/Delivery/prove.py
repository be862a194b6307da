#!/usr/bin/env python3
"""What delivery promises, broken on purpose: Tests/Delivery/prove.py PROGRAM [resume|restart|gateways|… [NUMBER] …]

PROGRAM is streaming-to-users. It needs redis-server and, for `unread`, a C compiler. The model is a stand-in that speaks as
OpenAI does. A NUMBER behind a name says how many viewers or runs. Without names, all are proved:
  resume    back after every event and at 500 random bytes of a run of 500 events: the same text each time
  restart   Redis, with an append-only file, is killed under 500 viewers
  gateways  two servers on one Redis are killed in turn under 300 viewers
  unread    500 of 2,000 viewers never read
  kills     300 runs while one of three workers is killed every 3 s
  models    200 runs while the model's server is killed every 4 s
  zombie    a worker that was stopped wakes up after another has taken over
  replies   the connection breaks after an append has reached Redis, and before its reply
  storm     150 runs while workers, servers and Redis are killed, and workers stop and wake up, at random
  chromium  Chromium's own EventSource, and the page, while the server is killed and started again; needs chromedriver
  lateness  the time from the model's socket to the viewer's; only on a machine that has nothing else to do
"""
import sys
import time

if len(sys.argv) < 2:
    sys.exit(__doc__)
sys.dont_write_bytecode = True
import place  # noqa: E402, it needs the program
from chromium import chromium  # noqa: E402
from kills import kills, models  # noqa: E402
from lateness import lateness  # noqa: E402
from resume import gateways, restart, resume  # noqa: E402
from storm import storm  # noqa: E402
from unread import unread  # noqa: E402
from wire import replies, zombie  # noqa: E402

if __name__ == "__main__":
    proofs = {proof.__name__: proof for proof in (resume, restart, gateways, unread, kills, models, zombie, replies, storm, chromium,
                                                    lateness)}
    chosen: list[tuple[str, list[int]]] = []
    for argument in sys.argv[2:] or proofs:
        if argument.isdigit() and chosen:
            chosen[-1][1].append(int(argument))
        elif argument in proofs:
            chosen.append((argument, []))
        else:
            sys.exit(f"There is no proof '{argument}'. There are: {', '.join(proofs)}.")
    for name, numbers in chosen:
        begin = time.monotonic()
        print(name, flush=True)
        proofs[name](*numbers)
        print(f"  {time.monotonic() - begin:.0f} s", flush=True)
    print("FAIL: " + "; ".join(place.failures) if place.failures else "PASS")
    sys.exit(1 if place.failures else 0)
