/* SPDX-License-Identifier: MIT */
/* Writing beside, then renaming. */
#include "cli/whole_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILES_MOST 16
#define ENDING     ".part"

struct place {
    FILE *file;                   /* NULL: free */
    char path[PATH_MAX];          /* where it goes, links followed */
    char part[PATH_MAX];          /* where it is meanwhile */
    volatile sig_atomic_t beside; /* it is there */
};

static struct place places[FILES_MOST];

/* "folder/.name.PID.part" */
static bool name_part(struct place *place)
{
    const char *slash = strrchr(place->path, '/');
    const int folder = slash != NULL ? (int)(slash + 1 - place->path) : 0;
    const int length = snprintf(place->part, sizeof(place->part), "%.*s.%s.%ld" ENDING, folder,
                                place->path, place->path + folder, (long)getpid());

    return length > 0 && (size_t)length < sizeof(place->part);
}

static int open_beside(struct place *place, const struct stat *before)
{
    const int fd = open(place->part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);

    if (fd < 0)
        return -1;
    place->beside = 1;
    if (before != NULL)
        (void)fchmod(fd, before->st_mode & 0777);
    return fd;
}

static void give_up(struct place *place)
{
    if (place->beside)
        unlink(place->part);
    place->beside = 0;
    place->file = NULL;
}

FILE *whole_file_open(const char *name)
{
    struct place *place = NULL;
    struct stat before;
    int fd = -1;

    for (size_t i = 0; i < FILES_MOST && place == NULL; i++) {
        if (places[i].file == NULL)
            place = &places[i];
    }
    if (place == NULL || strlen(name) >= sizeof(place->path)) {
        errno = place == NULL ? EMFILE : ENAMETOOLONG;
        return NULL;
    }
    const bool there = stat(name, &before) == 0;
    if (there && access(name, W_OK) != 0)
        return NULL;
    if (!there || realpath(name, place->path) == NULL)
        snprintf(place->path, sizeof(place->path), "%s", name);
    if (!there && name[0] == '\0') {
        errno = ENOENT;
        return NULL;
    }
    if ((!there || S_ISREG(before.st_mode)) && name_part(place))
        fd = open_beside(place, there ? &before : NULL);
    if (fd < 0 && there)
        fd = open(name, O_WRONLY | O_TRUNC | O_CLOEXEC);
    place->file = fd >= 0 ? fdopen(fd, "wb") : NULL;
    if (place->file == NULL) {
        const int error = errno;
        if (fd >= 0)
            close(fd);
        give_up(place);
        errno = error;
        return NULL;
    }
    return place->file;
}

bool whole_file_close(FILE *file, bool keep)
{
    struct place *place = NULL;
    int error = 0;

    for (size_t i = 0; i < FILES_MOST; i++) {
        if (places[i].file == file)
            place = &places[i];
    }
    if (ferror(file))
        error = EIO;
    errno = 0;
    if (fflush(file) != 0)
        error = errno;
    if (fclose(file) != 0 && error == 0)
        error = errno;
    if (place != NULL && place->beside && keep && error == 0) {
        if (rename(place->part, place->path) == 0)
            place->beside = 0;
        else
            error = errno;
    }
    if (place != NULL)
        give_up(place);
    errno = error;
    return !keep || error == 0;
}

int whole_file_put(int folder, const char *name, const void *bytes, size_t length)
{
    char part[NAME_MAX + 1];
    const char *at = bytes;
    int error = 0;

    if (snprintf(part, sizeof(part), ".%s" ENDING, name) >= (int)sizeof(part))
        return ENAMETOOLONG;
    unlinkat(folder, part, 0); /* of a process that was killed */
    const int fd = openat(folder, part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (fd < 0)
        return errno;
    while (length != 0 && error == 0) {
        const ssize_t written = write(fd, at, length);
        if (written > 0) {
            at += written;
            length -= (size_t)written;
        } else if (written == 0 || errno != EINTR) {
            error = written < 0 ? errno : ENOSPC;
        }
    }
    if (close(fd) != 0 && error == 0)
        error = errno;
    if (error == 0 && renameat(folder, part, folder, name) != 0)
        error = errno;
    if (error != 0)
        unlinkat(folder, part, 0);
    return error;
}

void whole_file_discard_all(void)
{
    for (size_t i = 0; i < FILES_MOST; i++) {
        if (places[i].beside)
            unlink(places[i].part);
    }
}
