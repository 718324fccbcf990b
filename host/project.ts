/**
 * A project: the boards that a `sapline.config.ts` names, beside the root's own settings, checked as far as that goes without their programs.
 */
import { basename, dirname, resolve } from "node:path";
import * as v from "valibot";
import { CHANNELS } from "#shared/radio/tree-limits.ts";
import { isNodeId } from "#shared/wire/message.ts";
import { POWERSAVES } from "./board/settings-check.ts";
import { findConfiguration, loadSettings, type Place, readObject } from "./configuration.ts";
import { DEFAULTS, type Settings } from "./settings.ts";
import { Trouble } from "./trouble.ts";

/** Where children by WebSocket connect to a board, unless it says another. Chosen: beside the root's own. */
export const LISTEN_PORT = 4001;
/** What a node's parent may be besides another node. */
export const ROOT_PARENT = "root";
export const AUTO_PARENT = "auto";

const text = v.pipe(v.string(), v.nonEmpty());
const port = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_535));
const wifiSchema = v.strictObject({
  ssid: text,
  password: v.optional(v.string()),
  powersave: v.optional(v.picklist(POWERSAVES)),
});
const anything = v.record(v.string(), v.unknown());

const nodeSchema = v.strictObject({
  program: v.optional(text),
  parent: v.optional(text),
  outgress: v.optional(v.literal("auto")),
  address: v.optional(text),
  listen: v.optional(port),
  children: v.optional(v.boolean()),
  radio: v.optional(
    v.union([
      v.boolean(),
      v.strictObject({
        channel: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(CHANNELS))),
        sleepy: v.optional(v.boolean()),
        open: v.optional(v.boolean()),
      }),
    ]),
  ),
  wifi: v.optional(v.union([wifiSchema, v.literal(false)])),
  updates: v.optional(v.boolean()),
  alive: v.optional(v.boolean()),
  keep: v.optional(
    v.union([v.boolean(), v.strictObject({ every: v.optional(v.number()), bytes: v.optional(v.number()) })]),
  ),
  sleep: v.optional(v.strictObject({ every: v.number(), least: v.optional(v.number()), most: v.optional(v.number()) })),
  limits: v.optional(v.record(v.string(), v.number())),
  settings: v.optional(anything),
  devices: v.optional(v.array(anything)),
});

const projectSchema = v.object({
  root: v.optional(text),
  wifi: v.optional(wifiSchema),
  nodes: v.optional(v.record(v.string(), nodeSchema)),
});

export type NodeSettings = v.InferOutput<typeof nodeSchema>;

export interface ProjectNode {
  id: string;
  /** Its program's file, in full. */
  entry: string;
  /** "root", "auto", or the id of another node. */
  parent: string;
  given: NodeSettings;
}

export interface Project {
  /** The configuration's folder and file, in full. */
  folder: string;
  file: string;
  settings: Settings;
  /** Where boards find the root, if that is said. */
  root: string | undefined;
  wifi: v.InferOutput<typeof wifiSchema> | undefined;
  /** In the order of the file. */
  nodes: ProjectNode[];
}

/** `named` is the file of `--config`, if any. Rejects with `Trouble`, also where there is no file or no node in it. */
export async function loadProject(named: string | undefined, place: Place): Promise<Project> {
  const file = findConfiguration(named, place);
  if (file === undefined)
    throw new Trouble("there is no sapline.config.ts here: go to your project, or make one by `sapline new NAME`");
  const given = await loadSettings({}, named, place);
  // From a flag or the environment it is meant from where somebody stands; else from where the project is.
  const isUsual = given.data === DEFAULTS.data && (place.environment["SAPLINE_DATA"] ?? "") === "";
  const settings = { ...given, data: resolve(isUsual ? dirname(file) : place.workingDirectory, given.data) };
  const outcome = v.safeParse(projectSchema, await readObject(file, "an object of settings"));
  if (!outcome.success) throw new Trouble(`${basename(file)}: ${sentenceOf(outcome.issues[0])}`);
  const { root, wifi, nodes = {} } = outcome.output;
  const folder = dirname(file);
  const project: Project = {
    folder,
    file,
    settings,
    root,
    wifi,
    nodes: Object.entries(nodes).map(([id, given]) => ({
      id,
      entry: resolve(folder, given.program ?? `${id}.ts`),
      parent: given.parent ?? ROOT_PARENT,
      given,
    })),
  };
  check(project);
  return project;
}

function sentenceOf(issue: v.BaseIssue<unknown>): string {
  const path = v.getDotPath(issue) ?? "";
  if (issue.type === "strict_object" && issue.expected === "never") return `"${path}" is no setting of a node`;
  return `"${path}" is not as it must be: ${issue.message}`;
}

function check({ nodes }: Project): void {
  if (nodes.length === 0)
    throw new Trouble('the configuration names no nodes: write nodes: { kitchen: { program: "kitchen.ts" } } into it');
  const byId = new Map(nodes.map((node) => [node.id, node]));
  for (const { id, parent, given } of nodes) {
    if (!isNodeId(id) || id === ROOT_PARENT || id === AUTO_PARENT)
      throw new Trouble(`"${id}" cannot be a node's id: use letters, digits, ".", "_" and "-"`);
    if (parent === AUTO_PARENT && !given.radio)
      throw new Trouble(`${id}: a parent "auto" is found by radio: give it radio: true, or name its parent`);
    if (parent !== ROOT_PARENT && parent !== AUTO_PARENT && !byId.has(parent))
      throw new Trouble(`${id}: there is no node "${parent}" to be its parent`);
    const seen = new Set<string>();
    for (let at = byId.get(id); at !== undefined; at = byId.get(at.parent)) {
      if (seen.has(at.id)) throw new Trouble(`${id}: its parents go in a circle, over ${[...seen].join(", ")}`);
      seen.add(at.id);
    }
  }
}

/** Whether some node names it as its parent. */
export function isParent(project: Project, id: string): boolean {
  return project.nodes.some((node) => node.parent === id);
}
