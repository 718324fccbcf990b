/**
 * The serial port that the engine's console came up on, taken from it: from then on it carries what the program writes, and nothing else but
 * what the driver below the engine prints. Ctrl-C, three times in a row, gives the console back to whoever sits there.
 */

/** No line of ours has it; a console stops a program by it. */
const GIVE_BACK = "\x03\x03\x03";

export class SerialPort {
  /** What came, in pieces as they come. */
  onData: (chunk: string) => void;
  /** The console has it again. Until the program's next start nothing more comes, and nothing is written. */
  onReleased: () => void;
  private port: EspruinoSerial;
  private name: string;
  private isOurs: boolean;
  /** The end of what came last. */
  private tail: string;

  /** `baud`: bits per second, where the port has them. */
  constructor(baud: number) {
    this.onData = () => {};
    this.onReleased = () => {};
    this.isOurs = true;
    this.tail = "";
    this.name = E.getConsole() || "Serial1";
    this.port = global[this.name] as EspruinoSerial;
    // (Without options: the console's flow control would write bytes of its own.) On Linux a speed is a device's, and the console has none.
    if (process.env.BOARD !== "LINUX") this.port.setup(baud);
    E.setConsole(null, { force: true });
    this.port.on("data", (chunk) => this.take(chunk));
  }

  write(text: string): void {
    if (this.isOurs) this.port.write(text);
  }

  private take(chunk: string): void {
    if (!this.isOurs) return;
    const recent = this.tail + chunk;
    this.tail = recent.substr(-2);
    // (Something behind it: the engine also finds what begins at the end of the text and is not all there.)
    if ((recent + " ").includes(GIVE_BACK)) {
      this.isOurs = false;
      E.setConsole(this.name);
      this.onReleased();
    } else this.onData(chunk);
  }
}
