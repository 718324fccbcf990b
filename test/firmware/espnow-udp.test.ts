/** The stand-in over UDP, emulated, among bare sockets: what it is not moved by, and what it loses on purpose. And the emulator's `dgram` under it. */
import { createSocket, type Socket } from "node:dgram";
import { afterEach, describe, expect, test } from "vitest";
import { freeBase, standInConfig } from "../engine/radio-contract.ts";
import { EmulatedProgram } from "./emulated-node.ts";

const programs: EmulatedProgram[] = [];
const sockets: Socket[] = [];

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.close();
  for (const program of programs.splice(0)) await program.stop();
});

/** A bare socket as node `id`, and what has come to it. */
async function node(
  base: number,
  id: number,
): Promise<{ heard: Buffer[]; say: (...bytes: number[]) => Promise<void> }> {
  const socket = createSocket("udp4");
  const heard: Buffer[] = [];
  sockets.push(socket);
  socket.on("message", (bytes) => heard.push(bytes));
  await new Promise<void>((resolve) => socket.bind(base + id, "127.0.0.1", resolve));
  const say = async (...bytes: number[]): Promise<void> =>
    new Promise((resolve) => socket.send(Buffer.from(bytes), base + 2, "127.0.0.1", () => resolve()));
  return { heard, say };
}

async function until(isSo: () => boolean, what: string, wait = 5000): Promise<void> {
  for (const end = Date.now() + wait; !isSo(); await new Promise((resolve) => setTimeout(resolve, 2)))
    if (Date.now() > end) throw new Error(`not within ${wait} ms: ${what}`);
}

/** The echo of test/engine/radio-node.ts as node 2. */
async function echo(base: number, loss = 0): Promise<EmulatedProgram> {
  const program = await EmulatedProgram.start("test/engine/radio-node.ts", standInConfig("echo", base, 2, loss));
  programs.push(program);
  await program.line(/^radio/);
  return program;
}

const E = 0x45;
const hi = [104, 105];

describe("the radio's stand-in", () => {
  test("acknowledges what is for it, and is not moved by what is cut, forged, empty, for another, or on another channel", async () => {
    const base = await freeBase(4);
    const program = await echo(base);
    const peer = await node(base, 1);
    const stranger = await node(base, 4);
    const nonsense = [
      [E, 0, 6, 1, 1],
      [0x46, 0, 6, 1, 1, 2, ...hi],
      [E, 0, 7, 1, 1, 2, ...hi],
      [E, 0, 6, 1, 2, 2, ...hi],
      [E, 0, 6, 1, 1, 3, ...hi],
      [E, 9, 6, 1, 1, 2, ...hi],
      [E, 0, 6, 1, 1, 2],
      [E, 1, 6, 1, 1, 2],
    ];
    for (const bytes of nonsense) await peer.say(...bytes);
    await stranger.say(E, 0, 6, 1, 1, 2, ...hi);
    await peer.say(E, 0, 6, 77, 1, 2, ...hi);
    await until(() => peer.heard.length >= 2, "an acknowledgement and an echo");
    expect(peer.heard.map((bytes) => [...bytes])).toEqual([
      [E, 1, 6, 77, 2, 1],
      [E, 0, 6, 1, 2, 1, ...hi],
    ]);
    expect(stranger.heard).toEqual([]);
    expect(program.faults()).toEqual([]);
  });

  test("drops a body of more than 250 bytes, and takes one of 250", async () => {
    const base = await freeBase(4);
    await echo(base);
    const peer = await node(base, 1);
    await peer.say(E, 0, 6, 1, 1, 2, ...Array.from({ length: 251 }, () => 7));
    await peer.say(E, 0, 6, 2, 1, 2, ...Array.from({ length: 250 }, () => 8));
    await until(() => peer.heard.some((bytes) => bytes[1] === 0), "an echo");
    expect(peer.heard.filter((bytes) => bytes[1] === 0).map((bytes) => [bytes.length, bytes[6]])).toEqual([[256, 8]]);
  });

  test("comes back when an empty datagram has closed its socket, as it does on the engine", async () => {
    const base = await freeBase(4);
    const program = await echo(base);
    const peer = await node(base, 1);
    await peer.say();
    for (let i = 0; peer.heard.length === 0 && i < 100; i++) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      await peer.say(E, 0, 6, i, 1, 2, ...hi);
    }
    expect(peer.heard.length).toBeGreaterThan(0);
    expect(program.faults()).toEqual([]);
  });

  test("loses as many of its datagrams as it is told to, acknowledgements among them", async () => {
    const base = await freeBase(4);
    await echo(base, 40);
    const peer = await node(base, 1);
    for (let i = 0; i < 300; i++) {
      await peer.say(E, 0, 6, i & 255, 1, 2, 1);
      if (i % 20 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    }
    const acknowledged = (): number => peer.heard.filter((bytes) => bytes[1] === 1).length;
    await until(() => acknowledged() > 130, "more than 130 acknowledgements of 300");
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(acknowledged()).toBeLessThan(230);
  });
});

describe("the emulator's dgram", () => {
  const run = async (source: string): Promise<EmulatedProgram> => {
    const program = await EmulatedProgram.run(source);
    programs.push(program);
    return program;
  };

  test("moves bytes both ways, says who sent them, and cuts a datagram that is longer than the engine's chunk", async () => {
    const base = await freeBase(2);
    const program = await run(`
      const a = require("dgram").createSocket("udp4"), b = require("dgram").createSocket("udp4");
      a.on("message", (bytes, from) => console.log("a " + btoa(bytes.substr(0, 3)) + " " + from.address + " " + (from.port === ${base + 2}) + " " + from.size));
      b.bind(${base + 2}, (s) => { s.send("\\x00\\xff\\x80", ${base + 1}, "127.0.0.1"); s.send("xabcx", 1, 3, ${base + 1}, "127.0.0.1");
        s.send("z".repeat(1000), ${base + 1}, "127.0.0.1"); });
      a.bind(${base + 1}, () => {});`);
    await until(() => program.lines.length >= 3, "three datagrams");
    expect(program.lines).toEqual(["a AP+A 127.0.0.1 true 3", "a YWJj 127.0.0.1 true 3", "a enp6 127.0.0.1 true 528"]);
  });

  test("closes a socket that an empty datagram comes to", async () => {
    const base = await freeBase(2);
    const program = await run(`
      const d = require("dgram").createSocket("udp4");
      d.on("message", (bytes) => console.log("heard " + bytes)); d.on("close", () => console.log("closed"));
      d.bind(${base + 2}, () => console.log("bound"));`);
    await program.line(/^bound/);
    const peer = await node(base, 1);
    await peer.say(104, 105);
    await program.line(/^heard/);
    await peer.say();
    await program.line(/^closed/);
    expect(program.lines).toEqual(["bound", "heard hi", "closed"]);
  });

  test("throws at a port that is taken, and at a send after the end", async () => {
    const base = await freeBase(2);
    await node(base, 1);
    const program = await run(`
      const d = require("dgram").createSocket("udp4");
      try { d.bind(${base + 1}, () => {}); } catch (e) { console.log(e instanceof Error, e.message); }
      d.on("close", () => { try { d.send("x", ${base + 1}, "127.0.0.1"); } catch (e) { console.log(e.message); } });
      d.close();`);
    await program.line(/socket is closed/);
    expect(program.lines[0]).toBe("true Unable to create socket");
  });

  test("frees its port at the end of the program, and says nothing more", async () => {
    const base = await freeBase(2);
    const program = await run(`
      const d = require("dgram").createSocket("udp4");
      d.on("message", () => console.log("heard")); d.on("close", () => console.log("closed"));
      d.bind(${base + 1}, () => console.log("bound"));`);
    await program.line(/^bound/);
    await program.stop();
    programs.splice(0);
    const peer = await node(base, 1);
    expect(peer.heard).toEqual([]);
    expect(program.lines).toEqual(["bound"]);
  });
});
