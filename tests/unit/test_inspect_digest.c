/* SPDX-License-Identifier: MIT */
/* MD5, SHA-1 and SHA-256 against the vectors of RFC 1321 (A.5), RFC 3174 (7.3) and RFC 6234 (8.5),
 * in every cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "inspect/md5.h"
#include "inspect/sha1.h"
#include "inspect/sha256.h"

static void md5(const void *data, size_t length, size_t cut, uint8_t *digest)
{
    struct inspect_md5 state;
    inspect_md5_init(&state);
    inspect_md5_update(&state, data, cut);
    inspect_md5_update(&state, (const uint8_t *)data + cut, length - cut);
    inspect_md5_final(&state, digest);
}

static void sha1(const void *data, size_t length, size_t cut, uint8_t *digest)
{
    struct inspect_sha1 state;
    inspect_sha1_init(&state);
    inspect_sha1_update(&state, data, cut);
    inspect_sha1_update(&state, (const uint8_t *)data + cut, length - cut);
    inspect_sha1_final(&state, digest);
}

static void sha256(const void *data, size_t length, size_t cut, uint8_t *digest)
{
    struct inspect_sha256 state;
    inspect_sha256_init(&state);
    inspect_sha256_update(&state, data, cut);
    inspect_sha256_update(&state, (const uint8_t *)data + cut, length - cut);
    inspect_sha256_final(&state, digest);
}

typedef void (*digest_function)(const void *data, size_t length, size_t cut, uint8_t *digest);

static void check(digest_function function, size_t size, const void *data, size_t length,
                  const char *expected)
{
    for (size_t cut = 0; cut <= length; cut += length > 4096 ? 333333 : 1) {
        uint8_t digest[32];
        char text[65];
        function(data, length, cut, digest);
        for (size_t i = 0; i < size; i++) {
            (void)snprintf(text + 2 * i, 3, "%02x", digest[i]);
        }
        assert_string_equal(text, expected);
    }
}

static const char letters[] = "abcdefghijklmnopqrstuvwxyz";
static const char digits[] =
    "12345678901234567890123456789012345678901234567890123456789012345678901234567890";
static const char two_blocks[] = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";

static void md5_vectors(void **state)
{
    (void)state;
    check(md5, 16, "", 0, "d41d8cd98f00b204e9800998ecf8427e");
    check(md5, 16, "abc", 3, "900150983cd24fb0d6963f7d28e17f72");
    check(md5, 16, letters, 26, "c3fcd3d76192e4007dfb496cca67e13b");
    check(md5, 16, digits, 80, "57edf4a22be3c955ac49da2e2107b67a");
}

static void sha1_vectors(void **state)
{
    static char million[1000000];
    (void)state;
    memset(million, 'a', sizeof(million));
    check(sha1, 20, "abc", 3, "a9993e364706816aba3e25717850c26c9cd0d89d");
    check(sha1, 20, two_blocks, 56, "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
    check(sha1, 20, million, sizeof(million), "34aa973cd4c4daa4f61eeb2bdbad27316534016f");
}

static void sha256_vectors(void **state)
{
    static char million[1000000];
    (void)state;
    memset(million, 'a', sizeof(million));
    check(sha256, 32, "abc", 3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    check(sha256, 32, two_blocks, 56,
          "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    check(sha256, 32, million, sizeof(million),
          "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

/* The padding begins a block of its own or not: around each block's end. */
static void block_ends(void **state)
{
    /* MD5, SHA-1 and SHA-256 of "a" 55, 56, 63, 64 and 65 times, from md5sum, sha1sum, sha256sum */
    static const struct {
        size_t length;
        const char *md5, *sha1, *sha256;
    } cases[] = {
        {55, "ef1772b6dff9a122358552954ad0df65", "c1c8bbdc22796e28c0e15163d20899b65621d65a",
         "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318"},
        {56, "3b0c8ac703f828b04c6c197006d17218", "c2db330f6083854c99d4b5bfb6e8f29f201be699",
         "b35439a4ac6f0948b6d6f9e3c6af0f5f590ce20f1bde7090ef7970686ec6738a"},
        {63, "b06521f39153d618550606be297466d5", "03f09f5b158a7a8cdad920bddc29b81c18a551f5",
         "7d3e74a05d7db15bce4ad9ec0658ea98e3f06eeecf16b4c6fff2da457ddc2f34"},
        {64, "014842d480b571495a4a0363793f7367", "0098ba824b5c16427bd7a1122a5a442a25ec644d",
         "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb"},
        {65, "c743a45e0d2e6a95cb859adae0248435", "11655326c708d70319be2610e8a57d9a5b959d3b",
         "635361c48bb9eab14198e76ea8ab7f1a41685d6ad62aa9146d301d4f17eb0ae0"},
    };
    char text[65];
    (void)state;
    memset(text, 'a', sizeof(text));
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        check(md5, 16, text, cases[i].length, cases[i].md5);
        check(sha1, 20, text, cases[i].length, cases[i].sha1);
        check(sha256, 32, text, cases[i].length, cases[i].sha256);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(md5_vectors),
        cmocka_unit_test(sha1_vectors),
        cmocka_unit_test(sha256_vectors),
        cmocka_unit_test(block_ends),
    };
    return cmocka_run_group_tests_name("inspect_digest", tests, NULL, NULL);
}
