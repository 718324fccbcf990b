/**
 * The program that a board gets, and what its project says of it: of a node that `sapline.config.ts` names its own program, built now; otherwise the
 * file that was named, or the plain program that can do what the node is told.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { findConfiguration, type Place, readObject } from "#host/configuration.ts";
import { loadProject, type Project, type ProjectNode, ROOT_PARENT } from "#host/project.ts";
import { Trouble } from "#host/trouble.ts";
import { readUpdateKey, UPDATE_KEY_FILE } from "#host/update/signing-key.ts";
import { programText } from "../bundle/program-text.ts";
import { boardSettings, nodeOf, partsOf } from "../project/node-files.ts";
import { type BoardSettings, parentOf } from "./node-settings.ts";

/** Built programs, beside this one. */
const FIRMWARE = new URL("./firmware/", import.meta.url);

export interface NodeInProject {
  project: Project;
  node: ProjectNode;
}

/** Undefined if no configuration names this node. `named` is the file of `--config`. Rejects with `Trouble`. */
export async function nodeInProject(
  id: string,
  named: string | undefined,
  place: Place,
): Promise<NodeInProject | undefined> {
  const file = findConfiguration(named, place);
  if (file === undefined) return undefined;
  const { nodes } = await readObject(file, "an object of settings");
  if (typeof nodes !== "object" || nodes === null || !Object.hasOwn(nodes, id)) return undefined;
  const project = await loadProject(named, place);
  return { project, node: nodeOf(project, id) };
}

/** What the project says of it, without its token. With `parent` from elsewhere it need not say where that is. Throws `Trouble`. */
export function projectSettings({ project, node }: NodeInProject, parent: string | undefined): BoardSettings {
  if (parent === undefined) return boardSettings(project, node);
  const { host, port } = parentOf(parent);
  return boardSettings({ ...project, root: `${host}:${port}` }, { ...node, parent: ROOT_PARENT });
}

/** The public key of the root that may update this board over the tree; nothing where there is no root's data. */
export function updateSettings(data: string): BoardSettings {
  return existsSync(join(data, UPDATE_KEY_FILE)) ? { updateKey: readUpdateKey(data) } : {};
}

/** `named` is a built program, or a source file, that takes the place of the usual one. Rejects with `Trouble`. */
export async function nodeProgram(
  named: string | undefined,
  inProject: NodeInProject | undefined,
  told: BoardSettings,
): Promise<Uint8Array> {
  if (named !== undefined && !named.endsWith(".ts")) return readNamed(named);
  if (inProject === undefined)
    return named === undefined ? readBuilt(usualProgram(told)) : buildProgram(named, partsOfSettings(told), undefined);
  const { project, node } = inProject;
  return buildProgram(named ?? node.entry, partsOf(project, node), join(project.settings.data, "base"));
}

async function buildProgram(
  entry: string,
  parts: ReturnType<typeof partsOf>,
  cache: string | undefined,
): Promise<Uint8Array> {
  const program = await programText({ entry, parts, ...(cache === undefined ? {} : { cache }) });
  if (program.faults.length > 0)
    throw new Trouble(`the program cannot run on a board:\n  ${program.faults.join("\n  ")}`);
  return new TextEncoder().encode(program.text);
}

function partsOfSettings(told: BoardSettings): ReturnType<typeof partsOf> {
  const radio = told["radio"] as { children?: unknown } | undefined;
  return {
    sockets: told["parent"] !== undefined || told["listen"] !== undefined,
    radio: radio !== undefined,
    children: told["listen"] !== undefined || (radio !== undefined && radio.children !== false),
    ...(told["updateKey"] === undefined ? {} : { updates: true }),
  };
}

/** The smallest one that can do what the node is told. */
function usualProgram(told: BoardSettings): string {
  if (told["radio"] === undefined) return "wifi.js";
  const takesNone = (told["radio"] as { children?: unknown }).children === false;
  return told["parent"] === undefined && told["listen"] === undefined && takesNone ? "leaf.js" : "main.js";
}

function readNamed(file: string): Uint8Array {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new Trouble(`cannot read ${file}: ${(error as Error).message}`);
  }
}

/** Throws `Trouble` if it was not built. */
export function readBuilt(name: string): Uint8Array {
  try {
    return readFileSync(new URL(name, FIRMWARE));
  } catch {
    throw new Trouble(`dist/firmware/${name} is missing: run npm run prepare`);
  }
}
