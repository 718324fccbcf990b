/** Ways to a board's console that browsers offer: a USB cable (Web Serial), or Bluetooth (Nordic's UART, which Espruino speaks). */
import type { Wire } from "../../board/wire.ts";

interface SerialPort {
  open(options: { baudRate: number }): Promise<void>;
  close(): Promise<void>;
  readable: ReadableStream<Uint8Array>;
  writable: WritableStream<Uint8Array>;
}

interface Characteristic extends EventTarget {
  value?: DataView;
  startNotifications(): Promise<unknown>;
  writeValueWithoutResponse(bytes: Uint8Array): Promise<void>;
}

interface Devices {
  serial?: { requestPort(): Promise<SerialPort> };
  bluetooth?: {
    requestDevice(options: object): Promise<
      EventTarget & {
        gatt: {
          connect(): Promise<{
            getPrimaryService(id: string): Promise<{ getCharacteristic(id: string): Promise<Characteristic> }>;
          }>;
          disconnect(): void;
        };
      }
    >;
  };
}

const UART = "6e400001-b5a3-f393-e0a9-e50e24dcca9e";
const UART_IN = "6e400002-b5a3-f393-e0a9-e50e24dcca9e";
const UART_OUT = "6e400003-b5a3-f393-e0a9-e50e24dcca9e";
/** What every Bluetooth takes at once. */
const BLUETOOTH_BYTES = 20;
const BAUD = 115_200;
const GONE = "The board is gone: plug it in again, or come nearer, then write once more; it goes on where it stopped.";

const devices = navigator as unknown as Devices;
export const hasSerial = (): boolean => devices.serial !== undefined;
export const hasBluetooth = (): boolean => devices.bluetooth !== undefined;

/** Lets the person choose a port. Rejects if they choose none, or another program has it. */
export async function openSerial(): Promise<Wire> {
  const port = await (devices.serial as NonNullable<Devices["serial"]>).requestPort();
  await port.open({ baudRate: BAUD });
  let isOpen = true;
  const writer = port.writable.getWriter();
  const reader = port.readable.getReader();
  const wire: Wire = {
    write: (text) => writer.write(new TextEncoder().encode(text)),
    onText: () => {},
    onClosed: () => {},
    close: async () => {
      isOpen = false;
      await reader.cancel().catch(() => {});
      writer.releaseLock();
      await port.close().catch(() => {});
    },
  };
  void (async () => {
    const decoder = new TextDecoder();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      wire.onText(decoder.decode(value, { stream: true }));
    }
    reader.releaseLock();
  })()
    .catch(() => {})
    .finally(() => {
      if (isOpen) wire.onClosed(GONE);
    });
  return wire;
}

export async function openBluetooth(): Promise<Wire> {
  const device = await (devices.bluetooth as NonNullable<Devices["bluetooth"]>).requestDevice({
    filters: [{ services: [UART] }, { namePrefix: "ESP32" }, { namePrefix: "Espruino" }],
    optionalServices: [UART],
  });
  const server = await device.gatt.connect();
  const service = await server.getPrimaryService(UART);
  const [input, output] = [await service.getCharacteristic(UART_IN), await service.getCharacteristic(UART_OUT)];
  await output.startNotifications();
  let isOpen = true;
  const wire: Wire = {
    write: async (text) => {
      const bytes = new TextEncoder().encode(text);
      for (let at = 0; at < bytes.length; at += BLUETOOTH_BYTES)
        await input.writeValueWithoutResponse(bytes.subarray(at, at + BLUETOOTH_BYTES));
    },
    onText: () => {},
    onClosed: () => {},
    close: async () => {
      isOpen = false;
      device.gatt.disconnect();
    },
  };
  device.addEventListener("gattserverdisconnected", () => {
    if (isOpen) wire.onClosed(GONE);
  });
  output.addEventListener("characteristicvaluechanged", () => {
    if (output.value !== undefined) wire.onText(new TextDecoder().decode(output.value));
  });
  return wire;
}
