import { spawn } from "node:child_process";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { MISSING_GLOBALS, MISSING_METHODS, MISSING_STATICS } from "#tools/bundle/missing.ts";
import { type EmulatedNode, emulate } from "#tools/emulator/emulate.ts";
import { temporaryFolder } from "../temporary.ts";

const running: EmulatedNode[] = [];
const servers: Server[] = [];

afterEach(() => {
  for (const node of running.splice(0)) node.stop();
  for (const server of servers.splice(0)) server.close();
});

interface Program {
  lines: string[];
  folder: string;
  /** The first line that matches; throws with all lines if none comes in time. */
  line(pattern: RegExp): Promise<string>;
}

function run(source: string, folder = temporaryFolder(), config?: object): Program {
  const bundle = join(temporaryFolder(), "app.js");
  writeFileSync(bundle, source);
  const lines: string[] = [];
  running.push(
    emulate({ bundle, storageDir: join(folder, "flash"), log: (line) => lines.push(line), ...(config && { config }) }),
  );
  const line = async (pattern: RegExp): Promise<string> => {
    for (let i = 0; i < 500; i++) {
      const found = lines.find((one) => pattern.test(one));
      if (found !== undefined) return found;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    throw new Error(`no ${pattern} in\n${lines.join("\n")}`);
  };
  return { lines, folder, line };
}

/** A server that hands over its first connection. */
async function listen(): Promise<{ port: number; accepted: Promise<Socket> }> {
  const server = createServer();
  servers.push(server);
  const accepted = new Promise<Socket>((resolve) => server.once("connection", resolve));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return { port: typeof address === "object" && address !== null ? address.port : 0, accepted };
}

async function freePort(): Promise<number> {
  const { port } = await listen();
  const server = servers.pop();
  await new Promise((resolve) => server?.close(resolve));
  return port;
}

describe("what Espruino lacks is missing in the emulator", () => {
  const missing = [
    ...MISSING_GLOBALS.map((name) => `typeof ${name}`),
    ...Object.entries(MISSING_STATICS).flatMap(([owner, names]) =>
      // The constants of Number cannot be taken away.
      names.filter((name) => !/^[A-Z]/.test(name)).map((name) => `typeof globalThis.${owner}[${JSON.stringify(name)}]`),
    ),
    ...MISSING_METHODS.flatMap(({ owner, names }) =>
      names.map((name) => `typeof ${owner}.prototype[${JSON.stringify(name)}]`),
    ),
    "typeof setImmediate",
    "typeof module",
    "typeof WebAssembly",
  ];
  const answers = run(`console.log(${JSON.stringify(missing)}.map((x) => x + " " + eval(x)).join("\\n"))`)
    .lines.join("\n")
    .split("\n");
  running.splice(0).forEach((node) => node.stop());

  test.each(missing)("%s", (expression) => {
    expect(answers).toContain(`${expression} undefined`);
  });
});

describe("the engine's own ways", () => {
  const value = (expression: string): string => run(`console.log(JSON.stringify(${expression}))`).lines.join("\n");

  test("JSON writes bytes above 126 as escapes, and reads \\u as one byte", () => {
    expect(value('"\\xe9\\x7f"')).toBe('"\\u00E9\\u007F"');
    expect(value("JSON.parse('\"\\\\u4e2d\\\\u00e9\"').length")).toBe("2");
    expect(value("JSON.parse('[\"\\\\u4e2d\"]')[0].charCodeAt(0)")).toBe(String(0x2d));
  });

  test("indexOf also finds a text whose beginning is the end of the other, and includes and replace with it", () => {
    expect(
      value(
        '["ab|".indexOf("|c"), "ab|".includes("|c"), "ab|".replace("|c", "-"), "ab|c".indexOf("|c"), "x".indexOf("xy")]',
      ),
    ).toBe('[2,true,"ab-",2,-1]');
  });

  test("split ignores its limit, and gives nothing for a text shorter than the separator", () => {
    expect(value('["a,b,c".split(",", 1).length, "".split("\\r\\n").length, "".split("\\n").length]')).toBe("[3,0,1]");
  });

  test("timers are numbers, every object answers to .on, clearTimeout(undefined) throws, errors are Errors", () => {
    expect(value("typeof setTimeout(() => {}, 0)")).toBe('"number"');
    expect(value("({}).on !== undefined")).toBe("true");
    expect(run("try { clearTimeout(undefined); } catch (e) { console.log(e instanceof Error); }").lines).toEqual([
      "true",
    ]);
    expect(run("try { require('fs'); } catch (e) { console.log(e instanceof Error, e.message); }").lines).toEqual([
      'true Module "fs" not found',
    ]);
  });

  test("crypto, btoa and E work on bytes", () => {
    expect(value('btoa(E.toString(require("crypto").SHA1("abc")))')).toBe('"qZk+NkcGgWq6PiVxeFDCbJzQ2J0="');
    expect(value('E.toString(new Uint32Array(E.toArrayBuffer("abcd")).buffer)')).toBe('"abcd"');
  });

  test("an exception in a timer is reported, to the program's hook if it has one, and the program goes on", async () => {
    const plain = run("setTimeout(() => { throw new Error('oops'); }, 0); setTimeout(() => console.log('alive'), 20);");
    await plain.line(/alive/);
    expect(plain.lines[0]).toBe("Uncaught Error: oops");
    const hooked = run("process.on('uncaughtException', (e) => console.log('hook ' + e.message)); null.x;");
    await hooked.line(/^hook /);
  });

  test("prints UTF-8 from bytes", () => {
    expect(run('console.log("caf\\xc3\\xa9")').lines).toEqual(["café"]);
  });
});

describe("storage", () => {
  test("survives a restart of the program, reads pieces, lists and erases", () => {
    const first = run(
      'require("Storage").write("a b/c", "hello\\xff"); require("Storage").write("gone", "x"); require("Storage").erase("gone");',
    );
    running.splice(0).forEach((node) => node.stop());
    const second = run(
      'const S = require("Storage"); console.log(JSON.stringify([S.read("a b/c"), S.read("a b/c", 1, 3), S.list(), typeof S.read("gone")]))',
      first.folder,
    );
    expect(second.lines).toEqual(['["hello\\u00FF","ell",["a b/c"],"undefined"]']);
    expect(readdirSync(join(first.folder, "flash"))).toHaveLength(1);
  });

  test("keeps names inside its folder", () => {
    const { folder, lines } = run(
      'require("Storage").write("../escape", "x"); console.log(require("Storage").list()[0]);',
    );
    expect(lines).toEqual(["../escape"]);
    expect(existsSync(join(folder, "escape"))).toBe(false);
  });

  test("refuses names of more than 28 characters", () => {
    const source =
      'const S = require("Storage"); console.log(S.write("x".repeat(28), "1"), S.write("x".repeat(29), "1"));';
    expect(run(source).lines).toEqual(["true false"]);
  });

  test("holds the configuration that emulate was given, in UTF-8, and a reboot starts the program again", async () => {
    const source = `const S = require("Storage"); const n = (S.read("boots") || "") + "x"; S.write("boots", n);
      console.log(n + " " + JSON.parse(S.read("sapline.json")).id); if (n.length < 3) E.reboot();`;
    const program = run(source, undefined, { id: "küche" });
    await program.line(/^xxx küche$/);
  });
});

describe("sockets", () => {
  test("bring at most 536 bytes at a time, as bytes, and lose none of them", async () => {
    const { port, accepted } = await listen();
    const program = run(`let n = 0, most = 0, all = "";
      const s = require("net").connect({ host: "127.0.0.1", port: ${port} }, () => console.log("connected"));
      s.on("data", (d) => { most = Math.max(most, d.length); all += d; if (all.length === 5000) console.log("got " + most + " " + btoa(all)); });`);
    const peer = await accepted;
    await program.line(/connected/);
    const bytes = Buffer.from(Array.from({ length: 5000 }, (_, at) => at & 255));
    peer.write(bytes);
    expect(await program.line(/^got/)).toBe(`got 536 ${bytes.toString("base64")}`);
    peer.destroy();
  });

  test("write in order, say drain once all has left, and end after what is unsent", async () => {
    const { port, accepted } = await listen();
    run(`const s = require("net").connect({ host: "127.0.0.1", port: ${port} }, () => {
      s.write("a".repeat(2000)); s.on("drain", () => { s.write("z\\xff"); s.end(); }); });`);
    const peer = await accepted;
    let got = "";
    peer.setEncoding("latin1").on("data", (data) => (got += data));
    await new Promise((resolve) => peer.on("end", resolve));
    expect(got).toBe(`${"a".repeat(2000)}z\xff`);
  });

  test("throw at once when nobody listens there", async () => {
    const port = await freePort();
    const source = `try { require("net").connect({ host: "127.0.0.1", port: ${port} }, () => {}); } catch (e) { console.log(e.message); }`;
    expect(run(source).lines).toEqual(["Unable to create socket"]);
  });

  test("throw when written to after their end, and report a peer's close once", async () => {
    const { port, accepted } = await listen();
    const program =
      run(`const s = require("net").connect({ host: "127.0.0.1", port: ${port} }, () => console.log("connected"));
      s.on("close", () => { console.log("closed"); try { s.write("x"); } catch (e) { console.log(e.message); } });`);
    const peer = await accepted;
    await program.line(/connected/);
    peer.end();
    await program.line(/socket is closed/);
    expect(program.lines.filter((line) => line === "closed")).toHaveLength(1);
  });

  test("stop reading while their handle is 0, so that the peer is slowed, and go on without a gap", async () => {
    const { port, accepted } = await listen();
    const program = run(`let n = 0;
      const s = require("net").connect({ host: "127.0.0.1", port: ${port} }, () => { const h = s.sckt; s.sckt = 0;
        setTimeout(() => { console.log("held " + n); s.sckt = h; }, 150); });
      s.on("data", (d) => { n += d.length; if (n === 300000) console.log("all"); });`);
    const peer = await accepted;
    peer.write(Buffer.alloc(300_000));
    expect(await program.line(/^held/)).toBe("held 0");
    await program.line(/^all/);
    peer.destroy();
  });

  test("are accepted by a server of the program, on this machine alone", async () => {
    const port = await freePort();
    run(`require("net").createServer((s) => { s.on("data", (d) => s.write("echo " + d)); }).listen(${port});`);
    const socket = connect(port, "127.0.0.1", () => socket.write("hi"));
    const got = await new Promise((resolve) => socket.once("data", (data) => resolve(String(data))));
    expect(got).toBe("echo hi");
    socket.destroy();
  });

  test("nothing of the program runs after stop", async () => {
    const { port, accepted } = await listen();
    const program = run(`setInterval(() => console.log("tick"), 5);
      const s = require("net").connect({ host: "127.0.0.1", port: ${port} }, () => console.log("connected"));
      s.on("close", () => console.log("closed"));`);
    const peer = await accepted;
    await program.line(/tick/);
    await program.line(/connected/);
    running.splice(0).forEach((node) => node.stop());
    const count = program.lines.length;
    await new Promise((resolve) => peer.once("close", resolve).resume());
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(program.lines).toHaveLength(count);
  });
});

describe.skipIf(!existsSync("dist/emulator.js"))("the emulator as a process", () => {
  const start = (...args: string[]): ReturnType<typeof spawn> => spawn(process.execPath, ["dist/emulator.js", ...args]);
  const ended = async (child: ReturnType<typeof spawn>): Promise<unknown> =>
    new Promise((resolve) => child.on("close", (code) => resolve(code)));

  test("ends with 0 on SIGTERM, and with 2 and a usage line on a mistake", async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "app.js"), 'console.log("up"); setInterval(() => {}, 1000);');
    const child = start("--bundle", join(folder, "app.js"), "--storage", join(folder, "flash"));
    await new Promise((resolve) => child.stdout?.once("data", resolve));
    child.kill("SIGTERM");
    expect(await ended(child)).toBe(0);
    for (const mistake of [[], ["--bundle", "nowhere.js", "--storage", folder], ["--config", "{"]]) {
      expect(await ended(start(...mistake))).toBe(2);
    }
  });

  test("wires the devices of a file to the chip's pins, and says what is wrong with one", async () => {
    const folder = temporaryFolder();
    const [app, devices] = [join(folder, "app.js"), join(folder, "devices.json")];
    writeFileSync(app, "digitalWrite(D4, 1);");
    const run = async (given: string): Promise<string> => {
      writeFileSync(devices, given);
      const child = start("--bundle", app, "--storage", join(folder, "flash"), "--devices", devices);
      let said = "";
      for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk) => (said += String(chunk)));
      return `${String(await ended(child))} ${said}`;
    };
    expect(await run('[{"kind": "lamp", "pin": "D4"}]')).toBe("0 device D4: on\n");
    expect(await run('[{"kind": "lamp", "pin": "D99"}]')).toMatch(
      /^2 emulator: .*devices.json: device "lamp": pin must be a pin/,
    );
    expect(await run("[")).toMatch(/^2 emulator: .*devices.json: /);
  });
});
