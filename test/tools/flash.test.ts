/**
 * Writing to boards against a stand-in for Espruino's console: that all arrives, whatever is cut, lost or damaged on the way, and what is said of boards
 * that will not do. The same against the real engine is test/engine/flash.test.ts.
 */
import { describe, expect, test, vi } from "vitest";
import { BoardConsole, type Patience } from "#host/board/board-console.ts";
import { install, type Installation, readConfiguration, release, restart, takeBoard } from "#host/board/install.ts";
import { crc32, PIECE_BYTES, upload, type UploadProgress } from "#host/board/upload.ts";
import { crc32Bytes } from "#host/log/checksum.ts";
import { SEED, seeded } from "../firmware/random.ts";
import { temporaryFolder } from "../temporary.ts";
import { EspruinoConsole, type StandInOptions } from "./espruino-console.ts";

const IN_HASTE: Patience = {
  answer: 150,
  greet: 200,
  greetEvery: 60,
  interrupt: 1,
  reset: 2,
  tidy: 1000,
  held: 1000,
};

const boardOf = (options: Partial<StandInOptions> = {}): EspruinoConsole =>
  new EspruinoConsole({ folder: temporaryFolder(), ...options });
const consoleOf = (board: EspruinoConsole, bytesLeft?: number): BoardConsole =>
  new BoardConsole(board.plug(bytesLeft), IN_HASTE);

/** Text with all that breaks uploads: back quotes, quotes, line ends, dollars. */
function programOf(chance: () => number, length: number): Uint8Array {
  const letters = "abc(){}[];'\"`${}\\\n\r\t <>print";
  const text = Array.from({ length }, () => letters[Math.floor(chance() * letters.length)]).join("");
  return new TextEncoder().encode(text);
}

const LOADER = new TextEncoder().encode('eval(require("Storage").read("sapline.a"))');
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const stored = (board: EspruinoConsole, file: string): Buffer => Buffer.from(board.storage.read(file) ?? "", "latin1");

async function installed(board: EspruinoConsole, what: Installation, bytesLeft?: number): Promise<number> {
  const console = consoleOf(board, bytesLeft);
  try {
    const { sent } = await install(console, await takeBoard(console), what);
    return sent;
  } finally {
    await console.close();
  }
}

/** The program that the loader would start now. */
function running(board: EspruinoConsole): Buffer | undefined {
  if (board.storage.read(".bootcde") === undefined) return undefined;
  const file = board.storage.read("sapline.slot");
  const slot = file === undefined || !file.includes("}") ? "a" : (JSON.parse(file) as { slot: string }).slot;
  return stored(board, `sapline.${slot}`);
}

describe("a file on its way to a board", () => {
  const chance = seeded(SEED);
  const program = programOf(chance, 40_000);

  test(`40 kB arrive byte by byte through a buffer of 1 kB, none of it lost (SEED=${SEED})`, async () => {
    const board = boardOf();
    const shares: UploadProgress[] = [];
    const console = consoleOf(board);
    await console.greet();
    expect(await upload(console, "sapline.a", program, (share) => shares.push(share))).toBe(program.length);
    expect(stored(board, "sapline.a").equals(program)).toBe(true);
    expect(board.lost).toBe(0);
    expect(shares.map(({ done }) => done)).toEqual(
      Array.from({ length: Math.ceil(program.length / PIECE_BYTES) + 1 }, (_, at) =>
        Math.min(at * PIECE_BYTES, program.length),
      ),
    );
  });

  test("one piece is on its way at a time, and the board's stop is obeyed", async () => {
    const board = boardOf();
    const console = consoleOf(board);
    await console.greet();
    await console.ask(`"${"x".repeat(5000)}".length`, 5000);
    expect(board.stops).toBeGreaterThan(0);
    expect(board.lost).toBe(0);
  });

  test(`cut 20 times anywhere, it goes on where it stopped, and sends hardly anything twice (SEED=${SEED})`, async () => {
    const board = boardOf();
    let sent = 0;
    let cuts = 0;
    while (cuts < 20) {
      const console = consoleOf(board, 1 + Math.floor(chance() * 7000));
      let [first, last] = [-1, 0];
      try {
        await console.greet();
        await upload(console, "sapline.a", program, ({ done }) => {
          if (first < 0) first = done;
          last = done;
        });
        break;
      } catch (error) {
        expect((error as Error).message).toBe("the cable was pulled");
      }
      sent += first < 0 ? 0 : last - first;
      cuts++;
      if (cuts % 2 === 0) board.cut();
    }
    expect(cuts).toBe(20);
    const console = consoleOf(board);
    await console.greet();
    sent += await upload(console, "sapline.a", program);
    expect(stored(board, "sapline.a").equals(program)).toBe(true);
    expect(sent).toBeGreaterThan(program.length - 20 * PIECE_BYTES);
    expect(sent).toBeLessThanOrEqual(program.length);
  });

  test("another program of the same length, begun before, is not taken for this one", async () => {
    const board = boardOf();
    const other = programOf(chance, 4000);
    board.storage.write("sapline.a", Buffer.from(other.subarray(0, 2000)).toString("latin1"), 0, 3000);
    const console = consoleOf(board);
    await console.greet();
    const kept: number[] = [];
    await upload(console, "sapline.a", program.subarray(0, 3000), (progress) => kept.push(progress.kept));
    expect(stored(board, "sapline.a").equals(program.subarray(0, 3000))).toBe(true);
    expect(new Set(kept)).toEqual(new Set([0]));
  });

  test("a piece that was good and is not any more is found at the end, and the file begun anew", async () => {
    const board = boardOf();
    const console = consoleOf(board);
    await console.greet();
    let isHurt = false;
    await upload(console, "sapline.a", program.subarray(0, 3000), ({ done }) => {
      if (isHurt || done < 2000) return;
      isHurt = true;
      const there = stored(board, "sapline.a");
      there[100] = (there[100] as number) ^ 1;
      board.storage.erase("sapline.a");
      board.storage.write("sapline.a", there.toString("latin1"));
    });
    expect(isHurt).toBe(true);
    expect(stored(board, "sapline.a").equals(program.subarray(0, 3000))).toBe(true);
  });

  test("a piece that is half in the flash, from a power cut while it was written, does no harm", async () => {
    const board = boardOf();
    const half = PIECE_BYTES * 3 + 100;
    board.storage.write("sapline.a", Buffer.from(program.subarray(0, half)).toString("latin1"), 0, program.length);
    const console = consoleOf(board);
    await console.greet();
    await upload(console, "sapline.a", program);
    expect(stored(board, "sapline.a").equals(program)).toBe(true);
  });

  test(`a line that flips a character now and then, both ways, only makes it slower (SEED=${SEED})`, async () => {
    const board = boardOf();
    const console = consoleOf(board);
    await console.greet();
    const flip = (text: string): string =>
      [...text]
        .map((one) => (chance() < 0.0008 && one >= " " ? String.fromCharCode(one.charCodeAt(0) ^ 1) : one))
        .join("");
    board.towards = flip;
    board.back = flip;
    const file = program.subarray(0, 8000);
    for (let tries = 0; tries < 20; tries++) {
      // A command that became another one is refused; then one begins again, as people would.
      if ((await upload(console, "sapline.a", file).catch(() => undefined)) !== undefined) break;
      await console.greet().catch(() => {});
    }
    expect(stored(board, "sapline.a").equals(file)).toBe(true);
  });

  test("an answer that is lost is asked for again, and the piece is not written twice", async () => {
    const board = boardOf();
    const console = consoleOf(board);
    await console.greet();
    let lost = 0;
    board.back = (text) => (/<\w+:\[""\]/.test(text) && lost++ % 3 === 0 ? "" : text);
    await upload(console, "sapline.a", program.subarray(0, 1500));
    expect(lost).toBeGreaterThan(3);
    expect(stored(board, "sapline.a").equals(program.subarray(0, 1500))).toBe(true);
  });

  test("a board that starts anew in between, without the cable being pulled, gets the rest", async () => {
    const board = boardOf();
    const console = consoleOf(board);
    await console.greet();
    let pieces = 0;
    const sent = await upload(console, "sapline.a", program.subarray(0, 6000), ({ done, kept }) => {
      if (done > kept && ++pieces === 5) board.cut();
    });
    expect(stored(board, "sapline.a").equals(program.subarray(0, 6000))).toBe(true);
    expect(sent).toBe(6000 - 5 * PIECE_BYTES);
  });

  test("a program that lets nobody speak is ended; one that runs beside is left alone", async () => {
    const board = boardOf();
    const console = consoleOf(board);
    await console.greet();
    await console.ask("1");
    expect(board.interrupts).toBe(0);
    board.towards = (text) => {
      if (text.includes("\u0003")) board.towards = (more) => more;
      return board.interrupts > 0 || text.includes("\u0003") ? text : "";
    };
    await console.greet();
    expect(board.interrupts).toBe(1);
  });

  test("flash that does not hold what is written is told, not tried for ever", async () => {
    const board = boardOf();
    const write = board.storage.write.bind(board.storage);
    board.storage.write = (name, bytes, offset, size) => write(name, `x${String(bytes).slice(1)}`, offset, size);
    const console = consoleOf(board);
    await console.greet();
    await expect(upload(console, "sapline.a", program.subarray(0, 500))).rejects.toThrow("worn out or damaged");
  });

  test("the checksum is the one that Espruino and zlib have", () => {
    expect(crc32(new TextEncoder().encode("hello"))).toBe(907_060_870);
    expect(crc32(program)).toBe(crc32Bytes(program));
  });
});

describe("a program and its place", () => {
  const chance = seeded(SEED + 1);
  const [first, second] = [programOf(chance, 3000), programOf(chance, 3500)];
  const configuration = bytesOf('{"id":"kitchen","wifi":{"ssid":"größer"}}');

  test("the first one goes into slot a, the next into b, and the one before stays to go back to", async () => {
    const board = boardOf();
    await installed(board, { program: first, loader: LOADER, configuration });
    expect(running(board)?.equals(first)).toBe(true);
    expect(board.storage.list().sort()).toEqual([".bootcde", "sapline.a", "sapline.json", "sapline.slot"]);
    await installed(board, { program: second, loader: LOADER });
    expect(running(board)?.equals(second)).toBe(true);
    expect(stored(board, "sapline.a").equals(first)).toBe(true);
    expect(JSON.parse(board.storage.read("sapline.slot") ?? "")).toEqual({
      slot: "b",
      trial: 0,
      starts: 0,
      crashes: 0,
      fell: "",
    });
    const console = consoleOf(board);
    await console.greet();
    expect(await readConfiguration(console)).toEqual({ id: "kitchen", wifi: { ssid: "größer" } });
  });

  test("the same once more sends nothing", async () => {
    const board = boardOf();
    const what = { program: first, loader: LOADER, configuration };
    await installed(board, what);
    expect(await installed(board, what)).toBe(0);
  });

  test(`cut anywhere, the board starts the old program or the new one, whole (SEED=${SEED})`, async () => {
    const board = boardOf();
    await installed(board, { program: first, loader: LOADER, configuration });
    let now = first;
    for (let round = 0; round < 20; round++) {
      const next = programOf(chance, 2000 + Math.floor(chance() * 2000));
      await installed(
        board,
        { program: next, loader: LOADER, configuration },
        200 + Math.floor(chance() * 16_000),
      ).catch(() => {});
      board.cut();
      const runs = running(board);
      expect(runs?.equals(now) === true || runs?.equals(next) === true).toBe(true);
      if (runs?.equals(next) === true) now = next;
    }
    expect(now).not.toBe(first);
  });

  test("what would be started in the loader's place is taken away", async () => {
    const board = boardOf();
    board.storage.write(".bootrst", "1");
    await installed(board, { program: first, loader: LOADER });
    expect(board.storage.list()).not.toContain(".bootrst");
  });

  test("where two programs have no room the old one goes; where one has none it is said", async () => {
    const board = boardOf({ storageBytes: 9000 });
    await installed(board, { program: first, loader: LOADER });
    await installed(board, { program: second, loader: LOADER });
    expect(running(board)?.equals(second)).toBe(true);
    expect(board.storage.list()).not.toContain("sapline.a");
    const small = boardOf({ storageBytes: 3000 });
    await expect(installed(small, { program: first, loader: LOADER })).rejects.toThrow(
      "the program needs 7 kB of Storage and this board has 3 kB free: erase what is not needed there",
    );
  });

  test("the board starts anew at the end", async () => {
    const board = boardOf();
    const console = consoleOf(board);
    await console.greet();
    await restart(console);
    await console.greet();
    expect(board.restarts).toBe(1);
  });
});

describe("the wrong board", () => {
  const told = async (options: Partial<StandInOptions>): Promise<string> =>
    takeBoard(consoleOf(boardOf(options))).then(
      () => "",
      (error: Error) => error.message,
    );

  test.each([
    ["another one with Espruino", { board: "PUCKJS" }, "this is a PUCKJS; Sapline's programs run on ESP32 boards"],
    ["an Espruino without CRYPTO", { modules: "Flash,Storage,net" }, "is built without CRYPTO"],
    ["Python", { foreign: "\r\n>>> " }, "this board runs Python: put Espruino on it by sapline firmware"],
    ["an empty one", { foreign: "invalid header: 0xffffffff\r\n" }, "there is no firmware on this board"],
    ["nothing", { foreign: "" }, "no Espruino answers, there is silence: press the board's reset"],
    ["noise", { foreign: "\u0080~" }, "something answers, but it is no Espruino"],
    ["a locked one", { password: true }, "locked by a password"],
  ] as [string, Partial<StandInOptions>, string][])("%s is told, with what to do", async (_, options, sentence) => {
    expect(await told(options)).toContain(sentence);
  });

  test("the right one is taken; let go without anything new, it starts again what it had", async () => {
    const board = boardOf();
    const console = consoleOf(board);
    await takeBoard(console);
    await release(console);
    await vi.waitFor(() => expect(board.restarts).toBe(1));
    const looked = consoleOf(board);
    await looked.greet();
    await release(looked);
    expect(board.restarts).toBe(1);
  });
});
