"""What the guide's Python sample sends with: takes a call at once, and delivers later, whatever becomes of it."""

import base64
import json
import queue
import threading
import urllib.request


class Analytics:
    def __init__(self, url, write_key):
        self.url = f"{url}/v1/batch"
        self.authorization = "Basic " + base64.b64encode(f"{write_key}:".encode()).decode()
        self.waiting = queue.Queue()
        threading.Thread(target=self.deliver, daemon=True).start()

    def call(self, kind, user_id, timestamp=None, context=None, **fields):
        if not user_id:
            raise ValueError("A call must be of somebody")
        if not isinstance(context or {}, dict):
            raise ValueError("context must be a dictionary")
        event = {"type": kind, "userId": user_id, "timestamp": timestamp, "context": context or {}, **fields}
        self.waiting.put(event)

    def deliver(self):
        while True:
            batch = [self.waiting.get()]
            while not self.waiting.empty() and len(batch) < 100:
                batch.append(self.waiting.get())
            request = urllib.request.Request(
                self.url,
                data=json.dumps({"batch": batch}).encode(),
                headers={"Authorization": self.authorization, "Content-Type": "application/json"},
            )
            try:
                urllib.request.urlopen(request, timeout=5).read()
            except OSError:
                pass
