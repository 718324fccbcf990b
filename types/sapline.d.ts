/**
 * What `import … from "sapline"` gives: `node` to programs of the chip (docs/node.md), `Bridge` to programs on a PC, and the type of a configuration.
 */
export type { Entity, EntityOptions, SaplineNode, ValueOf, ValueType } from "./node.d.ts";
export { node } from "./node.d.ts";

/** How an action ended. */
export type ActOutcome = { ok: true; value: unknown } | { ok: false; error: string };

/** What comes down to a program on a PC. */
export type Arrival =
  /** Do it once, then call `answer`. */
  | { kind: "act"; id: string; eid: string; value: unknown }
  /** What an entity should be; say `!update` with the same `rev` when it is. */
  | { kind: "set"; eid: string; value: unknown; rev: number }
  /** Any other event. */
  | { kind: "event"; event: { [key: string]: unknown } };

export interface BridgeOptions {
  /** Of the root or of a branch: "ws://127.0.0.1:4000/node". */
  url: string;
  /** Made by `sapline token add ID`, for that id. */
  id: string;
  token: string;
  /** An event waits at most this long for company, in milliseconds: 0 to 60000, usually 2000. */
  maxDelay?: number;
  /** A message is sent as soon as it exceeds this many bytes: 1 to 16000, usually 1000. */
  sizeThreshold?: number;
  /** Bytes of events kept until they are acknowledged, usually 1 MiB. Past it `emit` answers false. */
  outboxBytes?: number;
  /** Told when the way to the root opens or closes, and why. */
  onStatus?: (isJoined: boolean, reason: string) => void;
}

/** An event: its `type`, and whatever else JSON can say. `{type: "!update", eid, value}` makes `value` the entity's last value. */
export type BridgeEvent = { type: string; [field: string]: unknown };

/**
 * A program on a PC as a node: its events reach the root's disk exactly once while this process lives, and it iterates over what comes down.
 * It starts to connect at once, and again whenever the connection is lost.
 */
export declare class Bridge implements AsyncIterable<Arrival> {
  /** Throws `Trouble` for an option that cannot be. */
  constructor(options: BridgeOptions);
  /** Drops and refusals, by reason. */
  readonly counters: { [reason: string]: number };
  /** The root is reached and takes events. */
  get isJoined(): boolean;
  /** Events not acknowledged yet. */
  get backlog(): number;
  /** Takes an event. False if the outbox is full: wait for `room`. Throws `Trouble` for what can never be taken. */
  emit(event: BridgeEvent): boolean;
  /** Resolves when any event fits. Rejects when the bridge is closed. */
  room(): Promise<void>;
  /** Sends at once, and resolves when everything emitted before is on the root's disk. Rejects when the bridge is closed before. */
  flush(): Promise<void>;
  /** The outcome of an action that was iterated over. `value` is its result, or the error in words. */
  answer(action: { id: string }, ok: boolean, value?: unknown): void;
  /** What comes down, as it comes. Ends when the bridge is closed. */
  [Symbol.asyncIterator](): AsyncIterator<Arrival, undefined>;
  /** Ends the connection at once: call `flush` before, to lose nothing. */
  close(): void;
}

/** An error meant for people: its message is one sentence that says what to do. */
export declare class Trouble extends Error {}

/** What `sapline log --json` prints, one a line, and what `/api/events` sends. */
export interface StoredEvent {
  node: string;
  epoch: number;
  /** Its number within the node's epoch. */
  n: number;
  type: string;
  /** Entity and value, where the event has them; otherwise null. */
  eid: string | null;
  value: unknown;
  /** Milliseconds since 1970: when it was made by the node's clock (`received` if the node did not say), and when it reached the root. */
  ts: number;
  received: number;
  /** Whatever else the event carries; absent if nothing. */
  more?: { [field: string]: unknown };
}

/** A network that boards sign in to. */
export interface WifiConfiguration {
  ssid: string;
  password?: string;
  /**
   * How much a board's radio sleeps between the router's beacons: "none", "min" or "max". The more, the less current, and the later does a command arrive.
   * Usually as Espruino has it; "none" for a node that uses the radio too, which would hear nothing meanwhile (docs/battery.md).
   */
  powersave?: "none" | "min" | "max";
}

/** A node of the project, in a `sapline.config.ts`. */
export interface NodeConfiguration {
  /** Its program, relative to the configuration file. Usually its id and `.ts`. */
  program?: string;
  /** "root", another node's id, or "auto": by radio, whichever way is best. Usually "root". */
  parent?: string;
  /** "auto", with `radio` and a parent by WebSocket: the way up is WebSocket when that is to be had, else the radio. */
  outgress?: "auto";
  /** Where its children by WebSocket find it, such as "192.168.1.21". */
  address?: string;
  /** Port for them. Usually 4001. */
  listen?: number;
  /** It takes children, also if no node names it as its parent. */
  children?: boolean;
  /** It uses the radio, beside WebSocket or in its place. `true` for the usual settings. */
  radio?:
    | boolean
    | {
        /** Wi-Fi channel where the search begins, 1 to 13. */
        channel?: number;
        /** A leaf that sleeps. */
        sleepy?: boolean;
        /** Datagrams are neither encrypted nor vouched for; on every node of the tree. */
        open?: boolean;
      };
  /** Another network than that of the project; `false` for none. */
  wifi?: WifiConfiguration | false;
  /** It takes programs over the tree (docs/update.md). Usually it does; without, its program is 5 kB smaller. */
  updates?: boolean;
  /** A watchdog, and words about a fault after the restart (docs/alive.md). Usually it has them. */
  alive?: boolean;
  /** Its events are kept in flash across a power cut (docs/alive.md): `true`, or how often and how much. Usually they are not. */
  keep?: boolean | { every?: number; bytes?: number };
  /** It sleeps in between (docs/battery.md), and keeps its events: milliseconds from one start to the next, and awake. `sapline dev` leaves it awake. */
  sleep?: { every: number; least?: number; most?: number };
  /** Of the node's core, see docs/board.md. */
  limits?: { [name: string]: number };
  /** For the program itself: put into `sapline.json` as they are. */
  settings?: { [name: string]: unknown };
  /** What is wired to it under `sapline dev`: [{ kind: "dht22", pin: "D4", temperature: 21 }]. Boards do not see it. */
  devices?: { [name: string]: unknown }[];
}

/** What a `sapline.config.ts` exports by default, or a `sapline.config.json` holds. Every field may be absent. */
export interface Configuration {
  /** Address the root listens on. */
  host?: string;
  /** Port the root listens on; 0 for any free one. */
  port?: number;
  /** Directory of the root's log and tokens; relative to the configuration file. */
  data?: string;
  /** WebSockets that the root takes at once. */
  connectionsMax?: number;
  /** Where `nodes`, `state`, `act` and `set` find the root: "http://127.0.0.1:4000". */
  url?: string;
  /** The API's token, needed from another machine. */
  apiToken?: string;
  /** For `sapline node`: its id, its token, where it connects, and the port for its own children. */
  id?: string;
  token?: string;
  parent?: string;
  listen?: number;
  /** Children by radio: the dongle's device, such as "/dev/ttyUSB0", or that and more. */
  radio?:
    | string
    | {
        port?: string;
        /** The install key, 32 hexadecimal digits, the same on every node; if absent, that of the file radio.key in the data directory. */
        key?: string;
        /** Wi-Fi channel, 1 to 13. */
        channel?: number;
        /** Bits per second of the serial port; as the dongle's program has it. */
        baud?: number;
      };
  /** Where boards find the root: "192.168.1.10", or with a port. */
  root?: string;
  /** The network that boards sign in to. */
  wifi?: WifiConfiguration;
  /** The boards of this project, by id. */
  nodes?: { [id: string]: NodeConfiguration };
}
