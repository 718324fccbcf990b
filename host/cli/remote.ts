/** `sapline nodes|state|act|set`: the commands that ask a running root, through its HTTP API. */
import type { Settings } from "../settings.ts";
import { Trouble } from "../trouble.ts";
import { formatAge, formatTable, parseValue } from "./output.ts";

/** Longest wait for an answer, beyond what an action itself may take. Chosen. */
const ANSWER_TIMEOUT_MILLIS = 15_000;
const TTL_MILLIS_USUAL = 5000;

interface NodeJson {
  id: string;
  parent: string;
  via: string[];
  up: boolean;
  since: number;
  epoch: number;
  fw: string;
}

interface EntityJson {
  node: string;
  eid: string;
  value: unknown;
  ageMs: number | null;
  desired: { value: unknown; isSettled: boolean } | null;
}

export async function printNodes(settings: Settings, isJson: boolean): Promise<void> {
  const { nodes } = (await ask(settings, "GET", "/api/nodes")).body as { nodes: NodeJson[] };
  if (isJson) return printJson(nodes);
  const now = Date.now();
  const rows = nodes.map(({ id, parent, up, since, epoch, fw }) => [
    id,
    up ? "up" : "away",
    formatAge(now - since),
    parent,
    String(epoch),
    fw,
  ]);
  process.stdout.write(formatTable(["NODE", "STATE", "FOR", "PARENT", "EPOCH", "FIRMWARE"], rows));
}

export async function printState(settings: Settings, node: string | undefined, isJson: boolean): Promise<void> {
  const path = node === undefined ? "/api/entities" : `/api/nodes/${encodeURIComponent(node)}/entities`;
  const { entities } = (await ask(settings, "GET", path)).body as { entities: EntityJson[] };
  if (isJson) return printJson(entities);
  const rows = entities.map(({ node: of, eid, value, ageMs, desired }) => [
    of,
    eid,
    ageMs === null ? "" : JSON.stringify(value),
    ageMs === null ? "never" : formatAge(ageMs),
    desired === null ? "" : `${JSON.stringify(desired.value)}${desired.isSettled ? "" : " (not yet)"}`,
  ]);
  process.stdout.write(formatTable(["NODE", "ENTITY", "VALUE", "AGE", "DESIRED"], rows));
}

export interface Wish {
  node: string;
  eid: string;
  value: string;
}

export async function act(
  settings: Settings,
  wish: Wish & { ttl: string | undefined },
  isJson: boolean,
): Promise<void> {
  const ttl = wish.ttl === undefined ? TTL_MILLIS_USUAL : Number(wish.ttl);
  const path = `/api/nodes/${encodeURIComponent(wish.node)}/act`;
  const body = { eid: wish.eid, value: parseValue(wish.value), ttl };
  const outcome = (await ask(settings, "POST", path, body, ttl)).body as {
    ok: boolean;
    value?: unknown;
    error?: string;
  };
  if (isJson) printJson(outcome);
  if (!outcome.ok) {
    process.exitCode = 1;
    if (!isJson) process.stderr.write(`sapline: ${wish.node} did not do it: ${outcome.error}\n`);
  } else if (!isJson) process.stdout.write(`${JSON.stringify(outcome.value ?? null)}\n`);
}

export async function set(settings: Settings, wish: Wish, isJson: boolean): Promise<void> {
  const body = { eid: wish.eid, value: parseValue(wish.value) };
  const answer = (await ask(settings, "PUT", `/api/nodes/${encodeURIComponent(wish.node)}/set`, body)).body;
  if (isJson) printJson(answer);
  else process.stdout.write(`rev ${(answer as { rev: number }).rev}\n`);
}

export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

/** The answer's body; an outcome of an action is one whatever its status. Rejects with `Trouble` for every other error. */
export async function ask(
  { url, host, port, apiToken }: Settings,
  method: string,
  path: string,
  body?: unknown,
  extraMillis = 0,
): Promise<{ body: unknown }> {
  const base = (url ?? `http://${host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host}:${port}`).replace(
    /\/+$/,
    "",
  );
  const headers: { [name: string]: string } = {};
  if (apiToken !== undefined) headers["authorization"] = `Bearer ${apiToken}`;
  if (body !== undefined) headers["content-type"] = "application/json";
  let status: number;
  let answer: unknown;
  try {
    const response = await fetch(`${base}${path}`, {
      method,
      headers,
      signal: AbortSignal.timeout(ANSWER_TIMEOUT_MILLIS + extraMillis),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    status = response.status;
    answer = await response.json();
  } catch {
    throw new Trouble(`no root answers at ${base}: start one by "sapline root", or name its address by --url`);
  }
  const { ok, error } = answer as { ok?: boolean; error?: string };
  if (status >= 400 && ok === undefined) throw new Trouble(error ?? `the root answered with status ${status}`);
  return { body: answer };
}
