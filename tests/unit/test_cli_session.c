/* SPDX-License-Identifier: MIT */
/* What a session makes of its child: driver code may have run there, so no frame is believed. */
#include "cli/session.h"

#include "cli/exit_code.h"
#include "pe/confine.h"

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* The frame types on the wire, as a hostile child would know them. */
enum { FRAME_RECORD = 1, FRAME_DELIVER, FRAME_PROGRESS, FRAME_SAY, FRAME_UNKNOWN };

struct fixture {
    char folder[64];
    FILE *out;
    char *text; /* what was reported */
    size_t size;
    char *said; /* on standard error */
};

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));

    snprintf(fixture->folder, sizeof(fixture->folder), "/tmp/sluice-session-XXXXXX");
    assert_non_null(mkdtemp(fixture->folder));
    fixture->out = open_memstream(&fixture->text, &fixture->size);
    assert_non_null(fixture->out);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    char command[128];

    fclose(fixture->out);
    snprintf(command, sizeof(command), "rm -rf %s", fixture->folder);
    assert_int_equal(system(command), 0);
    assert_int_not_equal(access(fixture->folder, F_OK), 0);
    free(fixture->text);
    free(fixture->said);
    free(fixture);
    return 0;
}

/* Runs the work with JSON output; keeps what is said on standard error. */
static int run(struct fixture *fixture, bool deliver, int (*work)(void *, struct session_channel *),
               void *context)
{
    struct report_writer *writer = report_writer_create(fixture->out, true, false);
    FILE *said = tmpfile();
    const int before = dup(STDERR_FILENO);

    assert_non_null(writer);
    assert_non_null(said);
    fflush(stderr);
    dup2(fileno(said), STDERR_FILENO);
    const int code = session_run(
        &(struct session_options){
            .writer = writer, .deliver = deliver ? fixture->folder : NULL, .cpu_seconds = 10},
        work, context);
    fflush(stderr);
    dup2(before, STDERR_FILENO);
    close(before);
    report_writer_destroy(writer);
    fflush(fixture->out);
    free(fixture->said);
    fixture->said = calloc(1, 4096);
    rewind(said);
    (void)!fread(fixture->said, 1, 4095, said);
    fclose(said);
    return code;
}

static size_t files_in(const char *folder)
{
    DIR *directory = opendir(folder);
    size_t count = 0;

    assert_non_null(directory);
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;)
        count += entry->d_name[0] != '.' || strlen(entry->d_name) > 2;
    closedir(directory);
    return count;
}

struct raw {
    uint32_t type;
    const char *bytes;
    uint32_t length;
};

static int send_raw(void *context, struct session_channel *channel)
{
    const struct raw *raw = context;

    confine_send(channel->fd, raw->type, raw->bytes, raw->length);
    return EXIT_CLEAN;
}

#define RAW(type, text) (&(struct raw){(type), (text), sizeof(text) - 1})

static int well_behaved(void *context, struct session_channel *channel)
{
    session_record(channel, json_pack("{s:s, s:i}", "type", "x", "n", 1));
    session_deliver(channel, "a.c2s", (const uint8_t *)"one", 3);
    session_deliver(channel, "a.s2c", NULL, 0);
    session_deliver(channel, "a.c2s", (const uint8_t *)"two", 3);
    session_say(channel, "said %d", 7);
    return EXIT_FINDINGS;
}

static void test_well_behaved(void **state)
{
    struct fixture *fixture = *state;
    char path[128], bytes[16] = "";

    /* what an earlier run left is replaced, not continued */
    snprintf(path, sizeof(path), "%s/a.c2s", fixture->folder);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs("old", file);
    fclose(file);
    chmod(path, 0666);
    assert_int_equal(run(fixture, true, well_behaved, NULL), EXIT_FINDINGS);
    assert_string_equal(fixture->text, "{\"type\":\"x\",\"n\":1}\n");
    assert_string_equal(fixture->said, "sluice: said 7\n");
    assert_int_equal(files_in(fixture->folder), 2);
    file = fopen(path, "r");
    assert_int_equal(fread(bytes, 1, sizeof(bytes), file), 6);
    fclose(file);
    assert_memory_equal(bytes, "onetwo", 6);
}

static void test_records_that_are_none(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(run(fixture, false, send_raw, RAW(FRAME_RECORD, "not JSON")),
                     EXIT_ENVIRONMENT);
    assert_int_equal(run(fixture, false, send_raw, RAW(FRAME_RECORD, "[1, 2]")), EXIT_ENVIRONMENT);
    assert_int_equal(run(fixture, false, send_raw, RAW(FRAME_RECORD, "{\"n\": 1}")),
                     EXIT_ENVIRONMENT);
    assert_int_equal(run(fixture, false, send_raw, RAW(FRAME_RECORD, "{\"type\": 1}")),
                     EXIT_ENVIRONMENT);
    assert_int_equal(run(fixture, false, send_raw, RAW(FRAME_RECORD, "")), EXIT_ENVIRONMENT);
    assert_int_equal(run(fixture, false, send_raw, RAW(FRAME_UNKNOWN, "x")), EXIT_ENVIRONMENT);
    assert_int_equal(fixture->size, 0); /* nothing of it was shown */
}

static void test_names_of_files(void **state)
{
    struct fixture *fixture = *state;
    static char long_name[200];

    memset(long_name, 'x', sizeof(long_name) - 2);
    const struct raw bad[] = {
        {FRAME_DELIVER, "../x\0y", 6}, {FRAME_DELIVER, "/tmp/x\0y", 8},
        {FRAME_DELIVER, "a/b\0y", 5},  {FRAME_DELIVER, ".hidden\0y", 9},
        {FRAME_DELIVER, "no end", 6},  {FRAME_DELIVER, "\0y", 2},
        {FRAME_DELIVER, "", 0},        {FRAME_DELIVER, long_name, sizeof(long_name)},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(run(fixture, true, send_raw, (void *)(uintptr_t)&bad[i]),
                         EXIT_ENVIRONMENT);
        assert_int_equal(files_in(fixture->folder), 0);
    }
    /* nobody asked for files */
    assert_int_equal(run(fixture, false, send_raw, RAW(FRAME_DELIVER, "a\0y")), EXIT_ENVIRONMENT);
}

static void test_no_link_is_followed(void **state)
{
    struct fixture *fixture = *state;
    char target[128], link[128];

    snprintf(target, sizeof(target), "%s/target", fixture->folder);
    snprintf(link, sizeof(link), "%s/a", fixture->folder);
    assert_int_equal(symlink(target, link), 0);
    assert_int_equal(run(fixture, true, send_raw, RAW(FRAME_DELIVER, "a\0y")), EXIT_ENVIRONMENT);
    assert_int_not_equal(access(target, F_OK), 0);
}

static void test_what_is_said_is_plain(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(run(fixture, false, send_raw, RAW(FRAME_SAY, "a\x1b[2J\nb\x7f")), EXIT_CLEAN);
    assert_string_equal(fixture->said, "sluice: a\\x1b[2J?b\\x7f\n");
}

static int crash(void *context, struct session_channel *channel)
{
    session_record(channel, json_pack("{s:s}", "type", "x"));
    abort();
}

static int vanish(void *context, struct session_channel *channel)
{
    _exit(0);
}

static void test_ends(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(run(fixture, false, crash, NULL), EXIT_NO_VERDICT);
    assert_non_null(strstr(fixture->said, "signal 6"));
    assert_string_equal(fixture->text, "{\"type\":\"x\"}\n"); /* what came before counts */
    assert_int_equal(run(fixture, false, vanish, NULL), EXIT_NO_VERDICT);
    assert_non_null(strstr(fixture->said, "without a result"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_well_behaved, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_records_that_are_none, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_names_of_files, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_no_link_is_followed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_is_said_is_plain, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_ends, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
