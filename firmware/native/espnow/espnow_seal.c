/**
 * What guards a datagram: AES-128-CCM with a header and a tag of 8 bytes, and HMAC-SHA256, both by mbedTLS, where the build has them. For trees that do
 * without, checksums: they tell a damaged text, and an honest stranger's key; nobody is kept out by them, and nothing is hidden.
 *
 * The checksums are the same bytes as in firmware/ports/seal.ts, so that boards and stand-ins understand each other.
 */
#include "espnow.h"

#include <string.h>

#ifdef ESPNOW_HAS_AES
#include "mbedtls/ccm.h"
#include "mbedtls/sha256.h"
#endif

/** Block of SHA-256, in bytes. */
#define HASH_BLOCK_BYTES 64
/** What an open seal begins with. */
#define OPEN_MARK "open"
#define SUM_BYTES 4

static bool isOpen;

bool espnowSetOpen(bool open) {
  isOpen = open;
#ifdef ESPNOW_HAS_AES
  return true;
#else
  return open;
#endif
}

/** CRC-32, bit by bit: a datagram is short. Begin with 0. */
static uint32_t summed(uint32_t sum, EspnowText text) {
  sum = ~sum;
  for (size_t i = 0; i < text.length; i++) {
    sum ^= text.bytes[i];
    for (int bit = 0; bit < 8; bit++) sum = (sum >> 1) ^ (0xEDB88320u & (0u - (sum & 1u)));
  }
  return ~sum;
}

static void putSum(uint8_t *to, uint32_t sum) {
  for (int i = 0; i < SUM_BYTES; i++) to[i] = (uint8_t)(sum >> (24 - 8 * i));
}

static void openTag(EspnowText key, EspnowText nonce, EspnowText header, EspnowText plain, uint8_t *tag) {
  memcpy(tag, OPEN_MARK, ESPNOW_TAG_BYTES - SUM_BYTES);
  putSum(tag + ESPNOW_TAG_BYTES - SUM_BYTES, summed(summed(summed(summed(0, key), nonce), header), plain));
}

static void openMac(EspnowText key, EspnowText text, uint8_t *mac) {
  for (uint8_t part = 0; part < ESPNOW_MAC_SHA_BYTES / SUM_BYTES; part++) {
    uint8_t digit = (uint8_t)('0' + part);
    EspnowText first = {&digit, 1};
    putSum(mac + SUM_BYTES * part, summed(summed(summed(0, first), key), text));
  }
}

#ifdef ESPNOW_HAS_AES
/** Seals, or opens what is sealed; false if the tag is wrong. */
static bool crypt(EspnowText key, EspnowText nonce, EspnowText header, EspnowText text, uint8_t *out, bool isSealing) {
  mbedtls_ccm_context context;
  size_t length = isSealing ? text.length : text.length - ESPNOW_TAG_BYTES;
  mbedtls_ccm_init(&context);
  int error = mbedtls_ccm_setkey(&context, MBEDTLS_CIPHER_ID_AES, key.bytes, ESPNOW_KEY_BYTES * 8);
  if (!error && isSealing)
    error = mbedtls_ccm_encrypt_and_tag(&context, length, nonce.bytes, nonce.length, header.bytes, header.length, text.bytes, out,
                                        out + length, ESPNOW_TAG_BYTES);
  else if (!error)
    error = mbedtls_ccm_auth_decrypt(&context, length, nonce.bytes, nonce.length, header.bytes, header.length, text.bytes, out,
                                     text.bytes + length, ESPNOW_TAG_BYTES);
  mbedtls_ccm_free(&context);
  return !error;
}

static void hash(EspnowText first, EspnowText second, uint8_t *out) {
  mbedtls_sha256_context context;
  mbedtls_sha256_init(&context);
  mbedtls_sha256_starts(&context, 0);
  mbedtls_sha256_update(&context, first.bytes, first.length);
  mbedtls_sha256_update(&context, second.bytes, second.length);
  mbedtls_sha256_finish(&context, out);
  mbedtls_sha256_free(&context);
}

/** RFC 2104. */
static void shaMac(EspnowText key, EspnowText text, uint8_t *mac) {
  uint8_t inner[HASH_BLOCK_BYTES], outer[HASH_BLOCK_BYTES];
  EspnowText none = {0, 0}, innerText = {inner, HASH_BLOCK_BYTES}, outerText = {outer, HASH_BLOCK_BYTES};
  EspnowText result = {mac, ESPNOW_MAC_SHA_BYTES};
  memset(inner, 0, HASH_BLOCK_BYTES);
  if (key.length > HASH_BLOCK_BYTES) hash(key, none, inner);
  else if (key.length > 0) memcpy(inner, key.bytes, key.length);
  for (int i = 0; i < HASH_BLOCK_BYTES; i++) {
    outer[i] = inner[i] ^ 0x5c;
    inner[i] ^= 0x36;
  }
  hash(innerText, text, mac);
  hash(outerText, result, mac);
}
#endif

bool espnowSeal(EspnowText key, EspnowText nonce, EspnowText header, EspnowText plain, uint8_t *sealed) {
  if (isOpen) {
    if (plain.length > 0) memcpy(sealed, plain.bytes, plain.length);
    openTag(key, nonce, header, plain, sealed + plain.length);
    return true;
  }
#ifdef ESPNOW_HAS_AES
  return crypt(key, nonce, header, plain, sealed, true);
#else
  return false;
#endif
}

bool espnowUnseal(EspnowText key, EspnowText nonce, EspnowText header, EspnowText sealed, uint8_t *plain) {
  if (sealed.length < ESPNOW_TAG_BYTES) return false;
  if (isOpen) {
    uint8_t tag[ESPNOW_TAG_BYTES];
    EspnowText text = {sealed.bytes, sealed.length - ESPNOW_TAG_BYTES};
    openTag(key, nonce, header, text, tag);
    if (memcmp(tag, sealed.bytes + text.length, ESPNOW_TAG_BYTES) != 0) return false;
    if (text.length > 0) memcpy(plain, text.bytes, text.length);
    return true;
  }
#ifdef ESPNOW_HAS_AES
  return crypt(key, nonce, header, sealed, plain, false);
#else
  return false;
#endif
}

bool espnowHmac(EspnowText key, EspnowText text, uint8_t *mac) {
  if (isOpen) openMac(key, text, mac);
#ifdef ESPNOW_HAS_AES
  else shaMac(key, text, mac);
  return true;
#else
  return isOpen;
#endif
}
