/**
 * Programs that come over the tree: a part that a program names, between its board and its application. It checks the signature before it takes anything,
 * writes the program into the idle slot, checks it, and starts it on trial (slots.ts); the program before says so if the board comes back to it.
 *
 * Guarantee: nothing is written that was not signed by the key in `sapline.json`, under a serial larger than any before; a transfer goes on where it
 * stopped, whatever ended it; no turn takes longer than a dozen hashes or the writing of one part.
 */
import { UPDATE_DRAIN_WITHIN, UPDATE_PART_BYTES, UPDATE_SAY_BYTES } from "#shared/limits.ts";
import { KEEPS } from "#shared/role.ts";
import { Digest, type Offer, offerOf, PROGRAM_EID, type ProgramStep, signedText } from "#shared/update/program.ts";
import { KEY_BYTES, SIGNATURE_BYTES, SignatureCheck } from "#shared/update/signature.ts";
import { isNumber, type Message } from "#shared/wire/message.ts";
import type { Application, Board } from "./board.ts";
import { errorText } from "./entities.ts";
import type { KeptEvents } from "./kept-events.ts";
import { readJson, writeJson } from "./ports/storage.ts";
import { otherSlot, readSlots, report, type Slot, type Slots, slotFile, tryOut } from "./slots.ts";

/** What is known of the newest program whose signature was good. */
const FILE = "sapline.new";
/** How often it is looked whether the root has all events, in milliseconds. Chosen. */
const DRAIN_EVERY = 20;

function sha256(bytes: string): string {
  const crypto = require("crypto");
  return crypto.SHA256 ? (E.toString(crypto.SHA256(bytes)) as string) : "";
}

/** Bytes of a text of hexadecimal digits; "" if it is none. */
function fromHex(text: unknown): string {
  const parts: string[] = [];
  if (typeof text === "string" && text.length === 2 * KEY_BYTES) {
    for (let at = 0; at < text.length; at += 2) parts.push(String.fromCharCode(parseInt(text.substr(at, 2), 16)));
  }
  return parts.join("");
}

export class Updates implements Application {
  private readonly inner: Application;
  private board: Board | undefined;
  /** What the running program calls itself. */
  private name: string;
  private key: string;
  /** What the outbox may take, as configured. */
  private outboxBytes: number;
  /** The idle slot. */
  private slot: Slot;
  /** Serial of the newest program whose signature was good, and what became of it. */
  private serial: number;
  private step: ProgramStep;
  private why: string;
  private digest: string;
  private size: number;
  /** What is offered now, and how far it has come: signature first. */
  private offer: Offer | undefined;
  private signature: string;
  private at: number;
  private saidAt: number;
  /** A check is under way: parts have to wait. */
  private isBusy: boolean;

  constructor(inner: Application) {
    this.inner = inner;
    this.board = undefined;
    this.name = "";
    this.key = "";
    this.outboxBytes = 0;
    this.slot = "a";
    this.serial = 0;
    this.step = "good";
    this.why = "";
    this.digest = "";
    this.size = 0;
    this.offer = undefined;
    this.signature = "";
    this.at = 0;
    this.saidAt = 0;
    this.isBusy = false;
  }

  /** Before the board starts. `firmware`: what the program calls itself, as in `boot`. */
  start(board: Board, firmware: string): void {
    this.board = board;
    this.name = firmware.split("/")[0] as string;
    this.outboxBytes = board.configuration.limits.outboxBytes;
    this.key = fromHex(board.configuration.raw["updateKey"]);
    const slots = readSlots();
    this.slot = otherSlot(slots.slot);
    this.recall(slots);
    // So the root knows that this program takes others, and which one it is.
    if (this.step !== "try") this.say(this.serial, this.step, this.why);
  }

  /** What the file says of the last program that came. */
  private recall(slots: Slots): void {
    const file = readJson(FILE) as { [key: string]: unknown } | undefined;
    // Serials are of a key: another key begins anew.
    if (file === undefined || file["key"] !== this.keyMark()) return;
    this.serial = isNumber(file["u"]) ? file["u"] : 0;
    this.size = isNumber(file["size"]) ? file["size"] : 0;
    this.digest = String(file["digest"]);
    this.step = file["step"] as ProgramStep;
    this.why = String(file["why"]);
    const isThere = slots.slot === file["slot"];
    // On trial, or it was: the power may have gone before the file said so.
    if (isThere && this.step === "take" && slots.trial > 0) this.step = "try";
    // It was in the other slot, and here we are; or somebody has put another program into its slot.
    else if (isThere ? this.step === "take" : this.step !== "take" && this.step !== "back") {
      this.settle("back", slots.fell === "" ? "another program was put on by hand" : slots.fell);
    }
  }

  act(id: string, eid: string, value: unknown): void {
    this.inner.act(id, eid, value);
  }

  set(eid: string, value: unknown, rev: number): void {
    this.inner.set(eid, value, rev);
  }

  status(isJoined: boolean, reason: string): void {
    if (isJoined && this.step === "try") {
      report();
      this.settle("good", "");
      this.say(this.serial, "good", "");
    }
    this.inner.status(isJoined, reason);
  }

  deliver(event: { [key: string]: unknown }): void {
    const message = event as Message;
    if (message.type === "?program") this.offered(offerOf(message));
    else if (message.type === "?part") this.part(message);
    else this.inner.deliver(event);
  }

  private offered(offer: Offer | undefined): void {
    if (offer === undefined || this.isBusy) return;
    const serial = offer.serial;
    if (serial < this.serial) return this.say(serial, "no", "older than " + this.serial + ", which it has");
    if (serial === this.serial) {
      if (this.step !== "take") return this.say(serial, this.step, this.why);
      // Signed was what the file says; it goes on where the flash ends.
      if (offer.digest !== this.digest || offer.size !== this.size) return;
      if (this.offer === undefined) {
        this.offer = offer;
        this.at = SIGNATURE_BYTES + this.written();
        if (this.at === SIGNATURE_BYTES + offer.size) return this.checkDigest(offer);
      }
    } else if (this.offer === undefined || this.offer.serial !== serial || this.offer.digest !== offer.digest) {
      if (this.key.length !== KEY_BYTES) return this.say(serial, "no", "no updateKey in its sapline.json");
      if (offer.name !== this.name) return this.say(serial, "no", "for " + offer.name + "; it runs " + this.name);
      this.offer = offer;
      this.signature = "";
      this.at = 0;
    }
    this.tell();
  }

  /** How much of the slot's file is written: a program has no byte 255, which is what empty flash reads as. */
  private written(): number {
    const name = slotFile(this.slot);
    let from = 0;
    let to = this.size;
    const storage = require("Storage");
    while (from < to) {
      const middle = (from + to) >> 1;
      const byte = storage.read(name, middle, 1);
      if (byte === undefined || byte.length === 0) return 0;
      if (byte.charCodeAt(0) === 255) to = middle;
      else from = middle + 1;
    }
    return from;
  }

  private part(message: Message): void {
    const offer = this.offer;
    const data = message["data"];
    if (offer === undefined || this.isBusy || message["u"] !== offer.serial || typeof data !== "string") return;
    if (message["at"] !== this.at) {
      // Known, or after a hole: that is said once, until it goes on.
      if ((message["at"] as number) > this.at && this.saidAt !== this.at) this.tell();
      return;
    }
    if (data.length * 3 > UPDATE_PART_BYTES * 4) return;
    const bytes = atob(data);
    const end = this.at + bytes.length;
    if (this.at < SIGNATURE_BYTES) {
      if (bytes.length === 0 || end > SIGNATURE_BYTES) return;
      this.signature += bytes;
      this.at = end;
      if (end === SIGNATURE_BYTES) return this.checkSignature(offer);
    } else {
      if (bytes.length === 0 || end > SIGNATURE_BYTES + offer.size || !this.write(offer, bytes)) return;
      this.at = end;
      if (end === SIGNATURE_BYTES + offer.size) return this.checkDigest(offer);
    }
    if (this.at - this.saidAt >= UPDATE_SAY_BYTES) this.tell();
  }

  private write(offer: Offer, bytes: string): boolean {
    const from = this.at - SIGNATURE_BYTES;
    const name = slotFile(this.slot);
    const storage = require("Storage");
    try {
      if (from === 0) {
        storage.erase(name);
        return storage.write(name, bytes, 0, offer.size);
      }
      return storage.write(name, bytes, from);
    } catch (error) {
      this.refuse("its flash says: " + errorText(error));
      return false;
    }
  }

  /** In turns of their own: one chain of hashes each. */
  private checkSignature(offer: Offer): void {
    this.isBusy = true;
    const check = new SignatureCheck(this.key, this.signature, signedText(offer), sha256);
    this.signature = "";
    const turn = (): void => {
      const isGood = check.step();
      if (isGood === undefined) {
        setTimeout(turn, 0);
        return;
      }
      this.isBusy = false;
      if (!isGood) return this.refuse("its signature is not of this tree's key");
      this.serial = offer.serial;
      this.size = offer.size;
      this.digest = offer.digest;
      // What the slot has is of another one.
      require("Storage").erase(slotFile(this.slot));
      this.settle("take", "");
      this.tell();
    };
    setTimeout(turn, 0);
  }

  /** In turns of their own: one piece each. */
  private checkDigest(offer: Offer): void {
    this.isBusy = true;
    const name = slotFile(this.slot);
    const storage = require("Storage");
    const digest = new Digest(offer.size, (at, bytes) => storage.read(name, at, bytes) || "", sha256);
    const turn = (): void => {
      const hash = digest.next();
      if (hash === undefined) {
        setTimeout(turn, 0);
        return;
      }
      this.isBusy = false;
      if (btoa(hash) !== offer.digest) {
        // The flash, or who sent it: from the start.
        storage.erase(name);
        this.at = SIGNATURE_BYTES;
        this.tell();
        return;
      }
      tryOut(this.slot, "");
      this.settle("try", "");
      this.say(offer.serial, "try", "");
      this.isBusy = true;
      this.restart(0);
    };
    setTimeout(turn, 0);
  }

  /**
   * When the root has all that this node has said, or the flash has the rest, for what is in memory is lost. Should the application never pause, its events are refused after a while;
   * while there is no way to the root they are taken as ever. `waited`: since the node has joined, in milliseconds.
   */
  private restart(waited: number): void {
    const board = this.board as Board;
    if (board.node.backlog() === 0 || (KEEPS && (board.kept as KeptEvents).keepNow())) {
      E.reboot();
      return;
    }
    board.configuration.limits.outboxBytes = waited > UPDATE_DRAIN_WITHIN ? 0 : this.outboxBytes;
    board.flush();
    setTimeout(() => this.restart(board.node.isJoined() ? waited + DRAIN_EVERY : 0), DRAIN_EVERY);
  }

  /** Nothing more of it is taken. */
  private refuse(why: string): void {
    const serial = (this.offer as Offer).serial;
    this.offer = undefined;
    this.say(serial, "no", why);
  }

  private settle(step: ProgramStep, why: string): void {
    this.step = step;
    this.why = why;
    const file: { [key: string]: unknown } = {};
    file["key"] = this.keyMark();
    file["u"] = this.serial;
    file["slot"] = this.slot;
    file["size"] = this.size;
    file["digest"] = this.digest;
    file["step"] = step;
    file["why"] = why;
    writeJson(FILE, file);
  }

  private keyMark(): string {
    return btoa(this.key.substr(KEY_BYTES - 6));
  }

  private tell(): void {
    this.saidAt = this.at;
    this.emit((this.offer as Offer).serial, "take", "at", this.at);
  }

  private say(serial: number, step: ProgramStep, why: string): void {
    console.log("sapline: program " + serial + ": " + step + (why === "" ? "" : ": " + why));
    this.emit(serial, step, "why", why);
  }

  private emit(serial: number, step: ProgramStep, name: "at" | "why", more: number | string): void {
    const board = this.board as Board;
    const value: { [key: string]: unknown } = {};
    value["u"] = serial;
    value["step"] = step;
    if (more !== "") value[name] = more;
    board.emit({ type: "!update", eid: PROGRAM_EID, value: value });
    board.flush();
  }
}
