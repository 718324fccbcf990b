/**
 * Bundles a program of somebody's own, which stands on the base (program-text.ts): its variables get short names, all other names stay as they
 * are. What the engine refuses or misreads is told with file and line, and with what to write instead.
 */
import { existsSync } from "node:fs";
import { type SourceMapPayload, SourceMap } from "node:module";
import { dirname, isAbsolute, relative, resolve } from "node:path";
import { build, type BuildFailure, type Message, type Plugin, transform, type TransformOptions } from "esbuild";
import { apply } from "./edit.ts";
import { checkBundle } from "./engine-gate.ts";
import { ENGINE_MODULES, SUPPORTED } from "./engine-settings.ts";
import { placeBefore, utf8Edits } from "./utf8-bytes.ts";

export interface OwnCode {
  text: string;
  /** Files of the program, without those of the base. */
  files: string[];
  /** One sentence each, with file and line; empty if it may run. */
  faults: string[];
}

/** What a program imports from "sapline"; the variable is around it, see firmware/program.ts. */
const API = "export const node = sapline.node;";

/** What esbuild says, and what to write instead. */
const SENTENCES: readonly (readonly [says: RegExp, sentence: string])[] = [
  [/default arguments/, "default values are refused by the chip: test for undefined in the function"],
  [/rest arguments|nested rest/, "rest parameters are refused by the chip: name each parameter, or take an array"],
  [/destructuring/, "destructuring is refused by the chip: write `const a = o.a;`"],
  [/array spread/, "spread is refused by the chip: use concat, apply or a loop"],
  [/async|for-await|await/, "async and await are refused by the chip: use callbacks, or .then()"],
  [/generator/, "generators are refused by the chip: use a loop or a callback"],
  [/[Bb]ig ?int/, "the chip has no BigInt: use numbers, which are exact up to 2^53"],
  [/[Rr]egular expression/, "the chip does not know this regular expression: write a plainer one"],
  [/import\.meta|import\(\)|dynamic/i, "import() and import.meta are refused by the chip: import at the file's head"],
  [/unicode/i, "the chip's texts are bytes: write the character itself"],
  [/No matching export in "api:sapline" for import "(\w+)"/, "a program of the chip gets only `node` from sapline"],
];

const BEYOND_ASCII = "only texts and names of properties may have characters beyond ASCII";

function sentenceOf(message: Message): string {
  const known = SENTENCES.find(([says]) => says.test(message.text));
  return known?.[1] ?? message.text;
}

function placed(file: string, line: number, sentence: string): string {
  return `${file}:${line} ${sentence}`;
}

/** Marks a question of our own to esbuild. */
const LOOKING = "looking";

/** Imports of a program: other files, packages, "sapline"; the engine's own modules by `require` alone. */
const IMPORTS: Plugin = {
  name: "imports",
  setup(on) {
    on.onResolve({ filter: /^sapline$/ }, () => ({ path: "sapline", namespace: "api" }));
    on.onLoad({ filter: /.*/, namespace: "api" }, () => ({ contents: API, loader: "js" }));
    on.onResolve({ filter: /^[^./]/ }, ({ path, kind, resolveDir, pluginData }) => {
      if (isAbsolute(path) || pluginData === LOOKING) return undefined;
      const isOfEngine = ENGINE_MODULES.includes(path);
      if (isOfEngine && kind === "require-call") return { path, external: true };
      if (isOfEngine) return { errors: [{ text: `"${path}" is Espruino's own: write require("${path}")` }] };
      if (path.startsWith("node:")) return { errors: [{ text: `"${path}" is of Node: the chip does not have it` }] };
      return on
        .resolve(path, { kind, resolveDir, pluginData: LOOKING })
        .then((found) =>
          found.errors.length === 0 && !found.external
            ? undefined
            : { errors: [{ text: `there is no "${path}": neither Espruino nor node_modules has it` }] },
        );
    });
  },
};

const COMMON = {
  target: "es2022",
  charset: "utf8",
  legalComments: "none",
  logLevel: "silent",
  supported: SUPPORTED,
  tsconfigRaw: { compilerOptions: { useDefineForClassFields: false } },
} satisfies TransformOptions;

/** `entry` is the program's file; what is said of its places is relative to this process's folder. */
export async function bundleOwnCode(entry: string): Promise<OwnCode> {
  const full = resolve(entry);
  const shown = relative(".", full);
  if (!existsSync(full)) return { text: "", files: [full], faults: [`${shown}: there is no such file`] };
  try {
    const bundle = await build({
      ...COMMON,
      // An import of it, so that what it exports makes no code.
      stdin: { contents: `import ${JSON.stringify(full)};`, resolveDir: dirname(full), sourcefile: "entry" },
      bundle: true,
      write: false,
      outfile: "program.js",
      format: "cjs",
      platform: "node",
      minifySyntax: true,
      sourcemap: "external",
      metafile: true,
      plugins: [IMPORTS],
    });
    const inputs = Object.keys(bundle.metafile.inputs).filter((file) => file !== "entry" && !file.startsWith("api:"));
    const [map, code] = ["program.js.map", "program.js"].map(
      (name) => bundle.outputFiles.find(({ path }) => path.endsWith(`/${name}`))?.text ?? "",
    ) as [string, string];
    const files = inputs.map((file) => resolve(file));
    // Before the names are short: they are in some of the sentences.
    const faults = faultsOf(shown, code, map);
    if (faults.length > 0) return { text: "", files, faults };
    const minified = await transform(code, { ...COMMON, minify: true, format: "iife" });
    const text = apply(minified.code, utf8Edits(minified.code));
    return { text, files, faults: checkBundle(text).map(({ message }) => `${shown}: ${message}`) };
  } catch (error) {
    const { errors } = error as BuildFailure;
    if (!Array.isArray(errors)) throw error;
    const faults = errors.map((one) =>
      one.location === null ? one.text : placed(one.location.file, one.location.line, sentenceOf(one)),
    );
    return { text: "", files: [full], faults: [...new Set(faults)] };
  }
}

/** What the gate finds, where it stands in the sources. */
function faultsOf(shown: string, code: string, map: string): string[] {
  const places = new SourceMap(JSON.parse(map) as SourceMapPayload);
  const edits = utf8Edits(code);
  const lines = apply(code, edits).split("\n");
  const faults = checkBundle(lines.join("\n")).map(({ line, column, rule, message }) => {
    const after = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, column);
    const before = code.slice(0, placeBefore(edits, after)).split("\n");
    const place = places.findEntry(before.length - 1, before.at(-1)?.length ?? 0);
    const sentence = rule === "non-ascii" ? BEYOND_ASCII : message;
    // In what esbuild puts around a module of the old kind.
    if (!("originalSource" in place))
      return `${shown}: a package that is no ES module is not for the chip (${sentence})`;
    return placed(relative(".", resolve(place.originalSource)), place.originalLine + 1, sentence);
  });
  return [...new Set(faults)];
}
