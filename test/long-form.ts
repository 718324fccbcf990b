/** What short lines say, worked out the slow and obvious way from docs/wire.md: for tests that play a root, and against the real one. */

export interface Line {
  [field: string]: unknown;
}

/** Parsed lines of whole groups, each with its `?ack`, in their long form. `eids`: the aliases so far, which grow. */
export function longForm(lines: readonly unknown[], eids: string[]): Line[] {
  const long: Line[] = [];
  let group: unknown[] = [];
  for (const line of lines) {
    if (Array.isArray(line) || (line as Line)["type"] !== "?ack") {
      group.push(line);
      continue;
    }
    const ack = line as { k?: number; eids?: string[] };
    if (ack.eids !== undefined) eids.splice((ack.k as number) - 1, ack.eids.length, ...ack.eids);
    let at: number | undefined;
    for (const one of group) {
      if (!Array.isArray(one)) {
        long.push(one as Line);
        continue;
      }
      const [alias, value, time] = one as [number, unknown, number?];
      if (time !== undefined) at = (at ?? 0) + time;
      const event: Line = { type: "!update", eid: eids[alias - 1], value };
      long.push(at === undefined ? event : { ...event, ts: at });
    }
    long.push(line as Line);
    group = [];
  }
  return [...long, ...(group as Line[])];
}
