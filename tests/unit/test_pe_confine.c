/* SPDX-License-Identifier: MIT */
/* The confined child: what it may not do, how its end is told, and a driver image that runs in it.
 */
#include "test_pe_world.h"

#include "pe/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

struct heard {
    unsigned frames;
    uint32_t type, length;
    uint64_t sum;
    char text[256];
};

static bool on_frame(void *context, uint32_t type, const void *payload, uint32_t length)
{
    struct heard *heard = context;
    const uint8_t *bytes = payload;
    heard->frames++;
    heard->type = type;
    heard->length = length;
    for (uint32_t i = 0; i < length; i++)
        heard->sum += bytes[i];
    snprintf(heard->text, sizeof heard->text, "%.*s", (int)(length < 255 ? length : 255),
             (const char *)payload);
    return true;
}

static struct confine_result confined(struct heard *heard, int (*child)(void *, int))
{
    const struct confine_options options = {.memory = 1u << 30,
                                            .cpu_seconds = 20,
                                            .wall_ms = 20000,
                                            .context = heard,
                                            .frame = on_frame};
    struct confine_result result;
    memset(heard, 0, sizeof *heard);
    assert_int_equal(confine_run(&options, child, NULL, &result), 0);
    return result;
}

static int sends(void *context, int fd)
{
    static uint8_t large[300000];
    memset(large, 1, sizeof large);
    confine_send(fd, 7, large, sizeof large);
    confine_send(fd, 8, "ok", 2);
    return 42;
}

static void test_frames_and_code(void **state)
{
    struct heard heard;
    const struct confine_result result = confined(&heard, sends);
    assert_int_equal(result.end, CONFINE_RETURNED);
    assert_int_equal(result.code, 42);
    assert_int_equal(heard.frames, 2);
    assert_int_equal(heard.type, 8);
    assert_int_equal(heard.sum, 300000 + 'o' + 'k');
}

static int tries_refused(void *context, int fd)
{
    char text[64];
    errno = 0;
    const int opened = open("/etc/passwd", O_RDONLY);
    const int error = errno;
    snprintf(text, sizeof text, "%d %d %d", opened, error == EPERM, (int)syscall(SYS_getuid) == -1);
    confine_send(fd, 1, text, (uint32_t)strlen(text));
    return 0;
}

static void test_no_files(void **state)
{
    struct heard heard;
    assert_int_equal(confined(&heard, tries_refused).end, CONFINE_RETURNED);
    assert_string_equal(heard.text, "-1 1 1");
}

/* A clean report, as a driver would forge it that has found the C library. */
static int forges(void *context, int fd)
{
    static const struct {
        uint32_t type, length;
        char text[8];
    } forged = {1, 8, "clean!!"};
    return write(fd, &forged, sizeof forged) == sizeof forged ? 0 : 1;
}

static int forges_in_pieces(void *context, int fd)
{
    static const uint32_t header[2] = {0xFFFFFFFF, 4}, code = 0;
    const struct iovec pieces[2] = {{(void *)header, sizeof header}, {(void *)&code, sizeof code}};
    return writev(fd, pieces, 2) > 0 ? 0 : 1;
}

static int complains(void *context, int fd)
{
    return write(2, "", 0) == 0 ? 0 : 1;
}

static void test_pipe_has_one_writer(void **state)
{
    static int (*const children[])(void *, int) = {forges, forges_in_pieces};
    struct heard heard;
    for (unsigned i = 0; i < 2; i++) {
        const struct confine_result result = confined(&heard, children[i]);
        assert_int_equal(result.end, CONFINE_CRASHED);
        assert_int_equal(result.signal, SIGSYS);
        assert_int_equal(heard.frames, 0);
    }
    assert_int_equal(confined(&heard, complains).end, CONFINE_RETURNED);
}

static int makes_socket(void *context, int fd)
{
    return socket(AF_INET, SOCK_STREAM, 0);
}

static int forks(void *context, int fd)
{
    return (int)syscall(SYS_fork);
}

static int executes(void *context, int fd)
{
    return execl("/bin/true", "true", (char *)NULL);
}

static int kills_parent(void *context, int fd)
{
    return (int)syscall(SYS_kill, 1, 0);
}

static void test_forbidden_calls_kill(void **state)
{
    int (*const children[])(void *, int) = {makes_socket, forks, executes, kills_parent};
    for (size_t i = 0; i < 4; i++) {
        struct heard heard;
        const struct confine_result result = confined(&heard, children[i]);
        assert_int_equal(result.end, CONFINE_CRASHED);
        assert_int_equal(result.signal, SIGSYS);
    }
}

static int crashes(void *context, int fd)
{
    signal(SIGSEGV, SIG_DFL);
    *(volatile int *)(uintptr_t)getpid() = 1;
    return 0;
}

static int exits_quietly(void *context, int fd)
{
    confine_send(fd, 1, "x", 1);
    _exit(0);
}

static int sends_nonsense(void *context, int fd)
{
    const uint32_t header[2] = {1, 0xFFFFFFF0};
    (void)!confine_pipe_write(fd, header, sizeof header);
    for (volatile int i = 0; i >= 0; i = 0)
        continue;
    return 0;
}

static void test_bad_ends_are_told_apart(void **state)
{
    struct heard heard;
    struct confine_result result = confined(&heard, crashes);
    assert_int_equal(result.end, CONFINE_CRASHED);
    assert_int_equal(result.signal, SIGSEGV);
    result = confined(&heard, exits_quietly);
    assert_int_equal(result.end, CONFINE_CUT);
    assert_int_equal(heard.frames, 1);
    result = confined(&heard, sends_nonsense);
    assert_int_equal(result.end, CONFINE_CUT);
}

static int spins(void *context, int fd)
{
    for (volatile int i = 0; i >= 0; i = 0)
        continue;
    return 0;
}

static void test_time_ends(void **state)
{
    const struct confine_options wall = {.wall_ms = 100}, cpu = {.cpu_seconds = 1};
    struct confine_result result;
    assert_int_equal(confine_run(&wall, spins, NULL, &result), 0);
    assert_int_equal(result.end, CONFINE_TIMEOUT);
    assert_int_equal(confine_run(&cpu, spins, NULL, &result), 0);
    assert_int_equal(result.end, CONFINE_TIMEOUT);
}

static void *image_file;
static size_t image_size;

static int runs_driver(void *context, int fd)
{
    void *state;
    struct timespec now;
    uint64_t answer = 0, tsc = 0;
    char text[256];
    world_setup(&state);
    struct world *world = state;
    world_load_file(world, image_file, image_size);
    pe_claim_signals();
    const bool closed = pe_close_tsc();
    const bool first = world_run(world, DRILL_ANSWER, NULL, &answer);
    const bool second = world_run(world, DRILL_TSC, NULL, &tsc);
    const bool clock = clock_gettime(CLOCK_MONOTONIC, &now) == 0 && now.tv_sec + now.tv_nsec != 0;
    world_run(world, DRILL_READ_NULL, NULL, NULL);
    snprintf(text, sizeof text, "%d %d %lu %d %lx %d %x", closed, first, answer, second, tsc, clock,
             world->bugcheck);
    confine_send(fd, 2, text, (uint32_t)strlen(text));
    world_teardown(&state);
    return 5;
}

static void test_driver_runs(void **state)
{
    struct heard heard;
    image_file = world_file("drill.sys", &image_size);
    const struct confine_result result = confined(&heard, runs_driver);
    free(image_file);
    assert_string_equal(heard.text, "1 1 42 1 123456789a 1 1e");
    assert_int_equal(result.end, CONFINE_RETURNED);
    assert_int_equal(result.code, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_frames_and_code),
        cmocka_unit_test(test_no_files),
        cmocka_unit_test(test_pipe_has_one_writer),
        cmocka_unit_test(test_forbidden_calls_kill),
        cmocka_unit_test(test_bad_ends_are_told_apart),
        cmocka_unit_test(test_time_ends),
        cmocka_unit_test(test_driver_runs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
