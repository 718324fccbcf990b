/**
 * Peers, sends in flight and counters of ESP-NOW, the same for every driver.
 *
 * Promises: each send that was taken has exactly one outcome, unless the radio is stopped before; one whose report does not come within ESPNOW_LOST_AFTER of its turn is
 * lost; no report is taken for another address's send; peers never exceed what the chip holds.
 */
#include "espnow.h"

#include <string.h>

typedef struct {
  EspnowPeer peer;
  bool isKept;
  /** Greater is later. */
  uint32_t usedAt;
} Entry;

typedef struct {
  uint8_t mac[ESPNOW_MAC_BYTES];
  bool isUsed;
  /** Greater is later. */
  uint32_t order;
} Flight;

EspnowCounters espnowCounters;

/** Asked by the Wi-Fi task as well: see espnowHoldsRadio. */
static volatile bool isOn;
static int startChannel;
static bool hasPmk;
static uint8_t startPmk[ESPNOW_KEY_BYTES];
static Entry entries[ESPNOW_PEERS_MAX];
static int entryCount;
static uint32_t useCount;
static Flight flights[ESPNOW_FLIGHT_MAX];
static uint32_t flightOrder;
/** Since when the oldest send in flight has been the radio's business: those behind it wait for it. */
static uint32_t turnSince;
/** Sends up to this one went down with the radio. */
static uint32_t tornOrder;

static bool isSame(const uint8_t *a, const uint8_t *b) {
  return memcmp(a, b, ESPNOW_MAC_BYTES) == 0;
}

static int entryOf(const uint8_t *mac) {
  for (int i = 0; i < entryCount; i++)
    if (isSame(entries[i].peer.mac, mac)) return i;
  return -1;
}

/** The oldest send in flight, to that address or (NULL) to any; -1 if there is none. */
static int oldestFlight(const uint8_t *mac) {
  int oldest = -1;
  for (int i = 0; i < ESPNOW_FLIGHT_MAX; i++) {
    if (!flights[i].isUsed || (mac && !isSame(flights[i].mac, mac))) continue;
    if (oldest < 0 || (int32_t)(flights[i].order - flights[oldest].order) < 0) oldest = i;
  }
  return oldest;
}

static int start(void) {
  int error = espnowDriverStart(startChannel, hasPmk ? startPmk : NULL);
  isOn = error == ESPNOW_OK;
  return error;
}

int espnowStart(int channel, const uint8_t *pmk) {
  if (isOn) return ESPNOW_OK;
  startChannel = channel;
  hasPmk = pmk != NULL;
  if (pmk) memcpy(startPmk, pmk, ESPNOW_KEY_BYTES);
  entryCount = 0;
  memset(flights, 0, sizeof(flights));
  return start();
}

void espnowStop(void) {
  if (!isOn) return;
  isOn = false;
  espnowDriverStop();
  entryCount = 0;
  memset(flights, 0, sizeof(flights));
  memset(startPmk, 0, sizeof(startPmk));
  memset(entries, 0, sizeof(entries));
}

int espnowRestart(void) {
  if (!isOn) return ESPNOW_NOT_INIT;
  espnowDriverStop();
  espnowDriverPowerOff();
  int error = start();
  int kept = 0;
  for (int i = 0; i < entryCount; i++)
    if (entries[i].isKept) entries[kept++] = entries[i];
  entryCount = kept;
  for (int i = 0; i < entryCount && error == ESPNOW_OK; i++) error = espnowDriverAddPeer(&entries[i].peer);
  // Nobody will report what is in flight now.
  tornOrder = flightOrder;
  // Still on for JavaScript, even if this failed: it may try again.
  isOn = true;
  return error;
}

bool espnowIsOn(void) {
  return isOn;
}

bool espnowHoldsRadio(void) {
  return isOn;
}

static void forget(int index) {
  espnowDriverRemovePeer(entries[index].peer.mac);
  entryCount--;
  memmove(&entries[index], &entries[index + 1], (size_t)(entryCount - index) * sizeof(Entry));
  memset(&entries[entryCount], 0, sizeof(Entry));
}

/** Makes room for one more peer. One with a send in flight stays: its report names it. False if all stay. */
static bool makeRoom(void) {
  if (entryCount < ESPNOW_PEERS_MAX) return true;
  int oldest = -1;
  for (int i = 0; i < entryCount; i++) {
    if (entries[i].isKept || oldestFlight(entries[i].peer.mac) >= 0) continue;
    if (oldest < 0 || (int32_t)(entries[i].usedAt - entries[oldest].usedAt) < 0) oldest = i;
  }
  if (oldest < 0) return false;
  forget(oldest);
  espnowCounters.evicted++;
  return true;
}

static int add(const EspnowPeer *peer, bool isKept) {
  int index = entryOf(peer->mac);
  // A new key or channel replaces the old one.
  if (index >= 0) forget(index);
  if (!makeRoom()) return ESPNOW_FULL;
  int error = espnowDriverAddPeer(peer);
  if (error != ESPNOW_OK) return error;
  Entry *entry = &entries[entryCount++];
  entry->peer = *peer;
  entry->isKept = isKept;
  entry->usedAt = ++useCount;
  return ESPNOW_OK;
}

int espnowKeepPeer(const EspnowPeer *peer) {
  return isOn ? add(peer, true) : ESPNOW_NOT_INIT;
}

int espnowRemovePeer(const uint8_t *mac) {
  if (!isOn) return ESPNOW_NOT_INIT;
  int index = entryOf(mac);
  if (index < 0) return ESPNOW_NOT_FOUND;
  forget(index);
  return ESPNOW_OK;
}

const uint8_t *espnowPeerAt(int index) {
  return index >= 0 && index < entryCount ? entries[index].peer.mac : NULL;
}

int espnowSend(const uint8_t *mac, const uint8_t *bytes, size_t length, uint32_t now, int *flight) {
  if (!isOn) return ESPNOW_NOT_INIT;
  if (length < 1 || length > ESPNOW_BODY_BYTES_MAX) return ESPNOW_ARG;
  int slot = 0;
  while (slot < ESPNOW_FLIGHT_MAX && flights[slot].isUsed) slot++;
  int error = slot < ESPNOW_FLIGHT_MAX ? ESPNOW_OK : ESPNOW_NO_MEM;
  if (error == ESPNOW_OK) {
    int index = entryOf(mac);
    if (index >= 0) entries[index].usedAt = ++useCount;
    else {
      EspnowPeer peer;
      memset(&peer, 0, sizeof(peer));
      memcpy(peer.mac, mac, ESPNOW_MAC_BYTES);
      error = add(&peer, false);
    }
  }
  if (error == ESPNOW_OK) error = espnowDriverSend(mac, bytes, length);
  if (error == ESPNOW_NO_MEM) espnowCounters.noMemory++;
  if (error != ESPNOW_OK) return error;
  espnowCounters.sent++;
  if (oldestFlight(NULL) < 0) {
    turnSince = now;
    espnowDriverWakeAfter(ESPNOW_LOST_AFTER);
  }
  memcpy(flights[slot].mac, mac, ESPNOW_MAC_BYTES);
  flights[slot].isUsed = true;
  flights[slot].order = ++flightOrder;
  *flight = slot;
  return ESPNOW_OK;
}

/** A send is over: the next one's time begins. */
static void land(int flight, uint32_t now) {
  flights[flight].isUsed = false;
  turnSince = now;
  if (oldestFlight(NULL) >= 0) espnowDriverWakeAfter(ESPNOW_LOST_AFTER);
}

bool espnowTakeOutcome(uint32_t now, int *flight, EspnowOutcome *outcome) {
  EspnowReport report;
  if (!isOn) return false;
  while (espnowDriverTakeReport(&report)) {
    int reported = oldestFlight(report.destination);
    if (reported < 0) {
      espnowCounters.late++;
      continue;
    }
    land(reported, now);
    *flight = reported;
    *outcome = report.isAcked ? ESPNOW_ACKED : ESPNOW_FAILED;
    return true;
  }
  int oldest = oldestFlight(NULL);
  if (oldest < 0) return false;
  bool isTorn = (int32_t)(flights[oldest].order - tornOrder) <= 0;
  if (!isTorn && now - turnSince < ESPNOW_LOST_AFTER) return false;
  land(oldest, now);
  espnowCounters.lost++;
  *flight = oldest;
  *outcome = ESPNOW_LOST;
  return true;
}

bool espnowTakeHeard(EspnowHeard *heard) {
  return isOn && espnowDriverTakeHeard(heard);
}
