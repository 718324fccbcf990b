/**
 * A serial cable without hardware: two pseudo-terminals, and what is written into one comes out of the other. Made by Debian's Python, for Node has none.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";

const PYTHON = process.env["PYTHON"] ?? "/usr/bin/python3";

/** It holds both ends open: whoever closes one and opens it again finds it as it was. */
const CABLE = `
import os, pty, select, tty
ends = [pty.openpty(), pty.openpty()]
for _, slave in ends: tty.setraw(slave)
print(*(os.ttyname(slave) for _, slave in ends), flush=True)
to = {ends[0][0]: ends[1][0], ends[1][0]: ends[0][0]}
while True:
    ready, _, _ = select.select([*to, 0], [], [])
    if 0 in ready: break
    for end in ready: os.write(to[end], os.read(end, 4096))
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

  static async make(): Promise<TerminalPair> {
    const child = spawn(PYTHON, ["-c", CABLE], { stdio: ["pipe", "pipe", "inherit"] });
    const names = await new Promise<string>((resolve) => {
      let text = "";
      child.stdout?.on("data", (bytes: Buffer) => {
        text += bytes.toString();
        if (text.endsWith("\n")) resolve(text);
      });
    });
    return new TerminalPair(child, names.trim().split(" ") as [string, string]);
  }

  private constructor(child: ChildProcess, ends: [string, string]) {
    this.child = child;
    this.ends = ends;
  }

  /** As if it was pulled: both devices are gone. */
  async close(): Promise<void> {
    if (this.child.exitCode !== null) return;
    const ended = new Promise<void>((resolve) => this.child.once("exit", () => resolve()));
    this.child.stdin?.end();
    await ended;
  }
}
