/**
 * Every size and wait of the radio hop, with unit and reason. "Spec" is docs/wire.md; "driver" is what ESP-NOW and its known faults
 * impose. What a link above it may take or wait is in shared/limits.ts.
 */
import type { Millis } from "../units.ts";

/** Longest datagram, in bytes. Driver: ESP-NOW version 1. */
export const DATAGRAM_BYTES_MAX = 250;
/** Header of each datagram, in bytes. Spec. */
export const HEADER_BYTES = 12;
/** Tag at the end of what is sealed, in bytes. Spec. */
export const TAG_BYTES = 8;
/** What is left for the payload, in bytes. */
export const PAYLOAD_BYTES_MAX = 230;
/** Largest counter of a session, which ends with it: the counter has 24 bits and none is ever used twice. Spec. */
export const COUNTER_MAX = 16777215;
/** How far behind the newest counter one that was not seen yet is taken, in datagrams. Chosen: the bits of one number. */
export const REPLAY_SPAN = 32;

/** Longest frame that the hop carries, in bytes. Chosen: DOWN_FRAME_BYTES and a longest line behind; a node's own are a little shorter. */
export const PARCEL_BYTES_MAX = 5120;
/** Most pieces of frames in one payload. Chosen: it bounds what one datagram may cost the receiver. */
export const PIECES_MAX = 8;
/** What a frame costs beyond its bytes, in bytes. Chosen: a variable of the chip, rounded up. */
export const FRAME_COST_BYTES = 16;
/** Frames that wait to be cut, in bytes and their costs; the next one is refused. Chosen: one of the longest, and many short ones. */
export const SEND_BYTES_MAX = 8192;
/** Frames that came and were not taken, in bytes and their costs: the credits that are given never lead beyond it. Chosen: the longest
 * frame unfinished, and a window. */
export const RECEIVE_BYTES_MAX = 8192;
/** What one datagram may add to that, in bytes: a full payload of PIECES_MAX frames. */
export const DATAGRAM_COST_BYTES = 358;

/** Datagrams under way to one neighbour. Chosen: the bits of the selective ack. With four, a third of loss beyond the MAC leaves a quarter of
 * the goodput instead of half, for the sender stands still at each ack that is lost. */
export const WINDOW = 8;
/** … for one that sleeps, or to one: it sends, hears the ack, and sleeps. Spec. */
export const WINDOW_SLEEPY = 1;
/** How far ahead of the next expected sequence number a datagram is kept: the bits of the selective ack. Spec. */
export const EARLY_MAX = 8;
/** One in so many datagrams asks for an ack, as does the last one before the sender has to wait. Chosen: an ack costs four tenths of a full
 * datagram's air; fewer of them are missed too dearly. */
export const PULL_EVERY = 3;
/** An ack that nobody waits for is held back this long, for data to take it along or for another to join it. Spec: 5 to 10 ms. */
export const ACK_AFTER = 10 as Millis;
/** Wait for an ack before the first round trip is known. Spec. Later it is the round trip and four deviations, as in RFC 6298, or
 * ACK_AFTER more than the round trip. */
export const ACK_WAIT_FIRST = 60 as Millis;
/** The longest. Spec. */
export const ACK_WAIT_MAX = 2000 as Millis;
/** So many waits in a row are alike; then each is twice the one before, so many times. Chosen: where the MAC says ok the neighbour is
 * there, and some losses in a row must not look like its end. Where the MAC says fail, FAIL_DOUBLINGS_MAX spares the air. */
export const ACK_WAITS_ALIKE = 6;
export const ACK_DOUBLINGS_MAX = 4;
/** Air time of a full datagram with its MAC ack, at 1 Mbit/s: 50 + 310 + 192 + 8 * (43 + 250) + 10 + 304 us. */
export const PACKET_TIME = 3.2 as Millis;
/** After a send that failed the next waits for one to two packet times, and this many times twice that. Chosen: a neighbour that is gone
 * must not have the air, for each failure has filled it for 38 ms. */
export const FAIL_DOUBLINGS_MAX = 7;
/** An ack that the radio could not deliver is tried again this often; then the peer has to ask. Chosen. */
export const ACK_FAILS_MAX = 3;
/** Data waits, and the peer has acknowledged nothing for this long: the session is lost. Chosen: beyond the longest wait for an ack. */
export const SESSION_TIMEOUT = 5000 as Millis;
/** Nothing heard for this long: the session is lost. Chosen: by radio the tree asks a silent link after 40 s (RADIO_SLOWNESS), so this ends those
 * whose other end does not answer. */
export const SESSION_SILENCE = 60000 as Millis;
/** What became of data, kept for the estimator until it asks. Chosen. */
export const REPORTS_MAX = 16;

/** The callback of a send comes within this long, or never. Chosen: six attempts take 40 ms, and in air that others fill ten times that. */
export const CALLBACK_TIMEOUT = 400 as Millis;
/** So many sends in a row without memory say that the radio is wedged. Driver: buffers leak for hours. */
export const TROUBLE_MAX = 8;
/** A callback that never came counts for this many: three in a row say it too. Driver. */
export const TROUBLE_OF_CALLBACK = 3;
/** Wait after a send without memory; doubles with each: all of them take half a second. Chosen. */
export const NO_MEMORY_WAIT = 2 as Millis;
/** The radio was told to restart, and nobody said that it has: it is used again. Chosen. */
export const RESTART_TIMEOUT = 5000 as Millis;
/** Datagrams of no session (beacons, joining) that wait. Chosen: one to each neighbour that joins at once. */
export const POSTS_MAX = 8;
