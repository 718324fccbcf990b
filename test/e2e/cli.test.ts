import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { spawn } from "node:child_process";
import { describe, expect, test as base } from "vitest";
import type { StoredEvent } from "#host/log/event.ts";
import { LogReader } from "#host/log/reader.ts";
import { logFile } from "#host/log/schema.ts";
import { TokenFile } from "#host/tokens.ts";
import { builtHost, firstLine, flipBit, sapline, startSapline, temporaryDirectory, until } from "../host/built.ts";
import { WireClient } from "../host/client.ts";

/** A data directory, and the processes on it, for one test of many that run side by side. */
class House {
  private readonly directory = temporaryDirectory();
  private readonly running: ChildProcessWithoutNullStreams[] = [];

  get path(): string {
    return this.directory.path;
  }

  get data(): string {
    return join(this.path, "data");
  }

  addToken(id: string): string {
    return new TokenFile(this.data).add(id, false);
  }

  /** Ended with the test, if it did not end before. */
  keep(child: ChildProcessWithoutNullStreams): ChildProcessWithoutNullStreams {
    this.running.push(child);
    return child;
  }

  async startRoot(): Promise<{ child: ChildProcessWithoutNullStreams; url: string; errors: () => string }> {
    const child = this.keep(await startSapline(["root", "--port", "0", "--data", this.data]));
    let errors = "";
    child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
    const line = await firstLine(child);
    expect(line).toMatch(/^sapline root http:\/\/127\.0\.0\.1:\d+$/);
    return { child, url: line.split(" ")[2] as string, errors: () => errors };
  }

  /** The kitchen's events, as another process than the root finds them. */
  stored(): StoredEvent[] {
    const reader = new LogReader(logFile(this.data));
    const events = [...reader.events({ node: "kitchen" })];
    reader.close();
    return events;
  }

  async end(): Promise<void> {
    for (const child of this.running) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill("SIGKILL");
      await once(child, "close");
    }
    this.directory.remove();
  }
}

const test = base.extend<{ house: House }>({
  // oxlint-disable-next-line no-empty-pattern -- vitest reads the pattern
  house: async ({}, use) => {
    const house = new House();
    await use(house);
    await house.end();
  },
});

const update = (value: unknown, ts = 1000): object => ({ type: "!update", eid: "t", value, ts });

describe.concurrent("usage", () => {
  test("help names every command and ends with 0; every command has help of its own", async () => {
    const { code, stdout } = await sapline(["--help"]);
    expect(code).toBe(0);
    for (const command of ["root", "token", "person", "nodes", "state", "act", "set", "update", "log", "node", "init"])
      expect(stdout).toMatch(new RegExp(`^  ${command}\\b`, "m"));
    const all = await Promise.all(
      [
        ["token", "add"],
        ["log", "rebuild"],
      ].map((words) => sapline([...words, "--help"])),
    );
    expect(all.map((one) => [one.code, one.stdout.startsWith("Usage: sapline")])).toEqual(all.map(() => [0, true]));
  });

  test("wrong usage ends with 2, trouble with 1, both with one sentence on stderr and nothing on stdout", async ({
    house,
  }) => {
    const wrong = await Promise.all(
      [["nonsense"], ["token", "add"], ["root", "--nonsense"], ["act", "kitchen"]].map((args) => sapline(args)),
    );
    expect(wrong.map(({ code, stdout }) => [code, stdout])).toEqual(wrong.map(() => [2, ""]));
    const trouble = await Promise.all([
      sapline(["log", "--data", house.data]),
      sapline(["root", "--port", "many", "--data", house.data]),
      sapline(["token", "revoke", "kitchen", "--data", house.data]),
      sapline(["nodes", "--url", "http://127.0.0.1:9"]),
      sapline(["node", "--id", "x"]),
      sapline(["token", "list"], { env: { SAPLINE_PORT: "x" } }),
    ]);
    expect(trouble.map(({ code, stdout }) => [code, stdout])).toEqual(trouble.map(() => [1, ""]));
    const words = [
      "there is no log in",
      "--port must be",
      "has no token",
      "no root answers at",
      "a node needs --id",
      "SAPLINE_PORT must be",
    ];
    trouble.forEach(({ stderr }, i) => {
      expect(stderr).toContain(words[i]);
      expect(stderr.trim().split("\n")).toHaveLength(1);
    });
  });

  test("people are added, listed and removed; a password comes from stdin or is made up and printed once", async ({
    house,
  }) => {
    const person = (...args: string[]): ReturnType<typeof sapline> =>
      sapline(["person", ...args, "--data", house.data], args.includes("--stdin") ? { input: "typed by hand\n" } : {});
    expect(await person("add", "ann", "--role", "administer", "--stdin")).toMatchObject({ code: 0, stdout: "" });
    expect((await person("add", "bob")).stdout).toMatch(/^\S{4}(-\S{4}){4}\n$/);
    expect((await person("role", "bob", "act")).code).toBe(0);
    expect((await person("list")).stdout).toBe("NAME  ROLE\nann   administer\nbob   act\n");
    expect((await person("remove", "ann")).stderr).toContain("nobody would be left");
    expect((await person("role", "bob", "chief")).stderr).toContain("look, act, administer");
    expect((await person("remove", "bob")).code).toBe(0);
  });

  test("tables carry no colours into a pipe", async ({ house }) => {
    house.addToken("kitchen");
    const table = await sapline(["token", "list", "--data", house.data]);
    expect(table.stdout).toMatch(/^NODE {5}CREATED\nkitchen {2}\d{4}-/);
  });

  test("init writes a configuration, a directory and a token that a root then uses, and overwrites nothing", async ({
    house,
  }) => {
    const first = await sapline(["init", "place"], { cwd: house.path });
    expect([first.code, first.stdout]).toEqual([0, expect.stringMatching(/^[\w-]{32}\n$/)]);
    const place = join(house.path, "place");
    const list = await sapline(["token", "list", "--json"], { cwd: place });
    expect(JSON.parse(list.stdout)).toEqual([{ id: "kitchen", created: expect.any(String) }]);
    const configuration = readFileSync(join(place, "sapline.config.ts"), "utf8");
    const second = await sapline(["init", "place"], { cwd: house.path });
    expect([second.code, second.stderr]).toEqual([1, expect.stringContaining("is there already")]);
    expect(readFileSync(join(place, "sapline.config.ts"), "utf8")).toBe(configuration);
  });
});

describe.concurrent("a root as a process", () => {
  test("what it acknowledged is in the log after SIGKILL, and the node resumes its epoch", async ({ house }) => {
    const token = house.addToken("kitchen");
    const { child, url, errors } = await house.startRoot();
    await until("the first password is printed", () =>
      /^console: sign in at http:\S+\/console as admin, password \S{24}\n/m.test(errors()),
    );
    const client = await WireClient.open(`${url.replace("http", "ws")}/node`, token);
    const epoch = await client.join("kitchen");
    for (let n = 1; n <= 20; n++) await client.store("kitchen", epoch, n, [update(n)]);
    child.kill("SIGKILL");
    await once(child, "close");
    expect(house.stored().map(({ value }) => value)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
    const again = await house.startRoot();
    expect(again.errors()).not.toContain("password");
    const resumed = await WireClient.open(`${again.url.replace("http", "ws")}/node`, token);
    expect(await resumed.join("kitchen", epoch)).toBe(epoch);
    await resumed.store("kitchen", epoch, 21, [update(20), update(21)]);
    expect(house.stored()).toHaveLength(21);
    resumed.close();
  });

  test("a second root on its directory, or a rebuild, is refused; SIGTERM ends it with 0 and leaves one file", async ({
    house,
  }) => {
    const { child } = await house.startRoot();
    const second = await sapline(["root", "--port", "0", "--data", house.data]);
    expect([second.code, second.stderr]).toEqual([
      1,
      expect.stringContaining(`another root (process ${child.pid}) is running on`),
    ]);
    const rebuild = await sapline(["log", "rebuild", "--data", house.data]);
    expect([rebuild.code, rebuild.stderr]).toEqual([1, expect.stringContaining("stop it first")]);
    child.kill("SIGTERM");
    expect(await once(child, "close")).toEqual([0, null]);
    expect(existsSync(join(house.data, "log.db-wal"))).toBe(false);
    expect((await sapline(["log", "rebuild", "--data", house.data])).stdout).toMatch(/all were right before\n$/);
  });

  test("a port in use is a sentence", async ({ house }) => {
    const { url } = await house.startRoot();
    const { code, stderr } = await sapline(["root", "--port", new URL(url).port, "--data", join(house.path, "other")]);
    expect([code, stderr]).toEqual([1, expect.stringContaining("is in use: stop what listens there")]);
  });

  test("when the disk takes no more, nothing unsaved is acknowledged, and it ends with 1 and says what to do", async ({
    house,
  }) => {
    const token = house.addToken("kitchen");
    // A limit on the size of files is the full disk that every user can have; SIGXFSZ ignored, the write fails as on one.
    const child = spawn("bash", [
      "-c",
      'trap "" XFSZ; ulimit -f 400; exec "$@"',
      "-",
      process.execPath,
      join(await builtHost(), "sapline.js"),
      "root",
      "--port",
      "0",
      "--data",
      house.data,
    ]);
    house.keep(child);
    let stderr = "";
    child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
    const url = (await firstLine(child)).split(" ")[2] as string;
    const client = await WireClient.open(`${url.replace("http", "ws")}/node`, token);
    const epoch = await client.join("kitchen");
    let acked = 0;
    let sent = 0;
    const ended = once(child, "close");
    await until("the root has ended", async () => {
      if (child.exitCode !== null) return true;
      client.say(...Array.from({ length: 50 }, () => ({ ...update(++sent), pad: "x".repeat(500) })), {
        type: "?ack",
        src: "kitchen",
        ep: epoch,
        n: sent,
      });
      const ack = await Promise.race([client.next("!ack"), ended.then(() => undefined)]);
      if (ack !== undefined) acked = ack["n"] as number;
      return false;
    });
    expect(await ended).toEqual([1, null]);
    for (const line of client.lines) if (line.type === "!ack") acked = Math.max(acked, line["n"] as number);
    expect(acked).toBeGreaterThan(0);
    expect(acked).toBeLessThan(sent);
    expect(house.stored().length).toBeGreaterThanOrEqual(acked);
    expect(stderr).toMatch(
      /^sapline: cannot store 1 groups of events in .*log\.db: disk I\/O error \(SQLite error \d+\)\. The disk reports an error: check it/m,
    );
  });
});

describe.concurrent("the commands that ask a root, and the log", () => {
  test("a process is a node: stdin goes up, actions and wishes come down, and it is seen in nodes, state and log", async ({
    house,
  }) => {
    const token = house.addToken("kitchen");
    const { url } = await house.startRoot();
    const node = await startSapline(["node", "--id", "kitchen", "--token", token, "--parent", url]);
    house.keep(node);
    const printed: { [field: string]: unknown }[] = [];
    node.stdout.on("data", (chunk: Buffer) =>
      printed.push(
        ...chunk
          .toString()
          .trim()
          .split("\n")
          .map((line) => JSON.parse(line)),
      ),
    );
    node.stdin.write('{"type":"!update","eid":"t","value":21.5}\nnonsense\n');
    await until("it is stored", () => house.stored().length === 1);
    const nodes = await sapline(["nodes", "--url", url]);
    expect(nodes.stdout).toMatch(
      /^NODE +STATE +FOR +PARENT +EPOCH +FIRMWARE\nkitchen +up +\d s +root +1 +sapline-node/,
    );
    expect((await sapline(["state", "kitchen", "--url", url])).stdout).toMatch(/kitchen +t +21.5 +\d s/);
    expect(JSON.parse((await sapline(["state", "--json", "--url", url])).stdout)).toMatchObject([
      { node: "kitchen", eid: "t", value: 21.5 },
    ]);
    const acted = sapline(["act", "kitchen", "lamp", "on", "--url", url]);
    const action = await until("the action arrives", () => printed.find(({ type }) => type === "?act"));
    expect(action).toMatchObject({ eid: "lamp", value: "on" });
    node.stdin.write(`${JSON.stringify({ type: "!act", id: action["id"], ok: true, value: { is: "on" } })}\n`);
    expect(await acted).toMatchObject({ code: 0, stdout: '{"is":"on"}\n' });
    expect(await sapline(["set", "kitchen", "target", "20", "--url", url])).toMatchObject({
      code: 0,
      stdout: "rev 1\n",
    });
    expect(await until("the wish arrives", () => printed.find(({ type }) => type === "?set"))).toEqual({
      type: "?set",
      eid: "target",
      value: 20,
      rev: 1,
    });
    node.stdin.end();
    expect((await once(node, "close"))[0]).toBe(0);
    expect(await sapline(["act", "kitchen", "lamp", "true", "--url", url])).toMatchObject({
      code: 1,
      stdout: "",
      stderr: "sapline: kitchen did not do it: offline\n",
    });
  });

  test("a process is a branch: a leaf behind it is stored under its own name, with its parent shown", async ({
    house,
  }) => {
    const branchToken = house.addToken("porch");
    const leafToken = house.addToken("kitchen");
    const { url } = await house.startRoot();
    const branch = await startSapline([
      "node",
      "--id",
      "porch",
      "--token",
      branchToken,
      "--parent",
      url,
      "--listen",
      "0",
    ]);
    house.keep(branch);
    const ingress = (await firstLine(branch)).split(" ")[2] as string;
    const leaf = await sapline(["node", "--id", "kitchen", "--token", leafToken, "--parent", ingress], {
      input: '{"type":"!update","eid":"t","value":1}\n{"type":"!update","eid":"t","value":2}\n',
    });
    expect(leaf.code).toBe(0);
    expect(house.stored().map(({ value }) => value)).toEqual([1, 2]);
    const nodes = JSON.parse((await sapline(["nodes", "--json", "--url", url])).stdout) as {
      id: string;
      parent: string;
      via: string[];
    }[];
    expect(nodes.find(({ id }) => id === "kitchen")).toMatchObject({ parent: "porch", via: ["porch"] });
  });

  test("log filters, limits, follows, and goes on past a damaged row, which it reports", async ({ house }) => {
    const token = house.addToken("kitchen");
    const { child, url } = await house.startRoot();
    const client = await WireClient.open(`${url.replace("http", "ws")}/node`, token);
    const epoch = await client.join("kitchen");
    for (let n = 1; n <= 3; n++) await client.store("kitchen", epoch, n, [update(`value-${n}`, n * 1000)]);
    const values = async (...args: string[]): Promise<unknown[]> => {
      const { stdout } = await sapline(["log", "--data", house.data, "--json", "--node", "kitchen", ...args]);
      return stdout
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => (JSON.parse(line) as { value: unknown }).value);
    };
    const line = (await sapline(["log", "--data", house.data, "--json", "--node", "kitchen", "--to", "1000"])).stdout;
    expect(line.trim().split("\n")).toHaveLength(1);
    expect(Object.keys(JSON.parse(line))).toEqual(["node", "epoch", "n", "type", "eid", "value", "ts", "received"]);
    expect(await values("--from", "2000", "--entity", "t")).toEqual(["value-2", "value-3"]);
    expect(await values("--limit", "2", "--newest-first")).toEqual(["value-3", "value-2"]);
    const follow = await startSapline([
      "log",
      "--data",
      house.data,
      "--json",
      "--node",
      "kitchen",
      "--limit",
      "1",
      "--follow",
    ]);
    house.keep(follow);
    let followed = "";
    follow.stdout.on("data", (chunk: Buffer) => (followed += chunk.toString()));
    await until("the last is shown", () => followed.includes("value-3"));
    await client.store("kitchen", epoch, 4, [update("value-4")]);
    await until("the next is shown", () => followed.includes("value-4"));
    expect(followed.trim().split("\n")).toHaveLength(2);
    follow.kill("SIGINT");
    expect((await once(follow, "close"))[0]).toBe(0);
    client.close();
    child.kill("SIGTERM");
    await once(child, "close");
    flipBit(join(house.data, "log.db"), "value-2");
    const damaged = await sapline(["log", "--data", house.data, "--node", "kitchen"]);
    expect([damaged.code, damaged.stderr]).toEqual([1, expect.stringMatching(/row \d+ of table groups .* is damaged/)]);
    expect(damaged.stdout.match(/value-\d/g)).toEqual(["value-1", "value-3", "value-4"]);
  });

  test("a file that is no log is a sentence", async ({ house }) => {
    mkdirSync(house.data);
    writeFileSync(join(house.data, "log.db"), "no log");
    const { code, stderr } = await sapline(["log", "--data", house.data]);
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^sapline: .*(damaged or no log|no log of Sapline)/)]);
  });
});
