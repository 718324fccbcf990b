/** SHA-256: declared, and not there. For syntax checks, and for tests that play it. */
#ifndef STAND_IN_SHA256_H
#define STAND_IN_SHA256_H
#include <stddef.h>
typedef struct {
  int unused;
} mbedtls_sha256_context;
void mbedtls_sha256_init(mbedtls_sha256_context *context);
void mbedtls_sha256_free(mbedtls_sha256_context *context);
void mbedtls_sha256_starts(mbedtls_sha256_context *context, int is224);
void mbedtls_sha256_update(mbedtls_sha256_context *context, const unsigned char *input, size_t length);
void mbedtls_sha256_finish(mbedtls_sha256_context *context, unsigned char *output);
#endif
