/**
 * ESP-NOW for Espruino on Linux, over loopback UDP: a thread plays the Wi-Fi task. It speaks the datagrams of firmware/ports/espnow-udp.ts, so that a
 * process with this library and one with that stand-in hear each other.
 *
 * Node NN has the address 02:00:00:00:00:NN and the port ESPNOW_UDP_BASE + NN; ESPNOW_UDP_ID says which one this process is. A broadcast goes to the
 * nodes 1 to ESPNOW_UDP_NODES. ESPNOW_UDP_LOSS percent of all datagrams are not sent, acknowledgements among them.
 *
 * A datagram: 'E', kind (0 data, 1 acknowledgement), channel, sequence, NN of the sender, NN of the destination (255: all), then the body.
 */
#ifndef ESP32
#include "espnow.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "jshardware.h"

#define HEAD_BYTES 6
#define MARK 'E'
#define KIND_DATA 0
#define KIND_ACK 1
#define TO_ALL 255
#define NODE_MAX 254
/** No acknowledgement by then is a failure, in milliseconds. Chosen: above what a loaded PC takes, below ESPNOW_LOST_AFTER. */
#define FAIL_AFTER 60
/** A wire has no noise: what receivers are told, in dBm. */
#define RSSI (-42)
#define REPORTS_MAX (2 * ESPNOW_FLIGHT_MAX)

typedef struct {
  bool isUsed;
  uint8_t mac[ESPNOW_MAC_BYTES];
  uint8_t sequence;
  uint32_t sentAt;
} Unacked;

/** Guards all that follows. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static EspnowHeard ring[ESPNOW_HEARD_MAX];
static int ringFirst;
static int ringCount;
static EspnowReport reports[REPORTS_MAX];
static int reportFirst;
static int reportCount;
static Unacked unacked[ESPNOW_FLIGHT_MAX];
static int channelNow;
static unsigned chance;
static bool isStopping;

static pthread_t thread;
static int udp = -1;
/** Wakes the thread: there is something new to wait for, or it is to end. */
static int waker = -1;
static int base;
static int nodes;
static int loss;
static uint8_t ownId;
static uint8_t sequence;

static int setting(const char *name, int usual, int max) {
  const char *text = getenv(name);
  long value = text ? strtol(text, NULL, 10) : usual;
  return value < 0 || value > max ? usual : (int)value;
}

static const uint8_t everybody[ESPNOW_MAC_BYTES] = {255, 255, 255, 255, 255, 255};
static const uint8_t nobody[ESPNOW_MAC_BYTES] = {2, 0, 0, 0, 0, 0};

static void macOf(uint8_t id, uint8_t *mac) {
  memcpy(mac, nobody, ESPNOW_MAC_BYTES);
  mac[5] = id;
}

/** Sends to one port, unless chance takes it. */
static void put(int id, const uint8_t *bytes, size_t length) {
  if (loss > 0 && rand_r(&chance) % 100 < loss) return;
  struct sockaddr_in to;
  memset(&to, 0, sizeof(to));
  to.sin_family = AF_INET;
  to.sin_port = htons((uint16_t)(base + id));
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  // Nobody there: then nobody acknowledges.
  (void)!sendto(udp, bytes, length, 0, (struct sockaddr *)&to, sizeof(to));
}

static void pushReport(const uint8_t *mac, bool isAcked) {
  if (reportCount == REPORTS_MAX) return;
  EspnowReport *report = &reports[(reportFirst + reportCount++) % REPORTS_MAX];
  memcpy(report->destination, mac, ESPNOW_MAC_BYTES);
  report->isAcked = isAcked;
}

static void acknowledged(uint8_t from, uint8_t which) {
  for (int i = 0; i < ESPNOW_FLIGHT_MAX; i++) {
    if (!unacked[i].isUsed || unacked[i].mac[5] != from || unacked[i].sequence != which) continue;
    unacked[i].isUsed = false;
    pushReport(unacked[i].mac, true);
    return;
  }
}

/** Reports what is not acknowledged in time. Milliseconds until the next of them is due, -1 if nothing is in flight. */
static int expire(uint32_t now) {
  int next = -1;
  for (int i = 0; i < ESPNOW_FLIGHT_MAX; i++) {
    if (!unacked[i].isUsed) continue;
    uint32_t age = now - unacked[i].sentAt;
    if (age >= FAIL_AFTER) {
      unacked[i].isUsed = false;
      pushReport(unacked[i].mac, false);
    } else if (next < 0 || (int)(FAIL_AFTER - age) < next) next = (int)(FAIL_AFTER - age);
  }
  return next;
}

static void take(const uint8_t *bytes, size_t length, int port) {
  if (length < HEAD_BYTES || bytes[0] != MARK || bytes[2] != channelNow) return;
  uint8_t from = bytes[4], to = bytes[5];
  // Who says to be another is no node of ours.
  if (from < 1 || from > NODE_MAX || from == ownId || port != base + from || (to != ownId && to != TO_ALL)) return;
  if (bytes[1] == KIND_ACK) {
    acknowledged(from, bytes[3]);
    return;
  }
  if (bytes[1] != KIND_DATA || length == HEAD_BYTES) return;
  if (to == ownId) {
    // As the hardware does: whatever becomes of the datagram further on.
    uint8_t ack[HEAD_BYTES] = {MARK, KIND_ACK, bytes[2], bytes[3], ownId, from};
    put(from, ack, sizeof(ack));
  }
  if (length > HEAD_BYTES + ESPNOW_BODY_BYTES_MAX) {
    espnowCounters.tooLong++;
    return;
  }
  espnowCounters.heard++;
  if (ringCount == ESPNOW_HEARD_MAX) {
    espnowCounters.ringFull++;
    return;
  }
  EspnowHeard *heard = &ring[(ringFirst + ringCount++) % ESPNOW_HEARD_MAX];
  macOf(from, heard->source);
  heard->isBroadcast = to == TO_ALL;
  heard->rssi = RSSI;
  heard->channel = bytes[2];
  heard->length = (uint8_t)(length - HEAD_BYTES);
  memcpy(heard->body, bytes + HEAD_BYTES, heard->length);
}

static void *wifiTask(void *unused) {
  (void)unused;
  // Longer than any datagram may be: one that is too long is seen to be.
  uint8_t bytes[HEAD_BYTES + ESPNOW_BODY_BYTES_MAX + 64];
  for (;;) {
    pthread_mutex_lock(&lock);
    int wait = expire(espnowDriverNow());
    bool isLast = isStopping;
    pthread_mutex_unlock(&lock);
    if (isLast) return NULL;
    struct pollfd ready[2] = {{.fd = udp, .events = POLLIN}, {.fd = waker, .events = POLLIN}};
    poll(ready, 2, wait);
    if (ready[1].revents) {
      uint64_t count;
      (void)!read(waker, &count, sizeof(count));
    }
    if (ready[0].revents) {
      struct sockaddr_in sender;
      socklen_t senderBytes = sizeof(sender);
      ssize_t length = recvfrom(udp, bytes, sizeof(bytes), MSG_DONTWAIT, (struct sockaddr *)&sender, &senderBytes);
      if (length > 0) {
        pthread_mutex_lock(&lock);
        take(bytes, (size_t)length, ntohs(sender.sin_port));
        pthread_mutex_unlock(&lock);
      }
    }
    jshHadEvent();
  }
}

static void wake(void) {
  uint64_t one = 1;
  (void)!write(waker, &one, sizeof(one));
}

static bool openSocket(void) {
  struct sockaddr_in own;
  memset(&own, 0, sizeof(own));
  own.sin_family = AF_INET;
  own.sin_port = htons((uint16_t)(base + ownId));
  own.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  udp = socket(AF_INET, SOCK_DGRAM, 0);
  return udp >= 0 && bind(udp, (struct sockaddr *)&own, sizeof(own)) == 0;
}

static void closeAll(void) {
  if (udp >= 0) close(udp);
  if (waker >= 0) close(waker);
  udp = waker = -1;
}

int espnowDriverStart(int channel, const uint8_t *pmk) {
  (void)pmk;
  base = setting("ESPNOW_UDP_BASE", 43000, 65535 - NODE_MAX);
  nodes = setting("ESPNOW_UDP_NODES", 16, NODE_MAX);
  loss = setting("ESPNOW_UDP_LOSS", 0, 100);
  ownId = (uint8_t)setting("ESPNOW_UDP_ID", 1, NODE_MAX);
  chance = ownId;
  channelNow = channel > 0 ? channel : 1;
  ringCount = reportCount = 0;
  memset(unacked, 0, sizeof(unacked));
  isStopping = false;
  waker = eventfd(0, 0);
  if (ownId < 1 || waker < 0 || !openSocket() || pthread_create(&thread, NULL, wifiTask, NULL) != 0) {
    closeAll();
    return ESPNOW_INTERNAL;
  }
  return ESPNOW_OK;
}

void espnowDriverStop(void) {
  if (udp < 0) return;
  pthread_mutex_lock(&lock);
  isStopping = true;
  pthread_mutex_unlock(&lock);
  wake();
  pthread_join(thread, NULL);
  closeAll();
}

void espnowDriverPowerOff(void) {}

uint32_t espnowDriverNow(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint32_t)((uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000);
}

/** The interpreter's loop does not sleep here while ESP-NOW is on. */
void espnowDriverWakeAfter(uint32_t wait) {
  (void)wait;
}

bool espnowDriverSetChannel(int channel) {
  pthread_mutex_lock(&lock);
  channelNow = channel;
  pthread_mutex_unlock(&lock);
  return true;
}

int espnowDriverChannel(void) {
  return channelNow;
}

void espnowDriverMac(uint8_t *mac) {
  macOf(ownId, mac);
}

int espnowDriverAddPeer(const EspnowPeer *peer) {
  (void)peer;
  return ESPNOW_OK;
}

void espnowDriverRemovePeer(const uint8_t *mac) {
  (void)mac;
}

int espnowDriverSend(const uint8_t *mac, const uint8_t *body, size_t length) {
  uint8_t bytes[HEAD_BYTES + ESPNOW_BODY_BYTES_MAX];
  if (udp < 0) return ESPNOW_IF;
  bool isBroadcast = memcmp(mac, everybody, ESPNOW_MAC_BYTES) == 0;
  pthread_mutex_lock(&lock);
  int slot = 0;
  while (slot < ESPNOW_FLIGHT_MAX && unacked[slot].isUsed) slot++;
  bool hasRoom = slot < ESPNOW_FLIGHT_MAX && reportCount < REPORTS_MAX;
  if (hasRoom) {
    uint8_t head[HEAD_BYTES] = {MARK, KIND_DATA, (uint8_t)channelNow, ++sequence, ownId, mac[5]};
    memcpy(bytes, head, HEAD_BYTES);
    memcpy(bytes + HEAD_BYTES, body, length);
    if (isBroadcast) {
      for (int id = 1; id <= nodes; id++)
        if (id != ownId) put(id, bytes, HEAD_BYTES + length);
      pushReport(mac, true);
    } else {
      unacked[slot].isUsed = true;
      memcpy(unacked[slot].mac, mac, ESPNOW_MAC_BYTES);
      unacked[slot].sequence = sequence;
      unacked[slot].sentAt = espnowDriverNow();
      // Any other address is nobody's.
      if (memcmp(mac, nobody, ESPNOW_MAC_BYTES - 1) == 0) put(mac[5], bytes, HEAD_BYTES + length);
    }
  }
  pthread_mutex_unlock(&lock);
  if (!hasRoom) return ESPNOW_NO_MEM;
  wake();
  return ESPNOW_OK;
}

bool espnowDriverTakeHeard(EspnowHeard *heard) {
  pthread_mutex_lock(&lock);
  bool isThere = ringCount > 0;
  if (isThere) {
    *heard = ring[ringFirst];
    ringFirst = (ringFirst + 1) % ESPNOW_HEARD_MAX;
    ringCount--;
  }
  pthread_mutex_unlock(&lock);
  return isThere;
}

bool espnowDriverTakeReport(EspnowReport *report) {
  pthread_mutex_lock(&lock);
  bool isThere = reportCount > 0;
  if (isThere) {
    *report = reports[reportFirst];
    reportFirst = (reportFirst + 1) % REPORTS_MAX;
    reportCount--;
  }
  pthread_mutex_unlock(&lock);
  return isThere;
}
#endif
