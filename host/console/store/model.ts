/**
 * The tree as this page knows it: what the API said, and every event since folded on top, as the root folds its log.
 *
 * Nothing here touches the page. Whoever draws looks at `changes`, or at `moved` for what has a place in the tree.
 */
import { LATE_MILLIS, type StoredEvent } from "../words.ts";

/** Points kept of each entity for its small chart. Chosen: as many as its pixels show. */
const RECENT_MAX = 60;
/** Events after which an entity's usual pace is known. */
const PACE_EVENTS = 3;
/** A value this many times older than usual is stale, but never one younger than `STALE_LEAST_MILLIS`. Chosen. */
const STALE_TIMES = 4;
const STALE_LEAST_MILLIS = 15_000;

export interface Desired {
  value: unknown;
  rev: number;
  isSettled: boolean;
}

export interface Entity {
  eid: string;
  value: unknown;
  unit: string | null;
  /** When it was made and when it arrived, milliseconds since 1970; null if it never was. */
  ts: number | null;
  received: number | null;
  epoch: number;
  n: number;
  desired: Desired | null;
  /** Times and numbers in turn, oldest first. */
  recent: number[];
  /** Usual milliseconds between two arrivals, and how many it was learnt from. */
  paceMillis: number;
  seen: number;
}

export interface TreeNode {
  id: string;
  parent: string;
  isUp: boolean;
  since: number;
  epoch: number;
  fw: string;
  /** How a child of the root is connected, as the root knows it; null otherwise. */
  link: string | null;
  entities: Map<string, Entity>;
  /** Events since this page was opened, and those not yet shown as drops. */
  events: number;
  fresh: number;
  /** Events a second, smoothed. */
  rate: number;
  counted: number;
  lastReceived: number;
  lagMillis: number | null;
  given: number;
}

export interface NodeJson {
  id: string;
  parent: string;
  up: boolean;
  since: number;
  epoch: number;
  fw: string;
  link: string | null;
}

export interface EntityJson {
  node: string;
  eid: string;
  value: unknown;
  unit: string | null;
  ts: number | null;
  received: number | null;
  epoch: number | null;
  n: number | null;
  desired: Desired | null;
}

export interface TrafficJson {
  id: string;
  given: number;
  lastReceived: number;
  lagMillis: number | null;
}

export class Model {
  readonly nodes = new Map<string, TreeNode>();
  startedAt = 0;
  /** Grows with whatever changes; `moved` with nodes that come, go, or change parents. */
  changes = 0;
  moved = 0;
  /** Of the root's own and of all nodes' events. */
  events = 0;
  rate = 0;
  private counted = 0;

  /** What the root knows now takes the place of what we knew; small charts stay. */
  load(startedAt: number, nodes: NodeJson[], entities: EntityJson[], traffic: TrafficJson[]): void {
    this.startedAt = startedAt;
    const ids = new Set(nodes.map(({ id }) => id));
    for (const id of this.nodes.keys()) if (!ids.has(id)) this.nodes.delete(id);
    for (const { id, parent, up, since, epoch, fw, link } of nodes)
      Object.assign(this.node(id), { parent, isUp: up, since, epoch, fw, link });
    for (const { id, given, lastReceived, lagMillis } of traffic)
      Object.assign(this.node(id), { given, lastReceived, lagMillis });
    for (const { node, eid, value, unit, ts, received, epoch, n, desired } of entities) {
      const entity = entityOf(this.node(node), eid);
      if (ts !== null && (entity.epoch !== epoch || entity.n !== n)) addRecent(entity, ts, value);
      Object.assign(entity, { value, ts, received, epoch: epoch ?? 0, n: n ?? 0, desired, unit: unit ?? entity.unit });
    }
    this.changes++;
    this.moved++;
  }

  /** How children of the root are connected, which no event says. */
  relink(nodes: NodeJson[]): void {
    for (const { id, link } of nodes) {
      const node = this.nodes.get(id);
      if (node !== undefined) node.link = link;
    }
    this.changes++;
  }

  /** Folds one event. Those that the last `load` held already change nothing. */
  take(event: StoredEvent): void {
    this.changes++;
    this.events++;
    if (event.node === "root") return this.takeOfRoot(event);
    const node = this.node(event.node);
    node.events++;
    node.fresh++;
    node.lastReceived = Math.max(node.lastReceived, event.received);
    const lag = event.received - event.ts;
    if (lag !== 0 && Math.abs(lag) < LATE_MILLIS) node.lagMillis = Math.max(0, lag);
    if (event.type === "!gap") node.given += Number(event.more?.["n"]) || 1;
    if (event.type === "!update" && event.eid !== null) update(entityOf(node, event.eid), event);
  }

  /** A second is over: rates follow. */
  turn(): void {
    this.rate += (this.events - this.counted - this.rate) / 2;
    this.counted = this.events;
    for (const node of this.nodes.values()) {
      node.rate += (node.events - node.counted - node.rate) / 4;
      if (node.rate < 0.01) node.rate = 0;
      node.counted = node.events;
    }
  }

  /** The nodes on the way to the root, the parent first. */
  way(id: string): string[] {
    const way: string[] = [];
    let node = this.nodes.get(id);
    while (node !== undefined && node.parent !== "root" && way.length < 20) {
      way.push(node.parent);
      node = this.nodes.get(node.parent);
    }
    return way;
  }

  private takeOfRoot({ type, eid, value, received, more = {} }: StoredEvent): void {
    const id = String(more["id"] ?? more["dst"] ?? "");
    switch (type) {
      case "!started":
        this.startedAt = received;
        for (const node of this.nodes.values()) leave(node, received);
        break;
      case "!joined": {
        const via = Array.isArray(more["via"]) ? more["via"] : [];
        Object.assign(this.node(id), {
          parent: String(via[0] ?? "root"),
          isUp: true,
          since: received,
          epoch: Number(more["ep"]),
          fw: String(more["fw"] ?? ""),
          link: null,
        });
        break;
      }
      case "!left": {
        const node = this.nodes.get(id);
        if (node !== undefined) leave(node, received);
        break;
      }
      case "?set":
        if (eid !== null) {
          const entity = entityOf(this.node(id), eid);
          const rev = Number(more["rev"]);
          if (rev > (entity.desired?.rev ?? 0)) entity.desired = { value, rev, isSettled: false };
        }
        return;
      default:
        return;
    }
    this.moved++;
  }

  private node(id: string): TreeNode {
    let node = this.nodes.get(id);
    if (node === undefined) {
      node = {
        id,
        parent: "root",
        isUp: false,
        since: 0,
        epoch: 0,
        fw: "",
        link: null,
        entities: new Map(),
        events: 0,
        fresh: 0,
        rate: 0,
        counted: 0,
        lastReceived: 0,
        lagMillis: null,
        given: 0,
      };
      this.nodes.set(id, node);
      this.moved++;
    }
    return node;
  }
}

/** Whether a value is older than one expects of it: of its entity's usual pace, or because its node is away. */
export function isStale(node: TreeNode, entity: Entity, now: number): boolean {
  if (!node.isUp) return true;
  if (entity.received === null || entity.seen < PACE_EVENTS) return false;
  return now - entity.received > Math.max(STALE_LEAST_MILLIS, STALE_TIMES * entity.paceMillis);
}

/** "websocket" or "esp-now", as the node says or the root knows; undefined if nobody does. */
export function linkOf(node: TreeNode): string | undefined {
  const said = node.entities.get("sapline.link")?.value;
  return typeof said === "string" ? said : (node.link ?? undefined);
}

/** The points of an entity's small chart, from the log. */
export function refill(entity: Entity, events: readonly StoredEvent[]): void {
  entity.recent.length = 0;
  for (const { type, ts, value } of events) if (type === "!update") addRecent(entity, ts, value);
}

function leave(node: TreeNode, since: number): void {
  if (node.isUp) Object.assign(node, { isUp: false, since });
}

function entityOf(node: TreeNode, eid: string): Entity {
  let entity = node.entities.get(eid);
  if (entity === undefined) {
    entity = {
      eid,
      value: null,
      unit: null,
      ts: null,
      received: null,
      epoch: 0,
      n: 0,
      desired: null,
      recent: [],
      paceMillis: 0,
      seen: 0,
    };
    node.entities.set(eid, entity);
  }
  return entity;
}

function update(entity: Entity, { epoch, n, value, ts, received, more }: StoredEvent): void {
  if (typeof more?.["unit"] === "string") entity.unit = more["unit"].slice(0, 16);
  const rev = more?.["rev"];
  if (entity.desired !== null && entity.desired.rev === rev) entity.desired = { ...entity.desired, isSettled: true };
  if (epoch < entity.epoch || (epoch === entity.epoch && n <= entity.n)) return;
  if (entity.received !== null && received > entity.received) {
    const pace = received - entity.received;
    entity.seen++;
    entity.paceMillis += (pace - entity.paceMillis) / Math.min(entity.seen, 10);
  }
  Object.assign(entity, { value, ts, received, epoch, n });
  addRecent(entity, ts, value);
}

function addRecent({ recent }: Entity, ts: number, value: unknown): void {
  const number = typeof value === "boolean" ? Number(value) : value;
  if (typeof number !== "number") return;
  recent.push(ts, number);
  if (recent.length > 2 * RECENT_MAX) recent.splice(0, 2);
}
