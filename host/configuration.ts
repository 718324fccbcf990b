/**
 * The configuration file: `sapline.config.ts` or `sapline.config.json` in the working directory, or the one that is named.
 * A .ts file is bundled when it is read, so it may import its own types and files.
 */
import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { resolveSettings, type Settings } from "./settings.ts";
import { Trouble } from "./trouble.ts";

export const CONFIGURATION_FILES = ["sapline.config.ts", "sapline.config.json"];

export interface Place {
  workingDirectory: string;
  environment: { readonly [name: string]: string | undefined };
}

/** `named` is the file of `--config`, if any. Rejects with `Trouble`. */
export async function loadSettings(
  flags: { readonly [name: string]: unknown },
  named: string | undefined,
  place: Place,
): Promise<Settings> {
  const path = findConfiguration(named, place);
  const { environment } = place;
  const file = path === undefined ? {} : await readObject(path, "an object of settings");
  const fileName = path === undefined ? "" : basename(path);
  if (path !== undefined && typeof file["data"] === "string") file["data"] = resolve(dirname(path), file["data"]);
  return resolveSettings({ flags, environment, file, fileName });
}

/** Names the configuration file, as `--config` does. By it `sapline` hands that on to those of its commands that are programs of their own. */
const CONFIGURATION_VARIABLE = "SAPLINE_CONFIG";

/** The file's path; undefined if there is none, and none is named. */
export function findConfiguration(
  flag: string | undefined,
  { workingDirectory, environment }: Place,
): string | undefined {
  const named = flag ?? environment[CONFIGURATION_VARIABLE] ?? "";
  if (named !== "") {
    const path = resolve(workingDirectory, named);
    if (!existsSync(path)) throw new Trouble(`there is no ${named}: check --config`);
    return path;
  }
  const found = CONFIGURATION_FILES.map((name) => resolve(workingDirectory, name)).filter((path) => existsSync(path));
  if (found.length > 1)
    throw new Trouble(`there are ${CONFIGURATION_FILES.join(" and ")}: remove one, or name one by --config`);
  return found[0];
}

/** The object that a .json file holds, or that a .ts file exports by default. Rejects with `Trouble`; `what` it should be, for that. */
export async function readObject(path: string, what: string): Promise<{ [name: string]: unknown }> {
  const value = path.endsWith(".json") ? readJson(path) : await importBundled(path);
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new Trouble(`${basename(path)} must ${path.endsWith(".json") ? "hold" : "export by default"} ${what}`);
  return { ...value };
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw new Trouble(`cannot read ${basename(path)}: ${(error as Error).message}`);
  }
}

async function importBundled(path: string): Promise<unknown> {
  const { build } = await import("esbuild");
  try {
    const { outputFiles } = await build({
      entryPoints: [path],
      bundle: true,
      write: false,
      platform: "node",
      format: "esm",
      target: "node20",
      logLevel: "silent",
    });
    const source = Buffer.from(outputFiles[0]?.contents ?? []).toString("base64");
    const loaded = (await import(`data:text/javascript;base64,${source}`)) as { default?: unknown };
    return loaded.default;
  } catch (error) {
    throw new Trouble(`cannot read ${basename(path)}: ${(error as Error).message.split("\n").join(" ")}`);
  }
}
