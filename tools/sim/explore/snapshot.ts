/**
 * A state of a small world: which core each program is (as a number of its store), what is on the wires, on the disk and in the
 * applications, and what may still happen. Immutable; a step makes another one from it, sharing what it does not change.
 */
import { Interned } from "./interned.ts";
import type { StateSet } from "./state-set.ts";

/** One connection. An end that is not open knows nothing of it any more. */
export interface Wire {
  child: number;
  childLink: number;
  /** A board or ROOT. */
  parent: number;
  parentLink: number;
  /** Frames on their way, oldest first, as numbers of `frames`. */
  up: readonly number[];
  down: readonly number[];
  isChildOpen: boolean;
  isParentOpen: boolean;
  /** Nothing more gets through than what is on its way. */
  isCut: boolean;
}

/** An edge's word to its program that a link is closed, of no use any more. */
export interface Owed {
  /** A board or ROOT. */
  owner: number;
  link: number;
}

/** What the application of a board did in this life. */
export interface App {
  /** Events it said, each with its place in this life as `seq`. */
  said: number;
  /** The newest desired value it has taken. */
  rev: number;
  /** Actions it runs. */
  running: readonly string[];
}

/** An action that the root sent. */
export interface SentAct {
  id: string;
  call: number;
  /** When it is overdue, on the root's clock. */
  until: number;
  /** Boards that were, or were about to be, the one of that id when it was sent. */
  mayRun: readonly number[];
  hasRun: boolean;
  /** Its caller knows how it ended, or is gone. */
  isOver: boolean;
}

/** Events of one life that was cut off, up to this one, are to be stored: they were in flash. */
export interface LeftBehind {
  by: string;
  said: number;
}

export interface Snapshot {
  readonly now: number;
  /** Core of the root, OFF if it does not run. */
  readonly root: number;
  /** Core of each board, or OFF. */
  readonly boards: readonly number[];
  /** Which life each is in. */
  readonly lives: readonly number[];
  /** What is in the flash of each that keeps its events and is off: numbers of `flashes`. */
  readonly flashes: readonly number[];
  /** What lives that are over have left to be stored: a number of `left`. */
  readonly left: number;
  /** Numbers of `apps`. */
  readonly apps: readonly number[];
  /** Where each dials. */
  readonly parents: readonly number[];
  /** The dial of each that has neither opened nor failed, or 0. */
  readonly dials: readonly number[];
  /** How many links of children the root (first) and each board had in this life. */
  readonly links: readonly number[];
  readonly wires: readonly Wire[];
  /** Links that a program ended itself, and whose edge may still say so. */
  readonly owed: readonly Owed[];
  /** What is durable; a number of Disks. */
  readonly disk: number;
  /** The transaction under way, or NONE. */
  readonly storing: number;
  /** Number of `acts`: all that were sent. */
  readonly acts: number;
  /** What may still happen, in the order of KINDS. */
  readonly budget: readonly number[];
}

export const OFF = -1;
export const NONE = -1;

/** A state while a step is taken: its fields change, its lists are replaced. */
export type Draft = { -readonly [Field in keyof Snapshot]: Snapshot[Field] };

/** Field by field: a spread took a quarter of all time. */
export function draftOf(from: Snapshot): Draft {
  return {
    now: from.now,
    root: from.root,
    boards: from.boards,
    lives: from.lives,
    flashes: from.flashes,
    left: from.left,
    apps: from.apps,
    parents: from.parents,
    dials: from.dials,
    links: from.links,
    wires: from.wires,
    owed: from.owed,
    disk: from.disk,
    storing: from.storing,
    acts: from.acts,
    budget: from.budget,
  };
}

/** The list with another item at that place. */
export function replaced<Item>(list: readonly Item[], place: number, item: Item): readonly Item[] {
  const copy = list.slice();
  copy[place] = item;
  return copy;
}

/** Most words of a state. Chosen: four times the largest that was seen. */
export const WORDS_MAX = 1024;

/** Writes all of it into `words`, so that other states have other words: lists that differ in length say it first, or end with a -1. Answers how many. */
function writeWords(state: Snapshot, words: Int32Array): number {
  words[0] = state.now;
  words[1] = state.root;
  words[2] = state.disk;
  words[3] = state.storing;
  words[4] = state.acts;
  words[5] = state.left;
  let at = 6;
  at = writeList(state.boards, words, at);
  at = writeList(state.lives, words, at);
  at = writeList(state.flashes, words, at);
  at = writeList(state.apps, words, at);
  at = writeList(state.parents, words, at);
  at = writeList(state.dials, words, at);
  at = writeList(state.links, words, at);
  for (const wire of state.wires) {
    words[at++] = wire.child;
    words[at++] = wire.childLink;
    words[at++] = wire.parent;
    words[at++] = wire.parentLink;
    words[at++] = (wire.isChildOpen ? 1 : 0) + (wire.isParentOpen ? 2 : 0) + (wire.isCut ? 4 : 0);
    words[at++] = wire.up.length;
    at = writeList(wire.up, words, at);
    words[at++] = wire.down.length;
    at = writeList(wire.down, words, at);
  }
  words[at++] = -1;
  for (const word of state.owed) {
    words[at++] = word.owner;
    words[at++] = word.link;
  }
  // Last, so that what went before is all that is so, whatever may still happen.
  at = writeList(state.budget, words, at);
  if (at > words.length) throw new Error("a state of more than " + words.length + " words: raise WORDS_MAX");
  return at;
}

/** Answers the place behind it. */
function writeList(list: readonly number[], words: Int32Array, at: number): number {
  for (let i = 0; i < list.length; i++) words[at + i] = list[i] as number;
  return at + list.length;
}

/** Writes states as numbers, to be looked up in a set. */
export class StateWords {
  private words = new Int32Array(WORDS_MAX);

  /** Adds a state to a set; if it is new there, also to `now`, as it is, whatever may still happen. False if the first set has it. */
  isNew(set: StateSet, state: Snapshot, now?: StateSet): boolean {
    const length = writeWords(state, this.words);
    if (!set.add(this.words, length)) return false;
    now?.add(this.words, length - state.budget.length);
    return true;
  }

  /** The number of a state in a set, or -1. */
  numberIn(set: StateSet, state: Snapshot): number {
    return set.numberOf(this.words, writeWords(state, this.words));
  }
}

export interface Frame {
  text: string;
  /** It is nothing but groups. */
  isGroup: boolean;
  /** It is nothing but `!ack`s. */
  isAck: boolean;
  /** It is nothing but `?act`s. */
  isAct: boolean;
}

/** Frames by number. */
export class Frames {
  private all = new Interned<Frame>();

  number(text: string): number {
    const lines = text.trimEnd().split("\n");
    const isGroup = text.includes('"?ack"') && !lines.some((line) => /^{"type":"(\?hello|!gone|.ping)"/.test(line));
    const isAck = lines.every((line) => line.startsWith('{"type":"!ack"'));
    const isAct = lines.every((line) => line.startsWith('{"type":"?act"'));
    return this.all.number({ text, isGroup, isAck, isAct }, text);
  }

  frame(number: number): Frame {
    return this.all.value(number);
  }
}
