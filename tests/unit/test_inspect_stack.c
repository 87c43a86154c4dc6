/* SPDX-License-Identifier: MIT */
/*
 * How much stack inspection takes, measured: it runs on a painted stack of its own, over messages
 * of every protocol and a rule set with something of everything. A kernel stack has 24 KB, of which
 * the stack below us has used a good part.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

#include <cmocka.h>

#include "inspect/inspect.h"
#include "test_ruleset_world.h"

#define STACK_SIZE (256u << 10)
#define PAINT      0xa5
#define LIMIT      3584u /* what inspect.h promises */

#if defined(__SANITIZE_ADDRESS__) || !defined(__OPTIMIZE__)
#define MEASURES false /* frames of such builds are not those that ship */
#else
#define MEASURES true
#endif
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#undef MEASURES
#define MEASURES false
#endif
#endif

struct world {
    struct inspect_policy policy;
    struct inspect_ruleset ruleset;
    uint8_t *blob;
    uint8_t *stack;
};

static struct world *current; /* makecontext passes no pointers */
static ucontext_t outside, inside;

#define CLIENT_HELLO                                                                               \
    "\x16\x03\x01\x00\x2f\x01\x00\x00\x2b\x03\x03"                                                 \
    "0123456789abcdef0123456789abcdef\x00\x00\x02\x13\x01\x01\x00"

static const char *const client_streams[] = {
    "GET /a HTTP/1.1\r\nHost: a.example\r\nCookie: x=y\r\nContent-Length: 9\r\n\r\nMZ12abxyz"
    "POST /abc%20d HTTP/1.1\r\nHost: b\r\nTransfer-Encoding: "
    "chunked\r\n\r\n5\r\nMZabc\r\n0\r\n\r\n",
    "EHLO a\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\nab aa12b\r\n.\r\nQUIT\r\n",
    CLIENT_HELLO,
    "abc len\x03 aab d a12b a99b qrrs w x-y n pass abababab GET...x",
};
static const char *const server_streams[] = {
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nacd..HTTP/1.1 204 No\r\n\r\n",
    "220 mail ESMTP\r\n250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n250 done\r\n",
    "220 ftp server ready\r\n331 who\r\n",
    "SSH-2.0-OpenSSH_9.2\r\n....acd",
};

static void feed(struct inspect_flow *flow, enum inspect_direction direction, const char *text,
                 size_t length, size_t piece)
{
    static const uint8_t address[16] = {10, 0, 0, 1};
    static struct inspect_scratch scratch;
    const struct inspect_call call = {
        .client = address, .server = address, .client_port = 1024, .server_port = 80, .family = 4};
    struct inspect_result result = {0};

    for (size_t at = 0; at < length && result.verdict != INSPECT_DROP;) {
        size_t take = piece < length - at ? piece : length - at;
        do {
            inspect_data(flow, direction, &scratch, &call, text + at, take, &result);
            at += result.consumed;
            take -= result.consumed;
        } while (result.verdict != INSPECT_DROP && (take != 0 || result.again));
    }
    do
        inspect_end(flow, direction, &scratch, &call, &result);
    while (result.again);
}

static void inspect_everything(void)
{
    static const size_t pieces[] = {1, 7, 4096};

    for (size_t p = 0; p < sizeof(pieces) / sizeof(pieces[0]); p++) {
        for (size_t i = 0; i < sizeof(client_streams) / sizeof(client_streams[0]); i++) {
            struct inspect_flow flow;
            inspect_flow_init(&flow, &current->policy);
            /* the ClientHello holds zero bytes */
            size_t length = i == 2 ? 52 : strlen(client_streams[i]);
            feed(&flow, INSPECT_C2S, client_streams[i], length, pieces[p]);
        }
        for (size_t i = 0; i < sizeof(server_streams) / sizeof(server_streams[0]); i++) {
            struct inspect_flow flow;
            inspect_flow_init(&flow, &current->policy);
            feed(&flow, INSPECT_S2C, server_streams[i], strlen(server_streams[i]), pieces[p]);
        }
    }
}

/* Bytes of the stack that were written to. */
static size_t touched(const uint8_t *stack)
{
    size_t untouched = 0;

    while (untouched < STACK_SIZE && stack[untouched] == PAINT)
        untouched++;
    return STACK_SIZE - untouched;
}

static void test_stack(void **state)
{
    struct world *world = *state;

    if (!MEASURES) {
        print_message("SKIPPED: stack frames of an unoptimised or sanitized build do not ship\n");
        skip();
    }
    memset(world->stack, PAINT, STACK_SIZE);
    current = world;
    assert_int_equal(getcontext(&inside), 0);
    inside.uc_stack.ss_sp = world->stack;
    inside.uc_stack.ss_size = STACK_SIZE;
    inside.uc_link = &outside;
    makecontext(&inside, inspect_everything, 0);
    assert_int_equal(swapcontext(&outside, &inside), 0);
    print_message("deepest: %zu bytes of stack\n", touched(world->stack));
    assert_in_range(touched(world->stack), 256, LIMIT); /* the lower end: something ran */
}

static int set_up(void **state)
{
    struct world *world = calloc(1, sizeof(*world));
    size_t size;

    assert_non_null(world);
    world->blob = ruleset_world_make(0, &size);
    world->stack = malloc(STACK_SIZE);
    assert_non_null(world->blob);
    assert_non_null(world->stack);
    assert_int_equal(inspect_ruleset_verify(world->blob, size, &world->ruleset),
                     INSPECT_RULESET_OK);
    world->policy.ruleset = &world->ruleset;
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;

    free(world->blob);
    free(world->stack);
    free(world);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_stack, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
