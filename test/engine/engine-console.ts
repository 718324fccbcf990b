/**
 * A board on the real engine as it lies on a table: a console, and a Storage in its folder. It starts by itself what is in `.bootcde`, and again when
 * it was restarted. Its console is reached over TCP (Espruino's own telnet console has one fixed port for all engines, so it is not used) or is a
 * pseudo-terminal; both can be pulled.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, mkdtempSync, openSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TerminalPair } from "../e2e/terminal-pair.ts";
import { WITH_CONSOLE } from "./espruino.ts";

export class ConsoleEngine {
  readonly folder = mkdtempSync(join(tmpdir(), "console-"));
  /** Everything that it printed on a console over TCP. */
  output = "";
  starts = 0;
  /** Bytes that it gets until the cable is pulled. */
  private bytesLeft = Infinity;
  private pulled: () => void = () => {};
  private child: ChildProcess | undefined;
  private isStopped = false;
  private socket: Socket | undefined;
  private server: Server | undefined;
  /** Undefined over TCP. */
  private readonly cable: TerminalPair | undefined;

  constructor(cable?: TerminalPair) {
    this.cable = cable;
  }

  start(): void {
    this.isStopped = false;
    this.starts++;
    const terminal = this.cable === undefined ? undefined : openSync(this.cable.ends[1], "r+");
    const child = spawn(WITH_CONSOLE[0], WITH_CONSOLE.slice(1), {
      cwd: this.folder,
      stdio: terminal === undefined ? ["pipe", "pipe", "ignore"] : [terminal, terminal, "ignore"],
    });
    if (terminal !== undefined) closeSync(terminal);
    this.child = child;
    child.stdin?.on("error", () => {});
    child.stdout?.on("data", (bytes: Buffer) => {
      this.output += bytes.toString("latin1");
      this.socket?.write(bytes);
    });
    child.on("exit", () => {
      if (this.child === child && !this.isStopped) this.start();
    });
  }

  /** Its console on a port of its own. */
  async listen(): Promise<number> {
    const server = createServer({ noDelay: true }, (socket) => {
      this.socket?.destroy();
      this.socket = socket;
      socket.on("error", () => {});
      socket.on("data", (bytes: Buffer) => this.feed(socket, bytes));
    });
    this.server = server;
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return (server.address() as { port: number }).port;
  }

  /** Pulls the cable once so many more bytes have gone to the board; resolves when that has happened. */
  async pullAfter(bytes: number): Promise<void> {
    this.bytesLeft = bytes;
    await new Promise<void>((resolve) => (this.pulled = resolve));
  }

  /** As a power cut. */
  async cut(): Promise<void> {
    this.isStopped = true;
    const child = this.child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    child.kill("SIGKILL");
    await gone;
    // A terminal keeps what a board had not read yet. Read at its next start, a Ctrl-C among it would end its program.
    await this.cable?.empty();
  }

  /** Of a board that is off. */
  erase(): void {
    rmSync(join(this.folder, "espruino.flash"), { force: true });
  }

  async stop(): Promise<void> {
    await this.cut();
    this.socket?.destroy();
    const server = this.server;
    if (server !== undefined) await new Promise((resolve) => server.close(resolve));
    rmSync(this.folder, { recursive: true, force: true });
  }

  private feed(socket: Socket, bytes: Buffer): void {
    this.child?.stdin?.write(bytes.subarray(0, this.bytesLeft));
    this.bytesLeft -= bytes.length;
    if (this.bytesLeft > 0) return;
    this.bytesLeft = Infinity;
    socket.destroy();
    this.pulled();
  }
}
