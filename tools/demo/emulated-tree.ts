/**
 * Runs a planned tree as emulated nodes in this process: gives each a port, a token and a folder that stands for its flash.
 */
import { join } from "node:path";
import { mkdirSync, writeFileSync } from "node:fs";
import { emulate, type EmulatedNode } from "../emulator/emulate.ts";
import { freePort } from "../free-port.ts";
import type { PlannedNode } from "./plan.ts";
import { asReplayFile, UNITS } from "./readings.ts";

export interface TreeOptions {
  /** Folder for the nodes' flash. */
  folder: string;
  /** Folder of the built bundles. */
  firmware: string;
  rootPort: number;
  tokenOf: (id: string) => string;
  /** How fast a leaf replays, in milliseconds a reading. */
  everyMillis: number;
  log: (id: string, line: string) => void;
}

export interface RunningNode {
  id: string;
  node: EmulatedNode;
  /** Starts it again once it was stopped, as after a power cut. */
  start: () => EmulatedNode;
}

/** Starts the nodes, parents first. The caller stops each. */
export async function startTree(nodes: PlannedNode[], options: TreeOptions): Promise<RunningNode[]> {
  const ports = new Map<string, number>([["root", options.rootPort]]);
  for (const node of nodes) if (node.isBranch) ports.set(node.id, await freePort());
  return nodes.map((node) => {
    const storageDir = join(options.folder, node.id);
    mkdirSync(storageDir, { recursive: true });
    if (node.readings.length > 0) writeFileSync(join(storageDir, "readings"), asReplayFile(node.readings));
    const listen = ports.get(node.id);
    const token = options.tokenOf(node.id);
    const start = (): EmulatedNode =>
      emulate({
        bundle: join(options.firmware, node.program),
        storageDir,
        config: {
          id: node.id,
          token,
          parent: { host: "127.0.0.1", port: ports.get(node.parent) },
          ...(listen === undefined ? {} : { listen }),
          replay: { every: options.everyMillis, batch: 1, units: UNITS },
        },
        log: (line) => options.log(node.id, line),
      });
    return { id: node.id, node: start(), start };
  });
}
