/* SPDX-License-Identifier: MIT */
/* Names for driver code, asked of llvm-symbolizer as a child process: reading PDB files is its
 * business. */
#include "cli/symbolize.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define ANSWER_SIZE 65536
#define FRAME_TEXT  256

static const char *const tools[] = {"llvm-symbolizer-19", "llvm-symbolizer"};

/* Runs a tool and reads what it says, at most size - 1 bytes. False when it is missing or fails. */
static bool ask(const char *tool, const char *image, const char *offset, char *answer, size_t size)
{
    char object[600];
    char *const arguments[] = {(char *)(uintptr_t)tool,
                               (char *)(uintptr_t)"--relative-address",
                               (char *)(uintptr_t)"--output-style=JSON",
                               object,
                               (char *)(uintptr_t)offset,
                               NULL};
    posix_spawn_file_actions_t actions;
    int pipe_fd[2], status = 0;
    size_t used = 0;
    pid_t pid;

    snprintf(object, sizeof(object), "--obj=%s", image);
    if (pipe2(pipe_fd, O_CLOEXEC) != 0)
        return false;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, pipe_fd[1], STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    int error = posix_spawnp(&pid, tool, &actions, NULL, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(pipe_fd[1]);
    while (error == 0 && used + 1 < size) {
        ssize_t got = read(pipe_fd[0], answer + used, size - 1 - used);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        used += (size_t)got;
    }
    answer[used] = '\0';
    close(pipe_fd[0]);
    while (error == 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    return error == 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0 && used != 0;
}

/* The symbols of one address, innermost first: a new reference to an array, or NULL. */
static json_t *symbols_at(const char *image, const char *offset)
{
    char *answer = malloc(ANSWER_SIZE);
    json_t *symbols = NULL;

    for (size_t i = 0; answer != NULL && i < sizeof(tools) / sizeof(tools[0]); i++) {
        if (!ask(tools[i], image, offset, answer, ANSWER_SIZE))
            continue;
        json_t *root = json_loads(answer, 0, NULL);
        symbols = json_incref(json_object_get(json_array_get(root, 0), "Symbol"));
        json_decref(root);
        break;
    }
    free(answer);
    return symbols;
}

/* Appends the named frames of "service+0x1234 (role)". False: the address has no name. */
static bool append_named(json_t *stack, const char *image, const char *service, const char *frame)
{
    char offset[24];
    const char *from = frame + strlen(service) + 1;
    size_t length = strcspn(from, " ");
    bool any = false;
    json_t *symbol;
    size_t index;

    if (length >= sizeof(offset))
        return false;
    memcpy(offset, from, length);
    offset[length] = '\0';
    json_t *symbols = symbols_at(image, offset);
    json_array_foreach(symbols, index, symbol)
    {
        char text[FRAME_TEXT];
        const char *function = json_string_value(json_object_get(symbol, "FunctionName"));
        const char *file = json_string_value(json_object_get(symbol, "FileName"));
        if (function == NULL || *function == '\0')
            continue;
        const char *base = file != NULL ? strrchr(file, '\\') : NULL;
        base = base != NULL ? base + 1 : file != NULL ? file : "?";
        bool last = index + 1 == json_array_size(symbols);
        snprintf(text, sizeof(text), "%s!%s [%s:%d]%s", service, function, base,
                 (int)json_integer_value(json_object_get(symbol, "Line")),
                 last ? from + length : "");
        json_array_append_new(stack, json_string(text));
        any = true;
    }
    json_decref(symbols);
    return any;
}

void symbolize_finding(json_t *finding, const char *image, const char *service)
{
    json_t *before = json_object_get(finding, "stack");
    json_t *stack = json_array();
    size_t length = strlen(service);
    json_t *frame;
    size_t index;

    json_array_foreach(before, index, frame)
    {
        const char *text = json_string_value(frame);
        bool ours = text != NULL && strncmp(text, service, length) == 0 &&
                    strncmp(text + length, "+0x", 3) == 0;
        if (!ours || !append_named(stack, image, service, text))
            json_array_append(stack, frame);
    }
    json_object_set_new(finding, "stack", stack);
}
