/**
 * What a person sees of a running root, asked over its HTTP API like anybody would: the tree once, and one line per second.
 */
import { drawTree } from "./plan.ts";

interface NodeJson {
  id: string;
  up: boolean;
  via: string[];
}

interface HealthJson {
  acksSent: number;
}

/** An event as `/api/events` sends it. */
export interface LiveEvent {
  node: string;
  type: string;
  eid: string | null;
  value: unknown;
  ts: number | null;
  received: number;
  more?: { [field: string]: unknown };
}

/** Events older than this when they arrive are replayed history, and say nothing of the lag. */
const HISTORY_MILLIS = 3_600_000;
/** The lag is the median of so many live events. */
const LAG_EVENTS = 20;

export class Watch {
  /** Events stored, the root's own notes not counted, since the watch began. */
  stored = 0;
  /** Gets each of them. */
  onEvent: (event: LiveEvent) => void = () => {};
  private readonly url: string;
  private readonly lags: number[] = [];
  private readonly ended = new AbortController();
  private shown = { stored: 0, acks: 0 };

  constructor(url: string) {
    this.url = url;
  }

  /** Counts events as they are stored, until `stop`. */
  async listen(): Promise<void> {
    const response = await fetch(`${this.url}/api/events`, { signal: this.ended.signal });
    let text = "";
    const decoder = new TextDecoder();
    for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
      const lines = (text + decoder.decode(chunk, { stream: true })).split("\n");
      text = lines.pop() as string;
      for (const line of lines) if (line.startsWith("data: ")) this.take(JSON.parse(line.slice(6)) as LiveEvent);
    }
  }

  stop(): void {
    this.ended.abort();
  }

  async nodes(): Promise<NodeJson[]> {
    const answer = await this.get<{ nodes: NodeJson[] }>("/api/nodes");
    return answer.nodes;
  }

  /** The tree as it stands, as lines. */
  async drawing(): Promise<string[]> {
    const nodes = await this.nodes();
    const up = new Set(nodes.filter((node) => node.up).map((node) => node.id));
    return drawTree(
      nodes.map((node) => ({ id: node.id, parent: node.via[0] ?? "root" })),
      (id) => (up.has(id) ? "● " : "○ "),
    );
  }

  /** One line about the last second. */
  async line(nodesInAll: number): Promise<string> {
    const [nodes, health] = await Promise.all([this.nodes(), this.get<HealthJson>("/healthz")]);
    const up = nodes.filter((node) => node.up).length;
    const perSecond = this.stored - this.shown.stored;
    const acks = health.acksSent - this.shown.acks;
    this.shown = { stored: this.stored, acks: health.acksSent };
    return [
      `${new Date().toTimeString().slice(0, 8)}`,
      `nodes up ${up}/${nodesInAll}`,
      `stored ${String(this.stored).padStart(5)} (${String(perSecond).padStart(3)}/s)`,
      `acks ${String(acks).padStart(2)}/s`,
      `lag ${this.lag()}`,
    ].join("   ");
  }

  private take(event: LiveEvent): void {
    if (event.node === "root") return;
    this.stored += 1;
    this.onEvent(event);
    if (event.ts === null) return;
    const lag = event.received - event.ts;
    if (Math.abs(lag) > HISTORY_MILLIS) return;
    this.lags.push(lag);
    if (this.lags.length > LAG_EVENTS) this.lags.shift();
  }

  /** From a live event's making to its arrival at the root: the wait for company, and the way. */
  private lag(): string {
    if (this.lags.length === 0) return "-";
    const sorted = [...this.lags].sort((a, b) => a - b);
    return `${((sorted[Math.floor(sorted.length / 2)] as number) / 1000).toFixed(1)} s`;
  }

  private async get<T>(path: string): Promise<T> {
    const response = await fetch(this.url + path, { signal: this.ended.signal });
    return (await response.json()) as T;
  }
}
