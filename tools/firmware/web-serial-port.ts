/** A serial port in the shape that browsers have (Web Serial), which esptool-js wants, over the package serialport. Of that only what it uses. */
import { checkDevice, openTrouble, type SerialPortClass, serialPortClass } from "#host/radio/serial-device.ts";
import { Trouble } from "#host/trouble.ts";

/** Chosen: as Espressif's own tool. */
const RESET_MILLIS = 100;

type Port = InstanceType<SerialPortClass>;

export class WebSerialPort {
  readable: ReadableStream<Uint8Array> | null = null;
  writable: WritableStream<Uint8Array> | null = null;
  private readonly path: string;
  private readonly usb: { usbVendorId?: number; usbProductId?: number };
  private readonly portClass: SerialPortClass;
  private port: Port | undefined;

  /** Rejects with `Trouble`. */
  static async find(path: string): Promise<WebSerialPort> {
    checkDevice(path, "board");
    const portClass = await serialPortClass();
    // Without udev there is no list; then it is taken for a port with a bridge, as most are.
    const all = await portClass.list().catch(() => []);
    const found = all.find((one) => one.path === path);
    const number = (text: string | undefined): number | undefined =>
      text === undefined ? undefined : Number.parseInt(text, 16);
    const [vendor, product] = [number(found?.vendorId), number(found?.productId)];
    return new WebSerialPort(path, portClass, {
      ...(vendor === undefined ? {} : { usbVendorId: vendor }),
      ...(product === undefined ? {} : { usbProductId: product }),
    });
  }

  private constructor(path: string, portClass: SerialPortClass, usb: { usbVendorId?: number; usbProductId?: number }) {
    this.path = path;
    this.portClass = portClass;
    this.usb = usb;
  }

  getInfo(): { usbVendorId?: number; usbProductId?: number } {
    return this.usb;
  }

  /** Rejects with `Trouble`. */
  async open({ baudRate }: { baudRate: number }): Promise<void> {
    const port = new this.portClass({ path: this.path, baudRate, autoOpen: false, hupcl: false });
    await new Promise<void>((resolve, reject) => {
      port.open((error) =>
        error === null ? resolve() : reject(new Trouble(openTrouble(this.path, error.message, "board"))),
      );
    });
    this.port = port;
    this.readable = new ReadableStream<Uint8Array>({
      start: (controller) => {
        port.on("data", (bytes) => controller.enqueue(new Uint8Array(bytes)));
        const end = (): void => {
          try {
            controller.close();
          } catch {
            // It was closed from the other side.
          }
        };
        port.on("close", end);
        port.on("error", end);
      },
    });
    this.writable = new WritableStream<Uint8Array>({
      write: async (bytes) =>
        new Promise<void>((resolve, reject) => {
          port.write(Buffer.from(bytes));
          port.drain((error) => (error === null || error === undefined ? resolve() : reject(error)));
        }),
    });
  }

  /** Without closing it, which would reset some boards. */
  async setBaudRate(baudRate: number): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      if (this.port === undefined) reject(new Error("the port is closed"));
      else this.port.update({ baudRate }, (error) => (error === null ? resolve() : reject(error)));
    });
  }

  /** By the line that bridges have at the chip's reset. */
  async resetChip(): Promise<void> {
    await this.setSignals({ dataTerminalReady: false, requestToSend: true });
    await new Promise<void>((resolve) => void setTimeout(resolve, RESET_MILLIS));
    await this.setSignals({ dataTerminalReady: false, requestToSend: false });
  }

  /** A pseudo-terminal has no such lines: then nothing happens. */
  async setSignals(signals: { dataTerminalReady?: boolean; requestToSend?: boolean; break?: boolean }): Promise<void> {
    const { dataTerminalReady: dtr, requestToSend: rts } = signals;
    const lines = { ...(dtr === undefined ? {} : { dtr }), ...(rts === undefined ? {} : { rts }) };
    await new Promise<void>((resolve) => {
      if (this.port === undefined) resolve();
      else this.port.set(lines, () => resolve());
    });
  }

  async close(): Promise<void> {
    const port = this.port;
    this.port = undefined;
    this.readable = null;
    this.writable = null;
    if (port !== undefined) await new Promise<void>((resolve) => port.close(() => resolve()));
  }
}
