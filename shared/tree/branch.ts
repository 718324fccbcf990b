/**
 * Branch is the side of a node that its children see. It passes their groups up without reading the events, and lines down to
 * whom they are for.
 *
 * It guarantees that a child speaks only for itself and for nodes admitted through it; that what waits for the way up is
 * bounded (children are paused, then whole frames are dropped: their origins send them again); and that a route changes only by
 * the root's word. It promises nothing about delivery: custody is the origin's.
 */
import { type NodeEffect, NOTHING } from "../effect.ts";
import { FRAME_BYTES_MAX, type Limits, LINE_BYTES_MAX, LINK_TIMEOUT, VIA_NODES_MAX } from "../limits.ts";
import { Pulse } from "../link/pulse.ts";
import { RADIO_LINKS_FROM } from "../radio/tree-limits.ts";
import { count, type Counters, Table } from "../table.ts";
import type { TextCodec } from "../text.ts";
import { after, type Instant, type LinkId, type NodeId } from "../units.ts";
import { byeLine, goneLine, PING, pongLine, ROOT_IS_DOWN } from "../wire/line.ts";
import { asReason, asVia, isNodeId, mayBeControl, type Message, parseMessage } from "../wire/message.ts";
import { Routes } from "./routes.ts";

class Child {
  link: LinkId;
  pulse: Pulse;
  /** Who it said it is; "" before it did. */
  id: string;
  isPaused: boolean;
  openedAt: Instant;

  constructor(link: LinkId, now: Instant) {
    this.link = link;
    this.openedAt = now;
    this.pulse = new Pulse(now, link >= RADIO_LINKS_FROM);
    this.id = "";
    this.isPaused = false;
  }
}

export class Branch {
  /** Frames on their way up. */
  private relay: string[];
  private relayBytes: number;
  private id: NodeId;
  private children: Table<Child>;
  private routes: Routes;
  private limits: Limits;
  private codec: TextCodec;
  private counters: Counters;
  private isPausing: boolean;

  constructor(id: NodeId, limits: Limits, codec: TextCodec, counters: Counters) {
    this.id = id;
    this.limits = limits;
    this.codec = codec;
    this.counters = counters;
    this.children = new Table<Child>();
    this.routes = new Routes(limits.routesMax);
    this.relay = [];
    this.relayBytes = 0;
    this.isPausing = false;
  }

  opened(link: LinkId, now: Instant): readonly NodeEffect[] {
    if (this.children.size >= this.limits.childrenMax) {
      count(this.counters, "child over the limit");
      return [{ kind: "close", link, code: 1013, reason: "this branch is full: connect to another" }];
    }
    this.children.set(link, new Child(link, now));
    return NOTHING;
  }

  /** The child's link is gone, of itself or by us. The lines that tell the root go to `up`. */
  closed(link: LinkId, up: string[]): void {
    if (this.children.get(link) === undefined) return;
    this.children.remove(link);
    for (const id of this.routes.removeLink(link)) up.push(goneLine(id));
  }

  drained(link: LinkId): void {
    const child = this.children.get(link);
    if (child !== undefined) child.pulse.handedBytes = 0;
  }

  /**
   * A frame from a child. Groups that may pass wait in the relay; control lines for the parent go to `up`; the rest of what
   * there is to do goes to `out`. `isJoined`: whether the way to the root is open; if not, data is dropped.
   */
  received(
    link: LinkId,
    text: string,
    isJoined: boolean,
    rootNow: number,
    now: Instant,
    up: string[],
    out: NodeEffect[],
  ): void {
    const child = this.children.get(link);
    if (child === undefined) return;
    child.pulse.heard(now);
    if (text.length > FRAME_BYTES_MAX) {
      this.close(child, 1009, "frame over " + FRAME_BYTES_MAX + " bytes: send smaller ones", up, out);
      return;
    }
    const passed: string[] = [];
    let group = "";
    let from = 0;
    let start = 0;
    let end = text.indexOf("\n");
    while (end >= 0) {
      if (mayBeControl(text, start)) {
        const message = end - start > LINE_BYTES_MAX ? undefined : parseMessage(text.substr(start, end - start));
        if (message !== undefined && message.type === "?ack") {
          group += text.substr(from, end + 1 - from);
          if (isJoined && this.maySpeak(link, message["src"])) passed.push(group);
          else count(this.counters, isJoined ? "group of a stranger" : "group without a root");
          group = "";
          from = end + 1;
        } else if (message !== undefined && this.isControl(child, message, isJoined, rootNow, now, up, out)) {
          group += text.substr(from, start - from);
          from = end + 1;
        }
      }
      start = end + 1;
      end = text.indexOf("\n", start);
    }
    if (start < text.length) count(this.counters, "line cut");
    if (group.length > 0 || from < start) count(this.counters, "lines without ?ack");
    if (passed.length > 0) this.pass(passed.join(""), child, out);
  }

  /** The next frame for the way up, or "" if none waits. */
  takeRelay(out: NodeEffect[]): string {
    const text = this.relay.shift();
    if (text === undefined) return "";
    this.relayBytes -= text.length;
    if (this.isPausing && this.relayBytes <= this.limits.relayBytes / 2) {
      this.isPausing = false;
      this.resumeAll(out);
    }
    return text;
  }

  hasRelay(): boolean {
    return this.relay.length > 0;
  }

  /** The way up is gone, and with it what waited for it: the origins still hold it. */
  discard(out: NodeEffect[]): void {
    for (let i = 0; i < this.relay.length; i++) count(this.counters, "frame discarded");
    this.relay = [];
    this.relayBytes = 0;
    this.isPausing = false;
    this.resumeAll(out);
  }

  /** A line from above for a node below. Answers whether somebody below is reached by it. */
  down(dst: string, line: string, message: Message, up: string[], out: NodeEffect[]): boolean {
    if (message.type === "!hello") return this.answered(dst, line, message, up, out);
    const child = this.children.get(this.routes.link(dst) as LinkId);
    if (child === undefined) return false;
    this.send(child, line, out);
    if (message.type === "!bye") {
      this.routes.remove(dst);
      if (child.id === dst) this.close(child, 1008, asReason(message["reason"]), up, out);
    }
    return true;
  }

  /** Tells every child. */
  announce(line: string, out: NodeEffect[]): void {
    for (const child of this.children.values()) this.send(child, line, out);
  }

  /** Asks the silent, ends the dead. */
  sweep(now: Instant, up: string[], out: NodeEffect[]): void {
    for (const child of this.children.values()) {
      if (child.isPaused) child.pulse.heard(now);
      const finding = child.pulse.check(now, false);
      if (finding === "ask") this.send(child, PING, out);
      if (finding === "dead") {
        count(this.counters, "child silent");
        this.close(child, 1001, "silent for too long", up, out);
      } else if (child.id === "" && now >= after(child.openedAt, LINK_TIMEOUT)) {
        count(this.counters, "child without ?hello");
        this.close(child, 1008, "say ?hello first", up, out);
      }
    }
  }

  hasChildren(): boolean {
    return this.children.size > 0;
  }

  /** Handles a line that is for this node or for its parent. False if it is an event after all. */
  private isControl(
    child: Child,
    message: Message,
    isJoined: boolean,
    rootNow: number,
    now: Instant,
    up: string[],
    out: NodeEffect[],
  ): boolean {
    switch (message.type) {
      case "?hello":
        this.hello(child, message, isJoined, now, up, out);
        return true;
      case "!gone":
        this.gone(child, message["id"], up);
        return true;
      case "?ping":
        this.send(child, pongLine(rootNow), out);
        return true;
      case "!ping":
        child.pulse.answered(now);
        return true;
      default:
        return false;
    }
  }

  private hello(
    child: Child,
    message: Message,
    isJoined: boolean,
    now: Instant,
    up: string[],
    out: NodeEffect[],
  ): void {
    const id = message["id"];
    const via = asVia(message["via"]);
    if (!isNodeId(id) || via === undefined || via.length >= VIA_NODES_MAX) {
      return count(this.counters, "?hello malformed");
    }
    const isOwn = via.length === 0;
    if (id === this.id || via.indexOf(this.id) >= 0) return count(this.counters, "?hello in a loop");
    if (isOwn && child.id === "") child.id = id;
    if ((isOwn ? id : via[via.length - 1]) !== child.id) return count(this.counters, "?hello of a stranger");
    if (!isJoined) {
      this.send(child, ROOT_IS_DOWN, out);
      return;
    }
    if (!this.routes.claim(id, message["nonce"], child.link, now)) return count(this.counters, "?hello over the limit");
    via.push(this.id);
    message["via"] = via;
    up.push(this.codec.stringify(message));
  }

  private gone(child: Child, id: unknown, up: string[]): void {
    const finding = isNodeId(id) ? this.routes.leave(id, child.link) : "stranger";
    if (finding === "stranger") return count(this.counters, "!gone of a stranger");
    if (finding === "gone") up.push(goneLine(id as NodeId));
  }

  private answered(dst: string, line: string, message: Message, up: string[], out: NodeEffect[]): boolean {
    const link = this.routes.settle(dst, message["nonce"]);
    const child = link === undefined ? undefined : this.children.get(link);
    if (child === undefined) return false;
    this.send(child, line, out);
    if (message["error"] !== undefined) {
      if (child.id === dst) this.close(child, 1008, asReason(message["error"]), up, out);
      return true;
    }
    const old = this.children.get(this.routes.link(dst) as LinkId);
    this.routes.admit(dst, child.link);
    if (old === undefined || old === child) return true;
    this.send(old, byeLine(dst, "replaced"), out);
    if (old.id === dst) this.close(old, 1008, "replaced", up, out);
    return true;
  }

  private maySpeak(link: LinkId, src: unknown): boolean {
    return typeof src === "string" && this.routes.link(src) === link;
  }

  private pass(text: string, child: Child, out: NodeEffect[]): void {
    if (this.relayBytes + text.length > 2 * this.limits.relayBytes) return count(this.counters, "frame over the limit");
    this.relay.push(text);
    this.relayBytes += text.length;
    if (this.relayBytes > this.limits.relayBytes) this.isPausing = true;
    if (!this.isPausing || child.isPaused) return;
    child.isPaused = true;
    out.push({ kind: "pause", link: child.link });
  }

  private resumeAll(out: NodeEffect[]): void {
    for (const child of this.children.values()) {
      if (!child.isPaused) continue;
      child.isPaused = false;
      out.push({ kind: "resume", link: child.link });
    }
  }

  /** Best effort: a child that does not take what it gets loses lines, and in the end its link. */
  private send(child: Child, line: string, out: NodeEffect[]): void {
    if (child.pulse.handedBytes > this.limits.relayBytes) return count(this.counters, "line to a slow child");
    child.pulse.handedBytes += line.length;
    out.push({ kind: "send", link: child.link, text: line + "\n" });
  }

  private close(child: Child, code: number, reason: string, up: string[], out: NodeEffect[]): void {
    out.push({ kind: "close", link: child.link, code, reason });
    this.closed(child.link, up);
  }
}
