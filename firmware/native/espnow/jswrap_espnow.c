/**
 * What JavaScript sees of ESP-NOW: require("ESPNOW"). This file is read by Espruino's build as well, for the comments that begin with JSON.
 *
 * Callbacks are never called from inside a function of the library: the idle hook queues them, a few datagrams in each pass, so that a flood fills the
 * ring (which is bounded and counted) and not the interpreter's memory.
 */
#include "jswrap_espnow.h"

#include <string.h>

#include "jsinteractive.h"
#include "jsparse.h"
#include "jsutils.h"

/** Where the listener and the callbacks of sends are kept from the collector. */
#define LISTENER "ENl"
#define CALLBACKS "ENc"
/** Datagrams for JavaScript in one pass of the idle loop. Chosen: they take 50 variables each until they are dealt with. */
#define HEARD_PER_PASS 4
/** Longest text that is sealed or opened, in bytes. Chosen: a datagram, with room. */
#define SEALED_BYTES_MAX 512
#define MAC_TEXT_BYTES 18

static const char *nameOf(int error) {
  switch (error) {
    case ESPNOW_NOT_INIT: return "NOT_INIT";
    case ESPNOW_ARG: return "ARG";
    case ESPNOW_NO_MEM: return "NO_MEM";
    case ESPNOW_FULL: return "FULL";
    case ESPNOW_NOT_FOUND: return "NOT_FOUND";
    case ESPNOW_INTERNAL: return "INTERNAL";
    case ESPNOW_EXIST: return "EXIST";
    case ESPNOW_IF: return "IF";
    default: return "ERROR";
  }
}

/** Throws what `function` met with, if anything. */
static void complain(int error, const char *function) {
  if (error != ESPNOW_OK) jsExceptionHere(JSET_ERROR, "ESPNOW.%s: %s (0x%x)", function, nameOf(error), error);
}

static int hexDigit(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  char lower = (char)(digit | 32);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/** Reads an address; throws if it is none. */
static bool readMac(JsVar *from, uint8_t *mac) {
  char text[MAC_TEXT_BYTES + 1];
  memset(text, 0, sizeof(text));
  if (jsvIsString(from)) jsvGetString(from, text, sizeof(text));
  bool isMac = strlen(text) == MAC_TEXT_BYTES - 1;
  for (int i = 0; isMac && i < ESPNOW_MAC_BYTES; i++) {
    int high = hexDigit(text[i * 3]), low = hexDigit(text[i * 3 + 1]);
    isMac = high >= 0 && low >= 0 && (i == ESPNOW_MAC_BYTES - 1 || text[i * 3 + 2] == ':');
    mac[i] = (uint8_t)(high * 16 + low);
  }
  if (!isMac) jsExceptionHere(JSET_ERROR, "An address must look like 'aa:bb:cc:dd:ee:ff'");
  return isMac;
}

static JsVar *macVar(const uint8_t *mac) {
  static const char digits[] = "0123456789abcdef";
  char text[MAC_TEXT_BYTES];
  for (int i = 0; i < ESPNOW_MAC_BYTES; i++) {
    text[i * 3] = digits[mac[i] >> 4];
    text[i * 3 + 1] = digits[mac[i] & 15];
    text[i * 3 + 2] = ':';
  }
  text[MAC_TEXT_BYTES - 1] = 0;
  return jsvNewFromString(text);
}

/** Reads 16 bytes if they are given: 1; 0 if not; -1, with an exception, if they are something else. */
static int readKey(JsVar *options, const char *name, uint8_t *key) {
  JsVar *given = jsvIsObject(options) ? jsvObjectGetChildIfExists(options, name) : 0;
  if (!given) return 0;
  int found = -1;
  if (jsvIsIterable(given)) {
    JSV_GET_AS_CHAR_ARRAY(bytes, length, given);
    if (bytes && length == ESPNOW_KEY_BYTES) {
      memcpy(key, bytes, ESPNOW_KEY_BYTES);
      found = 1;
    }
  }
  if (found < 0) jsExceptionHere(JSET_ERROR, "ESPNOW: %s must be 16 bytes", name);
  jsvUnLock(given);
  return found;
}

/** A channel from options: 0 if none is given; -1, with an exception, if there is no such channel. */
static int readChannel(JsVar *options) {
  int channel = jsvIsObject(options) ? (int)jsvObjectGetIntegerChild(options, "channel") : 0;
  if (channel >= 0 && channel <= 14) return channel;
  jsExceptionHere(JSET_ERROR, "ESPNOW: channel must be 1 to 14, or 0 for the current one");
  return -1;
}

/*JSON{
  "type" : "library",
  "class" : "ESPNOW",
  "ifdef" : "USE_ESPNOW"
}
Datagrams of at most 250 bytes between ESP32 boards, without an access point.

```
var N = require("ESPNOW");
N.init({ channel : 1 }, function(bytes, mac, rssi, channel, isBroadcast) { ... });
N.send("ff:ff:ff:ff:ff:ff", "hello", function(error) { ... });
```
*/
/*JSON{
  "type" : "staticmethod",
  "class" : "ESPNOW",
  "name" : "init",
  "generate" : "jswrap_espnow_init",
  "params" : [
    ["options","JsVar","[optional] `{channel : 1..14, pmk : 16 bytes}`. Without a channel, the current one"],
    ["heard","JsVar","`function(bytes, mac, rssi, channel, isBroadcast)`, called for each datagram. `rssi` and `channel` are 0 where the radio does not tell"]
  ],
  "ifdef" : "USE_ESPNOW"
}
Starts ESP-NOW, and Wi-Fi if that is off. While it is on, a second `init` only replaces the function. Throws if the radio cannot be had.
*/
void jswrap_espnow_init(JsVar *options, JsVar *heard) {
  uint8_t pmk[ESPNOW_KEY_BYTES];
  int channel = readChannel(options);
  int hasPmk = channel < 0 ? -1 : readKey(options, "pmk", pmk);
  if (hasPmk < 0) return;
  if (!jsvIsFunction(heard)) {
    jsExceptionHere(JSET_ERROR, "ESPNOW.init: a function for what is heard must be given");
    return;
  }
  jsvObjectSetChild(execInfo.hiddenRoot, LISTENER, heard);
  complain(espnowStart(channel, hasPmk ? pmk : 0), "init");
}

/*JSON{
  "type" : "staticmethod",
  "class" : "ESPNOW",
  "name" : "deinit",
  "generate" : "jswrap_espnow_deinit",
  "ifdef" : "USE_ESPNOW"
}
Stops ESP-NOW. Callbacks of sends whose outcome is not known yet are not called any more.
*/
void jswrap_espnow_deinit(void) {
  espnowStop();
  jsvObjectRemoveChild(execInfo.hiddenRoot, LISTENER);
  jsvObjectRemoveChild(execInfo.hiddenRoot, CALLBACKS);
}

/*JSON{
  "type" : "staticmethod",
  "class" : "ESPNOW",
  "name" : "restart",
  "generate" : "jswrap_espnow_restart",
  "ifdef" : "USE_ESPNOW"
}
Stops Wi-Fi and ESP-NOW and starts them again: the only cure when the driver's buffers are gone (each send is answered `"NO_MEM"`). An association is lost with
it. Peers of `addPeer` stay; sends on their way are answered `"LOST"`.
*/
void jswrap_espnow_restart(void) {
  complain(espnowRestart(), "restart");
}

/*JSON{
  "type" : "staticmethod",
  "class" : "ESPNOW",
  "name" : "mac",
  "generate" : "jswrap_espnow_mac",
  "return" : ["JsVar","This node's address, as others see it: `'aa:bb:cc:dd:ee:ff'`. Valid once it is on"],
  "ifdef" : "USE_ESPNOW"
}
*/
JsVar *jswrap_espnow_mac(void) {
  uint8_t mac[ESPNOW_MAC_BYTES];
  espnowDriverMac(mac);
  return macVar(mac);
}

/*JSON{
  "type" : "staticmethod",
  "class" : "ESPNOW",
  "name" : "setChannel",
  "generate" : "jswrap_espnow_setChannel",
  "params" : [["channel","int32","1 to 14"]],
  "return" : ["bool","False if it cannot be chosen: while Wi-Fi is associated, the access point's channel is the channel"],
  "ifdef" : "USE_ESPNOW"
}
*/
bool jswrap_espnow_setChannel(int channel) {
  return espnowIsOn() && channel >= 1 && channel <= 14 && espnowDriverSetChannel(channel);
}

/*JSON{
  "type" : "staticmethod",
  "class" : "ESPNOW",
  "name" : "getChannel",
  "generate" : "jswrap_espnow_getChannel",
  "return" : ["int32","The channel listened on; 0 while it is off"],
  "ifdef" : "USE_ESPNOW"
}
*/
int jswrap_espnow_getChannel(void) {
  return espnowIsOn() ? espnowDriverChannel() : 0;
}

/*JSON{
  "type" : "staticmethod",
  "class" : "ESPNOW",
  "name" : "addPeer",
  "generate" : "jswrap_espnow_addPeer",
  "params" : [
    ["mac","JsVar","The address"],
    ["options","JsVar","[optional] `{lmk : 16 bytes, channel : 0..14, ap : bool}`: a key to encrypt with, and from which interface to send"]
  ],
  "ifdef" : "USE_ESPNOW"
}
Keeps a peer until it is removed. Only encryption needs this: any other address becomes a peer when something is sent to it, and the one that was not used for
longest makes room (of 20 in all). Throws `FULL` if all 20 are kept.
*/
void jswrap_espnow_addPeer(JsVar *mac, JsVar *options) {
  EspnowPeer peer;
  memset(&peer, 0, sizeof(peer));
  int channel = readChannel(options);
  if (channel < 0 || !readMac(mac, peer.mac)) return;
  int hasKey = readKey(options, "lmk", peer.key);
  if (hasKey < 0) return;
  peer.hasKey = hasKey > 0;
  peer.channel = (uint8_t)channel;
  peer.isAp = jsvIsObject(options) && jsvObjectGetBoolChild(options, "ap");
  complain(espnowKeepPeer(&peer), "addPeer");
}

/*JSON{
  "type" : "staticmethod",
  "class" : "ESPNOW",
  "name" : "removePeer",
  "generate" : "jswrap_espnow_removePeer",
  "params" : [["mac","JsVar","The address"]],
  "ifdef" : "USE_ESPNOW"
}
Throws `NOT_FOUND` if it is no peer.
*/
void jswrap_espnow_removePeer(JsVar *mac) {
  uint8_t bytes[ESPNOW_MAC_BYTES];
  if (readMac(mac, bytes)) complain(espnowRemovePeer(bytes), "removePeer");
}

/*JSON{
  "type" : "staticmethod",
  "class" : "ESPNOW",
  "name" : "peers",
  "generate" : "jswrap_espnow_peers",
  "return" : ["JsVar","The addresses of all peers, at most 20"],
  "ifdef" : "USE_ESPNOW"
}
*/
JsVar *jswrap_espnow_peers(void) {
  JsVar *list = jsvNewEmptyArray();
  const uint8_t *mac;
  for (int i = 0; list && (mac = espnowPeerAt(i)) != 0; i++) jsvArrayPushAndUnLock(list, macVar(mac));
  return list;
}

/** Queues the call of a send's callback. */
static void answer(JsVar *done, const char *error) {
  JsVar *outcome = error ? jsvNewFromString(error) : jsvNewNull();
  jsiQueueEvents(0, done, &outcome, 1);
  jsvUnLock(outcome);
}

/*JSON{
  "type" : "staticmethod",
  "class" : "ESPNOW",
  "name" : "send",
  "generate" : "jswrap_espnow_send",
  "params" : [
    ["mac","JsVar","Whom to: an address, `'ff:ff:ff:ff:ff:ff'` for all"],
    ["data","JsVar","1 to 250 bytes: a String or an array of bytes"],
    ["done","JsVar","[optional] `function(error)`: null if the other's radio has acknowledged it (or it was to all, and is out), `\"FAIL\"` if not, `\"NO_MEM\"` if the radio had no buffer, `\"LOST\"` if nothing came back in 120 ms"]
  ],
  "ifdef" : "USE_ESPNOW"
}
An acknowledgement proves little: it is sent before decryption and before any queue; and what failed may have arrived. Send the next one when this one is answered:
8 may be on their way, and the 9th is `NO_MEM`. Throws, with the driver's own name and number, if ESP-NOW is off, the data too long, or all 20 peers are kept.
*/
void jswrap_espnow_send(JsVar *mac, JsVar *data, JsVar *done) {
  uint8_t to[ESPNOW_MAC_BYTES];
  int flight = 0, error = ESPNOW_ARG;
  if (!readMac(mac, to)) return;
  if (jsvIsIterable(data)) {
    JSV_GET_AS_CHAR_ARRAY(bytes, length, data);
    if (bytes) error = espnowSend(to, (const uint8_t *)bytes, length, espnowDriverNow(), &flight);
  }
  bool isAsked = jsvIsFunction(done);
  if (error == ESPNOW_NO_MEM && isAsked) answer(done, "NO_MEM");
  else if (error != ESPNOW_OK) complain(error, "send");
  else if (isAsked) {
    JsVar *callbacks = jsvObjectGetChild(execInfo.hiddenRoot, CALLBACKS, JSV_ARRAY);
    if (callbacks) jsvSetArrayItem(callbacks, flight, done);
    jsvUnLock(callbacks);
  }
}

/*JSON{
  "type" : "staticmethod",
  "class" : "ESPNOW",
  "name" : "counters",
  "generate" : "jswrap_espnow_counters",
  "return" : ["JsVar","`{sent, heard, ringFull, tooLong, noVariables, noMemory, lost, late, evicted}`, since the chip started: see espnow.h"],
  "ifdef" : "USE_ESPNOW"
}
*/
JsVar *jswrap_espnow_counters(void) {
  JsVar *all = jsvNewObject();
  if (!all) return 0;
  jsvObjectSetIntChild(all, "sent", (JsVarInt)espnowCounters.sent);
  jsvObjectSetIntChild(all, "heard", (JsVarInt)espnowCounters.heard);
  jsvObjectSetIntChild(all, "ringFull", (JsVarInt)espnowCounters.ringFull);
  jsvObjectSetIntChild(all, "tooLong", (JsVarInt)espnowCounters.tooLong);
  jsvObjectSetIntChild(all, "noVariables", (JsVarInt)espnowCounters.noVariables);
  jsvObjectSetIntChild(all, "noMemory", (JsVarInt)espnowCounters.noMemory);
  jsvObjectSetIntChild(all, "lost", (JsVarInt)espnowCounters.lost);
  jsvObjectSetIntChild(all, "late", (JsVarInt)espnowCounters.late);
  jsvObjectSetIntChild(all, "evicted", (JsVarInt)espnowCounters.evicted);
  return all;
}

static bool isTold;

/** Throws if there is no encryption in this build, and nobody has said to go without. */
static bool maySeal(void) {
  if (!isTold) isTold = espnowSetOpen(false);
  if (!isTold) jsExceptionHere(JSET_ERROR, "ESPNOW: this Espruino has no AES-CCM and SHA-256: see docs/espnow-build.md, or go without (radio.open)");
  return isTold;
}

/*JSON{
  "type" : "staticmethod",
  "class" : "ESPNOW",
  "name" : "setOpen",
  "generate" : "jswrap_espnow_setOpen",
  "params" : [["isOpen","bool","Whether `seal`, `open` and `hmac` do without encryption: checksums take its place, and nothing is hidden or vouched for"]],
  "ifdef" : "USE_ESPNOW"
}
Throws, if it is false, where the build has no AES-CCM and SHA-256.
*/
void jswrap_espnow_setOpen(bool isOpen) {
  isTold = espnowSetOpen(isOpen);
  maySeal();
}

/** Seals or opens. Undefined if the tag is wrong; throws if an argument is. */
static JsVar *crypt(JsVar *key, JsVar *nonce, JsVar *header, JsVar *text, bool isSealing) {
  uint8_t out[SEALED_BYTES_MAX + ESPNOW_TAG_BYTES];
  if (!maySeal()) return 0;
  JSV_GET_AS_CHAR_ARRAY(keyBytes, keyLength, key);
  JSV_GET_AS_CHAR_ARRAY(nonceBytes, nonceLength, nonce);
  JSV_GET_AS_CHAR_ARRAY(headerBytes, headerLength, header);
  JSV_GET_AS_CHAR_ARRAY(bytes, length, text);
  if (!keyBytes || !nonceBytes || !headerBytes || !bytes || keyLength != ESPNOW_KEY_BYTES || nonceLength != ESPNOW_NONCE_BYTES ||
      length > SEALED_BYTES_MAX) {
    jsExceptionHere(JSET_ERROR, "ESPNOW: a key of 16 bytes, a nonce of 13, a header, and at most 512 bytes");
    return 0;
  }
  EspnowText keyText = {(const uint8_t *)keyBytes, keyLength}, nonceText = {(const uint8_t *)nonceBytes, nonceLength};
  EspnowText headerText = {(const uint8_t *)headerBytes, headerLength}, given = {(const uint8_t *)bytes, length};
  bool isRight = (isSealing ? espnowSeal : espnowUnseal)(keyText, nonceText, headerText, given, out);
  size_t outLength = isSealing ? length + ESPNOW_TAG_BYTES : length - ESPNOW_TAG_BYTES;
  return isRight ? jsvNewStringOfLength((unsigned int)outLength, (char *)out) : 0;
}

/*JSON{
  "type" : "staticmethod",
  "class" : "ESPNOW",
  "name" : "seal",
  "generate" : "jswrap_espnow_seal",
  "params" : [
    ["key","JsVar","16 bytes"],
    ["nonce","JsVar","13 bytes, never the same twice with a key"],
    ["header","JsVar","Bytes that are vouched for, and not hidden"],
    ["plain","JsVar","At most 512 bytes"]
  ],
  "return" : ["JsVar","A String: the bytes in AES-128-CCM, and 8 bytes of tag"],
  "ifdef" : "USE_ESPNOW"
}
What `require("crypto").AES.ccmEncrypt` does, with a header, which that one has no room for.
*/
JsVar *jswrap_espnow_seal(JsVar *key, JsVar *nonce, JsVar *header, JsVar *plain) {
  return crypt(key, nonce, header, plain, true);
}

/*JSON{
  "type" : "staticmethod",
  "class" : "ESPNOW",
  "name" : "open",
  "generate" : "jswrap_espnow_open",
  "params" : [
    ["key","JsVar","16 bytes"],
    ["nonce","JsVar","13 bytes"],
    ["header","JsVar","The header it was sealed with"],
    ["sealed","JsVar","What `seal` made"]
  ],
  "return" : ["JsVar","A String: the bytes that were sealed; undefined if one bit of any of it is another"],
  "ifdef" : "USE_ESPNOW"
}
*/
JsVar *jswrap_espnow_open(JsVar *key, JsVar *nonce, JsVar *header, JsVar *sealed) {
  return crypt(key, nonce, header, sealed, false);
}

/*JSON{
  "type" : "staticmethod",
  "class" : "ESPNOW",
  "name" : "hmac",
  "generate" : "jswrap_espnow_hmac",
  "params" : [
    ["key","JsVar","Bytes, as many as there are"],
    ["text","JsVar","What is vouched for: at most 512 bytes, as the key"]
  ],
  "return" : ["JsVar","A String: the 32 bytes of HMAC-SHA256"],
  "ifdef" : "USE_ESPNOW"
}
*/
JsVar *jswrap_espnow_hmac(JsVar *key, JsVar *text) {
  uint8_t mac[ESPNOW_MAC_SHA_BYTES];
  if (!maySeal()) return 0;
  JSV_GET_AS_CHAR_ARRAY(keyBytes, keyLength, key);
  JSV_GET_AS_CHAR_ARRAY(bytes, length, text);
  if (!keyBytes || !bytes || keyLength > SEALED_BYTES_MAX || length > SEALED_BYTES_MAX) {
    jsExceptionHere(JSET_ERROR, "ESPNOW: a key, and at most 512 bytes");
    return 0;
  }
  EspnowText keyText = {(const uint8_t *)keyBytes, keyLength}, given = {(const uint8_t *)bytes, length};
  return espnowHmac(keyText, given, mac) ? jsvNewStringOfLength(ESPNOW_MAC_SHA_BYTES, (char *)mac) : 0;
}

/** Queues the callback of one send. */
static void land(int flight, EspnowOutcome outcome) {
  JsVar *callbacks = jsvObjectGetChildIfExists(execInfo.hiddenRoot, CALLBACKS);
  JsVar *done = callbacks ? jsvGetArrayItem(callbacks, flight) : 0;
  if (done) {
    jsvSetArrayItem(callbacks, flight, 0);
    answer(done, outcome == ESPNOW_ACKED ? 0 : outcome == ESPNOW_FAILED ? "FAIL" : "LOST");
  }
  jsvUnLock2(done, callbacks);
}

/** Queues the call of the listener. */
static void deliver(JsVar *listener, const EspnowHeard *heard) {
  JsVar *arguments[5] = {
    jsvNewStringOfLength(heard->length, (const char *)heard->body), macVar(heard->source), jsvNewFromInteger(heard->rssi),
    jsvNewFromInteger(heard->channel), jsvNewFromBool(heard->isBroadcast),
  };
  bool hasAll = true;
  for (int i = 0; i < 5; i++) hasAll = hasAll && arguments[i];
  // Cut, when memory ran out while it was made, it is not what was sent.
  if (hasAll && jsvGetStringLength(arguments[0]) == heard->length) jsiQueueEvents(0, listener, arguments, 5);
  else espnowCounters.noVariables++;
  for (int i = 0; i < 5; i++) jsvUnLock(arguments[i]);
}

/*JSON{
  "type" : "idle",
  "generate" : "jswrap_espnow_idle",
  "ifdef" : "USE_ESPNOW"
}
*/
bool jswrap_espnow_idle(void) {
  int flight, passed = 0;
  EspnowOutcome outcome;
  EspnowHeard heard;
  if (!espnowIsOn()) return false;
  while (espnowTakeOutcome(espnowDriverNow(), &flight, &outcome)) {
    passed++;
    land(flight, outcome);
  }
  JsVar *listener = jsvObjectGetChildIfExists(execInfo.hiddenRoot, LISTENER);
  for (int i = 0; listener && i < HEARD_PER_PASS && espnowTakeHeard(&heard); i++) {
    passed++;
    deliver(listener, &heard);
  }
  jsvUnLock(listener);
#ifdef LINUX
  // There the loop sleeps for up to 50 ms, and nothing wakes it.
  return true;
#else
  return passed > 0;
#endif
}

/*JSON{
  "type" : "kill",
  "generate" : "jswrap_espnow_kill",
  "ifdef" : "USE_ESPNOW"
}
*/
void jswrap_espnow_kill(void) {
  isTold = false;
  jswrap_espnow_deinit();
}
