/** What the HTTP API needs of the root it shows. */
import type { ActOutcome, DesiredRow, NodeRow, ValueRow } from "#shared/effect.ts";
import type { Chart, ChartQuery } from "../log/chart.ts";
import type { FoundEvents } from "../log/message.ts";
import type { Second } from "../health-history.ts";
import type { EventQuery } from "../log/reader.ts";
import type { RadioHealth } from "../radio/radio-links.ts";
import type { NodeTraffic } from "../traffic.ts";
import type { UpdateDesk } from "../update/update-desk.ts";

export interface Health {
  /** The log takes events. */
  ok: boolean;
  /** What is wrong, "" if nothing. */
  trouble: string;
  version: string;
  startedAt: number;
  connections: number;
  nodesUp: number;
  commits: number;
  /** Acknowledgements sent, each after the commit that it reports. */
  acksSent: number;
  /** Duration of the last commit, and when it ended; null before the first. */
  lastCommitMillis: number | null;
  lastCommitAt: number | null;
  /** How long the commit under way has been waiting for the disk; null if there is none. */
  commitWaitingMillis: number | null;
  /** Drops and refusals, by reason. */
  counters: { [name: string]: number };
  /** The radio, through a dongle; null if the root has none. */
  radio: RadioHealth | null;
}

/** What is on the disk, and what is kept in memory of it. */
export interface Stock {
  /** Bytes of the log's file with its write-ahead log, and bytes free on its disk; null if that cannot be told. */
  logBytes: number | null;
  freeBytes: number | null;
  nodes: number;
  values: number;
  desired: number;
}

export type LinkKind = "websocket" | "esp-now";

export interface ApiSource {
  /** When this root started: milliseconds since 1970. */
  readonly startedAt: number;
  health(): Health;
  nodes(): NodeRow[];
  node(id: string): NodeRow | undefined;
  /** How a child of the root is connected; null of a node that is away, or behind a branch. */
  linkKind(node: string): LinkKind | null;
  values(node: string): ValueRow[];
  desired(node: string): DesiredRow[];
  act(node: string, eid: string, value: unknown, ttlMillis: number): Promise<ActOutcome>;
  /** Resolves when it is on disk, or refused. */
  set(node: string, eid: string, value: unknown): Promise<{ rev: number; error: string }>;
  find(query: EventQuery, limit: number): Promise<FoundEvents>;
  chart(query: ChartQuery): Promise<Chart>;
  /** The nodes as they were at a moment, milliseconds since 1970. */
  topology(at: number): Promise<NodeRow[]>;
  stock(): Stock;
  /** The seconds that ended later than `after`, milliseconds since 1970. */
  seconds(after: number): Second[];
  traffic(node: string): NodeTraffic | undefined;
  unit(node: string, eid: string): string | null;
  /** Tokens of nodes: made, ended, listed. Throw `Trouble`. */
  tokens(): { id: string; created: string }[];
  addToken(id: string, isReplacing: boolean): string;
  revokeToken(id: string): void;
  /** Programs on their way over the tree. What it is asked may throw `Trouble`. */
  readonly updates: Pick<UpdateDesk, "views" | "order" | "stop">;
}
