/*
 * LD_PRELOAD: counts every call of a process that changes what survives it, and acts at one of them.
 *
 * Counted are calls on files of one directory (create, write, truncate, rename, unlink, sync) and what is
 * sent over IP sockets, in all threads. A point is the n-th call of a kind in a phase. A kind is the call
 * and its object: "write:ibis.db-wal", "sync:dir", "send:POST"; digits between two dots (a process id)
 * are no part of a name; files deeper down are called as their first directory. Phases, told by what the process says on standard error: 0 start, 1 trading
 * (from "ready: run"), 2 drain (from "stopping: ").
 *
 *   CRASHPOINT_DIR    the directory, absolute
 *   CRASHPOINT_AT     "PHASE KIND N"; "any" for each of the first two; absent: only counts
 *   CRASHPOINT_MODE   kill      SIGKILL before the call
 *                     after     SIGKILL after the call
 *                     torn      half of the bytes, then SIGKILL
 *                     eio, enospc, syncfail   the call fails so, CRASHPOINT_FOR times (default 1); the
 *                                             last only where it is a sync
 *   CRASHPOINT_LOG    appends every call that was done, and every sync that failed ("lost:NAME"), in order: a header of `struct record`, then its texts and bytes
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))
#define NAME_MAX_ 128
#define PATH_MAX_ 1024

struct record { uint32_t phase, kind_len, path_len, to_len; uint64_t inode; int64_t offset; uint64_t data_len; };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char directory[PATH_MAX_], want_kind[NAME_MAX_] = "";
static long want_phase = -1, want_nth = 0, want_for = 1, phase = 0, matched = 0;
static enum { KILL, AFTER, TORN, EIO_, ENOSPC_, SYNCFAIL } mode = KILL;
static int log_fd = -1;

#define REAL(type, name, ...) \
    static type (*real)(__VA_ARGS__); \
    if (!real) real = (type (*)(__VA_ARGS__))dlsym(RTLD_NEXT, #name)

__attribute__((constructor)) static void begin(void) {
    static const char *modes[] = {"kill", "after", "torn", "eio", "enospc", "syncfail"};
    const char *text = getenv("CRASHPOINT_DIR");
    if (text) snprintf(directory, sizeof directory, "%s", text);
    if ((text = getenv("CRASHPOINT_AT"))) {
        char where[16];
        if (sscanf(text, "%15s %127s %ld", where, want_kind, &want_nth) != 3) want_nth = 0;
        want_phase = strcmp(where, "any") ? atol(where) : -1;
    }
    if ((text = getenv("CRASHPOINT_MODE")))
        for (int i = 0; i < 6; i++) if (!strcmp(text, modes[i])) mode = i;
    if ((text = getenv("CRASHPOINT_FOR"))) want_for = atol(text);
    if ((text = getenv("CRASHPOINT_LOG")))
        log_fd = syscall(SYS_openat, AT_FDCWD, text, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static void die(void) { syscall(SYS_kill, getpid(), SIGKILL); for (;;) pause(); }

static void put(const void *bytes, size_t count) {
    const char *at = bytes;
    while (count > 0) {
        ssize_t done = syscall(SYS_write, log_fd, at, count);
        if (done <= 0) return;
        at += done; count -= done;
    }
}

static void note(const char *kind, const char *path, const char *to, uint64_t inode, int64_t offset,
                 const struct iovec *parts, int count, size_t length) {
    if (log_fd < 0) return;
    struct record head = {phase, strlen(kind), strlen(path), strlen(to), inode, offset, length};
    put(&head, sizeof head); put(kind, head.kind_len); put(path, head.path_len); put(to, head.to_len);
    for (int i = 0; i < count && length > 0; i++) {
        size_t part = parts[i].iov_len < length ? parts[i].iov_len : length;
        put(parts[i].iov_base, part); length -= part;
    }
}

/* A path's name in the directory, without digits between dots. */
static void name_of(const char *path, char *name) {
    const char *base = path + strlen(directory); base += *base == '/';
    size_t used = 0;
    while (*base && *base != '/' && used < NAME_MAX_ - 1) {
        size_t digits = *base == '.' ? strspn(base + 1, "0123456789") : 0;
        if (digits && base[1 + digits] == '.') base += 1 + digits; else name[used++] = *base++;
    }
    name[used] = 0;
}

static int inside(const char *path) {
    size_t length = strlen(directory);
    return length && !strncmp(path, directory, length) && (path[length] == '/' || !path[length]);
}

/* What an open file is: 1 a file of ours, 2 the directory, 3 an IP socket, 0 nothing of interest. */
static int look(int fd, char *path, uint64_t *inode) {
    struct stat status;
    if (syscall(SYS_newfstatat, fd, "", &status, AT_EMPTY_PATH)) return 0;
    *inode = status.st_ino;
    if (S_ISSOCK(status.st_mode)) {
        struct sockaddr_storage address; socklen_t length = sizeof address;
        if (getsockname(fd, (struct sockaddr *)&address, &length)) return 0;
        return address.ss_family == AF_INET || address.ss_family == AF_INET6 ? 3 : 0;
    }
    if (!S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode)) return 0;
    char link[48]; snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, PATH_MAX_ - 1);
    if (length <= 0) return 0;
    path[length] = 0;
    char *gone = strstr(path, " (deleted)");
    if (gone) *gone = 0;
    if (!inside(path)) return 0;
    return S_ISDIR(status.st_mode) ? 2 : 1;
}

static void absolute(const char *path, char *full) {
    if (*path == '/') { snprintf(full, PATH_MAX_, "%s", path); return; }
    char here[PATH_MAX_ / 2]; here[0] = 0;
    if (syscall(SYS_getcwd, here, sizeof here) <= 0) here[0] = 0;
    while (path[0] == '.' && path[1] == '/') path += 2;
    snprintf(full, PATH_MAX_, "%s/%s", here, path);
}

/* What to do with this call: 0 as usual, 1 fail with errno set, 2 half of it and die, 3 all of it and die. */
static int decide(const char *kind, int is_sync, int can_tear) {
    if (want_phase >= 0 && want_phase != phase) return 0;
    if (strcmp(want_kind, "any") && strcmp(want_kind, kind)) return 0;
    matched++;
    if (!want_nth || matched < want_nth) return 0;
    if (mode < EIO_) {
        if (matched != want_nth) return 0;
        if (mode == KILL || (mode == TORN && !can_tear)) die();
        return mode == TORN ? 2 : 3;
    }
    if (matched >= want_nth + want_for || (mode == SYNCFAIL && !is_sync)) return 0;
    errno = mode == ENOSPC_ && !is_sync ? ENOSPC : EIO;
    return 1;
}

static void kind_of(char *kind, const char *call, const char *path) {
    char name[NAME_MAX_]; name_of(path, name); snprintf(kind, NAME_MAX_ + 16, "%s:%s", call, name);
}

typedef ssize_t (*transfer)(int fd, const struct iovec *parts, int count, int64_t offset, int flags);

static ssize_t do_write(int fd, const struct iovec *v, int c, int64_t o, int f) {
    (void)f; return o < 0 ? syscall(SYS_writev, fd, v, c) : syscall(SYS_pwritev, fd, v, c, (unsigned long)o, 0UL);
}
static ssize_t do_send(int fd, const struct iovec *v, int c, int64_t o, int f) {
    struct msghdr message = {0}; (void)o;
    message.msg_iov = (struct iovec *)v; message.msg_iovlen = c;
    return syscall(SYS_sendmsg, fd, &message, f);
}

/* A write or a send of any kind. */
static ssize_t moved(int fd, const struct iovec *parts, int count, int64_t offset, int flags, transfer real) {
    char path[PATH_MAX_] = "", kind[NAME_MAX_ + 16]; uint64_t inode = 0; size_t total = 0;
    for (int i = 0; i < count; i++) total += parts[i].iov_len;
    if (fd == 2 && count > 0 && parts[0].iov_base) {
        if (phase == 0 && memmem(parts[0].iov_base, parts[0].iov_len, "ready: run", 10)) phase = 1;
        if (phase < 2 && memmem(parts[0].iov_base, parts[0].iov_len, "stopping: ", 10)) phase = 2;
        return real(fd, parts, count, offset, flags);
    }
    int what = total ? look(fd, path, &inode) : 0;
    if (what != 1 && what != 3) return real(fd, parts, count, offset, flags);
    if (what == 1) kind_of(kind, "write", path);
    else {
        const char *text = parts[0].iov_base; size_t length = parts[0].iov_len, word = 0;
        while (word < 8 && word < length && text[word] >= 'A' && text[word] <= 'Z') word++;
        int is_request = word > 0 && word < length && text[word] == ' ';
        snprintf(kind, sizeof kind, is_request ? "send:%.*s" : "send:frame", (int)word, text);
    }
    pthread_mutex_lock(&lock);
    int64_t at = offset >= 0 || what == 3 ? offset : syscall(SYS_lseek, fd, 0, SEEK_CUR);
    int verdict = decide(kind, 0, 1);
    ssize_t done;
    if (verdict == 1) { pthread_mutex_unlock(&lock); return -1; }
    if (verdict == 2) {
        struct iovec half[64]; size_t left = total / 2; int used = 0;
        for (; used < count && used < 64 && left > 0; used++) {
            half[used] = parts[used];
            if (half[used].iov_len > left) half[used].iov_len = left;
            left -= half[used].iov_len;
        }
        done = used ? real(fd, half, used, offset, flags) : 0;
    } else done = real(fd, parts, count, offset, flags);
    int failed = errno;
    if (done > 0) note(kind, path, "", inode, at, parts, count, done);
    if (verdict >= 2) die();
    pthread_mutex_unlock(&lock);
    errno = failed;
    return done;
}

/* A call without bytes: `real` is run in between. */
#define CALL(kind, is_sync, path, to, inode, offset, real) \
    pthread_mutex_lock(&lock); \
    int verdict = decide(kind, is_sync, 0), result = -1; \
    if (verdict != 1) { \
        result = real; \
        if (result >= 0) note(kind, path, to, inode, offset, NULL, 0, 0); \
        if (verdict) die(); \
    } else if (is_sync) { \
        char lost[NAME_MAX_ + 16]; \
        snprintf(lost, sizeof lost, "lost:%s", strchr(kind, ':') + 1); \
        int why = errno; note(lost, path, to, inode, offset, NULL, 0, 0); errno = why; \
    } \
    int failed = errno; pthread_mutex_unlock(&lock); errno = failed; \
    return result

EXPORT ssize_t write(int fd, const void *bytes, size_t count) {
    struct iovec part = {(void *)bytes, count}; return moved(fd, &part, 1, -1, 0, do_write);
}
EXPORT ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t offset) {
    struct iovec part = {(void *)bytes, count}; return moved(fd, &part, 1, offset, 0, do_write);
}
EXPORT ssize_t pwrite(int fd, const void *bytes, size_t count, off_t offset) { return pwrite64(fd, bytes, count, offset); }
EXPORT ssize_t writev(int fd, const struct iovec *parts, int count) { return moved(fd, parts, count, -1, 0, do_write); }
EXPORT ssize_t pwritev64(int fd, const struct iovec *parts, int count, off64_t offset) { return moved(fd, parts, count, offset, 0, do_write); }
EXPORT ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t offset) { return moved(fd, parts, count, offset, 0, do_write); }
EXPORT ssize_t send(int fd, const void *bytes, size_t count, int flags) {
    struct iovec part = {(void *)bytes, count}; return moved(fd, &part, 1, -1, flags, do_send);
}
EXPORT ssize_t sendmsg(int fd, const struct msghdr *message, int flags) {
    if (message->msg_name || message->msg_control) { REAL(ssize_t, sendmsg, int, const struct msghdr *, int); return real(fd, message, flags); }
    return moved(fd, message->msg_iov, message->msg_iovlen, -1, flags, do_send);
}
EXPORT ssize_t sendto(int fd, const void *bytes, size_t count, int flags, const struct sockaddr *to, socklen_t length) {
    if (to) { REAL(ssize_t, sendto, int, const void *, size_t, int, const struct sockaddr *, socklen_t); return real(fd, bytes, count, flags, to, length); }
    return send(fd, bytes, count, flags);
}

static int synced(int fd, long call) {
    char path[PATH_MAX_] = "", kind[NAME_MAX_ + 16]; uint64_t inode = 0;
    int what = look(fd, path, &inode);
    if (what != 1 && what != 2) return syscall(call, fd);
    if (what == 2) snprintf(kind, sizeof kind, "sync:dir"); else kind_of(kind, "sync", path);
    CALL(kind, 1, path, "", inode, 0, syscall(call, fd));
}
EXPORT int fsync(int fd) { return synced(fd, SYS_fsync); }
EXPORT int fdatasync(int fd) { return synced(fd, SYS_fdatasync); }

EXPORT int ftruncate64(int fd, off64_t length) {
    char path[PATH_MAX_] = "", kind[NAME_MAX_ + 16]; uint64_t inode = 0;
    if (look(fd, path, &inode) != 1) return syscall(SYS_ftruncate, fd, length);
    kind_of(kind, "truncate", path);
    CALL(kind, 0, path, "", inode, length, syscall(SYS_ftruncate, fd, length));
}
EXPORT int ftruncate(int fd, off_t length) { return ftruncate64(fd, length); }

EXPORT int rename(const char *from, const char *to) {
    char old[PATH_MAX_], new[PATH_MAX_], kind[NAME_MAX_ + 16]; absolute(from, old); absolute(to, new);
    if (!inside(old) && !inside(new)) return syscall(SYS_renameat, AT_FDCWD, from, AT_FDCWD, to);
    kind_of(kind, "rename", new);
    CALL(kind, 0, old, new, 0, 0, syscall(SYS_renameat, AT_FDCWD, from, AT_FDCWD, to));
}

EXPORT int unlink(const char *from) {
    char path[PATH_MAX_], kind[NAME_MAX_ + 16]; absolute(from, path);
    if (!inside(path) || syscall(SYS_faccessat, AT_FDCWD, from, F_OK)) return syscall(SYS_unlinkat, AT_FDCWD, from, 0);
    kind_of(kind, "unlink", path);
    CALL(kind, 0, path, "", 0, 0, syscall(SYS_unlinkat, AT_FDCWD, from, 0));
}

static int opened(const char *from, int flags, mode_t rights) {
    char path[PATH_MAX_], kind[NAME_MAX_ + 16]; struct stat status; absolute(from, path);
    int is_new = (flags & O_CREAT) && syscall(SYS_newfstatat, AT_FDCWD, from, &status, 0);
    if (!inside(path) || !(is_new || (flags & O_TRUNC))) return syscall(SYS_openat, AT_FDCWD, from, flags, rights);
    kind_of(kind, is_new ? "create" : "truncate", path);
    pthread_mutex_lock(&lock);
    int verdict = decide(kind, 0, 0), fd = -1;
    if (verdict != 1) {
        fd = syscall(SYS_openat, AT_FDCWD, from, flags, rights);
        if (fd >= 0 && !syscall(SYS_newfstatat, fd, "", &status, AT_EMPTY_PATH)) note(kind, path, "", status.st_ino, 0, NULL, 0, 0);
        if (verdict) die();
    }
    int failed = errno; pthread_mutex_unlock(&lock); errno = failed;
    return fd;
}
#define RIGHTS mode_t rights = 0; if (flags & (O_CREAT | O_TMPFILE)) { va_list more; va_start(more, flags); rights = va_arg(more, mode_t); va_end(more); }
EXPORT int open64(const char *path, int flags, ...) { RIGHTS return opened(path, flags | O_LARGEFILE, rights); }
EXPORT int open(const char *path, int flags, ...) { RIGHTS return opened(path, flags, rights); }
