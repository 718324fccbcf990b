/**
 * The radio of ESP-NOW as numbers: 802.11b at 1 Mbit/s. Lengths of frames in time, what noise does to them, what leaks from one
 * channel into the next. Microseconds, dBm, dB, bytes; nothing here has a state.
 */

/** Preamble and header of DSSS, long form. Spec: IEEE 802.11, clause 15. */
export const PREAMBLE_MICROS = 192;
/** Between a frame and its acknowledgement. Spec. */
export const SIFS_MICROS = 10;
/** One step of the back-off. Spec. */
export const SLOT_MICROS = 20;
/** The air must be idle this long before a back-off counts. Spec: SIFS and two slots. */
export const DIFS_MICROS = 50;
/** A transmission is noticed only this long after its beginning: until then two may begin. Spec: the CCA time of DSSS. */
export const SENSE_MICROS = 15;
/** Back-off of the first attempt and the most, in slots; it doubles with each attempt. Spec. */
export const BACKOFF_SLOTS_MIN = 31;
export const BACKOFF_SLOTS_MAX = 1023;
/** Bytes of an ESP-NOW frame around its payload: MAC header, vendor action frame, checksum. Spec: esp_now.rst. */
export const OVERHEAD_BYTES = 43;
/** Most payload of a frame. Spec: ESP-NOW version 1. */
export const PAYLOAD_BYTES_MAX = 250;
const ACK_BYTES = 14;
const MICROS_PER_BYTE = 8;

/** Bits of an acknowledgement of the MAC, which noise may spoil. */
export const ACK_BITS = ACK_BYTES * 8;
export const ACK_MICROS = PREAMBLE_MICROS + ACK_BYTES * MICROS_PER_BYTE;
/** From the end of a frame to the end of its acknowledgement. */
export const ANSWER_MICROS = SIFS_MICROS + ACK_MICROS;
/** From the end of a frame to the sender's certainty that no acknowledgement comes. Spec: one slot more. */
export const ACK_TIMEOUT_MICROS = ANSWER_MICROS + SLOT_MICROS;

/** Heat and receiver: -174 dBm/Hz over 22 MHz and a noise figure of 7 dB. ns-3: the figure that fits the CMU testbed. */
export const NOISE_DBM = -93.6;

/** What a receiver gets of another channel, by how many channels it is away, in dB; from further off nothing. Rule of thumb, not measured. */
const LEAK_DB = [0, -6, -18, -30];

export function frameMicros(payloadBytes: number): number {
  return PREAMBLE_MICROS + frameBits(payloadBytes);
}

/** Bits that noise may spoil; at 1 Mbit/s also microseconds. */
export function frameBits(payloadBytes: number): number {
  return (OVERHEAD_BYTES + payloadBytes) * 8;
}

export function leakDb(channelsAway: number): number {
  return LEAK_DB[channelsAway] ?? -Infinity;
}

/** From the one on noise spoils less than one full frame in a million; below the other hardly the shortest one gets through. */
export const CLEAR_SNR_DB = 0;
export const DEAF_SNR_DB = -10;

/**
 * The share of frames that noise spoils, DBPSK spread over 11 chips in 22 MHz (ns-3's formula). The cliff is 3 dB wide: what makes
 * links uncertain is what varies the signal, not this.
 */
export function packetErrorRate(snrDb: number, bits: number): number {
  if (snrDb >= CLEAR_SNR_DB) return 0;
  if (snrDb <= DEAF_SNR_DB) return 1;
  const bitErrorRate = 0.5 * Math.exp(-22 * 10 ** (snrDb / 10));
  return 1 - (1 - bitErrorRate) ** bits;
}

/** A power that is given in dBm, to be summed. */
export function milliwatts(dbm: number): number {
  return 10 ** (dbm / 10);
}
