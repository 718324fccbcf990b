/**
 * A serial cable without hardware: two pseudo-terminals, and what is written into one comes out of the other. Made by Debian's Python, for Node has none.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { createInterface, type Interface } from "node:readline";

const PYTHON = process.env["PYTHON"] ?? "/usr/bin/python3";

/**
 * It holds both ends open: whoever closes one and opens it again finds it as it was. A line on its input empties the cable, its end ends it. An end that
 * nobody reads fills up (4096 bytes); then what is for it waits, and the other way still goes.
 */
const CABLE = `
import os, pty, select, termios, tty
ends = [pty.openpty(), pty.openpty()]
for _, slave in ends: tty.setraw(slave)
to = {ends[0][0]: ends[1][0], ends[1][0]: ends[0][0]}
for end in to: os.set_blocking(end, False)
waiting = {end: b"" for end in to}
print(*(os.ttyname(slave) for _, slave in ends), flush=True)
while True:
    full = [to[end] for end in to if waiting[end]]
    ready, writable, _ = select.select([end for end in to if not waiting[end]] + [0], full, [])
    if 0 in ready:
        if not os.read(0, 1): break
        for master, slave in ends:
            termios.tcflush(slave, termios.TCIOFLUSH)
            waiting[master] = b""
        print("empty", flush=True)
        continue
    for end in to:
        if end in ready: waiting[end] = os.read(end, 4096)
        if waiting[end]:
            try: waiting[end] = waiting[end][os.write(to[end], waiting[end]):]
            except BlockingIOError: pass
`;

/** Why there can be no cable here, "" if there can. */
export function noCable(): string {
  const asked = spawnSync(PYTHON, ["-c", "import pty"], { encoding: "utf8" });
  return asked.status === 0 ? "" : `no ${PYTHON} that has pty: apt-get install python3, or set PYTHON`;
}

export class TerminalPair {
  /** The devices of its two ends. */
  readonly ends: readonly [string, string];
  private readonly child: ChildProcess;
  private readonly lines: Interface;

  static async make(): Promise<TerminalPair> {
    const child = spawn(PYTHON, ["-c", CABLE], { stdio: ["pipe", "pipe", "inherit"] });
    const lines = createInterface({ input: child.stdout });
    const [names] = (await once(lines, "line")) as [string];
    return new TerminalPair(child, lines, names.split(" ") as [string, string]);
  }

  private constructor(child: ChildProcess, lines: Interface, ends: [string, string]) {
    this.child = child;
    this.lines = lines;
    this.ends = ends;
  }

  /** What is under way is lost, as when the board at one end has lost its power. */
  async empty(): Promise<void> {
    const emptied = once(this.lines, "line");
    this.child.stdin?.write("\n");
    await emptied;
  }

  /** As if it was pulled: both devices are gone. */
  async close(): Promise<void> {
    if (this.child.exitCode !== null) return;
    const ended = new Promise<void>((resolve) => this.child.once("exit", () => resolve()));
    this.child.stdin?.end();
    await ended;
  }
}
