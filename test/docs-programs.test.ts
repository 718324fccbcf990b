/** The programs in docs/node.md and in the README are what a reader will type first: each compiles, and is fit for the chip. */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { bundleOwnCode } from "#tools/bundle/own-code.ts";
import { temporaryFolder } from "./temporary.ts";

/** A block that does not import goes on where the first one ended. */
const HEAD = 'import { node } from "sapline";\nconst kitchen = node();\n';

const programs = ["docs/node.md", "README.md"].flatMap((file) => {
  const blocks = [...readFileSync(file, "utf8").matchAll(/^```ts(?: config)?\n([^]*?)^```$/gm)].map(
    (match) => match[1] as string,
  );
  return blocks
    .filter((block) => !block.includes("new Bridge("))
    .map((block, at) => ({
      name: `${file.replaceAll(/\W/g, "-")}-${at}.ts`,
      text: block.startsWith("import ") ? block : HEAD + block,
    }));
});

test("there are programs to look at", () => {
  expect(programs.length).toBeGreaterThanOrEqual(6);
});

test("all of them have the types that they say", () => {
  const folder = temporaryFolder();
  for (const { name, text } of programs) writeFileSync(join(folder, name), text);
  const types = ["types/sapline.d.ts", "types/chip.d.ts", "firmware/espruino.d.ts", "firmware/pins.d.ts"];
  const configuration = {
    compilerOptions: {
      target: "es2022",
      module: "preserve",
      lib: ["es5", "es2015.core"],
      types: [],
      paths: { sapline: [resolve("types/sapline.d.ts")] },
      strict: true,
      noEmit: true,
      skipLibCheck: true,
    },
    files: [...programs.map(({ name }) => name), ...types.map((file) => resolve(file))],
  };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(configuration));
  const check = (): string => {
    try {
      return execFileSync(resolve("node_modules/.bin/tsc"), ["-p", folder], { encoding: "utf8" });
    } catch (error) {
      return (error as { stdout: string }).stdout;
    }
  };
  expect(check()).toBe("");
});

test.each(programs.filter(({ text }) => text.includes("node(")))(
  "$name is fit for the chip",
  async ({ name, text }) => {
    const file = join(temporaryFolder(), name);
    writeFileSync(file, text);
    expect((await bundleOwnCode(file)).faults).toEqual([]);
  },
);
