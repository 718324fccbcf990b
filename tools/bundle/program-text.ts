/**
 * The text of a program for one node: the base (the node itself, as much of it as the program's parts need) and somebody's own code, in one file
 * that Espruino runs. Everything that makes such a file uses this: `sapline build`, `dev`, `flash`, `update`, and tests.
 *
 * The base is bundled and shortened by itself, with the names of types/node.d.ts kept; the code beside it keeps all its names. The engine's gate
 * has seen both. Mistakes in the code are answered, and do not throw.
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { bundleFirmware } from "./firmware-bundle.ts";
import { bundleOwnCode } from "./own-code.ts";

/** What a node has besides being one. */
export interface Parts {
  /** WebSocket: as its way up and, with `children`, for them. */
  sockets: boolean;
  /** The radio, likewise. */
  radio: boolean;
  /** It takes children. */
  children: boolean;
  /** It takes programs over the tree; it does not if absent. */
  updates?: boolean;
  /** It keeps its events in flash across a power cut (docs/alive.md); not if absent. */
  keeps?: boolean;
  /** Watchdog, and words about faults after a restart; not if absent. */
  alive?: boolean;
  /** It sleeps between its readings (docs/battery.md), and keeps its events; not if absent. */
  sleeps?: boolean;
}

/** The name of each part in shared/role.ts. A new part needs a line here and there. */
const ROLES: { readonly [part in keyof Parts]-?: string } = {
  sockets: "HAS_SOCKETS",
  radio: "HAS_RADIO",
  children: "TAKES_CHILDREN",
  updates: "TAKES_PROGRAMS",
  keeps: "KEEPS",
  alive: "STAYS_ALIVE",
  sleeps: "SLEEPS",
};

export interface ProgramOptions {
  /** The program's file. */
  entry: string;
  parts: Parts;
  /** A folder that keeps bases from one time to the next; none are kept if absent. (The repository has one of its own.) */
  cache?: string;
  /** Text that is put between the base and the code, and may stand itself around what the code is given: for those who watch a program. */
  probe?: string;
}

export interface ProgramText {
  /** ASCII; "" if there are faults. */
  text: string;
  bytes: number;
  gzipBytes: number;
  /** Of these, the base's. */
  baseBytes: number;
  /** Files that the code is made of, in full: those to watch. */
  files: string[];
  /** What stands against it, one sentence each with file and line. */
  faults: string[];
}

/** The repository, or the installed package: the folder above that has firmware/ in it. */
export function packageFolder(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, "firmware", "program.ts"))) {
    if (dirname(folder) === folder) throw new Error("firmware/ is missing beside this program: install sapline again");
    folder = dirname(folder);
  }
  return folder;
}

const SOURCES = ["shared", "firmware", "types", "package.json"];
/** What makes a base of them. An installed package has it built, and no other. */
const MAKER = "tools/bundle";

/** Changes with whatever a base is made of. */
function baseName(home: string, parts: Parts, sources: readonly string[]): string {
  const hash = createHash("sha256").update(
    JSON.stringify(Object.keys(ROLES).map((part) => parts[part as keyof Parts] === true)),
  );
  for (const folder of sources) {
    const path = join(home, folder);
    const isFile = /\.\w+$/.test(folder);
    const files = isFile
      ? [""]
      : readdirSync(path, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));
    for (const file of files.toSorted()) hash.update(file).update(readFileSync(join(path, file)));
  }
  return `base-${hash.digest("hex").slice(0, 24)}.js`;
}

const bases = new Map<string, Promise<string>>();

async function makeBase(home: string, parts: Parts): Promise<string> {
  const { version } = JSON.parse(readFileSync(join(home, "package.json"), "utf8")) as { version: string };
  const role = Object.fromEntries(
    Object.entries(ROLES).map(([part, name]) => [name, parts[part as keyof Parts] === true]),
  );
  const bundle = await bundleFirmware({
    home,
    entry: "firmware/program.ts",
    version,
    declarations: ["firmware/espruino.d.ts", "types/node.d.ts"],
    bytesMax: Infinity,
    isSilent: true,
    role,
  });
  if (bundle.faults.length > 0) throw new Error(`the base is at fault: ${bundle.faults.join("; ")}`);
  return bundle.text;
}

/** Bases in a folder: the oldest go. Chosen: every kind of node, twice. */
const BASES_MAX = 32;

function keep(folder: string, name: string, text: string): void {
  const file = join(folder, name);
  mkdirSync(folder, { recursive: true });
  const old = readdirSync(folder)
    .filter((one) => /^base-\w+\.js$/.test(one))
    .map((one) => ({ one, at: statSync(join(folder, one), { throwIfNoEntry: false })?.mtimeMs ?? 0 }));
  for (const { one } of old.toSorted((a, b) => b.at - a.at).slice(BASES_MAX - 1))
    rmSync(join(folder, one), { force: true });
  writeFileSync(`${file}.${process.pid}`, text);
  renameSync(`${file}.${process.pid}`, file);
}

async function baseText(parts: Parts, wanted: string | undefined): Promise<string> {
  const home = packageFolder();
  const isInstalled = !existsSync(join(home, MAKER));
  const cache = isInstalled ? wanted : join(home, OF_REPOSITORY);
  const name = baseName(home, parts, isInstalled ? SOURCES : [...SOURCES, MAKER]);
  for (const folder of [isInstalled ? join(home, SHIPPED) : undefined, cache]) {
    if (folder !== undefined && existsSync(join(folder, name))) return readFileSync(join(folder, name), "utf8");
  }
  const known = bases.get(name) ?? makeBase(home, parts);
  bases.set(name, known);
  const text = await known;
  if (cache !== undefined) keep(cache, name, text);
  return text;
}

/** Where an installed package has its bases. */
const SHIPPED = "dist/base";
/** Where the repository has those that its tests and builds made. */
const OF_REPOSITORY = ".build/base";

/** Makes the bases that a package is shipped with, so that the first start of a project does not wait for them. */
export async function shipBases(): Promise<void> {
  const home = packageFolder();
  rmSync(join(home, SHIPPED), { recursive: true, force: true });
  for (const [sockets, radio, children, isBoard] of [
    // Of sapline dev.
    [true, false, false, false],
    [true, false, true, false],
    // Of boards.
    [true, false, false, true],
    [true, false, true, true],
    [false, true, false, true],
    [false, true, true, true],
    [true, true, true, true],
  ] as const) {
    const parts = { sockets, radio, children, updates: isBoard, alive: isBoard };
    keep(join(home, SHIPPED), baseName(home, parts, SOURCES), await makeBase(home, parts));
  }
}

/** Throws only for what is wrong with the parts, or with the package itself. */
export async function programText({ entry, parts, cache, probe = "" }: ProgramOptions): Promise<ProgramText> {
  if (!parts.sockets && !parts.radio) throw new Error("a node needs a way up: sockets or radio");
  // Who sleeps has in flash what was not acknowledged.
  const all = parts.sleeps === true ? { ...parts, keeps: true } : parts;
  const [base, own] = await Promise.all([baseText(all, cache), bundleOwnCode(entry)]);
  const text = own.faults.length > 0 ? "" : `(()=>{var sapline={};${base.trim()}\n${probe}${own.text.trim()}\n})();\n`;
  return {
    text,
    bytes: Buffer.byteLength(text),
    gzipBytes: gzipSync(text).length,
    baseBytes: Buffer.byteLength(base),
    files: own.files,
    faults: own.faults,
  };
}
