/**
 * The C library for Espruino, without Espruino: its core and its Linux half run under the address and undefined-behaviour sanitizers (espnow-test.c), and its
 * ESP32 half and its face to JavaScript are checked against headers of our own (stand-in/), for each form that IDF's callbacks have had.
 * Needs a C compiler (CC, or cc); without one these tests are skipped, and say so.
 */
import "../firmware/engine-globals.ts";
import { execFile, execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { crc32 } from "node:zlib";
import { sealOf } from "#firmware/ports/seal.ts";
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

Object.assign((globalThis as unknown as { E: object }).E, {
  CRC32: (text: string) => crc32(Buffer.from(text, "latin1")),
});

function counting(length: number, first: number): number[] {
  return Array.from({ length }, (_, at) => (first + at) & 255);
}

function hex(bytes: string): string {
  return Buffer.from(bytes, "latin1").toString("hex");
}

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

  describe("what guards datagrams, under the sanitizers", () => {
    async function sealTest(defines: readonly string[], name: string): Promise<string> {
      const program = join(folder, `seal-test${defines.length}${name}`);
      const sources = ["test/native/seal-test.c", `${LIBRARY}/espnow_seal.c`];
      await run(COMPILER, ...WARNINGS, ...SANITIZERS, ...defines, ...sources, "-o", program);
      return run(program, name);
    }

    test("without encryption: the same bytes as the stand-in's, and every bit of them counts", async () => {
      const seal = sealOf(true);
      const bytes = (length: number, first: number): string => String.fromCharCode(...counting(length, first));
      const expected = [0, 1, 230].flatMap((length) => {
        const sealed = seal.seal(bytes(16, 1), bytes(13, 50), bytes(12, 100), bytes(length, 3));
        return [`sealed ${hex(sealed)}`, `mac ${hex(seal.mac(bytes(16, 1), bytes(length, 3)))}`];
      });
      expect((await sealTest([], "open")).trim().split("\n")).toEqual(expected);
    });

    test.each([
      ["hands mbedTLS what RFC 2104 and RFC 3610 ask for", ["-DUSE_AES_CCM", "-DUSE_SHA256"]],
      ["seals nothing in a build without ciphers, unless it is told to do without", ["-DUSE_AES_CCM"]],
    ])("%s", async (_what, defines) => {
      expect(await sealTest(defines, "ciphers")).toBe("");
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
      `${LIBRARY}/espnow_seal.c`,
      "-DUSE_AES_CCM",
      "-DUSE_SHA256",
    );
  });

  test.each([
    ["3", "3"],
    ["4", "4"],
    ["5", "4"],
    ["5", "5"],
  ])("its ESP32 half compiles, without a warning, for IDF %s.%s", async (major, minor) => {
    const sources = ["espnow_esp32.c", "espnow.c", "jswrap_espnow.c", "espnow_linux.c", "espnow_seal.c"].map(
      (file) => `${LIBRARY}/${file}`,
    );
    const defines = ["-DESP32", "-DUSE_ESPNOW", "-DUSE_AES_CCM", "-DUSE_SHA256", `-DESP_IDF_VERSION_MAJOR=${major}`];
    await run(COMPILER, ...WARNINGS, ...defines, `-DSTAND_IN_MINOR=${minor}`, "-fsyntax-only", ...sources);
  });

  test("its face to JavaScript compiles for Linux", async () => {
    await run(COMPILER, ...WARNINGS, "-DLINUX", "-DUSE_ESPNOW", "-fsyntax-only", `${LIBRARY}/jswrap_espnow.c`);
  });
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
    expect(wrappers().length).toBe(18);
    for (const { type, generate, ifdef } of wrappers()) {
      expect(ifdef).toBe("USE_ESPNOW");
      if (type !== "library") expect(header).toMatch(new RegExp(`[ *]${String(generate)}\\(`));
    }
  });

  test("tell of every function that the firmware's declaration of it has", () => {
    const declared =
      /interface EspruinoEspNow \{([^]*?)\n\}/.exec(readFileSync("firmware/espruino.d.ts", "utf8"))?.[1] ?? "";
    const names = [...declared.matchAll(/^ {2}readonly (\w+)\??:/gm)].map((match) => match[1]);
    expect(names.length).toBe(11);
    expect(wrappers().map((wrapper) => wrapper["name"])).toEqual(expect.arrayContaining(names));
  });
});
