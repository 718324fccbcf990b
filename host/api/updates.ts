/** The routes of the API about programs that go over the tree: see docs/api.md. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { UPDATE_BYTES_MAX } from "#shared/limits.ts";
import { Trouble } from "../trouble.ts";
import { ApiTrouble, readJson, sendJson } from "./reply.ts";
import { parseUpdate } from "./request.ts";
import type { ApiSource } from "./source.ts";

/** Longest body of an order, in bytes: a program in base64, and room for the names of all nodes. */
export const ORDER_BYTES_MAX = UPDATE_BYTES_MAX * 2;

/** `node`: of the route of one node; `id`: of one update, if one is named. Throws `ApiTrouble`. */
export async function handleUpdates(
  source: ApiSource,
  request: IncomingMessage,
  response: ServerResponse,
  of: { node: string } | { id: string | undefined },
): Promise<void> {
  const id = "id" in of ? of.id : undefined;
  try {
    if (id !== undefined) {
      if (request.method !== "DELETE") throw new ApiTrouble(405, `${request.method} does nothing here: use DELETE`);
      return sendJson(response, 200, source.updates.stop(Number(id)));
    }
    if ("id" in of && request.method === "GET") return sendJson(response, 200, { updates: source.updates.views() });
    if (request.method !== "POST")
      throw new ApiTrouble(405, `${request.method} does nothing here: use ${"id" in of ? "GET or POST" : "POST"}`);
    const order = parseUpdate(await readJson(request, ORDER_BYTES_MAX));
    const nodes = "node" in of ? [of.node] : order.nodes;
    if (nodes === undefined) throw new ApiTrouble(400, '"nodes" is missing: a list of ids, or "all"');
    const { canaries, version } = order;
    sendJson(
      response,
      200,
      source.updates.order({ nodes, canaries, version, program: Buffer.from(order.program, "base64") }),
    );
  } catch (error) {
    throw error instanceof Trouble ? new ApiTrouble(400, error.message) : error;
  }
}
