/* SPDX-License-Identifier: MIT */
/* A session: what the child sends is not trusted, for driver code ran there. */
#include "cli/session.h"

#include "cli/exit_code.h"
#include "cli/interruption.h"
#include "cli/symbolize.h"
#include "cli/whole_file.h"
#include "pe/confine.h"
#include "pe/guard.h"
#include "pe/pe.h"
#include "report/escape.h"
#include "report/field.h"

#include <errno.h>
#include <fcntl.h>
#include <search.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CPU_SECONDS  600
#define WALL_FACTOR  3 /* a child that waits for ever uses no processor time */
#define MEMORY_LIMIT (12ull << 30)
#define NAME_LIMIT   160
#define OPEN_FILES   64
#define TOLD_LIMIT   (1ull << 30)
#define STOP_MS      3000 /* what a run under way has, after a signal, to end by itself */
#define LINE_SIZE    160

enum message {
    MESSAGE_RECORD = 1,
    MESSAGE_DELIVER,
    MESSAGE_PROGRESS,
    MESSAGE_SAY,
    MESSAGE_OUTPUT,
    MESSAGE_FILE,
};

/* Delivered files that are open: the least lately used one makes room. */
struct open_file {
    char name[NAME_LIMIT];
    int fd;
    uint64_t used;
};

struct session {
    const struct session_options *options;
    int folder;
    struct open_file files[OPEN_FILES];
    uint64_t clock;
    void *made; /* tree of the names of files made in this session: what stood there before is
                   replaced */
    bool progress_shown;
    int error; /* errno of a file that could not be written */
    uint64_t heard,
        skip;        /* messages but progress: of this attempt; that were taken in the one before */
    uint64_t told;   /* bytes of records and lines */
    uint64_t errors; /* findings among them: who told of one cannot take it back */
    uint64_t warnings;    /* likewise */
    bool bad;             /* nonsense from the child */
    int write_error;      /* errno of the report's writer */
    bool closed;          /* the closing record has come */
    json_t *left;         /* records of this type that wait to be named together, or NULL */
    char line[LINE_SIZE]; /* of progress, the last */
};

static void wipe_progress(struct session *session)
{
    if (session->progress_shown)
        fputs("\r\033[K", stderr);
    session->progress_shown = false;
}

/* Text of the child's, as one line: what steers a terminal is not for it. */
static void print_plain(const char *text, size_t length)
{
    char *copy = strndup(text, length);
    json_t *said = copy != NULL ? report_string(copy) : NULL;
    json_t *plain = said != NULL ? report_plain(said) : NULL;
    const char *at = plain != NULL ? json_string_value(plain) : "(out of memory)";

    for (; *at != '\0'; at++)
        fputc((unsigned char)*at < 0x20 ? '?' : *at, stderr);
    json_decref(plain);
    json_decref(said);
    free(copy);
}

/* A line of the driver's, for people. */
static void print_debug(const json_t *record)
{
    const char *text = json_string_value(json_object_get(record, "text"));
    const json_int_t more = json_integer_value(json_object_get(record, "more"));

    if (more != 0)
        fprintf(stderr, "DbgPrint: (%lld more lines)\n", (long long)more);
    else if (text != NULL) {
        fputs("DbgPrint: ", stderr);
        print_plain(text, strlen(text));
        fputc('\n', stderr);
    }
}

/* To the files of the reports, and to the user. */
static void report(struct session *session, json_t *record)
{
    const struct session_options *options = session->options;
    const bool inner = record != NULL && options->outputs != NULL &&
                       outputs_record(options->outputs, record, options->writer);

    errno = record == NULL ? ENOMEM : 0;
    if (record == NULL || (!inner && !report_write(options->writer, record)))
        session->write_error = errno != 0 ? errno : EIO;
}

/* One question names them all: there are many, and a question takes a process. */
static void report_left(struct session *session)
{
    const struct session_options *options = session->options;
    json_t *record;
    size_t index;

    for (size_t i = 0; session->left != NULL && i < options->image_count; i++)
        symbolize_left(session->left, options->images[i].path, options->images[i].service);
    json_array_foreach(session->left, index, record)
    {
        report(session, record);
    }
    json_decref(session->left);
    session->left = NULL;
}

static void take_record(struct session *session, const char *text, size_t length)
{
    json_error_t error;
    json_t *record = json_loadb(text, length, 0, &error);

    wipe_progress(session);
    if (strcmp(report_text(record, "type"), "left") == 0) {
        if (session->left == NULL)
            session->left = json_array();
        if (json_array_append_new(session->left, record) != 0)
            session->write_error = ENOMEM;
        return;
    }
    report_left(session);
    const char *type = json_string_value(json_object_get(record, "type"));
    const char *severity = json_string_value(json_object_get(record, "severity"));
    const char *profile = json_string_value(json_object_get(record, "profile"));
    const struct report_run *about = session->options->about;
    if (!session->options->exhibits && type != NULL && strcmp(type, "finding") == 0 &&
        severity != NULL) {
        session->errors += strcmp(severity, "error") == 0;
        session->warnings += strcmp(severity, "warning") == 0;
    }
    if (type != NULL && strcmp(type, "run") == 0 && about != NULL && profile != NULL &&
        strcmp(profile, about->profile) == 0)
        session->closed = true;
    for (size_t i = 0;
         type != NULL && strcmp(type, "finding") == 0 && i < session->options->image_count; i++)
        symbolize_finding(record, session->options->images[i].path,
                          session->options->images[i].service);
    if (type == NULL)
        session->bad = true;
    else if (strcmp(type, "debug") == 0 && !report_writer_is_json(session->options->writer))
        print_debug(record);
    else
        report(session, record);
    json_decref(record);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* True when this session makes the file for the first time. */
static bool is_first(struct session *session, const char *name)
{
    char *copy = strdup(name);
    char **found = copy != NULL ? tsearch(copy, &session->made, compare_names) : NULL;

    if (found == NULL || *found != copy) {
        free(copy);
        return false;
    }
    return true;
}

static struct open_file *file_of(struct session *session, const char *name)
{
    struct open_file *oldest = &session->files[0];

    for (size_t i = 0; i < OPEN_FILES; i++) {
        struct open_file *file = &session->files[i];
        if (file->used != 0 && strcmp(file->name, name) == 0)
            return file;
        if (file->used < oldest->used)
            oldest = file;
    }
    if (oldest->used != 0)
        close(oldest->fd);
    oldest->used = 0;
    oldest->fd = openat(session->folder, name,
                        O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW |
                            (is_first(session, name) ? O_TRUNC : 0),
                        0666);
    if (oldest->fd < 0)
        return NULL;
    snprintf(oldest->name, sizeof(oldest->name), "%s", name);
    return oldest;
}

/* A payload begins with the name of a file for the folder, and its NUL. */
static bool is_name(const struct session *session, const char *payload, size_t length)
{
    const size_t name = strnlen(payload, length);

    return session->folder >= 0 && name != 0 && name != length && name < NAME_LIMIT &&
           payload[0] != '.' && memchr(payload, '/', name) == NULL;
}

/* Payload: the name, its NUL, all bytes. */
static void take_file(struct session *session, const char *payload, size_t length)
{
    if (!is_name(session, payload, length)) {
        session->bad = true;
        return;
    }
    const size_t name = strlen(payload) + 1;
    if (session->error == 0)
        session->error = whole_file_put(session->folder, payload, payload + name, length - name);
}

/* Payload: the name, its NUL, the bytes. */
static void take_delivered(struct session *session, const char *payload, size_t length)
{
    size_t name = strnlen(payload, length);

    if (!is_name(session, payload, length)) {
        session->bad = true;
        return;
    }
    if (session->error != 0)
        return;
    struct open_file *file = file_of(session, payload);
    if (file == NULL) {
        session->error = errno;
        return;
    }
    file->used = ++session->clock;
    for (size_t at = name + 1; at < length;) {
        ssize_t written = write(file->fd, payload + at, length - at);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0) {
            session->error = written < 0 ? errno : ENOSPC;
            return;
        }
        at += (size_t)written;
    }
}

/* Payload: which output, one byte, then the bytes. */
static void take_output(struct session *session, const uint8_t *payload, size_t length)
{
    FILE *const *streams = session->options->streams;

    if (length == 0 || payload[0] >= SESSION_OUTPUTS || streams == NULL ||
        streams[payload[0]] == NULL) {
        session->bad = true;
        return;
    }
    /* What went wrong stays with the stream: who opened it asks when closing it. */
    (void)fwrite(payload + 1, 1, length - 1, streams[payload[0]]);
}

static bool frame(void *context, uint32_t type, const void *payload, uint32_t length)
{
    struct session *session = context;

    /* A run that is done again tells what it told before: that is not told twice. */
    if (type != MESSAGE_PROGRESS && session->heard++ < session->skip)
        return true;
    session->told += type == MESSAGE_RECORD || type == MESSAGE_SAY ? length : 0;
    if (session->told > TOLD_LIMIT)
        session->bad = true;

    switch (type) {
    case MESSAGE_RECORD:
        take_record(session, payload, length);
        break;
    case MESSAGE_DELIVER:
        take_delivered(session, payload, length);
        break;
    case MESSAGE_OUTPUT:
        take_output(session, payload, length);
        break;
    case MESSAGE_FILE:
        take_file(session, payload, length);
        break;
    case MESSAGE_PROGRESS:
        if (length != 0)
            snprintf(session->line, sizeof(session->line), "%.*s", (int)length,
                     (const char *)payload);
        if (session->options->quiet || !isatty(STDERR_FILENO))
            break;
        wipe_progress(session);
        print_plain(payload, length);
        fflush(stderr);
        session->progress_shown = length != 0;
        break;
    case MESSAGE_SAY:
        wipe_progress(session);
        fputs("sluice: ", stderr);
        print_plain(payload, length);
        fputc('\n', stderr);
        break;
    default:
        session->bad = true;
        break;
    }
    return !session->bad && session->write_error == 0;
}

static bool stop(void *context)
{
    (void)context;
    return interruption_asked();
}

/* A child that ended early did not close the report: it is closed here. */
static void close_report(struct session *session, int code, const char *why)
{
    const struct session_options *options = session->options;
    char reason[sizeof(session->line) + 200];

    if (options->about == NULL || session->closed || session->write_error != 0)
        return;
    for (char *c = session->line; *c != '\0'; c++) {
        if ((unsigned char)*c < 0x20 || (unsigned char)*c >= 0x7f)
            *c = '?';
    }
    snprintf(reason, sizeof(reason), "%s%s%s", why, session->line[0] != '\0' ? "; last told: " : "",
             session->line);
    struct report_run run = *options->about;
    run.findings = session->errors;
    run.warnings = session->warnings;
    run.verdict = code == EXIT_FINDINGS ? "findings" : "no-verdict";
    run.reason = reason;
    json_t *record = report_record_run(&run);
    report(session, record);
    json_decref(record);
}

struct work {
    int (*work)(void *context, struct session_channel *channel);
    void *context;
    bool guarded; /* see pe/guard.h */
};

static int child(void *context, int out_fd)
{
    struct work *work = context;
    struct session_channel channel = {.fd = out_fd};

    if (work->guarded && !pe_guard_begin())
        return EXIT_NO_VERDICT;

    if (!pe_close_tsc())
        session_say(&channel,
                    "warning: rdtsc cannot be taken over: drivers that use it see real time");
    return work->work(work->context, &channel);
}

int session_run(const struct session_options *options,
                int (*work)(void *context, struct session_channel *channel), void *context)
{
    struct session session = {.options = options, .folder = -1};
    struct work inner = {.work = work, .context = context};
    struct confine_options confine = {
        .memory = MEMORY_LIMIT,
        .cpu_seconds = options->cpu_seconds != 0 ? options->cpu_seconds : CPU_SECONDS,
        .wall_ms =
            WALL_FACTOR * 1000 * (options->cpu_seconds != 0 ? options->cpu_seconds : CPU_SECONDS),
        .keep = options->keep,
        .keep_count = options->keep_count,
        .context = &session,
        .frame = frame,
        .stop = stop,
        .stop_ms = STOP_MS,
    };
    struct confine_result result;
    int code = EXIT_NO_VERDICT;

    if (options->deliver != NULL) {
        mkdir(options->deliver, 0777); /* it is mostly there: open() tells what is wrong */
        session.folder = open(options->deliver, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (session.folder < 0) {
            fprintf(stderr, "sluice: %s: %s\n", options->deliver, strerror(errno));
            return EXIT_ENVIRONMENT;
        }
    }
    int error = confine_run(&confine, child, &inner, &result);
    /* Driver code may have written into the lab: once more, guarded, to see who does. */
    if (error == 0 && result.end == CONFINE_CRASHED && session.errors == 0 && pe_guard_prepare()) {
        inner.guarded = true;
        session.skip = session.heard;
        session.heard = 0;
        error = confine_run(&confine, child, &inner, &result);
    }
    wipe_progress(&session);
    report_left(&session);
    if (error != 0) {
        fprintf(stderr, "sluice: cannot start the process that runs drivers: %s\n",
                strerror(error));
        code = EXIT_ENVIRONMENT;
    } else if (session.write_error != 0) {
        fprintf(stderr, "sluice: the report could not be written whole: %s\n",
                strerror(session.write_error));
    } else if (result.end != CONFINE_RETURNED && session.errors != 0) {
        fprintf(stderr, "sluice: the driver was found guilty, and then: %s\n", result.text);
        code = EXIT_FINDINGS;
    } else if (result.end != CONFINE_RETURNED) {
        fprintf(stderr, "sluice: no verdict: %s\n", result.text);
    } else if (result.code < EXIT_CLEAN || result.code > EXIT_NO_VERDICT) {
        session.bad = true;
    } else {
        code = result.code == EXIT_CLEAN && session.errors != 0 ? EXIT_FINDINGS : result.code;
    }
    if (options->ended != NULL)
        *options->ended = error == 0 && result.end == CONFINE_RETURNED;
    if (error == 0 && result.end != CONFINE_RETURNED)
        close_report(&session, code, result.end == CONFINE_STOPPED ? "interrupted" : result.text);
    if (session.write_error != 0) {
        code = EXIT_ENVIRONMENT; /* it was said */
    } else if (!report_writer_finish(options->writer) || session.bad) {
        fprintf(stderr, "sluice: the report could not be written whole\n");
        code = EXIT_ENVIRONMENT;
    }
    if (session.error != 0) {
        fprintf(stderr, "sluice: %s: %s\n", options->deliver, strerror(session.error));
        code = EXIT_ENVIRONMENT;
    }
    for (size_t i = 0; i < OPEN_FILES; i++) {
        if (session.files[i].used != 0)
            close(session.files[i].fd);
    }
    tdestroy(session.made, free);
    if (session.folder >= 0)
        close(session.folder);
    return code;
}

static void send(struct session_channel *channel, enum message message, const void *payload,
                 size_t length)
{
    if (length > CONFINE_MAX_PAYLOAD ||
        !confine_send(channel->fd, message, payload, (uint32_t)length))
        _exit(EXIT_ENVIRONMENT); /* the parent is gone */
}

void session_record(struct session_channel *channel, json_t *record)
{
    char *text = record != NULL ? json_dumps(record, JSON_COMPACT | JSON_ENSURE_ASCII) : NULL;

    if (text == NULL) {
        session_say(channel, "out of memory, or text that is no UTF-8, in a record");
        _exit(EXIT_ENVIRONMENT);
    }
    send(channel, MESSAGE_RECORD, text, strlen(text));
    free(text);
    json_decref(record);
}

void session_deliver(struct session_channel *channel, const char *name, const uint8_t *bytes,
                     size_t length)
{
    static const size_t most = 1u << 20;
    size_t name_size = strlen(name) + 1;

    do {
        size_t part = length < most ? length : most;
        char *payload = malloc(name_size + part);
        if (payload == NULL)
            _exit(EXIT_ENVIRONMENT);
        memcpy(payload, name, name_size);
        if (part != 0) {
            memcpy(payload + name_size, bytes, part);
            bytes += part;
        }
        send(channel, MESSAGE_DELIVER, payload, name_size + part);
        free(payload);
        length -= part;
    } while (length != 0);
}

void session_file(struct session_channel *channel, const char *name, const void *bytes,
                  size_t length)
{
    const size_t name_size = strlen(name) + 1;

    if (length > CONFINE_MAX_PAYLOAD - name_size) {
        session_say(channel, "%s: too large for a file of its kind: not written", name);
        return;
    }
    char *payload = malloc(name_size + length);
    if (payload == NULL)
        _exit(EXIT_ENVIRONMENT);
    memcpy(payload, name, name_size);
    memcpy(payload + name_size, bytes, length);
    send(channel, MESSAGE_FILE, payload, name_size + length);
    free(payload);
}

void session_output(struct session_channel *channel, enum session_output output, const void *bytes,
                    size_t length)
{
    static const size_t most = 1u << 20;

    while (length != 0) {
        size_t part = length < most ? length : most;
        uint8_t *payload = malloc(part + 1);
        if (payload == NULL)
            _exit(EXIT_ENVIRONMENT);
        payload[0] = (uint8_t)output;
        memcpy(payload + 1, bytes, part);
        send(channel, MESSAGE_OUTPUT, payload, part + 1);
        free(payload);
        bytes = (const uint8_t *)bytes + part;
        length -= part;
    }
}

void session_progress(struct session_channel *channel, const char *line)
{
    send(channel, MESSAGE_PROGRESS, line, strlen(line));
}

void session_say(struct session_channel *channel, const char *format, ...)
{
    char line[1024];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    send(channel, MESSAGE_SAY, line, strlen(line));
}
