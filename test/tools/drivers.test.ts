/** The example drivers, as a chip gets them, with emulated devices on the pins: by their data sheets' sequences, and by what was recorded from real ones. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { EmulatedBme280 } from "#tools/emulator/devices/bme280.ts";
import { RECORDED_CALIBRATION } from "#tools/emulator/devices/bme280-formulas.ts";
import type { Device, Level } from "#tools/emulator/devices/device.ts";
import { EmulatedDht22 } from "#tools/emulator/devices/dht22.ts";
import { dallasSum, EmulatedDs18b20, romOf } from "#tools/emulator/devices/ds18b20.ts";
import { EmulatedStrip } from "#tools/emulator/devices/strip.ts";
import { EmulatedButton, EmulatedLamp } from "#tools/emulator/devices/switches.ts";
import { EmulatedVoltage } from "#tools/emulator/devices/voltage.ts";
import { CHIP_TIME } from "./chip-time.ts";
import { Bench, driversText } from "./driver-bench.ts";

let running: Bench[] = [];

beforeEach(async () => {
  await driversText();
  vi.useFakeTimers(CHIP_TIME);
});

afterEach(() => {
  for (const bench of running) bench.stop();
  running = [];
  vi.useRealTimers();
});

async function bench(script: string, ...devices: Device[]): Promise<Bench> {
  const started = await Bench.start(script, devices);
  running.push(started);
  return started;
}

describe("DHT22", () => {
  const SCRIPT = `
    var sensor = drivers.dht22(D4, print);
    sensor.every(2500, function (r) { print(r.temperature, r.humidity); });`;

  async function dht22(more = ""): Promise<[EmulatedDht22, Bench]> {
    const device = new EmulatedDht22("D4", 21.5, 40.1);
    return [device, await bench(SCRIPT + more, device)];
  }

  test("leaves the sensor its two seconds after power-on, and measures then, and at the interval", async () => {
    const [, chip] = await dht22();
    expect(await chip.after(1990)).toEqual([]);
    expect(await chip.after(60)).toEqual(["21.5 40.1"]);
    expect(await chip.after(2400)).toEqual([]);
    expect(await chip.after(100)).toEqual(["21.5 40.1"]);
  });

  test("reads the data sheet's examples: 35.1 and 65.2 %, and 10.1 below zero", async () => {
    const [device, chip] = await dht22();
    device.answers = [
      [0b00000010, 0b10001100, 0b00000001, 0b01011111, 0b11101110],
      [0b00000010, 0b10001100, 0b10000000, 0b01100101, 0b01110011],
    ];
    expect(await chip.after(2100)).toEqual(["35.1 65.2"]);
    expect(await chip.after(2500)).toEqual(["-10.1 65.2"]);
  });

  test("reads the times of a real sensor", async () => {
    // Recorded by others: 0x01 0xFC 0x01 0x09 0x07, of which the times of the last byte are known (letscontrolit/ESPEasy, issue 4026); those of the other
    // bytes are put together from the same figures.
    const [device, chip] = await dht22();
    const last = [65, 27, 55, 27, 55, 27, 54, 26, 55, 27, 55, 74, 54, 75, 54, 73];
    const others = [0x01, 0xfc, 0x01, 0x09].flatMap((byte) =>
      [7, 6, 5, 4, 3, 2, 1, 0].flatMap((bit) => [bit === 7 ? 66 : 54, (byte >> bit) & 1 ? 73 : 27]),
    );
    device.disturb = () => [80, 80, ...others, ...last, 54];
    expect(await chip.after(2100)).toEqual(["26.5 50.8"]);
  });

  test("drops each answer with one wrong bit, whichever it is, counts it, and says so once", async () => {
    const [device, chip] = await dht22(`setTimeout(function () { print(sensor.faults + " faults"); }, 112400);`);
    const right = [0x02, 0x8c, 0x01, 0x5f, 0xee];
    device.answers = Array.from({ length: 40 }, (_, bit) =>
      right.map((byte, at) => (at === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte)),
    );
    const said = await chip.after(40 * 2500);
    expect(said).toEqual(["DHT22 on D4: checksum is wrong"]);
    expect(await chip.after(2500)).toEqual(["DHT22 on D4: works again", "21.5 40.1"]);
    expect(await chip.after(2500 * 4)).toEqual([...Array<string>(4).fill("21.5 40.1"), "40 faults"]);
  });

  test("keeps to two seconds when it is told to measure all the time", async () => {
    const chip = await bench(
      `drivers.dht22(D4, print).every(1, function (r) { print(Math.round(getTime() * 10)); });`,
      new EmulatedDht22("D4", 21.5, 40.1),
    );
    expect(await chip.after(8300)).toEqual(["20", "41", "61", "82"]);
  });

  test("holds the line low for as long as the data sheet wants, and lets go of it", async () => {
    const driven: [Level | undefined, number][] = [];
    const device: Device = { pin: "D4", driven: (level, wire) => driven.push([level, wire.now()]) };
    await (await bench(SCRIPT, device)).after(2100);
    const [[low, from], [free, to]] = driven as [[Level, number], [undefined, number]];
    expect([low, free]).toEqual([0, undefined]);
    expect(to - from).toBeGreaterThanOrEqual(1);
    expect(to - from).toBeLessThan(20);
  });

  test("drops an answer that adds up, but of which a bit is too long or too short to be one", async () => {
    // 65.2 % and 35.1 degrees.
    const bits = [0x02, 0x8c, 0x01, 0x5f, 0xee].flatMap((byte) =>
      [7, 6, 5, 4, 3, 2, 1, 0].map((bit) => (byte >> bit) & 1),
    );
    const falls = (odd: number): number[] => {
      const times = bits.map((bit, at) => (at === 7 && odd > 0 ? odd : bit === 1 ? 120 : 77));
      return [0, 160, ...times.map((_, at) => 160 + times.slice(0, at + 1).reduce((sum, time) => sum + time, 0))];
    };
    const chip = await bench(
      [0, 260, 30]
        .map(
          (odd) => `print(JSON.stringify(drivers.decodeDht22(${JSON.stringify(falls(odd).map((us) => us / 1e6))})));`,
        )
        .join("\n"),
    );
    expect(chip.lines).toEqual([
      '{"temperature":35.1,"humidity":65.2}',
      '"broken answer: bit 8 took 260 us"',
      '"broken answer: bit 8 took 30 us"',
    ]);
  });

  test("drops answers of which edges are missing or made up, anywhere", async () => {
    const [device, chip] = await dht22();
    await chip.after(2100);
    for (let at = 2; at < 80; at += 3) {
      device.disturb = (times) => [
        ...times.slice(0, at),
        (times[at] ?? 0) + (times[at + 1] ?? 0) + (times[at + 2] ?? 0),
        ...times.slice(at + 3),
      ];
      const missing = await chip.after(2500);
      device.disturb = (times) => [...times.slice(0, at), 4, 3, ...times.slice(at)];
      const noise = await chip.after(2500);
      for (const line of [...missing, ...noise]) expect(line).toMatch(/^DHT22 on D4: (broken answer|checksum)/);
    }
  });

  test("does not take a line that is held down, or what no DHT22 can measure, for a reading", async () => {
    const [device, chip] = await dht22();
    device.answers = [
      [0, 0, 0, 0, 0],
      [0x04, 0x4c, 0x01, 0x00, 0x51],
      [0x01, 0x00, 0x03, 0x84, 0x88],
    ];
    expect(await chip.after(2100)).toEqual(["DHT22 on D4: not the answer of a DHT22"]);
    expect(await chip.after(5000)).toEqual([]);
  });

  test("says when nothing answers, counts on, and says when it works again", async () => {
    const [device, chip] = await dht22();
    device.isSilent = true;
    expect(await chip.after(2100 + 4 * 2500)).toEqual(["DHT22 on D4: no answer"]);
    device.isSilent = false;
    expect(await chip.after(2500)).toEqual(["DHT22 on D4: works again", "21.5 40.1"]);
  });

  test("refuses to measure again before the sensor has rested", async () => {
    const chip = await bench(
      `var s = drivers.dht22(D4, print); var take = function (r) { print(r.humidity); };
       setTimeout(function () { print(s.measure(take)); }, 2000);
       setTimeout(function () { print(s.measure(take)); }, 2020);
       setTimeout(function () { print(s.measure(take)); }, 3990);
       setTimeout(function () { print(s.measure(take)); print(s.faults); }, 4010);`,
      new EmulatedDht22("D4", 21.5, 40.1),
    );
    expect(await chip.after(5000)).toEqual(["true", "false", "40.1", "false", "true", "0", "40.1"]);
  });
});

describe("DS18B20", () => {
  const SCRIPT = `
    var wire = new OneWire(D5);
    var sensor = drivers.ds18b20(wire, "", print);
    sensor.every(1000, function (t) { print(t); });`;

  test("waits for the conversion, and reads every temperature of the data sheet's table", async () => {
    const table = [125, 25.0625, 10.125, 0.5, 0, -0.5, -10.125, -25.0625, -55];
    const device = new EmulatedDs18b20("D5", { values: [85, ...table], every: 1000 });
    const chip = await bench(SCRIPT, device);
    expect(await chip.after(740)).toEqual([]);
    expect(await chip.after(20)).toEqual(["85"]);
    expect(await chip.after(9000)).toEqual(table.map(String));
  });

  test("reads scratchpads of real sensors", async () => {
    // Recorded by others: raspberrypi.org forum, topic 91982; raspberrypi.stackexchange.com, question 48106 (a copy of the chip).
    const device = new EmulatedDs18b20("D5", 20);
    device.scratchpads = [
      [0x3f, 0x00, 0x4b, 0x46, 0x7f, 0xff, 0x01, 0x10, 0x47],
      [0x5e, 0x01, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff, 0x52],
    ];
    const chip = await bench(SCRIPT, device);
    expect(await chip.after(1800)).toEqual(["3.9375", "21.875"]);
  });

  test("drops a scratchpad with one wrong bit, whichever it is", async () => {
    const device = new EmulatedDs18b20("D5", 20);
    const right = [0x3f, 0x00, 0x4b, 0x46, 0x7f, 0xff, 0x01, 0x10, 0x47];
    device.scratchpads = Array.from({ length: 72 }, (_, bit) =>
      right.map((byte, at) => (at === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte)),
    );
    const chip = await bench(SCRIPT, device);
    expect(await chip.after(72 * 1000)).toEqual(["DS18B20: checksum is wrong"]);
    expect(await chip.after(1000)).toEqual(["DS18B20: works again", "20"]);
  });

  test("does not take 85 degrees after a loss of power, a short or a broken wire for a temperature", async () => {
    const device = new EmulatedDs18b20("D5", 20);
    const chip = await bench(SCRIPT, device);
    await chip.after(1700);
    device.losePower();
    expect(await chip.after(1000)).toEqual(["DS18B20: lost its power while measuring"]);
    device.scratchpads = [[0, 0, 0, 0, 0, 0, 0, 0, 0]];
    expect(await chip.after(1000)).toEqual(["DS18B20: not the answer of a DS18B20: is the wire shorted?"]);
    await chip.after(300);
    device.isSilent = true;
    expect(await chip.after(800)).toEqual(["DS18B20: no answer"]);
    expect(await chip.after(1000)).toEqual(["DS18B20: nothing on the wire"]);
    device.isSilent = false;
    expect(await chip.after(2000)).toEqual(["DS18B20: works again", "20", "20"]);
  });

  test("leaves out the bits that a sensor of nine bits does not measure", async () => {
    const device = new EmulatedDs18b20("D5", 20);
    const bytes = [0x97, 0x01, 0x4b, 0x46, 0x1f, 0xff, 0x09, 0x10];
    device.scratchpads = [[...bytes, dallasSum(bytes)]];
    expect(await (await bench(SCRIPT, device)).after(800)).toEqual(["25"]);
  });

  test("finds all sensors on a wire, and asks each by its address", async () => {
    const [a, b] = [romOf(1), romOf(2)];
    const chip = await bench(
      `var wire = new OneWire(D5); print(drivers.findDs18b20(wire).join());
       drivers.findDs18b20(wire).forEach(function (rom) { drivers.ds18b20(wire, rom, print).measure(function (t) { print(rom, t); }); });`,
      new EmulatedDs18b20("D5", 18.25, a),
      new EmulatedDs18b20("D5", -3.5, b),
      { pin: "D5", oneWire: { rom: "10AABBCCDDEEFF00", reset: () => true, write: () => {}, read: () => undefined } },
    );
    await chip.after(800);
    expect(chip.lines).toEqual([`${a},${b}`, `${a} 18.25`, `${b} -3.5`]);
  });

  test("asks the next sensor that it finds when the first has been taken away", async () => {
    const [old, young] = [new EmulatedDs18b20("D5", 18, romOf(1)), new EmulatedDs18b20("D5", 19, romOf(2))];
    young.isSilent = true;
    const chip = await bench(SCRIPT, old, young);
    expect(await chip.after(900)).toEqual(["18"]);
    [old.isSilent, young.isSilent] = [true, false];
    expect(await chip.after(2000)).toEqual(["DS18B20: no answer", "DS18B20: works again", "19"]);
  });

  test("knows a sensor by its ROM as Espruino writes it", () => {
    // Recorded by others: 0x28, 0x9D, 0xB6, 0xAB, 0x05, 0x00, 0x00, 0x3E.
    expect(romOf(0x05abb69d)).toBe("289DB6AB0500003E");
  });
});

describe("BME280", () => {
  const SCRIPT = `
    I2C1.setup({ sda: D21, scl: D22 });
    var sensor = drivers.bme280(I2C1, 0x76, print);
    sensor.every(1000, function (r) { print(r.temperature, r.pressure, r.humidity); });`;
  const PINS = { sda: "D21", scl: "D22", address: 0x76 };

  function recorded(id?: number): EmulatedBme280 {
    const values = { temperature: 21.37, pressure: 1013.25, humidity: 44.2 };
    return new EmulatedBme280(PINS, values, RECORDED_CALIBRATION, id);
  }

  test("computes the data sheet's example: 25.08 degrees and 1006.53 hPa", async () => {
    // Source: data sheet of the BMP280, section 3.12.
    const example = {
      T: [27504, 26435, -1000] as const,
      P: [36477, -10685, 3024, 2855, 140, -7, 15500, -14600, 6000] as const,
      H: [75, 358, 0, 329, 50, 30] as const,
    };
    const device = new EmulatedBme280(PINS, { temperature: 0, pressure: 0, humidity: 0 }, example, 0x58);
    device.raw = { temperature: 519888, pressure: 415148, humidity: 0 };
    const chip = await bench(SCRIPT, device);
    expect(await chip.after(50)).toEqual(["25.08 1006.53 undefined"]);
  });

  test("computes with a real sensor's calibration what the data sheet's formulas in integers give, over all that it can measure", async () => {
    const values = {
      temperature: { values: [-40, -20, -0.5, 0, 10, 21.37, 40, 85], every: 1000 },
      pressure: { values: [300, 500, 850, 950, 1013.25, 1050, 1100], every: 1000 },
      humidity: { values: [1, 15, 33.3, 50, 66, 80, 99], every: 1000 },
    };
    const chip = await bench(SCRIPT, new EmulatedBme280(PINS, values));
    for (let second = 0; second < 30; second++) {
      const at = (list: number[]): number => list[second % list.length] as number;
      const [line = ""] = await chip.after(1000);
      const [temperature, pressure, humidity] = line.split(" ").map(Number) as [number, number, number];
      expect(Math.abs(temperature - at(values.temperature.values)), line).toBeLessThan(0.02);
      expect(Math.abs(pressure - at(values.pressure.values)), line).toBeLessThan(0.05);
      expect(Math.abs(humidity - at(values.humidity.values)), line).toBeLessThan(0.1);
    }
  });

  test("reads a BMP280 without a humidity", async () => {
    const chip = await bench(SCRIPT, recorded(0x58));
    expect(await chip.after(50)).toEqual(["21.37 1013.25 undefined"]);
  });

  test("says when nothing answers, another chip does, or the measurement is not over, and goes on when that is mended", async () => {
    const device = recorded();
    const chip = await bench(SCRIPT, device);
    expect(await chip.after(900)).toEqual(["21.37 1013.25 44.2"]);
    device.isSilent = true;
    expect(await chip.after(3000)).toEqual(["BME280 at 0x76: jshI2CWrite: slave doesn't ACK the transfer"]);
    [device.isSilent, device.isStuck] = [false, true];
    expect(await chip.after(1000)).toEqual(["BME280 at 0x76: not ready in time"]);
    device.isStuck = false;
    expect(await chip.after(1000)).toEqual(["BME280 at 0x76: works again", "21.37 1013.25 44.2"]);
    const other = await bench(SCRIPT, recorded(0x61));
    expect(await other.after(50)).toEqual(["BME280 at 0x76: another chip is at this address, with id 97"]);
  });

  test("takes another sensor's own calibration when it is put in the first one's place", async () => {
    const values = { temperature: 21.37, pressure: 1013.25, humidity: 44.2 };
    const other = { ...RECORDED_CALIBRATION, T: [27504, 26435, -1000] as const };
    let plugged = new EmulatedBme280(PINS, values);
    const socket: Device = {
      pin: "D21",
      i2c: {
        scl: "D22",
        address: 0x76,
        write: (bytes, now) => plugged.write(bytes, now),
        read: (count, now) => plugged.read(count, now),
      },
    };
    const chip = await bench(SCRIPT, socket);
    expect(await chip.after(900)).toEqual(["21.37 1013.25 44.2"]);
    plugged.isSilent = true;
    await chip.after(1000);
    plugged = new EmulatedBme280(PINS, values, other);
    expect(await chip.after(1000)).toEqual(["BME280 at 0x76: works again", "21.37 1013.25 44.2"]);
  });

  test("says so when the bus is on other pins, or was not set up", async () => {
    const pins = await bench(SCRIPT.replace("D22", "D23"), recorded());
    expect(await pins.after(50)).toEqual(["BME280 at 0x76: jshI2CWrite: slave doesn't ACK the transfer"]);
    const bus = await bench(SCRIPT.replace("I2C1.setup", "(function () {})"), recorded());
    expect(await bus.after(50)).toEqual(["BME280 at 0x76: jshI2CWrite:, unknown error code 259"]);
  });

  test("does not take registers from before the measurement, or a value out of range, for a reading", async () => {
    const device = recorded();
    const chip = await bench(SCRIPT, device);
    await chip.after(900);
    device.raw = { temperature: 0x80000, pressure: 400000, humidity: 0x8000 };
    expect(await chip.after(1000)).toEqual(["BME280 at 0x76: has not measured"]);
    device.raw = { temperature: 500000, pressure: 0x80000, humidity: 0x8000 };
    expect(await chip.after(1000)).toEqual([]);
    device.raw = { temperature: 0xfffff, pressure: 400000, humidity: 0x8000 };
    expect(await chip.after(1000)).toEqual(["BME280 at 0x76: says what it cannot measure"]);
  });
});

describe("relay", () => {
  test("is off from the start without a flicker, switches, and answers what it is", async () => {
    for (const isOnLow of [false, true]) {
      const lamp = new EmulatedLamp("D2", isOnLow);
      const chip = await bench(
        `var r = new drivers.Relay(D2, { isOnLow: ${isOnLow} }); print("made"); print(r.set(true)); print(r.set(true)); print(r.set(false));`,
        lamp,
      );
      expect(chip.lines).toEqual(["made", "device D2: on", "true", "true", "device D2: off", "false"]);
      expect(lamp.history).toEqual([1, 0]);
    }
  });

  test("takes nothing but true and false", async () => {
    const lamp = new EmulatedLamp("D2");
    const chip = await bench(
      `var r = new drivers.Relay(D2, {});
       ["on", 1, null, undefined].forEach(function (v) { try { r.set(v); } catch (e) { print(e.message); } });`,
      lamp,
    );
    expect(chip.lines).toEqual(Array(4).fill("true or false is wanted"));
    expect(lamp.history).toEqual([]);
  });

  test("throws when the pin does not follow, and is off then", async () => {
    const lamp = new EmulatedLamp("D2");
    lamp.shortedTo = 0;
    const chip = await bench(
      `var r = new drivers.Relay(D2, {}); try { r.set(true); } catch (e) { print(e.message, r.isOn); }`,
      lamp,
    );
    expect(chip.lines).toContain("D2 does not follow: is it shorted? false");
    expect(chip.lines.at(-1)).toBe("D2 does not follow: is it shorted? false");
  });

  test("switches itself off after its time, counted from the last switching on", async () => {
    const chip = await bench(
      `var r = new drivers.Relay(D2, { offAfter: 1000 }); r.onOff = function () { print("off by itself"); };
       r.set(true); setTimeout(function () { r.set(true); }, 600);`,
      new EmulatedLamp("D2"),
    );
    expect(await chip.after(1590)).toEqual([]);
    expect(await chip.after(20)).toEqual(["device D2: off", "off by itself"]);
  });
});

describe("button", () => {
  const SCRIPT = `
    var b = new drivers.Button(D13, {}, function (isPressed, before) {
      print(isPressed, before === undefined ? "-" : before.toFixed(2), b.presses);
    });
    print(b.isPressed);`;

  test("reports each press and release once, however it bounces, with how long it was the other way", async () => {
    const button = new EmulatedButton("D13");
    const chip = await bench(SCRIPT, button);
    expect(chip.lines).toEqual(["false"]);
    button.press();
    expect(await chip.after(500)).toEqual(["true - 1"]);
    button.release();
    expect(await chip.after(1000)).toEqual(["false 0.50 1"]);
    button.press();
    expect(await chip.after(1000)).toEqual(["true 1.00 2"]);
  });

  test("does not report a spark that is over before the quiet time", async () => {
    const button = new EmulatedButton("D13");
    const chip = await bench(SCRIPT, button);
    button.press();
    await chip.after(6);
    button.release();
    expect(await chip.after(500)).toEqual([]);
  });

  test("knows a button that is held while the chip starts, and one to 3.3 V", async () => {
    const held = new EmulatedButton("D13");
    held.press();
    expect((await bench(SCRIPT, held)).lines).toEqual(["true"]);
    const high = new EmulatedButton("D13", undefined, true);
    const chip = await bench(SCRIPT.replace("{}", "{ isPressedHigh: true }"), high);
    expect(chip.lines).toEqual(["false"]);
    high.press();
    expect(await chip.after(100)).toEqual(["true - 1"]);
  });
});

describe("battery", () => {
  const script = (options: string): string =>
    `var b = new drivers.Battery(D34, ${options}, print); setInterval(function () { print(b.read(), b.faults); }, 1000);`;

  test("reports volts of the battery, through the divider, as fine as the converter", async () => {
    const device = new EmulatedVoltage("D34", { values: [4.2, 3.7, 3.3, 2.8], every: 1000 }, 2);
    const chip = await bench(script("{ upper: 100000, lower: 100000 }"), device);
    const read = [...(await chip.after(4100))].map((line) => parseFloat(line));
    for (const [at, volts] of [3.7, 3.3, 2.8, 4.2].entries())
      expect(Math.abs((read[at] as number) - volts)).toBeLessThan(0.01);
  });

  test("is put right by one measurement with a meter", async () => {
    const chip = await bench(
      script("{ upper: 100000, lower: 100000, full: 3.15 }"),
      new EmulatedVoltage("D34", 3.7, 2),
    );
    expect(await chip.after(1100)).toEqual([`${Math.round(3.7 * (3.15 / 3.3) * 100) / 100} 0`]);
  });

  test("reports nothing, and says why, when the battery or a resistor is gone, or the pin cannot measure", async () => {
    const device = new EmulatedVoltage("D34", { values: [3.7, 0, 9, 3.7], every: 1000 }, 2);
    const chip = await bench(script("{ upper: 100000, lower: 100000 }"), device);
    expect(await chip.after(3100)).toEqual([
      "battery on D34: no voltage: is the battery connected?",
      "undefined 1",
      "battery on D34: too much voltage for the pin: is the lower resistor connected?",
      "undefined 2",
      "battery on D34: works again",
      "3.7 2",
    ]);
    const other = await bench(script("{ upper: 1, lower: 1 }").replace("D34", "D4"));
    expect(await other.after(2100)).toEqual([
      "battery on D4: this pin has no analog converter",
      "undefined 1",
      "undefined 2",
    ]);
  });
});

describe("NeoPixel", () => {
  test("shows a colour on all lights, or on one, in the order that the lights want", async () => {
    const strip = new EmulatedStrip("D15", 4);
    const chip = await bench(
      `var s = new drivers.Strip(D15, 4, { milliamps: 300 }); print(s.fill("#ff8001")); s.set(2, "#0000FF"); s.show(); print(s.milliamps);`,
      strip,
    );
    expect(strip.shown).toEqual(["#ff8001", "#ff8001", "#0000ff", "#ff8001"]);
    expect(chip.lines).toEqual(["device D15: #ff8001", "#ff8001", "device D15: #ff8001 #0000ff", "114"]);
  });

  test("is darker as a whole rather than take more current than it may", async () => {
    const strip = new EmulatedStrip("D15", 8);
    const chip = await bench(
      `var s = new drivers.Strip(D15, 8, { milliamps: 100 }); s.fill("#ffffff"); print(s.milliamps); s.fill("#101010"); print(s.milliamps);`,
      strip,
    );
    expect(chip.lines).toContain("100");
    // (100 - 8) of 480 mA are left for light.
    expect(chip.lines[0]).toBe("device D15: #303030");
    expect(strip.shown[0]).toBe("#101010");
  });

  test("refuses what is no colour, and a light that is not there", async () => {
    const strip = new EmulatedStrip("D15", 2);
    const chip = await bench(
      `var s = new drivers.Strip(D15, 2, {});
       ["red", "#fff", "#ff00zz", "#ff0000 ", 7, null, undefined].forEach(function (c) { try { s.fill(c); } catch (e) { print(e.message); } });
       [-1, 2, NaN].forEach(function (at) { try { s.set(at, "#ffffff"); } catch (e) { print(e.message); } });`,
      strip,
    );
    expect(chip.lines).toEqual([
      ...Array(7).fill("a colour is wanted, such as #ff8000"),
      ...Array(3).fill("there are lights 0 to 1"),
    ]);
    expect(strip.shown).toEqual(["#000000", "#000000"]);
  });
});
