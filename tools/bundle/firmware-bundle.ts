/**
 * Makes one file of a firmware program that Espruino can run: bundled and minified by esbuild, then held against what the engine is
 * known to refuse or misread, and against a size. Two passes, since `supported` must not lower what the bundler still needs whole.
 */
import { readFileSync } from "node:fs";
import { type SourceMapPayload, SourceMap } from "node:module";
import { relative, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { build, type BuildOptions, type Plugin, transform, type TransformOptions } from "esbuild";
import { checkBundle } from "./engine-gate.ts";
import { ENGINE_MODULES, SUPPORTED } from "./engine-settings.ts";
import { plainComparisons } from "./loose-equals.ts";
import { dropCalls, numberCounters } from "./private-words.ts";
import { privateNames, quotedNames } from "./private-names.ts";
import { dropParameters, dropUnread, dropVariables, foldObjects } from "./idle-members.ts";
import { inlineOnce } from "./inline-once.ts";
import { MovedText } from "./moved-text.ts";
import { optionalNames } from "./share-names.ts";
import { dropUnused } from "./short-classes.ts";
import { shorten } from "./shorten.ts";
import { variablesAsParameters } from "./local-parameters.ts";

/** See FirmwareOptions.own. */
const OWN_FOLDERS = ["firmware", "shared"];

/** Short names that mean something on built-in objects: no property may be shortened to one of them. */
const NAMES_TAKEN: Record<string, false> = {
  at: false,
  is: false,
  of: false,
  on: false,
  get: false,
  set: false,
  pop: false,
};

/** What one source file takes in a bundle. */
export interface FileSize {
  file: string;
  bytes: number;
}

/** Longest name that the minifier makes up, in characters. */
const SHORT_CHARS = 2;

export interface FirmwareBundle {
  text: string;
  bytes: number;
  gzipBytes: number;
  /** What came of each file, the largest first. A text that several files share is counted for the one where it stands. */
  sizes: () => FileSize[];
  /** What the numbers of its counters stand for. */
  counters: string[];
  /** What stands against it, one sentence each with file and line; empty if it may be flashed. */
  faults: string[];
}

export interface FirmwareOptions {
  /** The program's file. */
  entry: string;
  version: string;
  /** The files that declare what is not the bundle's own, the engine's objects first of all: those names must stay. */
  declarations: string | readonly string[];
  /** Larger bundles are a fault. */
  bytesMax: number;
  /** See Program. */
  isSilent?: boolean;
  /** See Program. */
  isWhole?: boolean;
  /** The program takes no children: what serves them is left out. */
  isLeaf?: boolean;
  /** What it does without, or with: names of shared/role.ts. */
  role?: Role;
  /** The repository, or the installed package; this process's own folder if absent. */
  home?: string;
  /** Folders of the firmware itself, whose names may be shortened (see private-names.ts): all but an application's. */
  own?: readonly string[];
}

/** Which of the abilities in shared/role.ts a program has. Those that are not named are as there. */
export type Role = { readonly [name: string]: boolean };

const LEAF: Role = { TAKES_CHILDREN: false, HAS_SOCKETS: false };

/** Puts a program's own role in the place of what the product may be. */
function playing(role: Role): Plugin {
  return {
    name: "role",
    setup(on) {
      on.onLoad({ filter: /[/\\]shared[/\\]role\.ts$/ }, ({ path }) => {
        let contents = readFileSync(path, "utf8");
        for (const [name, value] of Object.entries(role)) {
          const line = `export const ${name}: boolean = `;
          if (!contents.includes(line)) throw new Error(`shared/role.ts knows no ${name}`);
          contents = contents.replace(`${line}${!value}`, `${line}${value}`);
        }
        return { contents, loader: "ts" };
      });
    },
  };
}

/** Those files of a bundle that are not the firmware's own, as JavaScript. */
async function applicationsOf(inputs: readonly string[], own: readonly string[], home: string): Promise<string[]> {
  const files = inputs.filter((file) => !own.some((folder) => file.startsWith(`${folder}/`)));
  const scripts = files.map(async (file) =>
    transform(readFileSync(resolve(home, file), "utf8"), { loader: "ts", target: "es2022" }),
  );
  return (await Promise.all(scripts)).map((script) => script.code);
}

/** Measured by the source map of the finished text: from where one file's code begins to where another's does. */
function sizesOf(text: string, map: SourceMapPayload): FileSize[] {
  const places = new SourceMap(map);
  const sizes = new Map<string, number>();
  for (const [line, code] of text.split("\n").entries()) {
    for (let column = 0; column < code.length; column++) {
      const place = places.findEntry(line, column);
      const file = "originalSource" in place ? relative(".", resolve(place.originalSource)) : "(none)";
      sizes.set(file, (sizes.get(file) ?? 0) + 1);
    }
  }
  return [...sizes].map(([file, bytes]) => ({ file, bytes })).toSorted((a, b) => b.bytes - a.bytes);
}

const MAP_MARK = "//# sourceMappingURL=data:application/json;base64,";

/** A text, and the comment behind it in which it brings its map along: that is long, and nothing to be looked into time and again. */
function apart(whole: string): { text: string; map: string } {
  const at = whole.lastIndexOf(MAP_MARK);
  return at < 0 ? { text: whole, map: "" } : { text: whole.slice(0, at), map: whole.slice(at) };
}

function mapIn(map: string): SourceMapPayload {
  return JSON.parse(Buffer.from(map.slice(MAP_MARK.length), "base64").toString());
}

/** Bundles one program. Throws esbuild's error (with file and line) for what does not even bundle. */
export async function bundleFirmware(options: FirmwareOptions): Promise<FirmwareBundle> {
  const home = options.home ?? process.cwd();
  const common = {
    target: "es2022",
    charset: "utf8",
    legalComments: "none",
    logLevel: "silent",
    tsconfigRaw: { compilerOptions: { useDefineForClassFields: false } },
  } satisfies TransformOptions;
  const bundling = {
    ...common,
    absWorkingDir: home,
    entryPoints: [options.entry],
    bundle: true,
    write: false,
    outfile: "firmware.js",
    // "cjs" and "node" keep `require` calls as they are; nothing of either is used.
    format: "cjs",
    platform: "node",
    // The engine's own modules stay `require` calls.
    external: [...ENGINE_MODULES],
    define: { SAPLINE_VERSION: JSON.stringify(options.version) },
    plugins: [playing(options.role ?? (options.isLeaf === true ? LEAF : {}))],
  } satisfies BuildOptions;
  const plain = await build({ ...bundling, metafile: true });
  const names = privateNames(
    plain.outputFiles[0]?.text ?? "",
    await applicationsOf(Object.keys(plain.metafile.inputs), options.own ?? OWN_FOLDERS, home),
    [options.declarations].flat().map((file) => resolve(home, file)),
  );
  // The minifier writes these without quotes: no name that it makes up may look like one.
  const taken: Record<string, string | false> = { ...NAMES_TAKEN };
  for (const name of quotedNames(plain.outputFiles[0]?.text ?? "")) {
    if (name.length <= SHORT_CHARS) taken[name] = false;
  }
  const first = await build({
    ...bundling,
    sourcemap: "inline",
    minifySyntax: true,
    supported: SUPPORTED,
    ...(names.length > 0 ? { mangleProps: new RegExp(`^(?:${names.join("|")})$`), mangleCache: taken } : {}),
  });
  const minifying = { ...common, minify: true, sourcefile: options.entry, supported: SUPPORTED };
  const own = new Set(Object.values(first.mangleCache ?? {}).filter((name) => name !== false));
  const optional = new Set(
    optionalNames(Object.keys(plain.metafile.inputs).map((file) => readFileSync(resolve(home, file), "utf8"))).map(
      (name) => String(first.mangleCache?.[name] ?? name),
    ),
  );
  // The compiler has seen to it that what is unreachable is.
  const idle = options.isSilent === true ? ["unreachable", "count"] : ["unreachable"];
  const bundled = apart(first.outputFiles[0]?.text ?? "");
  let lean = { text: dropCalls(bundled.text, idle), map: bundled.map };
  // What a dropped function has called may be used by nobody else.
  for (let round = 0; round < 3; round++) {
    const shaking = {
      ...common,
      supported: SUPPORTED,
      minifySyntax: true,
      treeShaking: true,
      sourcemap: "inline" as const,
    };
    const rest = dropUnread(
      dropVariables(dropParameters(dropUnused(lean.text, own, options.isWhole === true), own)),
      own,
    );
    lean = apart((await transform(foldObjects(plainComparisons(rest), own) + lean.map, shaking)).code);
  }
  const { text, counters } = numberCounters(lean.text);
  const moved = new MovedText(text);
  inlineOnce(moved, own);
  const once = await transform(shorten(moved.text, own, optional) + moved.map(text, mapIn(lean.map)), {
    ...minifying,
    minify: false,
    minifySyntax: true,
    minifyIdentifiers: true,
    format: "iife",
    sourcemap: "inline",
  });
  // Once more: what the first time removed stood between declarations that can now be one.
  const minified = apart(once.code);
  const second = await transform(variablesAsParameters(minified.text) + minified.map, {
    ...minifying,
    sourcemap: "external",
  });
  const bytes = Buffer.byteLength(second.code);
  const map = JSON.parse(second.map) as SourceMapPayload;
  const places = new SourceMap(map);
  const faults = checkBundle(second.code).map((finding) => {
    const place = places.findEntry(finding.line - 1, finding.column);
    const where =
      "originalSource" in place
        ? `${relative(".", resolve(place.originalSource))}:${place.originalLine + 1}`
        : `bundle:${finding.line}:${finding.column}`;
    return `${where} ${finding.message} [${finding.rule}]`;
  });
  if (bytes > options.bytesMax) faults.push(`${options.entry} makes ${bytes} bytes; the limit is ${options.bytesMax}`);
  return {
    text: second.code,
    bytes,
    gzipBytes: gzipSync(second.code).length,
    sizes: () => sizesOf(second.code, map),
    counters,
    faults,
  };
}
