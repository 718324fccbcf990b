/**
 * The C library's core and its Linux half, without Espruino: `espnow-test BASE NAME` runs the test of that name on the ports from BASE on, and ends with 0.
 * What is not as it should be is said on standard error, and ends it with 1; the sanitizers end it with their own. Other nodes are bare sockets here.
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "espnow.h"
#include "jshardware.h"

#define CHECK(what)                                                    \
  do {                                                                 \
    if (!(what)) {                                                     \
      fprintf(stderr, "line %d: it is not so that %s\n", __LINE__, #what); \
      exit(1);                                                         \
    }                                                                  \
  } while (0)

/** Longest wait for what must come, in milliseconds. */
#define PATIENCE 3000
#define OWN 1

static int base;

void jshHadEvent(void) {}

static void pause_(int milliseconds) {
  poll(NULL, 0, milliseconds);
}

static const uint8_t *mac(int id) {
  static uint8_t macs[8][6];
  static int next;
  uint8_t *bytes = macs[next++ % 8];
  memcpy(bytes, (uint8_t[6]){2, 0, 0, 0, 0, (uint8_t)id}, 6);
  return bytes;
}

static const uint8_t all[6] = {255, 255, 255, 255, 255, 255};

static void start(void) {
  char text[16];
  snprintf(text, sizeof(text), "%d", base);
  setenv("ESPNOW_UDP_BASE", text, 1);
  setenv("ESPNOW_UDP_ID", "1", 1);
  setenv("ESPNOW_UDP_NODES", "3", 1);
  CHECK(espnowStart(6, NULL) == ESPNOW_OK);
}

/** Another node's socket. */
static int node(int id) {
  struct sockaddr_in own = {.sin_family = AF_INET, .sin_port = htons((uint16_t)(base + id)), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int udp = socket(AF_INET, SOCK_DGRAM, 0);
  CHECK(bind(udp, (struct sockaddr *)&own, sizeof(own)) == 0);
  return udp;
}

static void say(int udp, const uint8_t *bytes, size_t length) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)(base + OWN)), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  CHECK(sendto(udp, bytes, length, 0, (struct sockaddr *)&to, sizeof(to)) == (ssize_t)length);
}

/** Node `id` sends a body of that many bytes, each one `fill` + its place. */
static void sayBody(int udp, int id, int to, size_t length, int fill) {
  uint8_t bytes[2000] = {'E', 0, 6, (uint8_t)fill, (uint8_t)id, (uint8_t)to};
  for (size_t i = 0; i < length; i++) bytes[6 + i] = (uint8_t)((size_t)fill + i);
  say(udp, bytes, 6 + length);
}

/** The next datagram at a node: its length, 0 if none comes within `wait`. */
static size_t hear(int udp, uint8_t *bytes, size_t size, int wait) {
  struct pollfd ready = {.fd = udp, .events = POLLIN};
  return poll(&ready, 1, wait) == 1 ? (size_t)recv(udp, bytes, size, 0) : 0;
}

/** Node `id` acknowledges the data that has come to it: how much that was. */
static int acknowledge(int udp, int id) {
  uint8_t bytes[300];
  size_t length;
  int count = 0;
  while ((length = hear(udp, bytes, sizeof(bytes), 0)) > 0) {
    CHECK(bytes[1] == 0);
    uint8_t ack[6] = {'E', 1, 6, bytes[3], (uint8_t)id, OWN};
    say(udp, ack, sizeof(ack));
    count++;
  }
  return count;
}

static int outcomeWithin(int wait, EspnowOutcome *outcome) {
  int flight;
  for (uint32_t until = espnowDriverNow() + (uint32_t)wait; (int32_t)(until - espnowDriverNow()) >= 0; pause_(1))
    if (espnowTakeOutcome(espnowDriverNow(), &flight, outcome)) return flight;
  return -1;
}

static bool heardWithin(int wait, EspnowHeard *heard) {
  for (uint32_t until = espnowDriverNow() + (uint32_t)wait; (int32_t)(until - espnowDriverNow()) >= 0; pause_(1))
    if (espnowTakeHeard(heard)) return true;
  return false;
}

static int peerCount(void) {
  int count = 0;
  while (espnowPeerAt(count)) count++;
  return count;
}

static bool isPeer(const uint8_t *address) {
  for (int i = 0; i < peerCount(); i++)
    if (memcmp(espnowPeerAt(i), address, 6) == 0) return true;
  return false;
}

static int sendTo(const uint8_t *address, int *flight) {
  return espnowSend(address, (const uint8_t *)"hello", 5, espnowDriverNow(), flight);
}

static void overflow(void) {
  int other = node(2);
  uint8_t ack[300];
  EspnowHeard heard;
  start();
  for (int i = 0; i < 20; i++) {
    sayBody(other, 2, OWN, 250, i);
    // The radio acknowledges what the ring drops, as the chip's does.
    CHECK(hear(other, ack, sizeof(ack), PATIENCE) == 6 && ack[1] == 1 && ack[3] == i);
  }
  for (int i = 0; i < ESPNOW_HEARD_MAX; i++) CHECK(espnowTakeHeard(&heard) && heard.body[0] == i && heard.length == 250);
  CHECK(!espnowTakeHeard(&heard));
  CHECK(espnowCounters.ringFull == 20 - ESPNOW_HEARD_MAX && espnowCounters.heard == 20);
  sayBody(other, 2, OWN, 1, 99);
  CHECK(heardWithin(PATIENCE, &heard) && heard.body[0] == 99);
  close(other);
}

static void oversize(void) {
  int other = node(2);
  EspnowHeard heard;
  start();
  for (size_t length = 251; length <= 1490; length += 413) sayBody(other, 2, OWN, length, 1);
  sayBody(other, 2, OWN, 250, 7);
  CHECK(heardWithin(PATIENCE, &heard));
  CHECK(heard.length == 250 && heard.rssi == -42 && heard.channel == 6 && !heard.isBroadcast);
  CHECK(memcmp(heard.source, mac(2), 6) == 0);
  for (int i = 0; i < 250; i++) CHECK(heard.body[i] == (uint8_t)(7 + i));
  CHECK(espnowCounters.tooLong == 4 && espnowCounters.heard == 1 && !espnowTakeHeard(&heard));
  int flight;
  uint8_t body[251] = {0};
  CHECK(espnowSend(mac(2), body, 251, 0, &flight) == ESPNOW_ARG && espnowSend(mac(2), body, 0, 0, &flight) == ESPNOW_ARG);
  close(other);
}

static void nonsense(void) {
  int other = node(2), stranger = node(4);
  EspnowHeard heard;
  uint8_t bytes[300];
  start();
  // Of another mark, on another channel, from oneself, from nobody, to somebody else, of no kind, without a body; and cut, where what came before would complete it.
  const uint8_t wrong[][8] = {{'F', 0, 6, 1, 2, 1, 9, 9}, {'E', 0, 7, 1, 2, 1, 9, 9}, {'E', 0, 6, 1, 1, 1, 9, 9},
                              {'E', 0, 6, 1, 0, 1, 9, 9}, {'E', 0, 6, 1, 2, 3, 9, 9}, {'E', 9, 6, 1, 2, 1, 9, 9}, {'E', 0, 6, 1, 2, 1}, {'E', 0, 6, 1, 2}};
  const size_t lengths[] = {8, 8, 8, 8, 8, 8, 6, 5};
  for (int i = 0; i < 8; i++) say(other, wrong[i], lengths[i]);
  say(other, (const uint8_t *)"", 0);
  // An acknowledgement that nobody waits for, and one in another's name.
  say(other, (const uint8_t[6]){'E', 1, 6, 1, 2, 1}, 6);
  say(stranger, (const uint8_t[8]){'E', 0, 6, 1, 2, 1, 9, 9}, 8);
  sayBody(other, 2, OWN, 3, 50);
  CHECK(heardWithin(PATIENCE, &heard) && heard.body[0] == 50 && heard.length == 3);
  CHECK(!espnowTakeHeard(&heard) && espnowCounters.heard == 1);
  CHECK(hear(other, bytes, sizeof(bytes), PATIENCE) == 6 && bytes[3] == 50 && hear(other, bytes, sizeof(bytes), 20) == 0);
  close(other);
  close(stranger);
}

static void peers(void) {
  int flight;
  EspnowOutcome outcome;
  EspnowPeer kept = {.isAp = false};
  start();
  memcpy(kept.mac, mac(100), 6);
  CHECK(espnowKeepPeer(&kept) == ESPNOW_OK);
  for (int id = 101; id < 120; id++) {
    CHECK(sendTo(mac(id), &flight) == ESPNOW_OK);
    CHECK(outcomeWithin(PATIENCE, &outcome) == flight && outcome != ESPNOW_ACKED);
  }
  CHECK(peerCount() == ESPNOW_PEERS_MAX && espnowCounters.evicted == 0);
  // 101 is used again: 102 is the oldest then.
  CHECK(sendTo(mac(101), &flight) == ESPNOW_OK && outcomeWithin(PATIENCE, &outcome) == flight);
  CHECK(sendTo(mac(120), &flight) == ESPNOW_OK);
  CHECK(peerCount() == ESPNOW_PEERS_MAX && espnowCounters.evicted == 1);
  CHECK(isPeer(mac(100)) && isPeer(mac(101)) && !isPeer(mac(102)) && isPeer(mac(103)) && isPeer(mac(120)));
  CHECK(outcomeWithin(PATIENCE, &outcome) == flight);
  // One with a send on its way stays, however old.
  CHECK(sendTo(mac(103), &flight) == ESPNOW_OK);
  for (int id = 130; id < 148; id++) {
    memcpy(kept.mac, mac(id), 6);
    CHECK(espnowKeepPeer(&kept) == ESPNOW_OK);
  }
  CHECK(isPeer(mac(103)) && isPeer(mac(100)) && peerCount() == ESPNOW_PEERS_MAX);
  memcpy(kept.mac, mac(148), 6);
  CHECK(espnowKeepPeer(&kept) == ESPNOW_FULL);
  CHECK(outcomeWithin(PATIENCE, &outcome) == flight);
  CHECK(espnowKeepPeer(&kept) == ESPNOW_OK && !isPeer(mac(103)));
  CHECK(sendTo(mac(103), &flight) == ESPNOW_FULL && espnowRemovePeer(mac(103)) == ESPNOW_NOT_FOUND);
  CHECK(espnowRemovePeer(mac(148)) == ESPNOW_OK && sendTo(mac(103), &flight) == ESPNOW_OK);
  CHECK(espnowKeepPeer(&kept) == ESPNOW_FULL);
}

static void unknown(void) {
  int flight;
  EspnowOutcome outcome;
  start();
  CHECK(!isPeer(mac(9)) && sendTo(mac(9), &flight) == ESPNOW_OK && isPeer(mac(9)));
  uint32_t before = espnowDriverNow();
  CHECK(outcomeWithin(PATIENCE, &outcome) == flight && outcome == ESPNOW_FAILED);
  CHECK(espnowDriverNow() - before >= 50);
  // An address of another kind is nobody's.
  const uint8_t foreign[6] = {0xaa, 0xbb, 0xcc, 0xdd, 0xee, 2};
  CHECK(sendTo(foreign, &flight) == ESPNOW_OK && outcomeWithin(PATIENCE, &outcome) == flight && outcome == ESPNOW_FAILED);
}

static void order(void) {
  int two = node(2), three = node(3), flights[ESPNOW_FLIGHT_MAX], more, nextTwo = 0, nextThree = 1;
  EspnowOutcome outcome;
  start();
  for (int i = 0; i < ESPNOW_FLIGHT_MAX; i++) CHECK(sendTo(mac(i % 2 ? 3 : 2), &flights[i]) == ESPNOW_OK);
  CHECK(sendTo(mac(2), &more) == ESPNOW_NO_MEM && espnowCounters.noMemory == 1);
  CHECK(espnowCounters.sent == ESPNOW_FLIGHT_MAX);
  // The second of them answers first: each outcome goes to a send to its own address, in the order of those.
  CHECK(acknowledge(three, 3) == 4 && acknowledge(two, 2) == 4);
  for (int i = 0; i < ESPNOW_FLIGHT_MAX; i++) {
    int flight = outcomeWithin(PATIENCE, &outcome);
    CHECK(outcome == ESPNOW_ACKED);
    if (nextTwo < ESPNOW_FLIGHT_MAX && flight == flights[nextTwo]) nextTwo += 2;
    else {
      CHECK(flight == flights[nextThree]);
      nextThree += 2;
    }
  }
  CHECK(nextTwo == 8 && nextThree == 9 && outcomeWithin(150, &outcome) == -1);
  CHECK(espnowCounters.late == 0 && espnowCounters.lost == 0 && sendTo(mac(2), &more) == ESPNOW_OK);
  // Also where the radio is done with them, and only nobody has asked yet.
  CHECK(acknowledge(two, 2) == 1 && outcomeWithin(PATIENCE, &outcome) == more);
  for (int i = 0; i < ESPNOW_FLIGHT_MAX; i++) CHECK(sendTo(all, &flights[i]) == ESPNOW_OK);
  CHECK(sendTo(all, &more) == ESPNOW_NO_MEM);
  for (int i = 0; i < ESPNOW_FLIGHT_MAX; i++) CHECK(outcomeWithin(PATIENCE, &outcome) == flights[i]);
  close(two);
  close(three);
}

static void lost(void) {
  int flight, first, second;
  EspnowOutcome outcome;
  start();
  uint32_t now = espnowDriverNow();
  CHECK(espnowSend(mac(9), (const uint8_t *)"a", 1, now, &first) == ESPNOW_OK);
  CHECK(espnowSend(mac(9), (const uint8_t *)"b", 1, now, &second) == ESPNOW_OK);
  CHECK(!espnowTakeOutcome(now + ESPNOW_LOST_AFTER - 1, &flight, &outcome));
  CHECK(espnowTakeOutcome(now + ESPNOW_LOST_AFTER, &flight, &outcome) && flight == first && outcome == ESPNOW_LOST);
  // The second one's time begins when the first one's is over.
  CHECK(!espnowTakeOutcome(now + 2 * ESPNOW_LOST_AFTER - 1, &flight, &outcome));
  CHECK(espnowTakeOutcome(now + 2 * ESPNOW_LOST_AFTER, &flight, &outcome) && flight == second);
  CHECK(espnowCounters.lost == 2);
  pause_(100);
  CHECK(!espnowTakeOutcome(espnowDriverNow(), &flight, &outcome) && espnowCounters.late == 2);
}

static void restart(void) {
  int other = node(2), flight;
  EspnowOutcome outcome;
  EspnowHeard heard;
  EspnowPeer kept = {.isAp = false};
  start();
  memcpy(kept.mac, mac(2), 6);
  CHECK(espnowKeepPeer(&kept) == ESPNOW_OK);
  for (int i = 0; i < 5; i++) CHECK(sendTo(mac(50 + i), &flight) == ESPNOW_OK);
  CHECK(espnowRestart() == ESPNOW_OK && peerCount() == 1 && isPeer(mac(2)));
  for (int i = 0; i < 5; i++) CHECK(espnowTakeOutcome(espnowDriverNow(), &flight, &outcome) && outcome == ESPNOW_LOST);
  CHECK(!espnowTakeOutcome(espnowDriverNow(), &flight, &outcome));
  sayBody(other, 2, OWN, 4, 1);
  CHECK(heardWithin(PATIENCE, &heard) && espnowDriverChannel() == 6);
  espnowStop();
  CHECK(espnowRestart() == ESPNOW_NOT_INIT);
  close(other);
}

static void broadcast(void) {
  int two = node(2), three = node(3), four = node(4), flight;
  uint8_t bytes[300];
  EspnowOutcome outcome;
  EspnowHeard heard;
  start();
  CHECK(sendTo(all, &flight) == ESPNOW_OK && outcomeWithin(PATIENCE, &outcome) == flight && outcome == ESPNOW_ACKED);
  CHECK(hear(two, bytes, sizeof(bytes), PATIENCE) == 11 && bytes[5] == 255 && memcmp(bytes + 6, "hello", 5) == 0);
  CHECK(hear(three, bytes, sizeof(bytes), PATIENCE) == 11);
  // ESPNOW_UDP_NODES is 3.
  CHECK(hear(four, bytes, sizeof(bytes), 20) == 0);
  sayBody(two, 2, 255, 9, 1);
  CHECK(heardWithin(PATIENCE, &heard) && heard.isBroadcast && hear(two, bytes, sizeof(bytes), 20) == 0);
  CHECK(espnowDriverSetChannel(7));
  sayBody(two, 2, 255, 9, 1);
  CHECK(!heardWithin(30, &heard));
  close(two);
  close(three);
  close(four);
}

static void loss(void) {
  int other = node(2), flight;
  uint8_t bytes[300];
  EspnowOutcome outcome;
  setenv("ESPNOW_UDP_LOSS", "100", 1);
  start();
  CHECK(sendTo(mac(2), &flight) == ESPNOW_OK && outcomeWithin(PATIENCE, &outcome) == flight && outcome == ESPNOW_FAILED);
  CHECK(hear(other, bytes, sizeof(bytes), 0) == 0);
  espnowStop();
  setenv("ESPNOW_UDP_LOSS", "30", 1);
  start();
  int through = 0;
  for (int i = 0; i < 100; i++) {
    CHECK(sendTo(all, &flight) == ESPNOW_OK && outcomeWithin(PATIENCE, &outcome) == flight);
    through += hear(other, bytes, sizeof(bytes), 0) > 0;
  }
  CHECK(through > 50 && through < 90);
  close(other);
}

static int entriesIn(const char *folder) {
  DIR *open = opendir(folder);
  int count = 0;
  while (readdir(open)) count++;
  closedir(open);
  return count;
}

static void cycles(void) {
  int other = node(2), flight, files = 0, threads = 0;
  EspnowOutcome outcome;
  EspnowHeard heard;
  CHECK(sendTo(mac(2), &flight) == ESPNOW_NOT_INIT && !espnowHoldsRadio() && !espnowTakeHeard(&heard));
  for (int i = 0; i < 100; i++) {
    start();
    start();
    CHECK(espnowHoldsRadio());
    sayBody(other, 2, OWN, 20, i);
    CHECK(heardWithin(PATIENCE, &heard) && heard.body[0] == i);
    CHECK(sendTo(mac(2), &flight) == ESPNOW_OK && sendTo(mac(9), &flight) == ESPNOW_OK);
    // What is left in the ring, and on its way, is gone with the stop.
    sayBody(other, 2, OWN, 20, i);
    espnowStop();
    espnowStop();
    CHECK(!espnowTakeOutcome(espnowDriverNow() + 500, &flight, &outcome) && !espnowTakeHeard(&heard) && peerCount() == 0);
    if (i == 9) {
      files = entriesIn("/proc/self/fd");
      threads = entriesIn("/proc/self/task");
    }
  }
  CHECK(files == entriesIn("/proc/self/fd") && threads == entriesIn("/proc/self/task"));
  // The port is taken: said, and not half started.
  int taken = node(OWN);
  CHECK(espnowStart(6, NULL) == ESPNOW_INTERNAL && !espnowIsOn() && files == entriesIn("/proc/self/fd") - 1);
  close(taken);
  close(other);
}

int main(int count, char **arguments) {
  const struct {
    const char *name;
    void (*run)(void);
  } tests[] = {{"overflow", overflow}, {"oversize", oversize}, {"nonsense", nonsense}, {"peers", peers}, {"unknown", unknown},
               {"order", order},       {"lost", lost},         {"restart", restart},   {"broadcast", broadcast}, {"loss", loss},
               {"cycles", cycles}};
  CHECK(count == 3);
  base = atoi(arguments[1]);
  for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
    if (strcmp(tests[i].name, arguments[2]) != 0) continue;
    tests[i].run();
    espnowStop();
    return 0;
  }
  fprintf(stderr, "there is no test %s\n", arguments[2]);
  return 2;
}
