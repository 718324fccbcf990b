/**
 * What guards datagrams, without Espruino: `seal-test NAME` runs the test of that name, and ends with 0. Every buffer is as long as it has to be and not a byte
 * longer, for the sanitizers. Where the build has ciphers, they are played here: what is looked at is what is handed to them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "espnow.h"

#define CHECK(what)                                                    \
  do {                                                                 \
    if (!(what)) {                                                     \
      fprintf(stderr, "line %d: it is not so that %s\n", __LINE__, #what); \
      exit(1);                                                         \
    }                                                                  \
  } while (0)

#define LENGTH_MAX 300

/** Bytes that begin with `first` and count up, in memory of exactly that length. */
static EspnowText made(size_t length, int first) {
  uint8_t *bytes = malloc(length > 0 ? length : 1);
  for (size_t i = 0; i < length; i++) bytes[i] = (uint8_t)((size_t)first + i);
  return (EspnowText){bytes, length};
}

static void dropped(EspnowText text) {
  free((void *)(size_t)text.bytes);
}

static void say(const char *what, const uint8_t *bytes, size_t length) {
  printf("%s ", what);
  for (size_t i = 0; i < length; i++) printf("%02x", bytes[i]);
  printf("\n");
}

/** Seals and opens texts of all lengths; each bit of what is sealed counts. */
static void roundTrips(void) {
  EspnowText key = made(ESPNOW_KEY_BYTES, 1), nonce = made(ESPNOW_NONCE_BYTES, 50), header = made(12, 100);
  for (size_t length = 0; length <= LENGTH_MAX; length++) {
    EspnowText plain = made(length, (int)length);
    uint8_t *sealed = malloc(length + ESPNOW_TAG_BYTES), *opened = malloc(length > 0 ? length : 1);
    EspnowText given = {sealed, length + ESPNOW_TAG_BYTES};
    CHECK(espnowSeal(key, nonce, header, plain, sealed));
    CHECK(espnowUnseal(key, nonce, header, given, opened) && memcmp(opened, plain.bytes, length) == 0);
    sealed[length % given.length] ^= (uint8_t)(1 << length % 8);
    CHECK(!espnowUnseal(key, nonce, header, given, opened));
    dropped(plain);
    free(sealed);
    free(opened);
  }
  for (size_t length = 0; length < ESPNOW_TAG_BYTES; length++) {
    EspnowText cut = made(length, 7);
    uint8_t *nothing = malloc(1);
    CHECK(!espnowUnseal(key, nonce, header, cut, nothing));
    dropped(cut);
    free(nothing);
  }
  dropped(key);
  dropped(nonce);
  dropped(header);
}

static void openly(void) {
  const size_t lengths[] = {0, 1, 230};
  EspnowText key = made(ESPNOW_KEY_BYTES, 1), nonce = made(ESPNOW_NONCE_BYTES, 50), header = made(12, 100);
  CHECK(espnowSetOpen(true));
  roundTrips();
  for (size_t i = 0; i < 3; i++) {
    EspnowText plain = made(lengths[i], 3);
    uint8_t sealed[230 + ESPNOW_TAG_BYTES], mac[ESPNOW_MAC_SHA_BYTES];
    CHECK(espnowSeal(key, nonce, header, plain, sealed) && espnowHmac(key, plain, mac));
    say("sealed", sealed, plain.length + ESPNOW_TAG_BYTES);
    say("mac", mac, sizeof(mac));
    dropped(plain);
  }
  dropped(key);
  dropped(nonce);
  dropped(header);
}

#ifdef ESPNOW_HAS_AES
#include "mbedtls/ccm.h"
#include "mbedtls/sha256.h"

void mbedtls_ccm_init(mbedtls_ccm_context *context) {
  context->unused = 1;
}
void mbedtls_ccm_free(mbedtls_ccm_context *context) {
  context->unused = 0;
}
int mbedtls_ccm_setkey(mbedtls_ccm_context *context, int cipher, const unsigned char *key, unsigned int bits) {
  context->unused = key[0] + 1;
  return cipher == MBEDTLS_CIPHER_ID_AES && bits == 128 ? 0 : 1;
}
static void tagOf(const unsigned char *nonce, const unsigned char *header, size_t headerLength, const unsigned char *plain, size_t length,
                  unsigned char *tag) {
  memset(tag, 0x55, ESPNOW_TAG_BYTES);
  for (size_t i = 0; i < ESPNOW_NONCE_BYTES; i++) tag[i % 8] ^= nonce[i];
  for (size_t i = 0; i < headerLength; i++) tag[i % 8] ^= header[i];
  for (size_t i = 0; i < length; i++) tag[i % 8] ^= plain[i];
}
int mbedtls_ccm_encrypt_and_tag(mbedtls_ccm_context *context, size_t length, const unsigned char *nonce, size_t nonceLength,
                                const unsigned char *header, size_t headerLength, const unsigned char *input, unsigned char *output,
                                unsigned char *tag, size_t tagLength) {
  CHECK(nonceLength == ESPNOW_NONCE_BYTES && tagLength == ESPNOW_TAG_BYTES);
  tagOf(nonce, header, headerLength, input, length, tag);
  for (size_t i = 0; i < length; i++) output[i] = (unsigned char)(input[i] ^ context->unused);
  return 0;
}
int mbedtls_ccm_auth_decrypt(mbedtls_ccm_context *context, size_t length, const unsigned char *nonce, size_t nonceLength,
                             const unsigned char *header, size_t headerLength, const unsigned char *input, unsigned char *output,
                             const unsigned char *tag, size_t tagLength) {
  unsigned char own[ESPNOW_TAG_BYTES];
  CHECK(nonceLength == ESPNOW_NONCE_BYTES && tagLength == ESPNOW_TAG_BYTES);
  for (size_t i = 0; i < length; i++) output[i] = (unsigned char)(input[i] ^ context->unused);
  tagOf(nonce, header, headerLength, output, length, own);
  return memcmp(own, tag, ESPNOW_TAG_BYTES);
}

/** What was hashed, one text after the other. */
static unsigned char hashed[4][512];
static size_t hashedBytes[4];
static int hashes;

void mbedtls_sha256_init(mbedtls_sha256_context *context) {
  context->unused = 0;
}
void mbedtls_sha256_free(mbedtls_sha256_context *context) {
  context->unused = 0;
}
void mbedtls_sha256_starts(mbedtls_sha256_context *context, int is224) {
  CHECK(!context->unused && !is224 && hashes < 4);
  hashedBytes[hashes] = 0;
}
void mbedtls_sha256_update(mbedtls_sha256_context *context, const unsigned char *input, size_t length) {
  CHECK(!context->unused && hashedBytes[hashes] + length <= sizeof(hashed[0]));
  for (size_t i = 0; i < length; i++) hashed[hashes][hashedBytes[hashes]++] = input[i];
}
void mbedtls_sha256_finish(mbedtls_sha256_context *context, unsigned char *output) {
  CHECK(!context->unused);
  memset(output, 0xa0 + hashes++, ESPNOW_MAC_SHA_BYTES);
}

/** As RFC 2104 has it: what goes into the inner hash, and into the outer. */
static void hmacOf(size_t keyLength) {
  EspnowText key = made(keyLength, 9), text = made(99, 30);
  uint8_t *mac = malloc(ESPNOW_MAC_SHA_BYTES);
  int inner = keyLength > 64 ? 1 : 0;
  hashes = 0;
  CHECK(espnowHmac(key, text, mac) && hashes == inner + 2 && mac[0] == 0xa0 + inner + 1 && mac[31] == mac[0]);
  CHECK(hashedBytes[inner] == 64 + 99 && hashedBytes[inner + 1] == 64 + 32);
  if (inner) CHECK(hashedBytes[0] == keyLength && memcmp(hashed[0], key.bytes, keyLength) == 0);
  for (size_t i = 0; i < 64; i++) {
    int own = inner ? (i < 32 ? 0xa0 : 0) : i < keyLength ? key.bytes[i] : 0;
    CHECK(hashed[inner][i] == (own ^ 0x36) && hashed[inner + 1][i] == (own ^ 0x5c));
  }
  CHECK(memcmp(hashed[inner] + 64, text.bytes, text.length) == 0);
  for (int i = 64; i < 96; i++) CHECK(hashed[inner + 1][i] == 0xa0 + inner);
  dropped(key);
  dropped(text);
  free(mac);
}

static void ciphers(void) {
  CHECK(espnowSetOpen(true) && espnowSetOpen(false));
  roundTrips();
  hmacOf(0);
  hmacOf(16);
  hmacOf(64);
  hmacOf(65);
  hmacOf(99);
}
#else
static void ciphers(void) {
  uint8_t out[ESPNOW_MAC_SHA_BYTES];
  EspnowText key = made(ESPNOW_KEY_BYTES, 1), nonce = made(ESPNOW_NONCE_BYTES, 50), header = made(12, 100);
  CHECK(!espnowSetOpen(false));
  CHECK(!espnowSeal(key, nonce, header, header, out) && !espnowUnseal(key, nonce, header, header, out) && !espnowHmac(key, header, out));
  CHECK(espnowSetOpen(true) && espnowSeal(key, nonce, header, header, out));
  dropped(key);
  dropped(nonce);
  dropped(header);
}
#endif

int main(int count, char **arguments) {
  CHECK(count == 2);
  if (strcmp(arguments[1], "open") == 0) openly();
  else if (strcmp(arguments[1], "ciphers") == 0) ciphers();
  else return 2;
  return 0;
}
