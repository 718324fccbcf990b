/**
 * Stage is one state while a step is taken: it hands inputs to programs and performs what they ask, on wires, disk and applications.
 * It decides nothing: which step is taken is steps.ts's, what must hold is invariants.ts's. `broken` is the sentence of a promise
 * that was broken on the way rather than in the state it led to.
 */
import type { NodeEffect, RootEffect } from "#shared/effect.ts";
import type { TreeNode } from "#shared/node.ts";
import type { Root } from "#shared/root.ts";
import type { Instant, LinkId, Millis, NodeId, UnixMillis } from "#shared/units.ts";
import * as applications from "./applications.ts";
import type { KeptBoard } from "./kept-board.ts";
import { type Effect, unixAt } from "./players.ts";
import type { Setting } from "./setting.ts";
import { type BoardPlan, KINDS, type Kind, ROOT } from "./small-world.ts";
import { type Draft, draftOf, NONE, OFF, type Owed, replaced, type Snapshot, type Wire } from "./snapshot.ts";
import * as wiring from "./wiring.ts";

/** An action is overdue after this long. Chosen: less than a resend's wait, so that a timer or two make it late. */
const TTL = 1500 as Millis;

export class Stage {
  readonly state: Draft;
  broken: string;
  private setting: Setting;

  constructor(setting: Setting, from: Snapshot) {
    this.setting = setting;
    this.state = draftOf(from);
    this.broken = "";
  }

  spend(kind: Kind): void {
    const place = KINDS.indexOf(kind);
    this.state.budget = replaced(this.state.budget, place, (this.state.budget[place] as number) - 1);
    // What can not happen any more makes no states of its own.
    if (kind === "lateWords" && this.state.budget[place] === 0) this.state.owed = [];
  }

  private isLeft(kind: Kind): boolean {
    return (this.state.budget[KINDS.indexOf(kind)] as number) > 0;
  }

  // Programs

  boot(board: number): void {
    const { setting, state } = this;
    const life = (state.lives[board] as number) + 1;
    state.lives = replaced(state.lives, board, life);
    applications.setApp(setting, state, board, applications.NEW_APP);
    state.links = replaced(state.links, board + 1, 0);
    const flash = setting.flashes.value(state.flashes[board] as number);
    const { core, effects } = setting.players.boot(board, life, flash, state.now);
    state.boards = replaced(state.boards, board, core);
    this.perform(board, effects);
  }

  bootRoot(): void {
    this.state.links = replaced(this.state.links, 0, 0);
    const { core, effects } = this.setting.players.bootRoot(this.state.disk, this.state.now);
    this.state.root = core;
    this.perform(ROOT, effects);
  }

  /** Power off: memory is gone. */
  crash(board: number): void {
    this.leaveBehind(board);
    this.state.boards = replaced(this.state.boards, board, OFF);
    this.state.dials = replaced(this.state.dials, board, 0);
    wiring.powerOff(this.state, board);
  }

  /** What is in flash stays, and with it the duty to store it. */
  private leaveBehind(board: number): void {
    const { setting, state } = this;
    const { flash, unkept } = setting.players.boards.facts(state.boards[board] as number);
    if (flash === "") return;
    state.flashes = replaced(state.flashes, board, setting.flashes.number(flash));
    const said = applications.appOf(setting, state, board).said - unkept;
    if (said > 0) {
      const left = setting.left.value(state.left);
      state.left = setting.left.number([...left, { by: applications.lifeOf(state, board), said }]);
    }
  }

  /** A board writes what only its memory has. */
  keep(board: number): void {
    this.toBoard(board, "keep", (node, now) => (node as KeptBoard).keepNow(now));
  }

  crashRoot(): void {
    this.state.root = OFF;
    this.state.storing = NONE;
    wiring.powerOff(this.state, ROOT);
    applications.loseCallers(this.setting, this.state);
  }

  /** The transaction under way is on disk, whether or not somebody lives to hear of it. */
  becomeDurable(): void {
    this.state.disk = this.setting.disks.after(this.state.disk, this.state.storing);
    this.state.storing = NONE;
  }

  commit(): void {
    this.becomeDurable();
    this.toRoot("stored", (root, now, unix) => root.stored(now, unix));
  }

  tick(owner: number, at: number): void {
    this.state.now = Math.max(this.state.now, at);
    if (owner === ROOT) this.toRoot("tick", (root, now, unix) => root.tick(now, unix));
    else this.toBoard(owner, "tick", (node, now) => node.tick(now));
  }

  // Wires

  /** A dial reaches its parent, and both ends are open. Parts of it that go wrong are cuts that follow. */
  open(board: number): void {
    const { parent, parentLink, childLink } = wiring.connect(this.state, board);
    const link = parentLink as LinkId;
    const id = this.setting.world.boards[board]?.id as NodeId;
    if (parent === ROOT) this.toRoot(`opened ${link} ${id}`, (root, now, unix) => root.opened(link, id, now, unix));
    else this.toBoard(parent, `opened ${link}`, (node, now) => node.opened(link, now));
    this.toBoard(board, `opened ${childLink}`, (node, now) => node.opened(childLink as LinkId, now));
  }

  failDial(board: number): void {
    const link = this.state.dials[board] as number;
    this.state.dials = replaced(this.state.dials, board, 0);
    this.tellClosed(board, link);
  }

  cut(place: number): void {
    wiring.cut(this.state, place);
  }

  /** Takes the oldest frame of one direction off the wire, and, if it is to arrive, hands it over. */
  takeFrame(place: number, isUp: boolean, arrives: boolean): void {
    const { parent, parentLink, child, childLink } = this.state.wires[place] as Wire;
    const frame = wiring.takeOff(this.state, place, isUp);
    if (!arrives) return;
    const link = (isUp ? parentLink : childLink) as LinkId;
    const text = this.setting.frames.frame(frame).text;
    const input = `received ${link} ${frame}`;
    if (isUp && parent === ROOT) this.toRoot(input, (root, now, unix) => root.received(link, text, now, unix));
    else this.toBoard(isUp ? parent : child, input, (node, now) => node.received(link, text, now));
  }

  /** The oldest frame of one direction arrives, and will once more. */
  takeFrameTwice(place: number, isUp: boolean): void {
    wiring.copyFrame(this.state, place, isUp);
    this.takeFrame(place, isUp, true);
  }

  /** One end learns that the other is gone. */
  notice(place: number, isParent: boolean): void {
    const wire = this.state.wires[place] as Wire;
    wiring.closeEnd(this.state, place, isParent);
    if (isParent) this.tellClosed(wire.parent, wire.parentLink);
    else this.tellClosed(wire.child, wire.childLink);
  }

  /** An edge tells of a link that its program ended long ago: that is to change nothing. */
  sayLate(place: number): void {
    const { owner, link } = this.state.owed[place] as Owed;
    this.state.owed = this.state.owed.filter((_, at) => at !== place);
    const coreOf = (state: Snapshot) => (owner === ROOT ? state.root : state.boards[owner]);
    const before = coreOf(this.state);
    this.tellClosed(owner, link);
    if (coreOf(this.state) !== before)
      this.note(`a late word about link ${link}, which was ended before, changes something`);
  }

  /** A leaf is carried to where it hears another parent: its own end is closed, the old parent may not know. */
  move(board: number): void {
    const { parent, otherParent } = this.setting.world.boards[board] as BoardPlan;
    const { state } = this;
    state.parents = replaced(state.parents, board, state.parents[board] === parent ? (otherParent ?? parent) : parent);
    for (let place = state.wires.length - 1; place >= 0; place--) {
      const wire = state.wires[place] as Wire;
      if (wire.child !== board || !wire.isChildOpen) continue;
      wiring.cut(state, place);
      this.notice(place, false);
    }
    if (state.dials[board] !== 0) this.failDial(board);
  }

  // Applications

  emit(board: number): void {
    this.say(board, applications.nextReading(this.setting, this.state, board));
  }

  answer(board: number): void {
    const { id, mark } = applications.nextAnswer(this.setting, this.state, board);
    this.toBoard(board, `answer ${id} ${mark.seq}`, (node, now) => node.answer(id, true, mark, now));
  }

  act(): void {
    const { setting, state } = this;
    const call = setting.acts.value(state.acts).length + 1;
    const dst = applications.leafId(setting.world);
    const mayRun = applications.boardsSeen(setting, state, dst);
    const play = (root: Root, now: Instant, unix: UnixMillis) => root.act(call, dst, "lamp", true, TTL, now, unix);
    const { core, effects } = setting.players.root(state.root, `act ${call} ${dst}`, state.now, play);
    const sent = effects.find((effect) => effect.kind === "send");
    const text = sent === undefined ? "{}" : setting.frames.frame(sent.frame).text;
    const id = String((JSON.parse(text) as { id?: string }).id ?? "");
    const until = unixAt(state.now) + TTL;
    applications.noteAct(setting, state, { id, call, until, mayRun, hasRun: false, isOver: false });
    state.root = core;
    this.perform(ROOT, effects);
  }

  set(): void {
    const dst = applications.leafId(this.setting.world);
    const value = applications.nextGoal(this.state);
    this.toRoot(`set ${dst} ${value}`, (root, now, unix) => root.set(dst, applications.GOAL, value, now, unix).effects);
  }

  // Inside

  private say(board: number, event: applications.Event): void {
    this.toBoard(board, "emit " + JSON.stringify(event), (node, now) => {
      const emitted = node.emit(event, now);
      if (!emitted.accepted) throw new Error("an event was refused: the budget is too large for the outbox");
      return emitted.effects;
    });
  }

  /** `input` names what `play` gives: equal names are equal inputs. */
  private toBoard(board: number, input: string, play: (node: TreeNode, now: Instant) => readonly NodeEffect[]): void {
    const { state } = this;
    const { core, effects } = this.setting.players.board(state.boards[board] as number, input, state.now, play);
    state.boards = replaced(state.boards, board, core);
    this.perform(board, effects);
  }

  private toRoot(input: string, play: (root: Root, now: Instant, unix: UnixMillis) => readonly RootEffect[]): void {
    const { core, effects } = this.setting.players.root(this.state.root, input, this.state.now, play);
    this.state.root = core;
    this.perform(ROOT, effects);
  }

  private tellClosed(owner: number, number: number): void {
    const link = number as LinkId;
    if (owner === ROOT) this.toRoot(`closed ${link}`, (root, now, unix) => root.closed(link, now, unix));
    else this.toBoard(owner, `closed ${link}`, (node, now) => node.closed(link, now));
  }

  private perform(owner: number, effects: readonly Effect[]): void {
    const { setting, state } = this;
    for (const effect of effects) {
      switch (effect.kind) {
        case "send":
          wiring.put(state, owner, effect.link, effect.frame);
          break;
        case "close":
          wiring.hangUp(state, owner, effect.link);
          if (this.isLeft("lateWords")) state.owed = [...state.owed, { owner, link: effect.link }];
          break;
        case "dial":
          state.dials = replaced(state.dials, owner, effect.link);
          break;
        case "act":
          this.note(applications.runAct(setting, state, owner, effect.id));
          break;
        case "set": {
          const event = applications.settling(setting, state, owner, effect);
          if (event !== undefined) this.say(owner, event);
          break;
        }
        case "store":
          if (state.storing !== NONE) this.note("a second commit starts before the first is done");
          state.storing = effect.transaction;
          break;
        case "outcome":
          this.note(applications.endAct(setting, state, effect.call));
          break;
      }
    }
  }

  private note(sentence: string): void {
    if (this.broken === "") this.broken = sentence;
  }
}
