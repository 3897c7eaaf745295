/* What OpenSSL's EVP takes for the same: openssl sha1|sha256 COUNT, openssl open|open-hmac|open-kept COUNT OCTETS.
 *
 * sha1, sha256    a password of ten octets to a key and to a localized key (RFC 3414 A.2), hashed in long blocks
 * open            a digest of OCTETS (HMAC-SHA-256) and a decryption (AES-128-CFB) of 100 fewer, by EVP_DigestSign and
 *                 EVP_Decrypt with key and context made for the message
 * open-hmac       the same with the older HMAC(), as net-snmp does
 * open-kept       the same with contexts that are kept: the least that the library can take
 */
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/params.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char password[] = "maplesyrup";
static const unsigned char engine[12] = "\x80\x00\x1f\x88\x80\x01\x02\x03\x04\x05\x06\x07";
static unsigned char octets[65536], plain[65536], key[32], iv[16];
static volatile unsigned seen;

static void must(int done)
{
    if (!done) {
        fputs("OpenSSL refused\n", stderr);
        exit(1);
    }
}

static void password_to_key(const EVP_MD *hash)
{
    enum { LENGTH = sizeof(password) - 1, BLOCK = 64 * LENGTH, ALL = 1 << 20 };
    unsigned char block[BLOCK], digest[EVP_MAX_MD_SIZE];
    unsigned size;
    EVP_MD_CTX *context = EVP_MD_CTX_new();

    for (int at = 0; at < BLOCK; at++)
        block[at] = password[at % LENGTH];
    must(EVP_DigestInit_ex(context, hash, NULL));
    for (int left = ALL; left > 0; left -= BLOCK)
        must(EVP_DigestUpdate(context, block, left < BLOCK ? left : BLOCK));
    must(EVP_DigestFinal_ex(context, digest, &size));
    must(EVP_DigestInit_ex(context, hash, NULL));
    must(EVP_DigestUpdate(context, digest, size) && EVP_DigestUpdate(context, engine, sizeof(engine))
         && EVP_DigestUpdate(context, digest, size));
    must(EVP_DigestFinal_ex(context, digest, &size));
    seen += digest[0];
    EVP_MD_CTX_free(context);
}

static unsigned digest_by_evp(int length)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    size_t size = sizeof(digest);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_PKEY *signing = EVP_PKEY_new_raw_private_key(EVP_PKEY_HMAC, NULL, key, sizeof(key));

    must(signing != NULL && EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, signing));
    must(EVP_DigestSign(context, digest, &size, octets, length));
    EVP_PKEY_free(signing);
    EVP_MD_CTX_free(context);
    return digest[0];
}

static unsigned digest_by_hmac(int length)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size;

    must(HMAC(EVP_sha256(), key, sizeof(key), octets, length, digest, &size) != NULL);
    return digest[0];
}

static void open_fresh(unsigned (*digest)(int), int length)
{
    int out;

    seen += digest(length);
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    must(EVP_DecryptInit_ex(context, EVP_aes_128_cfb128(), NULL, key, iv));
    must(EVP_DecryptUpdate(context, plain, &out, octets, length - 100));
    must(EVP_DecryptFinal_ex(context, plain + out, &out));
    EVP_CIPHER_CTX_free(context);
    seen += plain[0];
}

static void open_kept(EVP_MAC_CTX *mac, EVP_CIPHER_CTX *cipher, int length)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    size_t size;
    int out;

    must(EVP_MAC_init(mac, NULL, 0, NULL) && EVP_MAC_update(mac, octets, length)
         && EVP_MAC_final(mac, digest, &size, sizeof(digest)));
    must(EVP_DecryptInit_ex(cipher, NULL, NULL, NULL, iv));
    must(EVP_DecryptUpdate(cipher, plain, &out, octets, length - 100));
    must(EVP_DecryptFinal_ex(cipher, plain + out, &out));
    seen += digest[0] + plain[0];
}

static void repeat(const char *what, long count, int length)
{
    EVP_MAC_CTX *mac = EVP_MAC_CTX_new(EVP_MAC_fetch(NULL, "HMAC", NULL));
    EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
    OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, "SHA256", 0),
                               OSSL_PARAM_construct_end()};

    must(EVP_MAC_init(mac, key, sizeof(key), parameters));
    must(EVP_DecryptInit_ex(cipher, EVP_aes_128_cfb128(), NULL, key, iv));
    for (long at = 0; at < count; at++) {
        if (strcmp(what, "sha1") == 0)
            password_to_key(EVP_sha1());
        else if (strcmp(what, "sha256") == 0)
            password_to_key(EVP_sha256());
        else if (strcmp(what, "open") == 0)
            open_fresh(digest_by_evp, length);
        else if (strcmp(what, "open-hmac") == 0)
            open_fresh(digest_by_hmac, length);
        else
            open_kept(mac, cipher, length);
    }
}

int main(int count_of_words, char **words)
{
    struct timespec start, end;

    if (count_of_words < 3)
        return 64;
    long count = atol(words[2]);
    int length = count_of_words > 3 ? atoi(words[3]) : 0;
    if (strncmp(words[1], "open", 4) == 0 && (length < 200 || length > (int) sizeof(octets)))
        return 64;
    repeat(words[1], count / 20, length);
    clock_gettime(CLOCK_MONOTONIC, &start);
    repeat(words[1], count, length);
    clock_gettime(CLOCK_MONOTONIC, &end);
    printf("ns=%f\n", ((end.tv_sec - start.tv_sec) * 1e9 + (end.tv_nsec - start.tv_nsec)) / count);
    return 0;
}
