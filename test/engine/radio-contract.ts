/**
 * What a radio promises, whatever it is made of, as tests to be run wherever the firmware runs: the stand-in over UDP emulated and on the engine, and the library
 * in C on an engine that has it. Two nodes of each kind, and one of each, all give the same.
 */
import { createCipheriv, createHmac } from "node:crypto";
import { createSocket } from "node:dgram";
import { afterAll, beforeAll, expect, test } from "vitest";

export interface RadioNode {
  line(pattern: RegExp, wait?: number): Promise<string>;
  faults(): string[];
  stop(): Promise<void>;
}

/** Starts test/engine/radio-node.ts as node `id` of those on the ports from `base` on. */
export type StartRadio = (role: "echo" | "probe", base: number, id: number) => Promise<RadioNode>;

/** A number of ports in a row that nobody has. */
export async function freeBase(count: number): Promise<number> {
  for (let attempt = 0; attempt < 50; attempt++) {
    const base = 20_000 + Math.floor(Math.random() * 30_000);
    const sockets = Array.from({ length: count }, () => createSocket("udp4"));
    const bound = sockets.map(
      async (socket, at) =>
        new Promise<boolean>((resolve) => {
          socket.once("error", () => resolve(false));
          socket.bind(base + 1 + at, "127.0.0.1", () => resolve(true));
        }),
    );
    const areFree = (await Promise.all(bound)).every(Boolean);
    for (const socket of sockets) socket.close();
    if (areFree) return base;
  }
  throw new Error("no free ports");
}

/** The stand-in's configuration of a node. */
export function standInConfig(role: string, base: number, id: number, loss = 0): object {
  return { role, standIn: { base, id, nodes: 4, loss } };
}

function bytesFrom(first: number, length: number): Buffer {
  return Buffer.from(Array.from({ length }, (_, at) => (first + at) & 255));
}

/** `sealMicroseconds` takes how long sealing 230 bytes took. */
export function radioContract(start: StartRadio, report: (figures: { rounds: number; seal: number }) => void): void {
  let echo: RadioNode;
  let probe: RadioNode;
  let rounds: RegExpExecArray;

  beforeAll(async () => {
    const base = await freeBase(4);
    echo = await start("echo", base, 2);
    await echo.line(/^radio/);
    probe = await start("probe", base, 1);
    rounds = /^rounds 200 wrong (\d+) ms (\d+)$/.exec(await probe.line(/^rounds/)) as RegExpExecArray;
    await probe.line(/^done/);
  }, 60_000);

  afterAll(async () => {
    await echo.stop();
    await probe.stop();
  });

  test("each node has its address, and listens where it was told to", async () => {
    expect(await echo.line(/^radio/)).toBe("radio 02:00:00:00:00:02 6");
    expect(await probe.line(/^radio/)).toBe("radio 02:00:00:00:00:01 6");
  });

  test("200 datagrams of 250 bytes, every byte among them, come back as they went", () => {
    expect(rounds[1]).toBe("0");
  });

  test("an absent node is a failure, and everybody is heard by all", async () => {
    expect(await probe.line(/^absent/)).toBe("absent fail");
    expect(await probe.line(/^everybody/)).toBe("everybody ok");
    expect(await echo.line(/^broadcast/)).toBe("broadcast from 02:00:00:00:00:01 -42 6");
  });

  test("on another channel nobody answers; back again, and after a restart, they do", async () => {
    expect(await probe.line(/^elsewhere/)).toBe("elsewhere fail 11");
    expect(await probe.line(/^back/)).toBe("back ok");
  });

  test("what is sealed is AES-128-CCM with header and a tag of 8 bytes, and what is forged is refused", async () => {
    const key = bytesFrom(250, 16);
    for (let length = 0; length < 230; length += 23) {
      const cipher = createCipheriv("aes-128-ccm", key, bytesFrom(243, 13), { authTagLength: 8 });
      cipher.setAAD(bytesFrom(120, length % 30), { plaintextLength: length });
      const sealed = Buffer.concat([cipher.update(bytesFrom(length, length)), cipher.final(), cipher.getAuthTag()]);
      expect(await probe.line(new RegExp(`^sealed ${length} `))).toBe(`sealed ${length} ${sealed.toString("hex")}`);
    }
    expect(await probe.line(/^opened/)).toMatch(/^opened 10 refused 32 us \d+$/);
  });

  test("the mac is HMAC-SHA256, also with a key longer than the hash's block", async () => {
    const short = createHmac("sha256", bytesFrom(250, 16)).update(bytesFrom(0, 250)).digest("hex");
    const long = createHmac("sha256", bytesFrom(0, 99)).update("").digest("hex");
    expect(await probe.line(/^mac/)).toBe(`mac ${short} ${long}`);
  });

  test("nothing went wrong unseen", async () => {
    expect([...probe.faults(), ...echo.faults()]).toEqual([]);
    report({ rounds: Number(rounds[2]), seal: Number(/\d+$/.exec(await probe.line(/^opened/))?.[0]) });
  });
}
