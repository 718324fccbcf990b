/**
 * The HTTP API under /api/, and /healthz. What each route answers is in docs/api.md.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { ActOutcome, DesiredRow, NodeRow, ValueRow } from "#shared/effect.ts";
import { LINE_BYTES_MAX } from "#shared/limits.ts";
import { unixNow } from "../clock.ts";
import { Trouble } from "../trouble.ts";
import type { Identity, Role } from "../people/role.ts";
import type { ApiAccess } from "./access.ts";
import type { LiveEvents } from "./live-events.ts";
import { ApiTrouble, readJson, sendJson } from "./reply.ts";
import {
  checkNames,
  momentOf,
  parseAct,
  parseChartRequest,
  parseEventsRequest,
  parseNewToken,
  parseSet,
} from "./request.ts";
import type { SignIn } from "./sign-in.ts";
import type { ApiSource } from "./source.ts";
import { handleUpdates } from "./updates.ts";

/** Where the routes are described, for whoever asks for one that is not there. */
const SEE = "see docs/api.md for what there is";

export class Api {
  private readonly source: ApiSource;
  private readonly access: ApiAccess;
  private readonly live: LiveEvents;
  private readonly signIn: SignIn;

  constructor(source: ApiSource, access: ApiAccess, live: LiveEvents, signIn: SignIn) {
    this.source = source;
    this.access = access;
    this.live = live;
    this.signIn = signIn;
  }

  /** Answers every request, whatever it says. Never rejects. */
  async handle(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    try {
      if (url.pathname === "/healthz") return this.health(request, response);
      if (url.pathname === "/api/session") return await this.signIn.session(request, response);
      const identity = this.access.check(request, needOf(request, url));
      await this.route(request, response, url, identity);
    } catch (error) {
      if (response.headersSent) return void response.destroy();
      // The rest of a body that was refused is not read; the connection cannot go on after it.
      if (!request.complete) response.setHeader("connection", "close");
      const status = error instanceof ApiTrouble ? error.status : 500;
      const isForPeople = error instanceof ApiTrouble || error instanceof Trouble;
      sendJson(response, status, { error: isForPeople ? error.message : "the root made an error: see its log" });
      if (!isForPeople)
        process.stderr.write(`api: ${request.method} ${url.pathname}: ${String((error as Error).stack)}\n`);
    }
  }

  private async route(request: IncomingMessage, response: ServerResponse, url: URL, identity: Identity): Promise<void> {
    const [area, id, part, eid, last, ...rest] = pathParts(url);
    if (rest.length > 0) throw notFound(url);
    const shape = [area, id && "ID", part, eid && "EID", last].filter((text) => text !== undefined).join("/");
    switch (shape) {
      case "nodes":
        only(request, "GET");
        checkNames(url.searchParams, []);
        return sendJson(response, 200, {
          root: { id: "root", startedAt: this.source.startedAt },
          nodes: this.source.nodes().map((row) => ({ ...nodeJson(row), link: this.source.linkKind(row.id) })),
        });
      case "nodes/ID":
        only(request, "GET");
        return sendJson(response, 200, { ...nodeJson(this.node(id)), link: this.source.linkKind(id as string) });
      case "entities":
        only(request, "GET");
        checkNames(url.searchParams, []);
        return sendJson(response, 200, { entities: this.source.nodes().flatMap((node) => this.entities(node.id)) });
      case "nodes/ID/entities":
        only(request, "GET");
        return sendJson(response, 200, { entities: this.entities(this.node(id).id) });
      case "nodes/ID/entities/EID":
        only(request, "GET");
        return sendJson(response, 200, this.entity(this.node(id).id, eid as string));
      case "nodes/ID/entities/EID/history":
        only(request, "GET");
        return this.find(response, url, { node: this.node(id).id, eid: eid as string });
      case "nodes/ID/act":
        only(request, "POST");
        return this.act(response, this.node(id).id, await readJson(request));
      case "nodes/ID/set":
        only(request, "PUT", "POST");
        return this.set(response, this.node(id).id, await readJson(request));
      case "nodes/ID/update":
      case "updates":
      case "updates/ID":
        return handleUpdates(this.source, request, response, area === "nodes" ? { node: this.node(id).id } : { id });
      case "log":
        only(request, "GET");
        return this.find(response, url, { node: text(url, "node"), eid: text(url, "eid"), type: text(url, "type") });
      case "events":
        only(request, "GET");
        checkNames(url.searchParams, ["node", "eid", "type"]);
        return this.live.add(
          response,
          { node: text(url, "node"), eid: text(url, "eid"), type: text(url, "type") },
          () => identity.kind === "program" || this.access.signedIn(request) !== undefined,
        );
      case "nodes/ID/entities/EID/chart":
        only(request, "GET");
        return sendJson(
          response,
          200,
          await this.source.chart({
            node: this.node(id).id,
            eid: eid as string,
            ...parseChartRequest(url.searchParams, unixNow()),
          }),
        );
      case "traffic":
        only(request, "GET");
        checkNames(url.searchParams, []);
        return sendJson(response, 200, {
          since: this.source.startedAt,
          now: unixNow(),
          nodes: this.source.nodes().flatMap(({ id: node }) => {
            const traffic = this.source.traffic(node);
            return traffic === undefined ? [] : [{ id: node, ...traffic }];
          }),
        });
      case "topology":
        return this.topology(request, response, url);
      case "health": {
        only(request, "GET");
        checkNames(url.searchParams, ["after"]);
        const after = momentOf(url.searchParams, "after", unixNow()) ?? 0;
        const stock = this.source.stock();
        return sendJson(response, 200, { ...this.source.health(), stock, seconds: this.source.seconds(after) });
      }
      case "session/ID":
        if (id !== "password") throw notFound(url);
        only(request, "PUT");
        return this.signIn.changeOwn(request, response, identity);
      case "people":
      case "people/ID":
        return this.signIn.persons(request, response, id);
      case "people/ID/password":
        only(request, "PUT");
        return this.signIn.setPassword(request, response, id as string);
      case "tokens":
      case "tokens/ID":
        return this.tokens(request, response, id);
      default:
        throw notFound(url);
    }
  }

  private async topology(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    only(request, "GET");
    checkNames(url.searchParams, ["at"]);
    const at = momentOf(url.searchParams, "at", unixNow()) ?? unixNow();
    sendJson(response, 200, { at, nodes: (await this.source.topology(at)).map(nodeJson) });
  }

  private async tokens(request: IncomingMessage, response: ServerResponse, id: string | undefined): Promise<void> {
    try {
      if (id === undefined && request.method === "POST") {
        const wanted = parseNewToken(await readJson(request));
        return sendJson(response, 200, { id: wanted.id, token: this.source.addToken(wanted.id, wanted.replace) });
      }
      only(request, id === undefined ? "GET" : "DELETE");
      if (id === undefined) return sendJson(response, 200, { tokens: this.source.tokens() });
      this.source.revokeToken(id);
      sendJson(response, 200, {});
    } catch (error) {
      throw error instanceof Trouble ? new ApiTrouble(400, error.message) : error;
    }
  }

  private health(request: IncomingMessage, response: ServerResponse): void {
    const health = this.source.health();
    const status = health.ok ? 200 : 503;
    try {
      this.access.check(request, "look");
    } catch {
      // A watchdog elsewhere needs the fact alone.
      return sendJson(response, status, { ok: health.ok });
    }
    sendJson(response, status, health);
  }

  private node(id: string | undefined): NodeRow {
    const node = this.source.node(id as string);
    if (node === undefined) throw new ApiTrouble(404, `no node "${id?.slice(0, 40)}" has joined yet: see /api/nodes`);
    return node;
  }

  private entities(node: string): EntityJson[] {
    const desired = new Map(this.source.desired(node).map((row) => [row.eid, row]));
    const now = unixNow();
    const known = this.source.values(node).map((row) => {
      const json = entityJson(node, row.eid, row, desired.get(row.eid), now, this.source.unit(node, row.eid));
      desired.delete(row.eid);
      return json;
    });
    return [
      ...known,
      ...[...desired.values()].map((row) =>
        entityJson(node, row.eid, undefined, row, now, this.source.unit(node, row.eid)),
      ),
    ];
  }

  private entity(node: string, eid: string): EntityJson {
    const entity = this.entities(node).find((one) => one.eid === eid);
    if (entity === undefined)
      throw new ApiTrouble(404, `${node} has said nothing of "${eid.slice(0, 64)}": see /api/nodes/${node}/entities`);
    return entity;
  }

  private async find(
    response: ServerResponse,
    url: URL,
    query: { node: string | undefined; eid: string | undefined; type?: string | undefined },
  ): Promise<void> {
    const isHistory = url.pathname.endsWith("/history");
    const { from, to, limit } = parseEventsRequest(
      url.searchParams,
      isHistory ? [] : ["node", "eid", "type"],
      unixNow(),
    );
    sendJson(response, 200, await this.source.find({ ...query, from, to }, limit));
  }

  private async act(response: ServerResponse, node: string, body: unknown): Promise<void> {
    const { eid, value, ttl } = parseAct(body);
    const outcome = await this.source.act(node, eid, value, ttl);
    sendJson(response, actStatus(outcome), outcome);
  }

  private async set(response: ServerResponse, node: string, body: unknown): Promise<void> {
    const { eid, value } = parseSet(body);
    const { rev, error } = await this.source.set(node, eid, value);
    if (error === "long")
      throw new ApiTrouble(400, `"value" is too long: a line of the protocol has at most ${LINE_BYTES_MAX} bytes`);
    if (error !== "") throw new ApiTrouble(400, error);
    sendJson(response, 200, { rev });
  }
}

interface EntityJson {
  node: string;
  eid: string;
  value: unknown;
  /** As the node names it; null if it never did. */
  unit: string | null;
  ts: number | null;
  received: number | null;
  /** Of the event that said so, which tells it from those before and after. */
  epoch: number | null;
  n: number | null;
  ageMs: number | null;
  desired: { value: unknown; rev: number; isSettled: boolean } | null;
}

function entityJson(
  node: string,
  eid: string,
  row: ValueRow | undefined,
  desired: DesiredRow | undefined,
  now: number,
  unit: string | null,
): EntityJson {
  return {
    node,
    eid,
    value: row === undefined ? null : row.value,
    unit,
    ts: row?.ts ?? null,
    received: row?.received ?? null,
    epoch: row?.epoch ?? null,
    n: row?.n ?? null,
    ageMs: row === undefined ? null : Math.max(0, now - row.ts),
    desired: desired === undefined ? null : { value: desired.value, rev: desired.rev, isSettled: desired.isSettled },
  };
}

function nodeJson(row: NodeRow): object {
  const { id, isUp, since, epoch, via, fw } = row;
  return { id, parent: via[0] ?? "root", via, up: isUp, since, epoch, fw };
}

/** The status says who could not: the way down (503), the node in time (504), the node itself (502). */
function actStatus(outcome: ActOutcome): number {
  if (outcome.ok) return 200;
  switch (outcome.error) {
    case "offline":
      return 503;
    case "timeout":
      return 504;
    case "busy":
      return 429;
    case "long":
      return 400;
    default:
      return 502;
  }
}

/** The role that a request needs. */
function needOf(request: IncomingMessage, url: URL): Role {
  const [area, , part] = url.pathname.slice("/api/".length).split("/");
  if (area === "tokens" || area === "people") return "administer";
  if ((area === "updates" || part === "update") && request.method !== "GET") return "administer";
  return area === "nodes" && (part === "act" || part === "set") && request.method !== "GET" ? "act" : "look";
}

function pathParts(url: URL): string[] {
  try {
    return url.pathname.slice("/api/".length).split("/").map(decodeURIComponent);
  } catch {
    throw new ApiTrouble(400, "the address has a % that is no %XX: encode it");
  }
}

function only(request: IncomingMessage, ...methods: string[]): void {
  if (!methods.includes(request.method ?? ""))
    throw new ApiTrouble(405, `${request.method} does nothing here: use ${methods.join(" or ")}`);
}

function notFound(url: URL): ApiTrouble {
  return new ApiTrouble(404, `there is no ${url.pathname.slice(0, 80)}: ${SEE}`);
}

function text(url: URL, name: string): string | undefined {
  return url.searchParams.get(name) ?? undefined;
}
