/**
 * `sapline node`: this process as a node, and with --listen as a branch. Each JSON line on stdin goes up as an event; what comes
 * down is printed as JSON lines. A `?act` is answered by a line `{"type":"!act","id":…,"ok":true,"value":…}` on stdin.
 * When stdin ends it flushes and ends, unless it serves children.
 */
import { createInterface } from "node:readline";
import { PC_LIMITS } from "#shared/limits.ts";
import { TreeNode } from "#shared/node.ts";
import type { NodeId } from "#shared/units.ts";
import { asMessage, isNodeId } from "#shared/wire/message.ts";
import { openIngress, type Ingress } from "../ingress.ts";
import { NodeEdge } from "../node-edge.ts";
import type { Settings } from "../settings.ts";
import { PC_TEXT } from "../text-codec.ts";
import { Trouble } from "../trouble.ts";
import { HOST_VERSION } from "../version.ts";

/** Sockets beyond the children that the core takes: for `/echo`, and for a child that comes back before its old link is gone. */
const SPARE_CONNECTIONS = 50;

export async function runNode(settings: Settings): Promise<void> {
  const { id, token, parent, listen, host } = settings;
  if (id === undefined || token === undefined || parent === undefined)
    throw new Trouble(
      "a node needs --id, --token (of sapline token add) and --parent (such as ws://127.0.0.1:4000/node)",
    );
  if (!isNodeId(id)) throw new Trouble(`"${id}" cannot be a node's id: use letters, digits, ".", "_" and "-"`);
  const log = (line: string): void => void process.stderr.write(`${new Date().toISOString()} ${id}: ${line}\n`);
  const print = (value: object): void => void process.stdout.write(`${JSON.stringify(value)}\n`);
  const node = new TreeNode(
    { id: id as NodeId, token, fw: `sapline-node ${HOST_VERSION}`, limits: PC_LIMITS },
    PC_TEXT,
    Math.random,
  );
  let onRoom: () => void = () => {};
  let hasInputEnded = false;
  const edge: NodeEdge = new NodeEdge(node, parent, token, {
    act: (actId, eid, value) => {
      if (hasInputEnded) return edge.answer(actId, false, "this node takes no actions: its input has ended");
      print({ type: "?act", id: actId, eid, value });
    },
    set: (eid, value, rev) => print({ type: "?set", eid, value, rev }),
    deliver: print,
    status: (_isJoined, reason) => log(reason),
    acknowledged: () => onRoom(),
  });
  let ingress: Ingress | undefined;
  if (listen !== undefined) {
    ingress = await openIngress({
      host,
      port: listen,
      connectionsMax: PC_LIMITS.childrenMax + SPARE_CONNECTIONS,
      token,
      child: (socket) => edge.child(socket),
    });
    process.stdout.write(`sapline node ${ingress.url}\n`);
  }
  const stop = (code: number): void => {
    edge.stop();
    ingress?.close();
    // A close frame needs a moment to leave.
    setTimeout(() => process.exit(code), 100);
  };
  process.once("SIGINT", () => stop(0));
  process.once("SIGTERM", () => stop(0));
  edge.start();
  const room = (): Promise<void> =>
    new Promise((resolve) => {
      onRoom = resolve;
    });
  for await (const line of createInterface({ input: process.stdin })) {
    if (line.trim() === "") continue;
    const event = parseEvent(line);
    if (event === undefined) {
      log('dropped a line that is no event: write JSON such as {"type":"!update","eid":"lamp","value":true}');
      continue;
    }
    if (event.type === "!act" && typeof event["id"] === "string") {
      edge.answer(event["id"], event["ok"] === true, event["ok"] === true ? event["value"] : event["error"]);
      continue;
    }
    // Waiting for room, not for a refusal: a full outbox would squash values, and a pipe can wait.
    while (!edge.hasRoom()) await room();
    const emitted = edge.emit(event);
    if (!emitted.accepted)
      log(
        `dropped an event: ${emitted.reason === "long" ? "it is over 4096 bytes" : "its type is empty or the protocol's own"}`,
      );
  }
  hasInputEnded = true;
  edge.flush();
  while (node.backlog() > 0) await room();
  if (ingress === undefined && !process.stdin.isTTY) stop(0);
}

function parseEvent(line: string): { type: string; [field: string]: unknown } | undefined {
  try {
    return asMessage(JSON.parse(line));
  } catch {
    return undefined;
  }
}
