"""A headless Chromium that has the page open, by WebDriver."""

import json
import shutil
import subprocess
import time
import urllib.request


class Page:
    """One page, or nothing where chromedriver is not installed."""

    @staticmethod
    def is_possible() -> bool:
        return shutil.which("chromedriver") is not None

    def __init__(self, url: str, port: int) -> None:
        self.driver = f"http://127.0.0.1:{port}"
        self.process = subprocess.Popen(["chromedriver", f"--port={port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        options = {"args": ["--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]}
        wanted = {"capabilities": {"alwaysMatch": {"browserName": "chrome", "goog:chromeOptions": options}}}
        for attempt in range(50):
            try:
                self.session = "/session/" + self.post("/session", wanted)["sessionId"]
                break
            except OSError:
                if attempt == 49:
                    self.close()
                    raise
                time.sleep(0.2)
        self.post(self.session + "/url", {"url": url})

    @property
    def answer(self) -> str:
        """What the agent said, as the page has it before it draws Markdown."""
        script = "return [...document.querySelectorAll('.said')].map((said) => said.source).join('')"
        return self.post(self.session + "/execute/sync", {"script": script, "args": []})

    def close(self) -> None:
        try:
            if hasattr(self, "session"):
                urllib.request.urlopen(urllib.request.Request(self.driver + self.session, method="DELETE"), timeout=10)
        except OSError:
            pass
        self.process.terminate()
        self.process.wait(10)

    def post(self, path: str, body: dict):
        request = urllib.request.Request(self.driver + path, json.dumps(body).encode(), {"Content-Type": "application/json"})
        return json.load(urllib.request.urlopen(request, timeout=60))["value"]
