/**
 * Sizes and waits of the radio tree: beacons, neighbours, parents, channels, joining. Those of one hop's two ends are in limits.ts.
 */
import type { Millis } from "../units.ts";

/** Shortest and longest interval between beacons. Spec: docs/wire.md. */
export const BEACON_EVERY_MIN = 250 as Millis;
export const BEACON_EVERY_MAX = 64000 as Millis;
/** A beacon that was asked for leaves within this long: the asker listens no longer than SEARCH_DWELL. Chosen: half of it. */
export const BEACON_ANSWER_WITHIN = 20 as Millis;
/** Qualities of neighbours in one beacon; they take turns. Spec. */
export const BEACON_QUALITIES_MAX = 4;

/** Path cost is ETX times this, in one byte. Spec. */
export const COST_OF_HOP = 8;
/** What a datagram costs that the MAC has sent six times for nothing, and how much each one counts. Computed: of a link where one attempt in four
 * arrives, one in five fails, and where one in ten does, one in two. */
export const COST_OF_FAIL = 140;
export const TRIED_WEIGHT = 0.01;
/** Most hops to the source. Spec: the header has room for 15. */
export const DEPTH_MAX = 12;

/** Most neighbours remembered; the worst way up goes first. Chosen: as many as the driver has peers. */
export const NEIGHBOURS_MAX = 20;
/** A neighbour not heard for this long is no choice: two and a half of the longest beacon interval. */
export const NEIGHBOUR_FRESH = 160000 as Millis;
/** A known neighbour that beacons as of another life is believed after this much silence: restarting takes longer. Chosen. */
export const REBORN_AFTER = 1000 as Millis;
/** Beacons are judged in windows of so many, then averaged 0.9 to 0.1. Source: CTP. */
export const BEACONS_WINDOW = 3;
/** Unanswered datagrams in a row that double a link's ETX. Spec. */
export const FAILS_DOUBT = 6;
/** To so many in a row, and to one for so much of the link's cost, not even the MAC has an answer: the parent is doubted. Computed: of ten thousand
 * such rows one is chance, whatever the link. */
export const DEAF_DOUBT = 3;
export const COST_OF_DOUBT = 6;
/** Each is followed by the next within one to two packet times, and so many times twice that. Chosen. */
export const DEAF_DOUBLINGS_MAX = 3;
/** … that end it as the way up, where not even the MAC has an answer, or the parent never had one. Chosen: 0.2 to 0.4 s. */
export const DEAF_LOST = 1.5;
/** … this long after the first, for the air may only be full, or a board start anew. Chosen: who has somebody else to turn to does so sooner. */
export const DEAF_FOR = 1500 as Millis;
/** … and where the MAC does: it may be busy. Chosen: a second or two. */
export const FAILS_MUTE = 20;
/** However bad a link, its estimate ends here, so that it can get well again. Chosen: hardly any other way is worse. */
export const LINK_COST_MAX = 20 * COST_OF_HOP;
/** A link of this cost is taken for twice as bad when parents are compared. Chosen: four transmissions. */
export const POOR_LINK = 4 * COST_OF_HOP;
/** … if neither has it ever said that it hears us, nor taken us, already of this one. Chosen: in the lab a board hears twice as many as hear it. */
export const POOR_LINK_UNHEARD = COST_OF_HOP;
/** A first guess: down to this signal a link is taken for good; below, each so many dB double what it costs. Where it is not known it is taken
 * for POOR. dBm, dB. Chosen: datagrams are lost from -95 dBm on. */
export const RSSI_FAIR = -70;
export const RSSI_HALVES = 10;
export const RSSI_POOR = -88;

/** Another parent must be better by this much, and by a quarter of the whole way … Source: CTP, 1.5 ETX; where ways are long, all costs are vague. */
export const PARENT_GAIN = 12;
/** … or by anything for this long. Source: MRHOF. */
export const PARENT_BETTER_FOR = 600000 as Millis;
/** A parent that refused or went silent is left alone for this long; it doubles up to the longest. Chosen. */
export const SHUN_AFTER = 500 as Millis;
export const SHUN_AFTER_MAX = 8000 as Millis;
/** … up to this one if it never answered, and there is a parent. Chosen: links that only look good are many, and trying them fills the air. */
export const SHUN_MUTE_MAX = 600000 as Millis;

/** Wi-Fi channels that are searched. Spec. */
export const CHANNELS = 13;
/** On each channel a searcher asks, asks once more after this, for either may be lost … Chosen. */
export const SEARCH_ASK_AGAIN = 25 as Millis;
/** … and then listens for this long. Spec: 40 to 60 ms. */
export const SEARCH_DWELL = 45 as Millis;
/** A round starts with so many visits to the last good channel. Chosen: nearly always it is still right, and of poor links one try in ten succeeds. */
export const SEARCH_HOME_VISITS = 6;
/** First wait between two rounds; each is half as long again as the one before, up to the longest. Chosen: found within ten seconds, whatever happened. */
export const SEARCH_AFTER = 500 as Millis;
export const SEARCH_AFTER_MAX = 3000 as Millis;

/** An unanswered `join` is said again after this, and so often. Chosen: a round trip with all of the driver's retries. */
export const JOIN_AFTER = 60 as Millis;
export const JOIN_TRIES = 3;
/** After one who did not take us the next is asked within this long, and within twice as long after each further one, so many times, until
 * a parent has proved to be one. Chosen: fifty who look for a parent at once must leave room in the air for answers. */
export const ASK_AFTER = 50 as Millis;
export const ASK_DOUBLINGS_MAX = 5;
/** With fewer refusals than this a node that lost its parent does not say so yet. Chosen: a few tenths of a second, in which most find another. */
export const ASK_HOPEFUL = 5;
/** Who has a parent asks for a better one no sooner after a change or a refusal, half more or less; each time it is twice as long, up to the
 * longest. Chosen: whoever moves takes all behind it along, and a tree that never rests spends the air on that alone. */
export const ASK_BETTER_AFTER = 10000 as Millis;
export const ASK_BETTER_AFTER_MAX = 320000 as Millis;
/** A parent remembers an answered `join` that was not used for this long. Chosen: the child's TreeNode dials within DIAL_AFTER_MAX. */
export const JOIN_PENDING = 15000 as Millis;
/** … and gives its place to another one only after this. Chosen: a child uses it at once, if its TreeNode is not about to dial anyway. */
export const JOIN_KEPT = 1000 as Millis;
/** Answered and unused at once, at the most, and no more than there are places. Chosen: all answers that wait for the air. */
export const JOIN_OFFERS_MAX = 8;
/** Most children by radio if the edge does not say. Chosen: a chip's memory. */
export const RADIO_CHILDREN_MAX = 6;
/** Links of children by radio are numbered from here. Spec: those by other ways are below. */
export const RADIO_LINKS_FROM = 1000000;
/** Without a parent, whoever hears of a way up waits this long for others to answer. Chosen: most of BEACON_ANSWER_WITHIN. */
export const DECIDE_AFTER = 20 as Millis;
/** … and up to so many times that more. Chosen: those who hear the same beacon are not to answer it in one voice. */
export const DECIDE_SPREAD = 8;
/** … with a parent, which is no hurry, so many times. Chosen: five seconds. Where all who hear that a way is better change at once, the air is full,
 * and in full air parents look dead. */
export const BETTER_SPREAD = 250;
/** Type of a datagram that says nothing: whether the MAC answers it is the news. Spec. */
export const PROBE = 6;
/** All of it: the first byte of a header that says so. The shorter the better, for it is sent all the time. */
export const PROBE_DATAGRAM = "X";
/** A parent that has been silent for this long, times those that hang on it, times the root of what the link costs, is probed: on a good link after
 * 1.1 s, on a fair one after 1.4 s. Chosen: 0.08 % of the air for each parent. */
export const PROBE_AFTER = 290 as Millis;
/** Those who hear that one of them has left ask within this long, times their number. Chosen: a probe that fails has filled the air for so long. */
export const PROBE_SPREAD = 25 as Millis;

/** A node with both ways up tries WebSocket again after this; it doubles with each try that did not end in joining, up to the longest. Chosen:
 * a try for a dead host stops a chip for seconds. */
export const OUTGRESS_TRY_AFTER = 5000 as Millis;
export const OUTGRESS_TRY_AFTER_MAX = 60000 as Millis;
/** A WebSocket parent over which nobody has joined for this long is left for the radio. Chosen: a timeout of a link. */
export const OUTGRESS_PATIENCE = 15000 as Millis;
