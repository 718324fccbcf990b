/**
 * A stand-in for the boot loader in an ESP32's ROM, and for the little program ("stub") that esptool puts into its memory: as much of their protocol as
 * is used to write a flash. Source: Espressif's description of the serial protocol. Not faithful: times, and everything electrical.
 */
import { createHash } from "node:crypto";
import { inflateSync } from "node:zlib";

const [END, ESCAPE, ESCAPED_END, ESCAPED_ESCAPE] = [0xc0, 0xdb, 0xdc, 0xdd];
const [SYNC, READ_REG, MEM_END, CHANGE_BAUD] = [0x08, 0x0a, 0x06, 0x0f];
const [DEFLATED_BEGIN, DEFLATED_DATA, MD5, SECURITY, ERASE] = [0x10, 0x11, 0x13, 0x14, 0xd0];
/** Where each chip says which it is, and what an ESP32 says there. */
const MAGIC_AT = 0x40001000;
const ESP32 = 0x00f01d83;
/** Of its flash: the register that a command's answer is in, and maker and size (4 MB). */
const SPI_ANSWER_AT = 0x3ff42080;
const FLASH_ID = 0x1640ef;
const NO_SUCH_COMMAND = 5;

export class ChipRom {
  readonly flash = new Uint8Array(0x400000).fill(0x55);
  erased = 0;
  isStub = false;
  /** So many files that come next get damaged in the flash. */
  damages = 0;
  magic = ESP32;
  private readonly send: (bytes: Buffer) => void;
  private packet: number[] | undefined;
  private isEscaped = false;
  private writing: { address: number; bytes: number; packed: Buffer[] } = { address: 0, bytes: 0, packed: [] };

  constructor(send: (bytes: Buffer) => void) {
    this.send = send;
  }

  hear(bytes: Buffer): void {
    for (const byte of bytes) {
      if (byte === END) {
        const { packet } = this;
        if (packet !== undefined && packet.length > 0) {
          this.packet = undefined;
          this.take(Buffer.from(packet));
        } else this.packet = [];
      } else if (this.packet === undefined) continue;
      else if (byte === ESCAPE) this.isEscaped = true;
      else {
        this.packet.push(!this.isEscaped ? byte : byte === ESCAPED_END ? END : ESCAPE);
        this.isEscaped = false;
      }
    }
  }

  private take(packet: Buffer): void {
    if (packet.length < 8 || packet[0] !== 0) return;
    const op = packet[1] as number;
    const data = packet.subarray(8);
    switch (op) {
      case SYNC:
        for (let times = 0; times < 8; times++) this.answer(op, this.isStub ? 0 : 0x20120707);
        return;
      case READ_REG:
        return this.answer(op, this.register(data.readUInt32LE(0)));
      case MEM_END:
        this.answer(op);
        this.isStub = true;
        return this.say(Buffer.from("OHAI"));
      case DEFLATED_BEGIN:
        this.writing = { address: data.readUInt32LE(12), bytes: data.readUInt32LE(0), packed: [] };
        return this.answer(op);
      case DEFLATED_DATA:
        return this.write(op, data);
      case MD5: {
        const from = data.readUInt32LE(0);
        const sum = createHash("md5").update(this.flash.subarray(from, from + data.readUInt32LE(4)));
        return this.answer(op, 0, this.isStub ? sum.digest() : Buffer.from(sum.digest("hex")));
      }
      case ERASE:
        this.flash.fill(255);
        this.erased++;
        return this.answer(op);
      case SECURITY:
        // An ESP32 does not know it.
        return this.answer(op, 0, Buffer.alloc(0), NO_SUCH_COMMAND);
      case CHANGE_BAUD:
      default:
        return this.answer(op);
    }
  }

  private register(address: number): number {
    if (address === MAGIC_AT) return this.magic;
    return address === SPI_ANSWER_AT ? FLASH_ID : 0;
  }

  private write(op: number, data: Buffer): void {
    const { address, bytes, packed } = this.writing;
    packed.push(Buffer.from(data.subarray(16)));
    this.answer(op);
    try {
      const plain = inflateSync(Buffer.concat(packed));
      if (plain.length < bytes) return;
      this.flash.set(plain, address);
      if (this.damages-- > 0) this.flash.fill(0, address, address + 1);
    } catch {
      // There is more to come.
    }
  }

  private answer(op: number, value = 0, data: Buffer = Buffer.alloc(0), error = 0): void {
    const head = Buffer.alloc(8);
    head[0] = 1;
    head[1] = op;
    // Two bytes of state; the ROM has two more, which nobody looks at.
    const state = Buffer.from(this.isStub ? [error === 0 ? 0 : 1, error] : [error === 0 ? 0 : 1, error, 0, 0]);
    head.writeUInt16LE(data.length + state.length, 2);
    head.writeUInt32LE(value >>> 0, 4);
    this.say(Buffer.concat([head, data, state]));
  }

  private say(packet: Buffer): void {
    const bytes = [END];
    for (const byte of packet) {
      if (byte === END) bytes.push(ESCAPE, ESCAPED_END);
      else if (byte === ESCAPE) bytes.push(ESCAPE, ESCAPED_ESCAPE);
      else bytes.push(byte);
    }
    this.send(Buffer.from([...bytes, END]));
  }
}
