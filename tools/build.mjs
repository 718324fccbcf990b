/**
 * Builds everything that is not committed: `node tools/build.mjs [--quiet] [--sizes] [firmware|host|console|bases]...`, all of it without arguments (npm's
 * `prepare`), but for the bases of users' programs, which are made for a package (`prepack`). With `--sizes` it says what each source file takes in each bundle of the firmware; with
 * `--quiet` it says nothing but errors, and leaves what is built already.
 * Plain JavaScript, because nothing else runs before the build. An entry that does not exist is skipped with a word.
 */
import { chmodSync, copyFileSync, existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { Built } from "./built.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
process.chdir(root);
const version = JSON.parse(readFileSync("package.json", "utf8")).version;

/** The command, in parts: each of its commands loads what it needs. */
const COMMAND = "host/cli/main.ts";
/** Bundles for this PC, each in one file: [entry, output, is a command]. */
const PROGRAMS = [
  ["host/index.ts", "dist/index.js", false],
  ["host/log/worker.ts", "dist/log-worker.js", false],
  ["tools/emulator/main.ts", "dist/emulator.js", true],
  ["tools/demo/main.ts", "dist/demo.js", false],
  ["tools/flash/main.ts", "dist/flash.js", true],
  ["tools/project/new.ts", "dist/new.js", true],
  ["tools/project/dev.ts", "dist/dev.js", true],
  ["tools/project/build.ts", "dist/build.js", true],
  ["tools/firmware/main.ts", "dist/firmware-image.js", true],
  ["tools/monitor/main.ts", "dist/monitor.js", true],
  ["tools/doctor/main.ts", "dist/doctor.js", true],
  ["tools/sim/main.ts", "dist/sim.js", true],
  ["tools/sim/batch-worker.ts", "dist/sim-worker.js", false],
  ["tools/sim/tree-worker.ts", "dist/sim-tree-worker.js", false],
];

const forNode = {
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node20",
  packages: "external",
  sourcemap: "linked",
  logLevel: "warning",
  define: { SAPLINE_VERSION: JSON.stringify(version) },
};

const HASHBANG = { js: "#!/usr/bin/env node" };

async function buildCommand() {
  const built = await build({
    ...forNode,
    entryPoints: { sapline: COMMAND },
    // All in one folder, as what is read from beside a program's file is.
    outdir: "dist",
    chunkNames: "part-[hash]",
    splitting: true,
    metafile: true,
    banner: HASHBANG,
  }).catch(() => undefined);
  // esbuild has said why; the other programs are still worth building.
  if (built === undefined) return void (process.exitCode = 1);
  chmodSync("dist/sapline.js", 0o755);
  for (const name of readdirSync("dist"))
    if (name.startsWith("part-") && built.metafile.outputs[`dist/${name}`] === undefined) rmSync(join("dist", name));
}

async function buildHost() {
  await buildCommand();
  for (const [entry, outfile, isCommand] of PROGRAMS) {
    if (!existsSync(entry)) {
      console.log(`${outfile}: no ${entry} yet`);
      continue;
    }
    const banner = isCommand ? { banner: HASHBANG } : {};
    try {
      await build({ ...forNode, entryPoints: [entry], outfile, ...banner });
      if (isCommand) chmodSync(outfile, 0o755);
    } catch {
      process.exitCode = 1;
    }
  }
}

/** The console's pages: everything a browser is given, in one folder. */
async function buildConsole() {
  if (!existsSync("node_modules/preact")) {
    console.error("dist/console: its packages are missing: run npm ci");
    return false;
  }
  const folder = "dist/console";
  try {
    const { metafile } = await build({
      entryPoints: { console: "host/console/main.tsx" },
      outdir: folder,
      bundle: true,
      minify: true,
      metafile: true,
      format: "esm",
      target: ["chrome111", "firefox115", "safari16.4"],
      jsx: "automatic",
      jsxImportSource: "preact",
      legalComments: "none",
      logLevel: "warning",
    });
    copyFileSync("host/console/page.html", `${folder}/index.html`);
    for (const name of ["icon.svg", "manifest.json"]) copyFileSync(`host/console/${name}`, `${folder}/${name}`);
    for (const [file, { bytes }] of Object.entries(metafile.outputs))
      console.log(`${file}: ${bytes} bytes, ${gzipSync(readFileSync(file)).length} gzipped`);
  } catch {
    process.exitCode = 1;
  }
}

async function buildChip() {
  // The gate is TypeScript like the rest, and is bundled to be run.
  const gate = ".build/firmware-bundle.mjs";
  await build({ ...forNode, sourcemap: false, entryPoints: ["tools/bundle/build-firmware.ts"], outfile: gate });
  const { buildFirmware, FIRMWARE } = await import(pathToFileURL(join(root, gate)).href);
  const hasSizes = process.argv.includes("--sizes");
  if (!(await buildFirmware(FIRMWARE, "dist/firmware", version, hasSizes))) process.exitCode = 1;
}

async function buildBases() {
  const maker = ".build/program-text.mjs";
  await build({ ...forNode, sourcemap: false, entryPoints: ["tools/bundle/program-text.ts"], outfile: maker });
  const { shipBases } = await import(pathToFileURL(join(root, maker)).href);
  await shipBases();
}

/** Each part: its name, where its files are, and what makes it, or answers false. Bases are made only where they are asked for. */
const PARTS = [
  ["host", "dist", buildHost],
  ["console", "dist/console", buildConsole],
  ["firmware", "dist/firmware", buildChip],
];

const isQuiet = process.argv.includes("--quiet");
// Sizes and the like are for those who ask for the build; errors are said on stderr all the same.
if (isQuiet) console.log = () => {};
const wanted = process.argv.slice(2).filter((word) => word !== "--quiet" && word !== "--sizes");
for (const word of wanted) {
  if (!["firmware", "host", "console", "bases"].includes(word))
    throw new Error(`build.mjs: no such part: ${word}; there is firmware, host, console and bases`);
}
const built = new Built(root);
for (const [part, folder, make] of PARTS) {
  if (wanted.length > 0 && !wanted.includes(part)) continue;
  if (isQuiet && built.has(part, folder)) continue;
  const before = process.exitCode;
  process.exitCode = 0;
  const isWhole = (await make()) !== false && process.exitCode === 0;
  if (isWhole) built.made(part, folder);
  process.exitCode ||= before;
}
if (wanted.includes("bases")) await buildBases();
