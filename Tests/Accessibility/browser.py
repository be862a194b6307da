"""A headless Chromium, spoken to over WebDriver with nothing but the standard library."""

import base64
import json
import re
import subprocess
import time
import urllib.request


class Browser:
    """One window; `with Browser() as browser` ends it."""

    def __enter__(self):
        self.driver = subprocess.Popen(["chromedriver", "--port=0"], stdout=subprocess.PIPE, text=True)
        for line in self.driver.stdout:
            if found := re.search(r"successfully on port (\d+)", line):
                break
        self.session = f"http://127.0.0.1:{found[1]}/session"
        arguments = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        options = {"browserName": "chrome", "goog:chromeOptions": {"args": arguments}}
        self.session += "/" + self.post("", {"capabilities": {"alwaysMatch": options}})["sessionId"]
        return self

    def __exit__(self, *_):
        self.send("DELETE", "")
        self.driver.terminate()
        self.driver.wait()

    def post(self, path, body):
        return self.send("POST", path, json.dumps(body).encode())

    def send(self, method, path, body=None):
        request = urllib.request.Request(self.session + path, body, method=method)
        with urllib.request.urlopen(request, timeout=60) as reply:
            return json.load(reply)["value"]

    def open(self, url):
        # A page of its own first, so that another fragment loads the page again.
        self.post("/url", {"url": "about:blank"})
        self.post("/url", {"url": url})

    def run(self, script):
        return self.post("/execute/sync", {"script": script, "args": []})

    def wait(self, condition, seconds=60):
        deadline = time.monotonic() + seconds
        while not self.run(f"return Boolean({condition})"):
            if time.monotonic() > deadline:
                raise TimeoutError(f"Never true: {condition}")
            time.sleep(0.05)

    def look(self, width, height, scheme):
        """Sets the size of what is seen, and light or dark."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.command("Emulation.setDeviceMetricsOverride", size)
        features = [{"name": "prefers-color-scheme", "value": scheme}, {"name": "prefers-reduced-motion", "value": "reduce"}]
        self.command("Emulation.setEmulatedMedia", {"features": features})

    def command(self, name, parameters):
        return self.post("/goog/cdp/execute", {"cmd": name, "params": parameters})

    def screenshot(self, path):
        path.write_bytes(base64.b64decode(self.send("GET", "/screenshot")))
