/**
 * What the chip's web server promises, as tests to be run wherever the firmware runs: emulated and on the engine.
 */
import { connect } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import WebSocket from "ws";
import { freePort } from "./espruino.ts";

export interface RunningNode {
  /** What it printed that means trouble. */
  faults(): string[];
  stop(): Promise<void>;
}

const TOKEN = "t0ken";

/** `start` runs firmware/main.ts with this configuration, and comes back when it listens. */
export function webServerContract(start: (config: object) => Promise<RunningNode>): void {
  let node: RunningNode;
  let port = 0;

  beforeAll(async () => {
    port = await freePort();
    const parent = { host: "127.0.0.1", port: await freePort() };
    node = await start({ id: "branch", token: TOKEN, parent, listen: port });
    // Its program is built first, which takes its time on a busy machine.
  }, 60_000);

  afterAll(async () => {
    await node.stop();
  });

  const get = async (path: string, headers: Record<string, string> = {}): Promise<[number, string]> => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, { headers });
    return [answer.status, await answer.text()];
  };

  const open = async (path: string, headers: Record<string, string>): Promise<WebSocket> => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, { headers, perMessageDeflate: false });
    await new Promise<void>((resolve, reject) => {
      socket.once("open", resolve);
      socket.once("error", reject);
    });
    return socket;
  };

  const closed = async (socket: WebSocket): Promise<number> =>
    new Promise((resolve) => socket.once("close", (code) => resolve(code)));

  test("says hello, pong, and 404, 405, 426 and 401 where they belong", async () => {
    expect(await get("/")).toEqual([200, "Hello leaf!"]);
    expect(await get("/ping")).toEqual([200, "pong"]);
    expect((await get("/nowhere"))[0]).toBe(404);
    expect((await get("/node"))[0]).toBe(426);
    expect((await get("/echo"))[0]).toBe(401);
    expect((await get("/echo", { authorization: "Bearer wrong" }))[0]).toBe(401);
    expect((await fetch(`http://127.0.0.1:${port}/`, { method: "POST" })).status).toBe(405);
  });

  test("refuses an echo without the token", async () => {
    await expect(open("/echo", {})).rejects.toThrow("401");
    await expect(open("/echo", { cookie: "leaf-token=no" })).rejects.toThrow("401");
  });

  test.each([{ cookie: `a=b; leaf-token=${TOKEN}; c=d` }, { authorization: `Bearer ${TOKEN}` }])(
    "echoes every length up to 16 KiB, in order, byte for byte: %o",
    async (headers) => {
      const socket = await open("/echo", headers as unknown as Record<string, string>);
      const sent: string[] = [];
      const got: string[] = [];
      const all = new Promise<void>((resolve) => {
        socket.on("message", (data) => {
          got.push(String(data));
          if (got.length === lengths.length) resolve();
        });
      });
      const lengths = [0, 1, 125, 126, 535, 536, 537, 4096, 16384, 3];
      for (const length of lengths) {
        const text = "é".repeat(Math.min(length >> 2, 40)).padEnd(length - Math.min(length >> 2, 40), "xyz0123");
        sent.push(text);
        socket.send(text);
      }
      await all;
      expect(got).toEqual(sent);
      const end = closed(socket);
      socket.close(1000);
      expect(await end).toBe(1000);
    },
  );

  test("answers a ping with its payload", async () => {
    const socket = await open("/echo", { authorization: `Bearer ${TOKEN}` });
    const pong = new Promise<string>((resolve) => socket.once("pong", (data) => resolve(String(data))));
    socket.ping("payload");
    expect(await pong).toBe("payload");
    const end = closed(socket);
    socket.close();
    await end;
  });

  test("closes with 1003 for binary and 1009 past 16 KiB", async () => {
    for (const [message, code] of [
      [Buffer.from([1, 2, 3]), 1003],
      ["x".repeat(16385), 1009],
    ] as const) {
      const socket = await open("/echo", { authorization: `Bearer ${TOKEN}` });
      const end = closed(socket);
      socket.send(message);
      expect(await end).toBe(code);
    }
  });

  test("stays alive through garbage, cut requests and endless headers", async () => {
    const garbages = [
      "\0\xff\xfe\r\n\r\n",
      "GET /\r\n\r\n",
      "GET",
      `GET / HTTP/1.1\r\nx: ${"y".repeat(9000)}`,
      "\r\n\r\n\r\n\r\n",
    ];
    const sent = garbages.map(async (garbage) => {
      await new Promise<void>((resolve) => {
        const socket = connect(port, "127.0.0.1", () => socket.write(Buffer.from(garbage, "latin1")));
        socket.on("error", () => {});
        socket.on("close", () => resolve());
        socket.on("data", () => {});
        setTimeout(() => socket.destroy(), 300);
      });
    });
    await Promise.all(sent);
    expect(await get("/ping")).toEqual([200, "pong"]);
  });

  test("takes a request in any pieces, also one that ends in the middle of an empty line", async () => {
    for (const pieces of [
      ["GET /echo HTTP/1.1\r\n", `Authorization: Bearer ${TOKEN}\r\n\r`, "\n"],
      ["GET /echo HTTP/1.1\r", `\nAuthorization: Bearer ${TOKEN}`, "\r\n", "\r\n"],
    ]) {
      const socket = connect(port, "127.0.0.1");
      socket.setNoDelay(true);
      const answer = new Promise<string>((resolve) => {
        let text = "";
        socket.setEncoding("latin1").on("data", (data) => (text += data));
        socket.on("close", () => resolve(text));
      });
      for (const piece of pieces) {
        socket.write(piece);
        // Apart on the wire: the next piece leaves when this one has been read, which nothing tells.
        await new Promise((resolve) => setTimeout(resolve, 30));
      }
      // 426 and not 401: the header behind the cut was read.
      expect(await answer).toMatch(/^HTTP\/1\.1 426 /);
    }
  });

  test("slows a peer that sends faster than it reads, and loses nothing", async () => {
    const socket = await open("/echo", { authorization: `Bearer ${TOKEN}` });
    const messages = 20;
    let got = 0;
    const all = new Promise<void>((resolve) => {
      socket.on("message", (data) => {
        expect(String(data)).toBe(String(got).padEnd(16000, "."));
        got++;
        if (got === messages) resolve();
      });
    });
    socket.pause();
    for (let i = 0; i < messages; i++) socket.send(String(i).padEnd(16000, "."));
    setTimeout(() => socket.resume(), 200);
    await all;
    socket.terminate();
  });

  test("lets one echo in at a time, and seven sockets in all; past that it says 503, and recovers", async () => {
    const headers = { authorization: `Bearer ${TOKEN}` };
    const first = await open("/echo", headers);
    await expect(open("/echo", headers)).rejects.toThrow("503");
    const idle = [1, 2, 3, 4, 5, 6].map(() => connect(port, "127.0.0.1"));
    await Promise.all(idle.map(async (socket) => new Promise((resolve) => socket.once("connect", resolve))));
    const isFull = async (): Promise<boolean> => (await get("/ping"))[0] === 503;
    for (let i = 0; i < 200 && !(await isFull()); i++) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(await isFull()).toBe(true);
    for (const socket of idle) socket.destroy();
    first.terminate();
    for (let i = 0; i < 200 && (await isFull()); i++) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(await get("/ping")).toEqual([200, "pong"]);
    const again = await open("/echo", headers);
    again.terminate();
  });

  test("stays alive through a peer that pings without end and never reads", async () => {
    const socket = await open("/node", {});
    socket.pause();
    socket.on("error", () => {});
    for (let i = 0; i < 4000 && socket.bufferedAmount < 4_000_000 && socket.readyState === WebSocket.OPEN; i++) {
      for (let n = 0; n < 400; n++) socket.ping("x".repeat(125));
      await new Promise((resolve) => setImmediate(resolve));
    }
    socket.terminate();
    expect(await get("/ping")).toEqual([200, "pong"]);
  });

  test("printed no fault in all this", () => {
    expect(node.faults()).toEqual([]);
  });
}
