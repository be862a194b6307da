"""The server a Python developer would write, for comparison with the load generator `viewers`.

Run:    pip install fastapi 'uvicorn[standard]' sse-starlette 'redis[hiredis]'
        REDIS_URL=redis://127.0.0.1:6379 uvicorn peer:app --port 8000 --log-level warning
Expect: GET /stream/{name} streams agent-stream:{name}, with one XREAD BLOCK per viewer.
"""

import os

import redis.asyncio as redis
from fastapi import FastAPI, Header
from sse_starlette.sse import EventSourceResponse

app = FastAPI()
client = redis.from_url(os.environ.get("REDIS_URL", "redis://127.0.0.1:6379"), decode_responses=True, socket_timeout=None, max_connections=20_000)


@app.get("/stream/{name}")
async def stream(name: str, last_event_id: str = Header(default="0-0")):
    async def events():
        cursor = last_event_id
        while True:
            for _, entries in await client.xread({f"agent-stream:{name}": cursor}, block=5000, count=256):
                for cursor, fields in entries:
                    yield {"id": cursor, "event": "message", "data": fields["text"]}

    return EventSourceResponse(events(), ping=10)
