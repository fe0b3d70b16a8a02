/*
 * Preloaded (LD_PRELOAD) into a process: counts what it does to files below a directory, and lets the n-th operation fail as a broken disk would.
 * .NET's System.Native and DuckDB's native code both call libc, so both are met. rename(2) of NcfSpark's own P/Invoke is looked up with dlsym in
 * libc itself, past a preloaded library: so dlsym is stood in for, too.
 *
 * fault_arm(directory, n, errno, sticky)  from now on operation n (from 1; 0: none) fails, and where sticky is not 0 every later one that changes something
 * fault_disarm(text, size)                returns how many operations there were; text is what failed, such as "write /run/prepared.tmp-1/x", or ""
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#define DESCRIPTORS 65536

static char below[4096], failed[4352];
static atomic_long count;
static atomic_int armed, failures;
static long at;
static int code, sticky;
static _Atomic(char) watched[DESCRIPTORS]; /* descriptors of files below the directory that can be written */

static void *next(const char *name);

static int is_below(const char *path)
{
    size_t length = strlen(below);
    return path && strncmp(path, below, length) == 0 && (path[length] == '/' || path[length] == 0);
}

static int is_watched(int fd) { return fd >= 0 && fd < DESCRIPTORS && watched[fd]; }

/* Whether this operation fails; then errno says why. */
static int fails(const char *operation, const char *path, int changes)
{
    if (!armed) return 0;
    long mine = ++count;
    if (at == 0 || mine < at || (mine > at && !(sticky && changes))) return 0;
    if (failures++ == 0) snprintf(failed, sizeof failed, "%s %s", operation, path);
    errno = code;
    return 1;
}

static int fails_path(const char *operation, const char *path, int changes) { return armed && is_below(path) && fails(operation, path, changes); }

static int fails_fd(const char *operation, int fd)
{
    if (!armed || !is_watched(fd)) return 0;
    char link[64], path[4096] = "?";
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length > 0) path[length] = 0;
    return fails(operation, path, 1);
}

void fault_arm(const char *directory, long n, int error, int goes_on)
{
    snprintf(below, sizeof below, "%s", directory);
    failed[0] = 0;
    count = 0;
    failures = 0;
    at = n, code = error, sticky = goes_on;
    armed = 1;
}

long fault_disarm(char *text, int size)
{
    armed = 0;
    snprintf(text, size, "%s", failed);
    return count;
}

static int opened(int fd, const char *path, int flags)
{
    if (fd >= 0 && fd < DESCRIPTORS) watched[fd] = armed && (flags & O_ACCMODE) != O_RDONLY && is_below(path);
    return fd;
}

#define OPEN(name, parameters, path, arguments)                                             \
    int name parameters                                                                     \
    {                                                                                       \
        static int (*real) parameters;                                                      \
        if (!real) real = next(#name);                                                      \
        mode_t mode = 0;                                                                    \
        if (flags & (O_CREAT | O_TMPFILE))                                                  \
        {                                                                                   \
            va_list rest;                                                                   \
            va_start(rest, flags);                                                          \
            mode = va_arg(rest, mode_t);                                                    \
            va_end(rest);                                                                   \
        }                                                                                   \
        if (fails_path("open", path, (flags & O_ACCMODE) != O_RDONLY)) return -1;           \
        return opened(real arguments, path, flags);                                         \
    }

OPEN(open, (const char *path, int flags, ...), path, (path, flags, mode))
OPEN(open64, (const char *path, int flags, ...), path, (path, flags, mode))
OPEN(openat, (int folder, const char *path, int flags, ...), path, (folder, path, flags, mode))
OPEN(openat64, (int folder, const char *path, int flags, ...), path, (folder, path, flags, mode))

#define ON_FD(type, name, parameters, fd, arguments, value) \
    type name parameters                                    \
    {                                                       \
        static type(*real) parameters;                      \
        if (!real) real = next(#name);                      \
        if (fails_fd(#name, fd)) return value;              \
        return real arguments;                              \
    }

ON_FD(ssize_t, write, (int fd, const void *bytes, size_t size), fd, (fd, bytes, size), -1)
ON_FD(ssize_t, pwrite, (int fd, const void *bytes, size_t size, off_t offset), fd, (fd, bytes, size, offset), -1)
ON_FD(ssize_t, pwrite64, (int fd, const void *bytes, size_t size, off64_t offset), fd, (fd, bytes, size, offset), -1)
ON_FD(ssize_t, writev, (int fd, const struct iovec *parts, int parts_count), fd, (fd, parts, parts_count), -1)
ON_FD(ssize_t, pwritev, (int fd, const struct iovec *parts, int parts_count, off_t offset), fd, (fd, parts, parts_count, offset), -1)
ON_FD(ssize_t, pwritev64, (int fd, const struct iovec *parts, int parts_count, off64_t offset), fd, (fd, parts, parts_count, offset), -1)
ON_FD(ssize_t, copy_file_range, (int from, off64_t *from_at, int to, off64_t *to_at, size_t size, unsigned flags), to, (from, from_at, to, to_at, size, flags), -1)
ON_FD(ssize_t, sendfile, (int to, int from, off_t *offset, size_t size), to, (to, from, offset, size), -1)
ON_FD(ssize_t, sendfile64, (int to, int from, off64_t *offset, size_t size), to, (to, from, offset, size), -1)
ON_FD(int, fsync, (int fd), fd, (fd), -1)
ON_FD(int, fdatasync, (int fd), fd, (fd), -1)
ON_FD(int, ftruncate, (int fd, off_t size), fd, (fd, size), -1)
ON_FD(int, ftruncate64, (int fd, off64_t size), fd, (fd, size), -1)
ON_FD(int, fallocate, (int fd, int mode, off_t offset, off_t size), fd, (fd, mode, offset, size), -1)
ON_FD(int, fallocate64, (int fd, int mode, off64_t offset, off64_t size), fd, (fd, mode, offset, size), -1)
ON_FD(int, posix_fallocate, (int fd, off_t offset, off_t size), fd, (fd, offset, size), errno)
ON_FD(int, posix_fallocate64, (int fd, off64_t offset, off64_t size), fd, (fd, offset, size), errno)

#define ON_PATH(name, parameters, path, arguments)     \
    int name parameters                                \
    {                                                  \
        static int (*real) parameters;                 \
        if (!real) real = next(#name);                 \
        if (fails_path(#name, path, 1)) return -1;     \
        return real arguments;                         \
    }

ON_PATH(rename, (const char *from, const char *to), from, (from, to))
ON_PATH(renameat, (int folder, const char *from, int new_folder, const char *to), from, (folder, from, new_folder, to))
ON_PATH(renameat2, (int folder, const char *from, int new_folder, const char *to, unsigned flags), from, (folder, from, new_folder, to, flags))
ON_PATH(link, (const char *from, const char *to), to, (from, to))
ON_PATH(symlink, (const char *target, const char *path), path, (target, path))
ON_PATH(mkdir, (const char *path, mode_t mode), path, (path, mode))
ON_PATH(rmdir, (const char *path), path, (path))
ON_PATH(unlink, (const char *path), path, (path))
ON_PATH(unlinkat, (int folder, const char *path, int flags), path, (folder, path, flags))

int close(int fd)
{
    static int (*real)(int);
    if (!real) real = next("close");
    if (fd >= 0 && fd < DESCRIPTORS) watched[fd] = 0;
    return real(fd);
}

typedef void *(*lookup)(void *, const char *);

static lookup real_dlsym(void)
{
    static lookup real;
    if (!real) real = (lookup)dlvsym(RTLD_NEXT, "dlsym", "GLIBC_2.34");
    if (!real) real = (lookup)dlvsym(RTLD_NEXT, "dlsym", "GLIBC_2.2.5");
    if (!real) real = (lookup)dlvsym(RTLD_NEXT, "dlsym", "GLIBC_2.17");
    return real;
}

static void *next(const char *name) { return real_dlsym()(RTLD_NEXT, name); }

void *dlsym(void *library, const char *name)
{
    if (strcmp(name, "rename") == 0) return (void *)rename;
    return real_dlsym()(library, name);
}
