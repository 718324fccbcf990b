/**
 * Many simulated nodes on a real root, over few connections: branches that speak for the leaves below them, as branches do on the wire.
 * Every leaf has two entities; together they say so many events a second.
 */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { WebSocket } from "ws";

const TICK_MILLIS = 50;

interface Member {
  id: string;
  branch: number;
  epoch: number;
  n: number;
  said: number;
}

/** Writes the nodes' tokens, all at once: the root that starts afterwards knows them. */
export function writeTokens(directory: string, ids: readonly string[]): void {
  const entries = ids.map((id) => [
    id,
    { hash: createHash("sha256").update(`token-of-${id}`).digest("hex"), created: new Date().toISOString() },
  ]);
  writeFileSync(join(directory, "tokens.json"), JSON.stringify(Object.fromEntries(entries)), { mode: 0o600 });
}

export function crowdIds(branches: number, leavesOfEach: number): string[] {
  return Array.from({ length: branches }, (_, b) => [
    `branch-${b + 1}`,
    ...Array.from({ length: leavesOfEach }, (_leaf, l) => `leaf-${b + 1}-${l + 1}`),
  ]).flat();
}

export class Crowd {
  /** What each entity was last said to be: "node eid" to value. */
  readonly said = new Map<string, number>();
  events = 0;
  private readonly sockets: WebSocket[] = [];
  private readonly members: Member[] = [];
  private timer: NodeJS.Timeout | undefined;

  static async join(url: string, branches: number, leavesOfEach: number): Promise<Crowd> {
    const crowd = new Crowd();
    for (let b = 0; b < branches; b++) await crowd.openBranch(url, b, leavesOfEach);
    return crowd;
  }

  get size(): number {
    return this.members.length;
  }

  /** From now on so many events a second, spread over all nodes. */
  start(eventsPerSecond: number): void {
    const startedAt = performance.now();
    let sent = 0;
    this.timer = setInterval(() => {
      const due = ((performance.now() - startedAt) * eventsPerSecond) / 1000;
      const texts = this.sockets.map(() => "");
      for (; sent < due; sent++) {
        const member = this.members[sent % this.members.length] as Member;
        texts[member.branch] += this.say(member);
      }
      texts.forEach((text, at) => text !== "" && this.sockets[at]?.send(text));
    }, TICK_MILLIS);
  }

  pause(): void {
    clearInterval(this.timer);
  }

  close(): void {
    this.pause();
    for (const socket of this.sockets) socket.terminate();
  }

  private say(member: Member): string {
    const eid = ["temperature", "humidity"][member.said++ % 2] as string;
    const value =
      Math.round((20 + 5 * Math.sin((this.events + member.branch * 40) / 900) + (member.n % 7) / 10) * 10) / 10;
    member.n++;
    this.events++;
    this.said.set(`${member.id} ${eid}`, value);
    const unit = member.said <= 2 ? { unit: eid === "humidity" ? "%" : "°C" } : {};
    const event = { type: "!update", eid, value, ts: Date.now(), ...unit };
    return `${JSON.stringify(event)}\n${JSON.stringify({ type: "?ack", src: member.id, ep: member.epoch, n: member.n })}\n`;
  }

  private async openBranch(url: string, b: number, leaves: number): Promise<void> {
    const branch = `branch-${b + 1}`;
    const socket = new WebSocket(url, { headers: { authorization: `Bearer token-of-${branch}` } });
    await once(socket, "open");
    this.sockets.push(socket);
    const ids = [branch, ...Array.from({ length: leaves }, (_, l) => `leaf-${b + 1}-${l + 1}`)];
    const joined = new Promise<void>((resolve, reject) => {
      let left = ids.length;
      socket.on("close", () => reject(new Error(`${branch} was cut`)));
      socket.on("message", (data) => {
        for (const line of String(data).split("\n")) {
          if (line === "") continue;
          const message = JSON.parse(line) as { type: string; dst: string; ep: number; error?: string };
          if (message.type === "?ping") socket.send('{"type":"!ping"}\n');
          if (message.type !== "!hello") continue;
          if (message.error !== undefined) return reject(new Error(`${message.dst}: ${message.error}`));
          this.members.push({ id: message.dst, branch: b, epoch: message.ep, n: 0, said: 0 });
          if (--left === 0) resolve();
        }
      });
    });
    const hellos = ids.map((id) => ({
      type: "?hello",
      v: 1,
      id,
      token: `token-of-${id}`,
      fw: "crowd 1",
      nonce: 1,
      ...(id === branch ? {} : { via: [branch] }),
    }));
    socket.send(hellos.map((hello) => `${JSON.stringify(hello)}\n`).join(""));
    await joined;
  }
}
