/** What is built already is not built again, and what is not as it would be made now is. */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { beforeEach, expect, test } from "vitest";
import { temporaryFolder } from "../temporary.ts";

interface Built {
  has(part: string, folder: string): boolean;
  made(part: string, folder: string): void;
}

const { Built } = (await import(pathToFileURL(resolve("tools/built.mjs")).href)) as {
  Built: new (root: string) => Built;
};

let root: string;
const write = (file: string, text: string): void => writeFileSync(join(root, file), text);
/** As another process would see it. */
const isBuilt = (): boolean => new Built(root).has("host", "dist");

beforeEach(() => {
  root = temporaryFolder();
  mkdirSync(join(root, "shared/link"), { recursive: true });
  mkdirSync(join(root, "dist/console"), { recursive: true });
  write("shared/link/flight.ts", "1");
  write("package.json", "{}");
  write("dist/sapline.js", "one");
  write("dist/index.js", "two");
  expect(isBuilt()).toBe(false);
  new Built(root).made("host", "dist");
  expect(isBuilt()).toBe(true);
});

test("another part is not there with it", () => {
  expect(new Built(root).has("firmware", "dist")).toBe(false);
  write("dist/console/index.html", "of another part");
  expect(isBuilt()).toBe(true);
});

test.each<[string, () => void]>([
  ["a source is another", () => write("shared/link/flight.ts", "2")],
  ["there is a new source", () => write("shared/link/outbox.ts", "1")],
  ["a source is gone", () => rmSync(join(root, "shared/link/flight.ts"))],
  [
    "a source has another name",
    () => (rmSync(join(root, "shared/link/flight.ts")), write("shared/link/fright.ts", "1")),
  ],
  ["the packages are others", () => write("package-lock.json", "{}")],
  ["a file that came of it is gone", () => rmSync(join(root, "dist/index.js"))],
  ["a file that came of it is cut", () => write("dist/index.js", "t")],
])("it is built again when %s", (_what, change) => {
  change();
  expect(isBuilt()).toBe(false);
});

test("a source that is saved while it is built counts as not built", () => {
  const building = new Built(root);
  write("shared/link/flight.ts", "2");
  building.made("host", "dist");
  expect(isBuilt()).toBe(false);
});
