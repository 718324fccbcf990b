/**
 * `sapline flash` as people run it, with the real engine as a board: over TCP and over a pseudo-terminal. The node that it puts there joins a root
 * that is a process too.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Bench, freePort, type Running, until } from "../e2e/processes.ts";
import { noCable, TerminalPair } from "../e2e/terminal-pair.ts";
import { seeded } from "../firmware/random.ts";
import { ConsoleEngine } from "./engine-console.ts";
import { ESPRUINO, SKIP_REASON } from "./espruino.ts";

const hasSerial = await import("serialport" as string).then(
  () => true,
  () => false,
);
const noTerminal = hasSerial ? noCable() : "no package serialport: npm ci";
const PROGRAM = "dist/firmware/main.js";
const CUTS = 20;
const SEED = Number(process.env["SEED"] ?? 5);
/** Of what goes to the board, until the cable is pulled at the latest: with 20 cuts the whole of the transfer is met. */
const CUT_BYTES_MAX = 11_000;

describe.skipIf(ESPRUINO === "")(`flashing the engine${ESPRUINO === "" ? ` (${SKIP_REASON})` : ""}`, () => {
  let bench: Bench;
  let engine: ConsoleEngine;
  let cable: TerminalPair | undefined;
  let rootPort: number;

  beforeEach(async () => {
    bench = new Bench();
    rootPort = await freePort();
    await bench.root(rootPort);
  });

  afterEach(async () => {
    await engine?.stop();
    await bench.close();
    await cable?.close();
  });

  function flash(...more: string[]): Running {
    const where = ["--parent", `ws://127.0.0.1:${rootPort}`, "--data", bench.data, "--program", PROGRAM];
    return bench.start(process.execPath, ["dist/sapline.js", "flash", "kitchen", ...where, ...more], {
      SAPLINE_PORT: String(rootPort),
    });
  }

  /** A board at the end of a pseudo-terminal, and `sapline flash` over it. */
  async function atCable(): Promise<() => Running> {
    cable = await TerminalPair.make();
    engine = new ConsoleEngine(cable);
    engine.start();
    const [port] = cable.ends;
    return () => flash("--port", port);
  }

  const nodes = async (): Promise<object[]> =>
    JSON.parse(bench.sapline("nodes", "--json", "--url", `http://127.0.0.1:${rootPort}`)) as object[];

  /**
   * Beside a busy program the console of Espruino for Linux may go deaf for ever (engine-console.ts). The program lives on. Then the power is cut, as the
   * message says, and it is tried again.
   */
  async function unlessDeaf(start: () => Running): Promise<Running> {
    for (let times = 1; ; times++) {
      const running = start();
      const code = await running.exit(90_000);
      if (code === 0) return running;
      const said = running.errors + running.output;
      if (times === 4 || !/press the board's reset|has stopped answering/.test(said))
        throw new Error(`${code}: ${said}`);
      console.log("the engine's console has gone deaf: power off and on");
      expect(await nodes()).toMatchObject([{ id: "kitchen", up: true }]);
      await engine?.cut();
      engine?.start();
      await until(
        async () => ((await nodes()) as { up: boolean }[])[0]?.up === true,
        30_000,
        () => "the node is not back",
      );
    }
  }

  function expectWhole(said: string): void {
    const flashed = readFileSync(join(engine.folder, "espruino.flash"));
    const program = readFileSync(PROGRAM);
    expect(program.length).toBeGreaterThan(40_000);
    expect(flashed.includes(program)).toBe(true);
    const token = /"token":"([^"]{20,})"/.exec(flashed.toString("latin1"))?.[1];
    expect(token).toBeDefined();
    expect(said).not.toContain(token);
    const nodes = JSON.parse(bench.sapline("nodes", "--json", "--url", `http://127.0.0.1:${rootPort}`)) as object[];
    expect(nodes).toMatchObject([{ id: "kitchen", up: true, parent: "root" }]);
  }

  test(`over TCP a program of 47 kB arrives whole although its transfer is cut ${CUTS} times, and the node joins (SEED=${SEED})`, async () => {
    const chance = seeded(SEED);
    engine = new ConsoleEngine();
    engine.start();
    const port = await engine.listen();
    let said = "";
    for (let cut = 0; cut < CUTS; ) {
      const pulled = engine.pullAfter(1 + Math.floor(chance() * CUT_BYTES_MAX));
      const flasher = flash("--tcp", `127.0.0.1:${port}`);
      await Promise.race([pulled, flasher.exit(60_000)]);
      // Every other time it is the power that goes.
      if (cut % 2 === 1) {
        await engine.cut();
        engine.start();
      }
      said += flasher.errors;
      if ((await flasher.exit()) === 0) {
        // It was whole before the cable was pulled: again, with an empty board.
        await engine.cut();
        engine.erase();
        engine.start();
        continue;
      }
      expect(`${flasher.errors}${engine.output.slice(-3000)}`).toMatch(
        /the connection to \S+ broke: see that the board is on/,
      );
      cut++;
    }
    const last = flash("--tcp", `127.0.0.1:${port}`);
    expect(await last.exit(60_000), last.errors).toBe(0);
    said += last.errors + last.output;
    expect(last.errors).toMatch(/bytes (\(\d+ were there already\)|, there already)|going on/);
    expect(last.errors).toContain("kitchen has joined");
    console.log(
      said
        .split("\n")
        .filter((line) => /there already|going on/.test(line))
        .join("\n"),
    );
    expectWhole(said);
  });

  test.skipIf(noTerminal !== "")(
    `over a pseudo-terminal a program of 47 kB arrives whole, and the node joins ${noTerminal}`,
    async () => {
      const flasher = (await atCable())();
      expect(await flasher.exit(60_000), flasher.errors).toBe(0);
      expectWhole(flasher.errors + flasher.output);
    },
  );

  test.skipIf(noTerminal !== "")(
    `beside a program that runs, a board is written once more and looked at, without harm ${noTerminal}`,
    async () => {
      const overCable = await atCable();
      const flasher = overCable();
      expect(await flasher.exit(60_000), flasher.errors).toBe(0);
      // Again: nothing has to be sent, and the token is kept.
      const again = await unlessDeaf(overCable);
      expect(again.errors).toContain("sapline.a: ");
      expect(again.errors).toMatch(/as it was; restarting/);
      expectWhole(again.errors + again.output);
      const doctor = await unlessDeaf(() =>
        bench.start(process.execPath, ["dist/sapline.js", "doctor", "kitchen", "--json", "--data", bench.data], {
          SAPLINE_PORT: String(rootPort),
        }),
      );
      const findings = JSON.parse(doctor.output) as { level: string; what: string; text: string }[];
      console.log(findings.map(({ level, what, text }) => `${level} ${what}: ${text}`).join("\n"));
      expect(findings.filter(({ level }) => level === "fault")).toEqual([]);
      expect(findings.map(({ what, text }) => `${what}: ${text}`)).toEqual(
        expect.arrayContaining([
          expect.stringMatching(/^board: LINUX, Espruino 2v/),
          expect.stringMatching(/^program: slot a, 4\d{4} bytes/),
          "settings: this is kitchen",
          expect.stringMatching(/^node: kitchen is up/),
        ]),
      );
      // It has looked without disturbing.
      expect(await nodes()).toMatchObject([{ id: "kitchen", up: true }]);
    },
  );

  test("a node of a project gets its own program, built on the way, and is told what the project says", async () => {
    const project = join(bench.folder, "home");
    bench.sapline("new", project);
    const file = join(project, "sapline.config.ts");
    const named = readFileSync(file, "utf8")
      .replace("// root:", `root: "127.0.0.1:${rootPort}", // root:`)
      .replace('data: ".sapline"', `data: ${JSON.stringify(bench.data)}`);
    writeFileSync(file, named);
    engine = new ConsoleEngine();
    engine.start();
    const port = await engine.listen();
    const flasher = bench.start(
      process.execPath,
      ["dist/sapline.js", "flash", "kitchen", "--config", file, "--tcp", `127.0.0.1:${port}`],
      { SAPLINE_PORT: String(rootPort) },
    );
    expect(await flasher.exit(60_000), `${flasher.errors}${engine.output.slice(-1500)}`).toBe(0);
    expect(await nodes()).toMatchObject([{ id: "kitchen", up: true }]);
    await until(
      () => bench.log("--node", "kitchen", "--entity", "temperature").length > 0,
      30_000,
      () => engine.output,
    );
    const settings = /\{[^{}]*"id":"kitchen".*?\}\}?/.exec(
      readFileSync(join(engine.folder, "espruino.flash"), "latin1"),
    )?.[0];
    expect(settings).toContain(`"port":${rootPort}`);
    expect(flasher.errors + flasher.output).not.toContain(
      (JSON.parse(readFileSync(join(bench.data, "node-tokens.json"), "utf8")) as { kitchen: string }).kitchen,
    );
  });
});
