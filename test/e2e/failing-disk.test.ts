/**
 * The disk fails for real: fsync answers EIO (by strace's fault injection), and the file system is full (a small tmpfs). Both need
 * Linux, root and strace; without them the tests say that they were skipped.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { afterEach, expect, test } from "vitest";
import { Bench, freePort, type Running, until } from "./processes.ts";
import { RawNode } from "./raw-node.ts";

const hasStrace = process.platform === "linux" && spawnSync("strace", ["-V"]).status === 0;
const canMount =
  process.platform === "linux" && process.getuid?.() === 0 && spawnSync("unshare", ["-m", "true"]).status === 0;

let bench: Bench;
let mounted = "";
afterEach(async () => {
  await bench.close().catch(() => {});
  if (mounted !== "") spawnSync("umount", ["-l", mounted]);
  mounted = "";
});

function values(): unknown[] {
  return bench.log("--node", "sensor").map((event) => event.value);
}

function upTo(n: number): number[] {
  return Array.from({ length: n }, (_, i) => i + 1);
}

/** From now on each sync of that process fails as a broken disk's does. */
async function breakSyncs(root: Running): Promise<void> {
  const inject = "inject=fsync,fdatasync:error=EIO";
  const strace = bench.start("strace", [
    "-f",
    "-p",
    String(root.child.pid),
    "-e",
    "trace=fsync,fdatasync",
    "-e",
    inject,
  ]);
  await until(
    () => /attached/.test(strace.errors),
    10_000,
    () => `strace did not attach: ${strace.errors}`,
  );
}

test.skipIf(!hasStrace)(
  "when fsync answers EIO, nothing unsaved is acknowledged, and the root ends and says why (needs strace)",
  async () => {
    bench = new Bench();
    const port = await freePort();
    const root = await bench.root(port);
    const token = bench.token("sensor");
    const url = `ws://127.0.0.1:${port}/node`;
    const node = await RawNode.join(url, "sensor", token);
    node.group(1, 5);
    await until(
      () => node.acked === 5,
      10_000,
      () => "the first group was not acknowledged",
    );
    await breakSyncs(root);
    node.group(6, 10);
    expect(await root.exit()).toBe(1);
    await until(
      () => !node.isOpen,
      5000,
      () => "the link stayed open",
    );
    expect(node.acked).toBe(5);
    expect(root.errors).toMatch(/disk I\/O error|EIO/i);
    expect(root.errors).toMatch(/Nothing that this write would have acknowledged was acknowledged/);
    await bench.root(port);
    const again = await RawNode.join(url, "sensor", token, node.epoch);
    const held = (await again.answer("!hello"))["n"] as number;
    expect(held).toBeGreaterThanOrEqual(5);
    again.group(held + 1, 12);
    await until(
      () => again.acked === 12,
      10_000,
      () => "the rest was not acknowledged",
    );
    again.close();
    expect(values()).toEqual(upTo(12));
  },
);

test.skipIf(!canMount)(
  "when the file system is full, nothing unsaved is acknowledged, and the root ends and says why (needs mount)",
  async () => {
    bench = new Bench();
    mkdirSync(bench.data, { recursive: true });
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", bench.data]);
    mounted = bench.data;
    const port = await freePort();
    const root = await bench.root(port);
    const token = bench.token("sensor");
    const url = `ws://127.0.0.1:${port}/node`;
    const node = await RawNode.join(url, "sensor", token);
    let sent = 0;
    while (root.isRunning && node.isOpen && sent < 200_000) {
      const before = node.acked;
      node.group(sent + 1, sent + 500);
      sent += 500;
      await until(
        () => node.acked > before || !node.isOpen,
        10_000,
        () => "neither an ack nor an end",
      );
    }
    expect(await root.exit()).toBe(1);
    expect(root.errors).toMatch(/full/i);
    execFileSync("mount", ["-o", "remount,size=64m", bench.data]);
    const stored = values();
    expect(stored.length).toBeGreaterThanOrEqual(node.acked);
    expect(node.acked).toBeLessThan(sent);
    await bench.root(port);
    const again = await RawNode.join(url, "sensor", token, node.epoch);
    const held = (await again.answer("!hello"))["n"] as number;
    expect(held).toBe(stored.length);
    again.group(held + 1, sent);
    await until(
      () => again.acked === sent,
      10_000,
      () => "the rest was not acknowledged",
    );
    again.close();
    expect(values()).toEqual(upTo(sent));
  },
);
