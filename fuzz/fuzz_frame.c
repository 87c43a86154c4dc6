/* SPDX-License-Identifier: MIT */
/*
 * Fuzzes the parent's end of the pipe: driver code that takes the child over can send any bytes.
 * Input: one byte of options, one for how much a read gives, then what the pipe holds. Files are
 * made in an empty folder alone, standard error has no character that steers a terminal, and what
 * is shown is a record or nothing. The reader is static in its modules: they are included.
 */
#include <stdio.h>

/* What is said on standard error, to be looked at. */
static FILE *told_here;
#undef stderr
#define stderr told_here
#include "pe/confine.c"

#include "cli/session.c"
#undef stderr

#include <dirent.h>

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            dprintf(STDERR_FILENO, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                 \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

enum {
    WITH_JSON = 1,
    WITH_FOLDER = 2,
    WITH_STREAMS = 4,
    WITH_OUTPUTS = 8,
    AGAIN = 16,
    CUT_SHORT = 32
};

int LLVMFuzzerInitialize(int *count, char ***words);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char folder[] = "/tmp/sluice-fuzz-frame-XXXXXX";

static void remove_folder(void)
{
    rmdir(folder);
}

int LLVMFuzzerInitialize(int *count, char ***words)
{
    (void)count;
    (void)words;
    CHECK(mkdtemp(folder) != NULL);
    return atexit(remove_folder);
}

static void check_plain(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        const unsigned char c = (unsigned char)text[i];
        CHECK((c >= 0x20 || c == '\n' || c == '\t') && c != 0x7F);
        CHECK(c != 0xC2 || i + 1 == size || (unsigned char)text[i + 1] >= 0xA0);
    }
}

/* Each file that was made is a plain one of this folder; they go again. */
static void clear_folder(const struct session *session)
{
    DIR *open_folder = opendir(folder);

    CHECK(open_folder != NULL);
    for (struct dirent *entry; (entry = readdir(open_folder)) != NULL;) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        CHECK(entry->d_name[0] != '.' && strlen(entry->d_name) < NAME_LIMIT);
        CHECK(session->folder >= 0 && entry->d_type == DT_REG);
        CHECK(unlinkat(dirfd(open_folder), entry->d_name, 0) == 0);
    }
    closedir(open_folder);
}

static bool receive_bytes(struct reception *r, const uint8_t *data, size_t size, size_t step)
{
    bool good = true;

    while (good && size != 0) {
        const size_t part = size < step ? size : step;
        CHECK(make_room(r) && r->capacity - r->used >= part);
        memcpy(r->buffer + r->used, data, part);
        r->used += part;
        data += part;
        size -= part;
        good = take_frames(r);
    }
    return good;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *line = NULL, *shown = NULL;
    size_t line_size = 0, shown_size = 0;
    int code;

    if (size < 2)
        return 0;
    const uint8_t with = data[0];
    FILE *report = open_memstream(&shown, &shown_size), *stream = fopen("/dev/null", "we");
    FILE *streams[SESSION_OUTPUTS] = {stream, NULL};
    told_here = open_memstream(&line, &line_size);
    CHECK(told_here != NULL && report != NULL && stream != NULL);
    struct options options = {0};
    const struct report_run about = {
        .command = "check", .profile = "10", .mode = "", .checks = "on"};
    struct session_options how = {
        .about = &about,
        .writer = report_writer_create(report, (with & WITH_JSON) != 0, false),
        .streams = (with & WITH_STREAMS) != 0 ? streams : NULL,
        .outputs = (with & WITH_OUTPUTS) != 0 ? outputs_open(&options, "x.sys", &code) : NULL,
    };
    struct session session = {.options = &how, .folder = -1};
    if ((with & WITH_FOLDER) != 0)
        session.folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if ((with & AGAIN) != 0)
        session.skip = 1;
    const struct confine_options confine = {.context = &session, .frame = frame};
    struct confine_result result = {0};
    struct reception r = {.options = &confine, .result = &result};

    if (receive_bytes(&r, data + 2, size - 2, data[1] + 1u))
        CHECK(!session.bad && r.used <= size);
    report_left(&session);
    CHECK(session.errors <= session.heard);
    if ((with & CUT_SHORT) != 0)
        close_report(&session, EXIT_NO_VERDICT, "interrupted");
    (void)report_writer_finish(how.writer);
    report_writer_destroy(how.writer);
    (void)outputs_close(how.outputs, EXIT_CLEAN);
    for (size_t i = 0; i < OPEN_FILES; i++) {
        if (session.files[i].used != 0)
            close(session.files[i].fd);
    }
    clear_folder(&session);
    tdestroy(session.made, free);
    if (session.folder >= 0)
        close(session.folder);
    free(r.buffer);
    fclose(report);
    fclose(stream);
    fclose(told_here);
    check_plain(line, line_size);
    if ((with & WITH_JSON) == 0)
        check_plain(shown, shown_size);
    free(line);
    free(shown);
    return 0;
}
