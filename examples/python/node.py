"""A Sapline node in Python, written from docs/wire.md alone.

    python3 node.py ws://HOST:PORT/node ID TOKEN STATE_FILE < events.jsonl

Each line on stdin is an event, such as {"type":"!update","eid":"t","value":21.5}. What comes of it is printed as JSON lines.
Events live in STATE_FILE until the root has them on disk, so the program may be killed at any moment and started again:
what it has printed as "taken" is stored exactly once. It ends when stdin has ended and the root has everything.

Needs websockets (Debian: python3-websockets 10.4). "W-12" names a rule of docs/wire.md.
"""
import asyncio
import json
import os
import random
import sys
import threading
import time

import websockets

LINE_BYTES_MAX = 4096
FRAME_BYTES = 1000
WINDOW_BYTES = 65536
EVENTS_MAX = 1000
ANSWERS_MAX = 16
CONTROL_TYPES = "?hello !hello ?ack !ack ?ping !ping !root !gone !bye".split()
RESEND_SECONDS, RESEND_SECONDS_MAX = 2, 60
HELLO_SECONDS, HELLO_SECONDS_MAX = 5, 20
REPLACED_SECONDS, REFUSED_SECONDS = 5, 60
SILENCE_SECONDS = 15
BROKEN = (OSError, asyncio.TimeoutError, websockets.ConnectionClosed, websockets.InvalidHandshake)


def say(**what):
    print(json.dumps(what), flush=True)


def to_line(message):
    """`type` comes first (W-5): a dict keeps its order."""
    return json.dumps({"type": message["type"], **message}, ensure_ascii=False, separators=(",", ":")) + "\n"


class Outbox:
    """The epoch, the last acknowledged number, and the events after it: in a file, always (W-16)."""

    def __init__(self, path):
        self.path, self.epoch, self.acked, self.lines = path, None, 0, []
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                self.epoch, self.acked, self.lines = json.load(file)

    def save(self):
        with open(self.path + ".new", "w", encoding="utf-8") as file:
            json.dump([self.epoch, self.acked, self.lines], file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(self.path + ".new", self.path)

    def add(self, line):
        self.lines.append(line)
        self.save()

    def forget(self, n):
        """The root has everything up to `n`."""
        known = max(0, min(n - self.acked, len(self.lines)))
        del self.lines[:known]
        self.acked += known
        self.save()

    def resume(self, epoch, n):
        """`n` is of the epoch that we offered; another epoch numbers what is left from 1 (W-15). False: ask for another epoch."""
        is_good = epoch != self.epoch or n >= self.acked
        if self.epoch is not None:
            self.forget(n)
        if epoch != self.epoch or not is_good:
            self.epoch, self.acked = (epoch if is_good else None), 0
        self.save()
        return is_good


class Node:
    def __init__(self, url, node_id, token, outbox):
        self.url, self.id, self.token, self.outbox = url, node_id, token, outbox
        self.clock = time.time() * 1000 - time.monotonic() * 1000  # the root's clock, less ours
        self.nonce = None  # of the ?hello that waits for its answer
        self.said_at, self.hello_after = 0.0, HELLO_SECONDS  # when that was, and when to say it again
        self.joined = False
        self.sent = 0  # how many of the outbox's lines are in flight
        self.resend_at, self.resend_after = 0.0, RESEND_SECONDS
        self.hurry_from = 0.0  # until then, a repeated !ack says nothing
        self.answers = {}

    def root_now(self):
        return int(time.monotonic() * 1000 + self.clock)

    # The application's side.

    def has_room(self):
        return len(self.outbox.lines) < EVENTS_MAX

    def emit(self, event):
        """Takes an event into custody. Answers why not, or ""."""
        if not self.has_room():
            return "full"
        if event["type"] in CONTROL_TYPES:
            return "type"
        line = to_line({**event, "ts": event.get("ts", self.root_now())})
        if len(line.encode()) - 1 > LINE_BYTES_MAX:
            return "long"
        self.outbox.add(line)
        return ""

    def act(self, eid, value):
        """Runs an action: answers its value, or raises ValueError with the reason. Yours to replace."""
        if eid != "echo":
            raise ValueError("unknown entity " + eid)
        return value

    # The link.

    async def run(self):
        """Dials for ever; returns the reason when the token is refused."""
        failures = 0
        while True:
            least = 0
            try:
                headers = {"Authorization": "Bearer " + self.token}
                async with websockets.connect(self.url, extra_headers=headers, ping_interval=None) as link:
                    reason = await self.serve(link)
                say(left=reason)
                failures = 0
                least = {"lost": 0, "replaced": REPLACED_SECONDS}.get(reason, REFUSED_SECONDS)
            except websockets.InvalidStatusCode as refusal:
                if refusal.status_code == 401:
                    return "the root refuses this token: make one with `sapline token add " + self.id + "`"
            except BROKEN:
                pass
            await asyncio.sleep(least + min(10, 0.5 * 2**failures) * random.uniform(0.5, 1))
            failures = min(failures + 1, 10)

    async def serve(self, link):
        """One link, from its opening to its end. Answers why it ended: "lost", or the parent's word."""
        pump = asyncio.ensure_future(self.pump(link))
        try:
            while True:
                frame = await asyncio.wait_for(link.recv(), SILENCE_SECONDS)
                for line in str(frame).split("\n")[:-1]:
                    reason = await self.take(link, line)
                    if reason:
                        return reason
        except BROKEN:
            return getattr(link, "close_reason", "") or "lost"
        finally:
            self.joined = False
            pump.cancel()

    async def take(self, link, line):
        """One line from the parent. Answers why the link has to end, or None. Bad lines are dropped (W-7)."""
        try:
            message = json.loads(line)
            kind = message["type"]
            if message.get("dst", self.id) != self.id:
                return None
            if kind == "!hello" and message["nonce"] == self.nonce:
                return await self.welcome(link, message)
            if kind == "!ack" and message["ep"] == self.outbox.epoch:
                self.acknowledged(message["n"])
            elif kind == "?ping":
                await link.send('{"type":"!ping"}\n')
            elif kind == "!root":
                self.joined = False
                if message["up"]:
                    await self.hello(link)
            elif kind == "!bye":
                return message["reason"]
            elif kind == "?act":
                self.asked(message)
            elif kind == "?set":
                self.emit({"type": "!update", "eid": message["eid"], "value": message["value"], "rev": message["rev"]})
        except (ValueError, KeyError, TypeError, AttributeError):
            say(dropped=line)
        return None

    async def hello(self, link):
        self.joined, self.nonce, self.said_at = False, random.randrange(2**31), time.monotonic()
        hello = {"type": "?hello", "v": 1, "id": self.id, "token": self.token, "fw": "node.py", "nonce": self.nonce}
        if self.outbox.epoch is not None:
            hello["ep"] = self.outbox.epoch
        await link.send(to_line(hello))

    async def welcome(self, link, message):
        if "error" in message:
            return message["error"]
        if not self.outbox.resume(message["ep"], message["n"]):
            await self.hello(link)
            return None
        round_trip = time.monotonic() - self.said_at
        self.clock = message["now"] - (time.monotonic() - round_trip / 2) * 1000
        self.nonce, self.joined, self.sent, self.hello_after = None, True, 0, HELLO_SECONDS
        say(joined=message["ep"], n=message["n"])
        return None

    def acknowledged(self, n):
        now = time.monotonic()
        if n == self.outbox.acked and self.sent and now >= self.hurry_from:
            self.sent, self.hurry_from = 0, now + self.resend_after  # a group was lost: send again (W-30)
        elif self.outbox.acked < n <= self.outbox.acked + self.sent:  # W-27
            self.sent -= n - self.outbox.acked
            self.outbox.forget(n)
            self.resend_after = RESEND_SECONDS
            self.resend_at = now + self.resend_after
            say(acked=n, epoch=self.outbox.epoch)

    def asked(self, message):
        """At most once, never late; an id seen before is answered again (W-31 to W-33)."""
        action = message["id"]
        if action not in self.answers:
            if self.root_now() >= message["ts"] + message.get("ttl", 5000):
                return
            try:
                answer = {"ok": True, "value": self.act(message["eid"], message["value"])}
            except ValueError as reason:
                answer = {"ok": False, "error": str(reason)[:60]}
            self.answers[action] = answer
            if len(self.answers) > ANSWERS_MAX:
                del self.answers[next(iter(self.answers))]
        self.emit({"type": "!act", "id": action, **self.answers[action]})

    async def pump(self, link):
        """Joins, then sends groups as the window allows. Where no answer comes, it says ?hello (W-20, W-29)."""
        try:
            await self.hello(link)
            while True:
                now = time.monotonic()
                if not self.joined and self.nonce is not None and now >= self.said_at + self.hello_after:
                    self.hello_after = min(HELLO_SECONDS_MAX, 2 * self.hello_after)
                    await self.hello(link)
                elif self.joined and self.sent and now >= self.resend_at:
                    self.resend_after = min(RESEND_SECONDS_MAX, 2 * self.resend_after)
                    await self.hello(link)
                elif self.joined:
                    await self.send_groups(link)
                await asyncio.sleep(0.05)
        except BROKEN:
            pass  # `serve` notices too

    async def send_groups(self, link):
        lines = self.outbox.lines
        flight = sum(len(line.encode()) for line in lines[: self.sent])
        while self.joined and self.sent < len(lines) and flight < WINDOW_BYTES:
            group = ""
            while self.sent < len(lines) and (not group or len(group.encode()) < FRAME_BYTES):
                group += lines[self.sent]
                self.sent += 1
            flight += len(group.encode())
            n = self.outbox.acked + self.sent
            self.resend_at = time.monotonic() + self.resend_after
            await link.send(group + to_line({"type": "?ack", "src": self.id, "ep": self.outbox.epoch, "n": n}))


def read_stdin(loop, lines):
    """Runs in a thread of its own: a file, a terminal and a pipe are all the same to it."""
    with open(0, encoding="utf-8", closefd=False) as stdin:
        for line in stdin:
            asyncio.run_coroutine_threadsafe(lines.put(line), loop).result()
    asyncio.run_coroutine_threadsafe(lines.put(None), loop)


async def emit_all(node, lines):
    """Emits until stdin ends, then waits until the root has everything. A full outbox makes stdin wait."""
    while (line := await lines.get()) is not None:
        while not node.has_room():
            await asyncio.sleep(0.05)
        try:
            event = json.loads(line)
            refused = node.emit(event)
            if refused:
                say(refused=refused)
            else:
                say(taken=event)
        except (ValueError, KeyError, TypeError):
            say(refused="not a JSON object with a type: " + line.strip()[:60])
    while node.outbox.lines:
        await asyncio.sleep(0.05)


async def main(url, node_id, token, path):
    node, lines = Node(url, node_id, token, Outbox(path)), asyncio.Queue(1)
    threading.Thread(target=read_stdin, args=(asyncio.get_running_loop(), lines), daemon=True).start()
    running, emitting = asyncio.ensure_future(node.run()), asyncio.ensure_future(emit_all(node, lines))
    await asyncio.wait([running, emitting], return_when=asyncio.FIRST_COMPLETED)
    if running.done():
        sys.exit(running.result())
    running.cancel()


if __name__ == "__main__":
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    asyncio.run(main(*sys.argv[1:]))
