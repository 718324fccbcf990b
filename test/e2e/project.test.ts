/**
 * The first steps of somebody new, as the README tells them: its own commands, from the packed package to a live reading of one's own node.
 * Then what else a project can do, with the same installation.
 */
import { execFileSync } from "node:child_process";
import { appendFileSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Bench, freePort, type Running, until } from "./processes.ts";

/** What the README says under its heading: commands, and the program that is saved between them. */
const SECTION = (readFileSync("README.md", "utf8").split("## Your own node, in five commands")[1] ?? "").split(
  "\n## ",
)[0] as string;
const COMMANDS = [...SECTION.matchAll(/^```sh\n([^]*?)^```$/gm)]
  .flatMap((block) => (block[1] as string).trim().split("\n"))
  .map((line) => line.replace(/ +#.*$/, ""));
const PROGRAM = /^```ts\n([^]*?)^```$/m.exec(SECTION)?.[1] ?? "";

describe("somebody new", () => {
  const bench = new Bench();
  const home = bench.folder;
  const prefix = join(home, "prefix");
  const hut = join(home, "hut");
  const environment: NodeJS.ProcessEnv = {
    ...process.env,
    npm_config_prefix: prefix,
    npm_config_prefer_offline: "true",
    npm_config_audit: "false",
    npm_config_fund: "false",
    PATH: `${join(prefix, "bin")}${delimiter}${process.env["PATH"] ?? ""}`,
  };
  let dev: Running;

  /** Runs a command of the README to its end; what it printed. */
  const run = (command: string, folder: string): string =>
    execFileSync("sh", ["-c", command], {
      cwd: folder,
      env: environment,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    });

  /** What it printed and its exit code, also where it fails. */
  const tried = (command: string, folder: string): { code: number; output: string } => {
    try {
      return { code: 0, output: run(command, folder) };
    } catch (error) {
      const { status, stdout, stderr } = error as { status: number; stdout: string; stderr: string };
      return { code: status, output: stdout + stderr };
    }
  };

  const edit = (file: string, text: string): void => writeFileSync(join(hut, file), text);

  beforeAll(async () => {
    const port = await freePort();
    environment["SAPLINE_PORT"] = String(port);
    environment["SAPLINE_URL"] = `http://127.0.0.1:${port}`;
    execFileSync("npm", ["pack", "--ignore-scripts", "--silent", "--pack-destination", home], { stdio: "ignore" });
  }, 60_000);

  afterAll(async () => {
    await bench.close();
  });

  test("goes from the package to a live reading of a node of ten lines or fewer, by five commands or fewer", async () => {
    expect(COMMANDS.length).toBeLessThanOrEqual(5);
    expect(PROGRAM.trim().split("\n").length).toBeLessThanOrEqual(10);
    const entity = /kitchen\.entity\("([^"]+)"/.exec(PROGRAM)?.[1] as string;
    let folder = home;
    let state = "";
    for (const command of COMMANDS) {
      if (command.startsWith("cd ")) folder = resolve(folder, command.slice(3));
      else if (command === "sapline dev") {
        dev = bench.start("sh", ["-c", `cd '${folder}' && exec sapline dev`], environment);
        // Both of them are in the tree before anything of one's own.
        await dev.line(/└─ ● kitchen\n {3}└─ ● cellar/, 60_000);
        edit("kitchen.ts", PROGRAM);
        await dev.line(/kitchen: started anew/);
      } else if (command.startsWith("sapline state"))
        await until(
          () => (state = run(command, folder)).includes(entity),
          30_000,
          () => state + dev.output,
        );
      else run(command, folder);
    }
    expect(state).toMatch(new RegExp(`${entity}\\s+\\d+(\\.\\d)?\\s`));
    await dev.line(new RegExp(`kitchen +${entity} +\\d+(\\.\\d)? °C`));
    expect(run("sapline act kitchen oven true", hut)).toContain("true");
    await dev.line(/kitchen +oven +true/);
  });

  test("sees mistakes with file and line while the old program goes on, and the next program when it is saved", async () => {
    edit("kitchen.ts", PROGRAM.replace("let celsius", "console.log(new Map());\nlet celsius"));
    await dev.line(/kitchen\.ts:4 Map is missing\nkitchen: goes on as it was before/);
    expect(run("sapline act kitchen oven false", hut)).toContain("false");
    mkdirSync(join(hut, "lib"));
    writeFileSync(join(hut, "lib/name.ts"), 'export const name = "grün";\n');
    edit("kitchen.ts", `import { name } from "./lib/name.ts";\n${PROGRAM}kitchen.log(\`ready: \${name}\`);\n`);
    await dev.line(/!log +ready: grün/);
    // A file that it imports counts as well, and the node keeps its Storage.
    writeFileSync(join(hut, "lib/name.ts"), 'export const name = "rot" + require("Storage").list().length;\n');
    await dev.line(/!log +ready: rot[1-9]/);
    // One that never gives way is ended all the same.
    edit("kitchen.ts", PROGRAM + 'console.log("spinning");\nfor (;;);\n');
    await dev.line(/kitchen: spinning/);
    edit("kitchen.ts", PROGRAM + 'console.log("back");\n');
    await dev.line(/kitchen: back/);
  });

  test("ends all of it by Ctrl-C, and finds what was stored", async () => {
    const inside = execFileSync("ps", ["-eo", "pid=,args="], { encoding: "utf8" })
      .split("\n")
      .filter((line) => line.includes(hut));
    expect(inside.length).toBeGreaterThanOrEqual(3);
    dev.child.kill("SIGINT");
    expect(await dev.exit()).toBe(0);
    expect(dev.output).toMatch(/ended\. What was stored: sapline log --data (\S+)/);
    const left = execFileSync("ps", ["-eo", "pid=,args="], { encoding: "utf8" }).split("\n");
    expect(left.filter((line) => line.includes(hut))).toEqual([]);
    expect(run("sapline log --data .sapline/dev/data --node kitchen --limit 1", hut)).toContain("kitchen");
  });

  test("has types for programs and configuration, without installing anything in the project", () => {
    edit(
      "pins.ts",
      'import { node } from "sapline";\nnode().entity("lamp", { type: "boolean", act: (on) => digitalWrite(D2, on) });\n',
    );
    const tsc = resolve("node_modules/.bin/tsc");
    expect(tried(`${tsc} -p .`, hut)).toEqual({ code: 0, output: "" });
    edit(
      "wrong.ts",
      'import { node } from "sapline";\nnode().entity("lamp", { type: "boolean", act: (on: number) => on });\n',
    );
    expect(tried(`${tsc} -p .`, hut).output).toMatch(/wrong\.ts\(2,[^]*'boolean' is not assignable to type 'number'/);
  });

  test("builds what each board runs; what a board has to know and nobody says is a sentence, and so are mistakes", () => {
    expect(tried("sapline build", hut)).toMatchObject({
      code: 1,
      output: expect.stringMatching(
        /^sapline: kitchen connects to the root, and nothing says where that is: write root: "/,
      ) as string,
    });
    const config = readFileSync(join(hut, "sapline.config.ts"), "utf8");
    edit(
      "sapline.config.ts",
      config
        .replace("// root:", "root:")
        .replace('// wifi: { ssid: "", password: "" }', 'wifi: { ssid: "net", password: "secret" }')
        .replace('program: "kitchen.ts"', "updates: false, alive: false")
        .replace('parent: "kitchen"', 'parent: "auto", radio: { sleepy: true }'),
    );
    expect(run("sapline build", hut)).toMatch(
      /^NODE +BYTES +OWN +PARTS +FOLDER\nkitchen +\d+ +\d+ +sockets +build\/kitchen\ncellar +\d+ +\d+ +radio updates alive +build\/cellar\n$/,
    );
    const board = (id: string): unknown => JSON.parse(readFileSync(join(hut, `build/${id}/sapline.json`), "utf8"));
    const token: unknown = expect.stringMatching(/^[\w-]{32}$/);
    expect(board("kitchen")).toEqual({
      id: "kitchen",
      token,
      parent: { host: "192.168.1.10", port: Number(environment["SAPLINE_PORT"]) },
      wifi: { ssid: "net", password: "secret" },
    });
    const key: unknown = expect.stringMatching(/^[0-9a-f]{32}$/);
    expect(board("cellar")).toEqual({
      id: "cellar",
      token,
      updateKey: expect.stringMatching(/^[0-9a-f]{112}$/) as unknown,
      radio: { key, channel: 1, children: false, sleepy: true },
    });
    expect(statSync(join(hut, "build/kitchen/sapline.json")).mode & 0o077).toBe(0);
    expect(readFileSync(join(hut, "build/kitchen/program.js"), "utf8")).toMatch(/^[\0-\x7f]+$/);
    // Again: the same token, for the board has it.
    const before = board("kitchen");
    run("sapline build kitchen", hut);
    expect(board("kitchen")).toEqual(before);
    appendFileSync(join(hut, "kitchen.ts"), "console.log(new Map());\n");
    expect(tried("sapline build", hut)).toMatchObject({
      code: 1,
      output: expect.stringMatching(
        /cellar[^]*kitchen\.ts:\d+ Map is missing\nsapline: kitchen was not built/,
      ) as string,
    });
    expect(existsSync(join(hut, "build/kitchen/program.js"))).toBe(false);
    expect(tried("sapline build attic", hut).output).toBe(
      'sapline: there is no node "attic": there is kitchen, cellar\n',
    );
    expect(tried("sapline new hut", home).output).toBe(
      "sapline: hut is there already, and not empty: choose another name\n",
    );
    expect(tried("sapline dev", home).output).toMatch(/^sapline: there is no sapline\.config\.ts here/);
  });
});
