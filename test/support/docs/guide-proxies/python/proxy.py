"""
The Python proxy of Customer.io's public guide, as its sample behaves: which answer to what, and nothing about origins, gzip
or limits. `PORT=0 WRITE_KEY=… UPSTREAM_URL=… python3 proxy.py`
"""

import base64
import json
import logging
import os

from customerio import Analytics
from flask import Flask, jsonify, request
from werkzeug.serving import make_server

app = Flask(__name__)
analytics = Analytics(os.environ["UPSTREAM_URL"], os.environ["WRITE_KEY"])

# The sample knows no alias.
FIELDS = {
    "identify": {"traits": "traits"},
    "track": {"event": "event", "properties": "properties"},
    "page": {"name": "name", "properties": "properties"},
    "screen": {"name": "name", "properties": "properties"},
    "group": {"groupId": "groupId", "traits": "traits"},
}


def is_known(authorization):
    if not authorization.startswith("Basic "):
        return False
    key = base64.b64decode(authorization.split(" ")[1]).decode("utf-8").split(":")[0]
    return bool(key) and key.startswith("client-api-key-")


def forward(event):
    kind = event.get("type")
    if kind not in FIELDS:
        raise ValueError("Unknown event type")
    fields = {name: event.get(source) for name, source in FIELDS[kind].items()}
    # Neither its id nor who is anonymous.
    analytics.call(kind, event.get("userId"), event.get("timestamp"), event.get("context"), **fields)


@app.route("/<path:path>", methods=["POST"])
def answer(path):
    try:
        if not is_known(request.headers.get("Authorization", "")):
            return jsonify({"error": "Unauthorized"}), 401
        payload = request.get_json()
        # Those before one that fails are on their way by then.
        for event in payload.get("batch", []) if path == "v1/batch" else [payload]:
            forward(event)
        return jsonify({"success": True}), 200
    except Exception:
        return jsonify({"error": "Internal server error"}), 500


logging.getLogger("werkzeug").setLevel(logging.ERROR)
server = make_server("127.0.0.1", int(os.environ.get("PORT", "0")), app, threaded=True)
print(json.dumps({"listening": f"http://127.0.0.1:{server.server_port}"}), flush=True)
server.serve_forever()
