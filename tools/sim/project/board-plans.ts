/**
 * What the simulator makes of a project: each board's program, built as `sapline build` does, and its `sapline.json`, with the hosts of the virtual net in the place of addresses. There is no
 * air here: a board that joins by radio joins by WebSocket, its parent or, if it would find one by itself, the root.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { KEEP_EVERY } from "#shared/link/kept-limits.ts";
import { AUTO_PARENT, isParent, LISTEN_PORT, type Project, type ProjectNode, ROOT_PARENT } from "#host/project.ts";
import { Trouble } from "#host/trouble.ts";
import { type Parts, programText } from "../../bundle/program-text.ts";
import { devicesFrom } from "../../emulator/devices/settings.ts";
import { partsOf } from "../../project/node-files.ts";
import type { BoardPlan } from "./board.ts";
import { PROBE } from "./probe.ts";
import { TOKEN_HEAD } from "./project-world.ts";
import { ROOT_HOST, ROOT_PORT } from "./root-door.ts";

/** Nobody signs programs here. */
const NO_UPDATE_KEY = "00".repeat(56);

/** `folder` is for the programs. Rejects with `Trouble` if one is at fault; `notice` takes what is not as it is on boards. */
export async function boardPlans(
  project: Project,
  folder: string,
  notice: (sentence: string) => void,
): Promise<BoardPlan[]> {
  const plans: BoardPlan[] = [];
  mkdirSync(folder, { recursive: true });
  for (const node of project.nodes) {
    if (node.given.radio !== undefined && node.given.radio !== false)
      notice(`${node.id} has a radio: here it joins by WebSocket, for this simulator has no air for programs`);
    plans.push(await boardPlan(project, node, folder));
  }
  return plans;
}

async function boardPlan(project: Project, node: ProjectNode, folder: string): Promise<BoardPlan> {
  const { id, entry, given } = node;
  const listens = given.listen !== undefined || isParent(project, id);
  const parts: Parts = { ...partsOf(project, node), sockets: true, radio: false, children: given.children ?? listens };
  const program = await programText({ entry, parts, cache: join(project.settings.data, "base"), probe: PROBE });
  if (program.faults.length > 0) throw new Trouble(`${id} cannot be built: ${program.faults.join("\n")}`);
  const bundle = join(folder, `${id}.js`);
  writeFileSync(bundle, program.text);
  const parent = node.parent === ROOT_PARENT || node.parent === AUTO_PARENT ? ROOT_HOST : node.parent;
  const keeps = typeof given.keep === "object" ? given.keep : {};
  const isKeeping = parts.keeps === true || parts.sleeps === true;
  return {
    id,
    parent,
    entry,
    bundle,
    configuration: {
      ...given.settings,
      id,
      token: TOKEN_HEAD + id,
      parent: { host: parent, port: parent === ROOT_HOST ? ROOT_PORT : listenPort(project, parent) },
      ...(listens ? { listen: given.listen ?? LISTEN_PORT } : {}),
      ...(parts.updates === true ? { updateKey: NO_UPDATE_KEY } : {}),
      ...(typeof given.keep === "object" ? { keep: keeps } : {}),
      ...(given.sleep === undefined ? {} : { sleep: given.sleep }),
      ...(given.limits === undefined ? {} : { limits: given.limits }),
    },
    devices: devices(id, given.devices),
    keepsAfter: isKeeping ? (keeps.every ?? KEEP_EVERY) : undefined,
    sleepsFor: given.sleep?.every ?? 0,
  };
}

function listenPort(project: Project, id: string): number {
  return project.nodes.find((node) => node.id === id)?.given.listen ?? LISTEN_PORT;
}

function devices(id: string, given: unknown): ReturnType<typeof devicesFrom> {
  if (given === undefined) return [];
  try {
    return devicesFrom(given);
  } catch (error) {
    throw new Trouble(`${id}: ${(error as Error).message}`);
  }
}
