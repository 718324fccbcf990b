/**
 * The C library for Espruino, without Espruino: its core and its Linux half run under the address and undefined-behaviour sanitizers (espnow-test.c), and its
 * ESP32 half and its face to JavaScript are checked against headers of our own (stand-in/), for each form that IDF's callbacks have had.
 * Needs a C compiler (CC, or cc); without one these tests are skipped, and say so.
 */
import { execFile, execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { beforeAll, describe, expect, test } from "vitest";
import { freeBase } from "../engine/radio-contract.ts";
import { temporaryFolder } from "../temporary.ts";

const COMPILER = process.env["CC"] ?? "cc";
const LIBRARY = "firmware/native/espnow";
const WARNINGS = ["-std=gnu11", "-Wall", "-Wextra", "-Werror", "-Itest/native/stand-in", `-I${LIBRARY}`];
const SANITIZERS = ["-g", "-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"];
const folder = temporaryFolder();

/** Why these tests cannot be run here; "" if they can. */
function obstacle(): string {
  const source = join(folder, "try.c");
  writeFileSync(source, "#include <pthread.h>\n#include <sys/eventfd.h>\nint main(void) { return 0; }\n");
  try {
    execFileSync(COMPILER, [...SANITIZERS, source, "-o", join(folder, "try")], { stdio: "ignore" });
    execFileSync(join(folder, "try"), { stdio: "ignore" });
    return "";
  } catch {
    return `skipped: ${COMPILER} is no C compiler with sanitizers for Linux; set CC to one`;
  }
}

const why = obstacle();

async function run(command: string, ...args: string[]): Promise<string> {
  const { stdout, stderr } = await promisify(execFile)(command, args);
  return stdout + stderr;
}

describe.skipIf(why !== "")(`the C library for ESP-NOW${why === "" ? "" : ` (${why})`}`, () => {
  describe("its Linux half, under the sanitizers", () => {
    const program = join(folder, "espnow-test");

    beforeAll(async () => {
      const sources = ["test/native/espnow-test.c", `${LIBRARY}/espnow.c`, `${LIBRARY}/espnow_linux.c`];
      await run(COMPILER, ...WARNINGS, ...SANITIZERS, ...sources, "-o", program, "-pthread");
    }, 60_000);

    test.each([
      ["overflow", "keeps the oldest 16 datagrams of a flood, counts the others, and goes on"],
      ["oversize", "drops and counts a body of more than 250 bytes, however long, and takes 250 as they are"],
      ["nonsense", "is not moved by datagrams that are cut, forged, empty, or of another channel"],
      ["peers", "holds 20 peers: the least recently used makes room, the kept and those with a send on its way stay"],
      ["unknown", "makes a peer of whom it sends to, and says that nobody was there"],
      ["order", "gives each of 8 sends its own outcome, in order for each address, and the 9th NO_MEM"],
      ["lost", "takes a send as lost 120 ms after its turn, not a millisecond sooner, and counts what comes late"],
      ["restart", "answers what was on its way at a restart, and keeps the kept peers and the channel"],
      ["broadcast", "sends to all, without an acknowledgement, and hears who does, on its channel alone"],
      ["loss", "loses as many datagrams as it is told to, for tests"],
      ["cycles", "starts and stops 100 times, in the middle of traffic, without losing a file or a thread"],
    ])("%s: %s", async (name) => {
      expect(await run(program, String(await freeBase(4)), name)).toBe("");
    });
  });

  test("its core and its Linux half pass the stricter conversion warnings of Espruino's build", async () => {
    await run(
      COMPILER,
      ...WARNINGS,
      "-Wconversion",
      "-fsyntax-only",
      `${LIBRARY}/espnow.c`,
      `${LIBRARY}/espnow_linux.c`,
    );
  });

  test.each([
    ["3", "3"],
    ["4", "4"],
    ["5", "4"],
    ["5", "5"],
  ])("its ESP32 half compiles, without a warning, for IDF %s.%s", async (major, minor) => {
    const sources = ["espnow_esp32.c", "espnow.c", "jswrap_espnow.c", "espnow_linux.c"].map(
      (file) => `${LIBRARY}/${file}`,
    );
    const defines = ["-DESP32", "-DUSE_ESPNOW", "-DUSE_AES_CCM", `-DESP_IDF_VERSION_MAJOR=${major}`];
    await run(COMPILER, ...WARNINGS, ...defines, `-DSTAND_IN_MINOR=${minor}`, "-fsyntax-only", ...sources);
  });

  test.each([["-DUSE_AES_CCM"], ["-UUSE_AES_CCM"]])(
    "its face to JavaScript compiles for Linux with %s",
    async (define) => {
      await run(
        COMPILER,
        ...WARNINGS,
        "-DLINUX",
        "-DUSE_ESPNOW",
        define,
        "-fsyntax-only",
        `${LIBRARY}/jswrap_espnow.c`,
      );
    },
  );
});

/** The comments that Espruino's build reads, each with the function that it names. */
function wrappers(): { [key: string]: unknown }[] {
  const text = readFileSync(`${LIBRARY}/jswrap_espnow.c`, "utf8");
  return [...text.matchAll(/\/\*JSON(\{[^]*?\n\})/g)].map(
    (match) => JSON.parse(match[1] as string) as { [key: string]: unknown },
  );
}

describe("the comments for Espruino's build", () => {
  test("are JSON, each with its condition, and name functions that the header declares", () => {
    const header = readFileSync(`${LIBRARY}/jswrap_espnow.h`, "utf8");
    expect(wrappers().length).toBe(16);
    for (const { type, generate, ifdef } of wrappers()) {
      expect(ifdef).toMatch(/^USE_(ESPNOW|AES_CCM)$/);
      if (type !== "library") expect(header).toMatch(new RegExp(`[ *]${String(generate)}\\(`));
    }
  });

  test("tell of every function that the firmware's declaration of it has", () => {
    const declared =
      /interface EspruinoEspNow \{([^]*?)\n\}/.exec(readFileSync("firmware/espruino.d.ts", "utf8"))?.[1] ?? "";
    const names = [...declared.matchAll(/^ {2}readonly (\w+)\??:/gm)].map((match) => match[1]);
    expect(names.length).toBe(9);
    expect(wrappers().map((wrapper) => wrapper["name"])).toEqual(expect.arrayContaining(names));
  });
});
