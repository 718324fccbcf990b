/** AES-CCM: declared, and not there. For syntax checks. */
#ifndef STAND_IN_CCM_H
#define STAND_IN_CCM_H
#include <stddef.h>
typedef struct {
  int unused;
} mbedtls_ccm_context;
enum { MBEDTLS_CIPHER_ID_AES = 2 };
void mbedtls_ccm_init(mbedtls_ccm_context *context);
void mbedtls_ccm_free(mbedtls_ccm_context *context);
int mbedtls_ccm_setkey(mbedtls_ccm_context *context, int cipher, const unsigned char *key, unsigned int bits);
int mbedtls_ccm_encrypt_and_tag(mbedtls_ccm_context *context, size_t length, const unsigned char *nonce, size_t nonceLength,
                                const unsigned char *header, size_t headerLength, const unsigned char *input,
                                unsigned char *output, unsigned char *tag, size_t tagLength);
int mbedtls_ccm_auth_decrypt(mbedtls_ccm_context *context, size_t length, const unsigned char *nonce, size_t nonceLength,
                             const unsigned char *header, size_t headerLength, const unsigned char *input,
                             unsigned char *output, const unsigned char *tag, size_t tagLength);
#endif
