/**
 * Writing to an Espruino board over its console: a file in pieces, each confirmed before the next one goes, then a restart.
 *
 * It knows nothing of cables: a `Wire` is USB or Bluetooth. Nobody has tried it on a board yet; tests speak to a stand-in.
 */

/** Two-way text. */
export interface Wire {
  write(text: string): Promise<void>;
  /** Told of whatever the board prints. */
  onText: (text: string) => void;
  close(): Promise<void>;
}

/** Bytes of a file in one command. Chosen: its base64 fits into Espruino's input buffer. */
const PIECE_BYTES = 384;
/** A piece that is not confirmed by then never will be. Flash is slow, seconds are not. */
const CONFIRM_MILLIS = 6000;

export class Board {
  private readonly wire: Wire;
  private heard = "";
  private check: () => void = () => {};
  private commands = 0;

  constructor(wire: Wire) {
    this.wire = wire;
    wire.onText = (text) => {
      this.heard = (this.heard + text).slice(-2000);
      this.check();
    };
  }

  /** Ends what runs, and sees whether an Espruino answers. Rejects with a sentence. */
  async greet(): Promise<void> {
    // Ctrl-C ends a program that does not let the console speak.
    await this.wire.write("\u0003\n");
    await this.run("1").catch(() => {
      throw new Error("No Espruino answers: is it the right port, and is Espruino on the board?");
    });
  }

  /** `progress` from 0 to 1. */
  async write(file: string, text: string, progress: (share: number) => void): Promise<void> {
    const bytes = new TextEncoder().encode(text);
    const name = JSON.stringify(file);
    await this.run(`require("Storage").erase(${name})`);
    for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
      const piece = btoa(String.fromCharCode(...bytes.subarray(at, at + PIECE_BYTES)));
      await this.run(`require("Storage").write(${name},atob("${piece}"),${at},${bytes.length})`);
      progress(Math.min(1, (at + PIECE_BYTES) / bytes.length));
    }
  }

  /** The program starts with the board. */
  async restart(): Promise<void> {
    await this.wire.write("\u0010E.reboot()\n");
  }

  /** Runs one command. The answer is put together on the board, so that an echo of the command is not taken for it. */
  private async run(command: string): Promise<void> {
    const number = ++this.commands;
    const good = `<ok ${number}>`;
    const bad = `<no ${number}:`;
    this.heard = "";
    const answered = new Promise<void>((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error("The board stopped answering: unplug it, plug it in, try again.")),
        CONFIRM_MILLIS,
      );
      this.check = () => {
        const isGood = this.heard.includes(good);
        const at = this.heard.indexOf(bad);
        if (!isGood && (at < 0 || !this.heard.slice(at).includes(">"))) return;
        clearTimeout(timer);
        this.check = () => {};
        if (isGood) resolve();
        else reject(new Error(`The board says: ${this.heard.slice(at + bad.length).split(">")[0]}`));
      };
    });
    // \x10 in front: the console does not echo this line.
    await this.wire.write(
      `\u0010try{${command};print("<ok"+" ${number}>")}catch(e){print("<no"+" ${number}:"+e+">")}\n`,
    );
    await answered;
  }
}
