/** What is stored, as lines for people: some a second, and how many more there were. */
import type { LiveEvent } from "../demo/watch.ts";

/** Lines in a second. Chosen: what can be read, and not what can be made. */
const LINES_MAX = 12;
/** Units that are remembered. */
const UNITS_MAX = 1000;

export class LiveLines {
  private readonly say: (line: string) => void;
  private readonly units = new Map<string, string>();
  private lines: string[] = [];
  private more = 0;

  constructor(say: (line: string) => void) {
    this.say = say;
  }

  take(event: LiveEvent): void {
    const name = `${event.node} ${event.eid ?? ""}`;
    const unit = event.more?.["unit"];
    if (typeof unit === "string" && this.units.size < UNITS_MAX) this.units.set(name, unit);
    if (this.lines.length >= LINES_MAX) this.more += 1;
    else this.lines.push(this.line(event, this.units.get(name) ?? ""));
  }

  /** A second is over. */
  turn(): void {
    for (const line of this.lines) this.say(line);
    if (this.more > 0) this.say(`          and ${this.more} more`);
    this.lines = [];
    this.more = 0;
  }

  private line(event: LiveEvent, unit: string): string {
    const time = new Date(event.ts ?? event.received).toTimeString().slice(0, 8);
    const what = event.type === "!update" ? (event.eid ?? "") : event.type;
    const value = event.type === "!update" ? JSON.stringify(event.value) : JSON.stringify(event.more ?? {});
    const text = event.type === "!log" ? String(event.more?.["text"] ?? "") : value;
    return `${time}  ${event.node.padEnd(10)} ${what.padEnd(14)} ${text} ${unit}`.trimEnd();
  }
}
