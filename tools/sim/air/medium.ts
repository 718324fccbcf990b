/**
 * Medium is the air between the stations: who sends now, who notices, and whether a frame is made out at a place, given noise, the
 * others that sent meanwhile, channels, and what disturbs there.
 *
 * Guarantee: whoever notices is told before the moment is over in which it could have begun itself. What a station does about it is
 * the Transmitter's business.
 */
import { normal } from "./landscape.ts";
import { ACK_BITS, leakDb, milliwatts, packetErrorRate } from "./phy.ts";
import type { Station } from "./station.ts";

export interface Transmission {
  readonly from: Station;
  readonly channel: number;
  readonly startAt: number;
  readonly endAt: number;
  readonly bits: number;
  /** The sender lost its power in the middle. */
  isCut: boolean;
  /** What else was in the air meanwhile. */
  overlaps: Transmission[];
}

export interface MediumPlan {
  /** Share of attempts that vanish besides. */
  extraLoss: number;
  /** Share of frames that are made out one channel beside theirs. */
  ghostShare: number;
  /** By how much a frame must be stronger than all others together, in dB, so that half of them survive; and so that it takes a
   * receiver away from one that it has begun to hear. */
  captureDb: number;
  recaptureDb: number;
  /** Deviation of one frame from the mean of its link, in dB. */
  fadingDb: number;
  /** Links are measured: noise is in their shares. */
  isMeasured: boolean;
}

/** Channels that are further apart than this do not matter to each other. */
const CHANNELS_APART_MAX = 3;
/** An acknowledgement is shorter than any measured message, and is lost less: 20 bytes with its header against about 50. */
const ACK_LOSS_POWER = 0.4;
/** Where half of the frames of 250 bytes are made out, in dB over the noise. Other frames are noise, but their chips are alike and not
 * averaged away: they count for more by this and by what capture takes. */
const HALF_SNR_DB = -4.7;
/** What a driver reports at best and at worst, in dBm. */
const RSSI_MAX = -10;
const RSSI_MIN = -105;

export class Medium {
  private readonly plan: MediumPlan;
  private readonly random: () => number;
  private readonly onAir: Transmission[] = [];

  constructor(plan: MediumPlan, random: () => number) {
    this.plan = plan;
    this.random = random;
  }

  /** `heldUntil`: whoever notices keeps silent until then. */
  begin(from: Station, startAt: number, endAt: number, heldUntil: number, bits: number): Transmission {
    const { channel } = from;
    const sending: Transmission = { from, channel, startAt, endAt, bits, isCut: false, overlaps: [] };
    for (const other of this.onAir) {
      if (other.endAt <= startAt || Math.abs(other.channel - channel) > CHANNELS_APART_MAX) continue;
      other.overlaps.push(sending);
      sending.overlaps.push(other);
    }
    this.onAir.push(sending);
    from.onAir = sending;
    from.transmitter.defer(heldUntil, true);
    from.sendingFrom = startAt;
    from.sendingUntil = endAt;
    for (const other of from.noticedBy) {
      // One channel beside is noticed as well; that it is a little weaker there is neglected.
      if (other.isOn && Math.abs(other.channel - channel) <= 1) other.transmitter.defer(heldUntil, false);
    }
    return sending;
  }

  end(sending: Transmission): void {
    const { onAir } = this;
    const last = onAir.pop() as Transmission;
    if (last !== sending) onAir[onAir.indexOf(sending)] = last;
    if (sending.from.onAir === sending) sending.from.onAir = undefined;
  }

  /** How strong a frame that has just ended was at a station that made it out, in dBm; 0: it did not. Draws its chance. */
  rssi(sending: Transmission, at: Station): number {
    const { plan, random } = this;
    const { from, startAt, endAt } = sending;
    if (!at.isOn || at.listeningFrom > startAt) return 0;
    if (at.sendingUntil > startAt && at.sendingFrom < endAt) return 0;
    const beside = Math.abs(sending.channel - at.channel);
    if (beside > 1 || (beside === 1 && random() >= plan.ghostShare)) return 0;
    // What is lost whatever its strength first: that costs least to find out.
    const share =
      (from.arrivesAt[at.index] as number) * (1 - plan.extraLoss) * (1 - at.disturbance.loss(endAt, at.channel));
    if (share < 1 && random() >= (sending.bits === ACK_BITS ? share ** ACK_LOSS_POWER : share)) return 0;
    let rssi = (from.strengthAt[at.index] as number) + leakDb(beside);
    if (plan.fadingDb > 0) rssi += plan.fadingDb * normal(random);
    if (!plan.isMeasured || sending.overlaps.length > 0) {
      const errors = packetErrorRate(rssi - this.noiseDbm(sending, at), sending.bits);
      if (errors > 0 && random() < errors) return 0;
    }
    return Math.round(Math.min(RSSI_MAX, Math.max(RSSI_MIN, rssi)));
  }

  /** Noise at a station, and all others that sent meanwhile. */
  private noiseDbm(sending: Transmission, at: Station): number {
    const { plan } = this;
    if (sending.overlaps.length === 0) return at.noiseDbm;
    let noise = plan.isMeasured ? 0 : milliwatts(at.noiseDbm);
    for (const other of sending.overlaps) {
      const strength = (other.from.strengthAt[at.index] as number) + leakDb(Math.abs(other.channel - at.channel));
      if (strength === -Infinity) continue;
      const wasFirst = other.startAt < sending.startAt && strength > at.noiseDbm + HALF_SNR_DB;
      noise += milliwatts(strength + (wasFirst ? plan.recaptureDb : plan.captureDb) - HALF_SNR_DB);
    }
    return 10 * Math.log10(noise);
  }
}
