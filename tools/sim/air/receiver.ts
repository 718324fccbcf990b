/**
 * Receiver is the way of a frame from a station's antenna to its program: the hardware's filter of repeated frames, the driver's few
 * management buffers, the ring of the native library, the interpreter. Each may be full: then the frame is gone, though the MAC has
 * acknowledged it.
 */
import type { Frame, Station, Surroundings } from "./station.ts";

/** What the driver's task needs for a frame. Chosen: less than the shortest frame's time, so that buffers fill only when it is held up. */
const TASK_MICROS = 150;
/** Espruino's sdkconfig, ESP_WIFI_RX_MGMT_BUF_NUM_DEF; facts of the library. */
const BUFFERS = 5;
const RING_SLOTS = 16;

export class Receiver {
  private readonly station: Station;
  private readonly around: Surroundings;
  /** When the frames in the driver's buffers will be through, in order. */
  private readonly buffered: number[] = [];
  private taskFreeAt = 0;
  /** The MAC's last number of each station, by index. */
  private readonly lastSequence: number[] = [];

  constructor(station: Station, around: Surroundings) {
    this.station = station;
    this.around = around;
  }

  /** A frame was made out. Whether anybody hears of it is another matter. */
  take(frame: Frame, from: Station, rssi: number): void {
    const { station, buffered } = this;
    const { clock, books } = this.around;
    const { now } = clock;
    // The Retry bit and the same number: seen before. Only then; a frame that is sent anew is a new one.
    if (frame.attempts > 1 && this.lastSequence[from.index] === frame.sequence) return books.count("duplicates");
    while (buffered.length > 0 && (buffered[0] as number) <= now) buffered.shift();
    if (buffered.length >= (station.plan.buffers ?? BUFFERS)) return books.count("buffers full");
    this.lastSequence[from.index] = frame.sequence;
    this.taskFreeAt = Math.max(now, this.taskFreeAt) + TASK_MICROS;
    buffered.push(this.taskFreeAt);
    if (station.interpreter.framesWaiting() >= (station.plan.ringSlots ?? RING_SLOTS)) return books.count("ring full");
    if (from.channel !== station.channel) books.count("ghosts");
    const { mac } = from.plan;
    const { bytes } = frame;
    const { channel } = station;
    station.interpreter.add(this.taskFreeAt, station.plan.turnMicros ?? 0, true, () => {
      books.count("heard");
      station.listener.heard(mac, bytes, rssi, channel);
    });
  }

  /** The driver's task gets no time, as while flash is written. */
  hold(micros: number): void {
    this.taskFreeAt = Math.max(this.taskFreeAt, this.around.clock.now) + micros;
  }

  /** The radio was restarted, or the board. */
  clear(): void {
    this.buffered.length = 0;
    this.taskFreeAt = 0;
    this.lastSequence.length = 0;
  }
}
