/**
 * ESP-NOW for Espruino: what its parts share. Nothing here knows JavaScript, and only the driver knows the radio.
 *
 *   jswrap_espnow.c   what JavaScript sees: require("ESPNOW")
 *   espnow_seal.c     what guards a datagram: ciphers, or checksums
 *   espnow.c          peers, sends in flight, counters: the same for every driver
 *   espnow_esp32.c    the driver on an ESP32
 *   espnow_linux.c    the driver over loopback UDP, for Espruino on Linux
 *
 * All functions but the driver's own callbacks run in the interpreter's task.
 */
#ifndef SAPLINE_ESPNOW_H
#define SAPLINE_ESPNOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Longest body, in bytes. Spec: ESP-NOW version 1. */
#define ESPNOW_BODY_BYTES_MAX 250
/** Received datagrams that wait for the interpreter. Chosen: 4 kB of heap, and 50 ms of a full channel. */
#define ESPNOW_HEARD_MAX 16
/** Peers in all, as the chip's driver has them. Spec. */
#define ESPNOW_PEERS_MAX 20
/** Sends whose outcome is not known yet. Chosen: the tree has one in flight; 8 are half the chip's buffers for short frames. */
#define ESPNOW_FLIGHT_MAX 8
/** An outcome that has not come by then will not come, in milliseconds. Source: EspNowBus; 6 attempts of a full frame take 38. */
#define ESPNOW_LOST_AFTER 120
#define ESPNOW_KEY_BYTES 16
#define ESPNOW_MAC_BYTES 6
/** Of what is sealed, in bytes: AES-128-CCM. */
#define ESPNOW_NONCE_BYTES 13
#define ESPNOW_TAG_BYTES 8
/** HMAC-SHA256, in bytes. */
#define ESPNOW_MAC_SHA_BYTES 32

/** mbedTLS is there, with all that sealing takes. */
#if defined(USE_AES_CCM) && defined(USE_SHA256)
#define ESPNOW_HAS_AES
#endif

/** Errors, with the chip's own numbers. */
enum {
  ESPNOW_OK = 0,
  ESPNOW_NOT_INIT = 0x3065,
  ESPNOW_ARG = 0x3066,
  ESPNOW_NO_MEM = 0x3067,
  ESPNOW_FULL = 0x3068,
  ESPNOW_NOT_FOUND = 0x3069,
  ESPNOW_INTERNAL = 0x306A,
  ESPNOW_EXIST = 0x306B,
  ESPNOW_IF = 0x306C
};

/** One received datagram. */
typedef struct {
  uint8_t source[ESPNOW_MAC_BYTES];
  bool isBroadcast;
  int8_t rssi; /**< dBm; 0 where the driver does not tell. */
  uint8_t channel; /**< 0 where the driver does not tell. */
  uint8_t length;
  uint8_t body[ESPNOW_BODY_BYTES_MAX];
} EspnowHeard;

/** What the radio says of one send: reports to the same address come in the order of the sends. */
typedef struct {
  uint8_t destination[ESPNOW_MAC_BYTES];
  bool isAcked;
} EspnowReport;

typedef enum { ESPNOW_ACKED, ESPNOW_FAILED, ESPNOW_LOST } EspnowOutcome;

typedef struct {
  uint8_t mac[ESPNOW_MAC_BYTES];
  uint8_t key[ESPNOW_KEY_BYTES];
  bool hasKey;
  uint8_t channel; /**< 0: whichever is current. */
  bool isAp; /**< Sent to from the access point's interface. */
} EspnowPeer;

/** Each is written by one task alone, and only ever grows. */
typedef struct {
  volatile uint32_t sent;
  volatile uint32_t heard;
  /** Heard, and dropped since ESPNOW_HEARD_MAX were waiting. */
  volatile uint32_t ringFull;
  /** Heard, and dropped since its body is longer than version 1 allows: cut, it could not be opened anyway. */
  volatile uint32_t tooLong;
  /** Heard, and dropped since the interpreter had no variables left. */
  volatile uint32_t noVariables;
  /** Sends that the radio had no buffer for. */
  volatile uint32_t noMemory;
  /** Sends whose outcome never came. */
  volatile uint32_t lost;
  /** Reports without a send: of a send given up as lost, as a rule. */
  volatile uint32_t late;
  /** Peers forgotten to make room. */
  volatile uint32_t evicted;
} EspnowCounters;

extern EspnowCounters espnowCounters;

/* ---------------------------------------------------------------- espnow.c */

/** Starts the radio if it is off. `pmk` has 16 bytes, or is NULL. Returns an error; when it is on already, ESPNOW_OK. */
int espnowStart(int channel, const uint8_t *pmk);
void espnowStop(void);
/** Tears the radio down and sets it up again, Wi-Fi included; kept peers stay. What was in flight is reported as lost. */
int espnowRestart(void);
bool espnowIsOn(void);

/** A peer that stays until it is removed. */
int espnowKeepPeer(const EspnowPeer *peer);
int espnowRemovePeer(const uint8_t *mac);
/** The peer at `index`, or NULL behind the last. */
const uint8_t *espnowPeerAt(int index);

/**
 * Sends. An address that is no peer becomes one; the one that was least recently used, of those not kept, makes room.
 * `*flight` is where its outcome will be found: 0 to ESPNOW_FLIGHT_MAX - 1. ESPNOW_NO_MEM also when that many are under way.
 */
int espnowSend(const uint8_t *mac, const uint8_t *bytes, size_t length, uint32_t now, int *flight);
/** The next outcome, if one is known at `now`. */
bool espnowTakeOutcome(uint32_t now, int *flight, EspnowOutcome *outcome);
bool espnowTakeHeard(EspnowHeard *heard);

/**
 * Whether Wi-Fi must stay up for us. Espruino stops it when it looks idle, and ESP-NOW with it: its stopWifiIfIdle asks here first (see
 * docs/espnow-build.md).
 */
bool espnowHoldsRadio(void);

/* ---------------------------------------------------------------- the driver */

int espnowDriverStart(int channel, const uint8_t *pmk);
/** No callback runs any more when it returns, and what waited is gone. */
void espnowDriverStop(void);
/** Stops Wi-Fi, for a start from scratch. */
void espnowDriverPowerOff(void);
/** Milliseconds of a clock that nobody sets; it wraps. */
uint32_t espnowDriverNow(void);
/** Sees to it that the interpreter looks again after that long. */
void espnowDriverWakeAfter(uint32_t wait);
/** False if the channel cannot be chosen now: Wi-Fi is associated, and its access point has chosen. */
bool espnowDriverSetChannel(int channel);
int espnowDriverChannel(void);
void espnowDriverMac(uint8_t *mac);
int espnowDriverAddPeer(const EspnowPeer *peer);
void espnowDriverRemovePeer(const uint8_t *mac);
int espnowDriverSend(const uint8_t *mac, const uint8_t *bytes, size_t length);
bool espnowDriverTakeHeard(EspnowHeard *heard);
bool espnowDriverTakeReport(EspnowReport *report);

/** Bytes of somebody else. */
typedef struct {
  const uint8_t *bytes;
  size_t length;
} EspnowText;

/** Whether the three functions below do without encryption. False if they have to, and are not told to: then none of them answers true. */
bool espnowSetOpen(bool open);
/** `key` has 16 bytes, `nonce` 13, `sealed` gets a tag more than `plain` has. */
bool espnowSeal(EspnowText key, EspnowText nonce, EspnowText header, EspnowText plain, uint8_t *sealed);
/** The other way; false if one bit of any of it is another. */
bool espnowUnseal(EspnowText key, EspnowText nonce, EspnowText header, EspnowText sealed, uint8_t *plain);
/** `mac` gets 32 bytes. */
bool espnowHmac(EspnowText key, EspnowText text, uint8_t *mac);

#endif
