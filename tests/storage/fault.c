/* Makes a disk fail, and a clock jump, for one process: LD_PRELOAD.
 *
 * IBIS_FAULT_UNDER    files whose path begins so are concerned
 * IBIS_FAULT_CONTROL  a directory; while it holds a file of this name, ...
 *     eio     writing, syncing and creating fails with EIO
 *     erofs   the same with EROFS
 *     clock   the wall clock is off by as many seconds as the file says
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

static int control(const char *name, char *content, size_t size) {
    const char *directory = getenv("IBIS_FAULT_CONTROL");
    char path[4096];
    if (directory == NULL) return 0;
    snprintf(path, sizeof path, "%s/%s", directory, name);
    if (content == NULL) return syscall(SYS_faccessat, AT_FDCWD, path, F_OK) == 0;
    int fd = syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return 0;
    ssize_t length = syscall(SYS_read, fd, content, size - 1);
    syscall(SYS_close, fd);
    content[length > 0 ? length : 0] = 0;
    return length > 0;
}

static int fault_of_path(const char *path) {
    const char *under = getenv("IBIS_FAULT_UNDER");
    int saved = errno, fault = 0;
    char whole[8192];
    if (under == NULL || path == NULL) return 0;
    if (path[0] != '/' && getcwd(whole, 4096) != NULL) {
        strcat(whole, "/");
        strncat(whole, path, 4000);
        path = whole;
    }
    if (strncmp(path, under, strlen(under)) == 0) {
        if (control("eio", NULL, 0)) fault = EIO;
        if (control("erofs", NULL, 0)) fault = EROFS;
    }
    errno = saved;
    return fault;
}

static int fault_of_fd(int fd) {
    char link[64], path[4096];
    int saved = errno;
    if (getenv("IBIS_FAULT_UNDER") == NULL) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = syscall(SYS_readlinkat, AT_FDCWD, link, path, sizeof path - 1);
    errno = saved;
    if (length <= 0) return 0;
    path[length] = 0;
    return fault_of_path(path);
}

#define REAL(name) \
    static __typeof__(&name) real; \
    if (real == NULL) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)
#define FAIL(fault) \
    do { int found = (fault); if (found != 0) { errno = found; return -1; } } while (0)

ssize_t write(int fd, const void *data, size_t size) {
    REAL(write); FAIL(fault_of_fd(fd)); return real(fd, data, size);
}
ssize_t pwrite(int fd, const void *data, size_t size, off_t at) {
    REAL(pwrite); FAIL(fault_of_fd(fd)); return real(fd, data, size, at);
}
ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at) {
    REAL(pwrite64); FAIL(fault_of_fd(fd)); return real(fd, data, size, at);
}
int fsync(int fd) { REAL(fsync); FAIL(fault_of_fd(fd)); return real(fd); }
int fdatasync(int fd) { REAL(fdatasync); FAIL(fault_of_fd(fd)); return real(fd); }
int ftruncate(int fd, off_t size) { REAL(ftruncate); FAIL(fault_of_fd(fd)); return real(fd, size); }
int ftruncate64(int fd, off64_t size) { REAL(ftruncate64); FAIL(fault_of_fd(fd)); return real(fd, size); }
int rename(const char *from, const char *to) { REAL(rename); FAIL(fault_of_path(to)); return real(from, to); }
int unlink(const char *path) { REAL(unlink); FAIL(fault_of_path(path)); return real(path); }

#define OPEN(name) \
    int name(const char *path, int flags, ...) { \
        REAL(name); \
        va_list rest; va_start(rest, flags); mode_t mode = va_arg(rest, mode_t); va_end(rest); \
        if (flags & (O_CREAT | O_WRONLY | O_RDWR)) FAIL(fault_of_path(path)); \
        return real(path, flags, mode); \
    }
OPEN(open)
OPEN(open64)

int clock_gettime(clockid_t id, struct timespec *time) {
    char seconds[32];
    int result = syscall(SYS_clock_gettime, id, time);
    if (result == 0 && id == CLOCK_REALTIME && control("clock", seconds, sizeof seconds))
        time->tv_sec += atol(seconds);
    return result;
}
