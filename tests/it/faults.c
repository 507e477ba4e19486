/*
 * A disk that fails as it is told, in front of the program's own calls (LD_PRELOAD). What FAULTS (a file) says is looked up at
 * each call and holds for the files of the database:
 *   write      every write fails with EIO
 *   sync       every sync fails with EIO
 *   quota      every write into the data folder fails with EDQUOT
 *   interrupt  of three writes one is interrupted and one writes only half
 *   keep       what is synced is copied into the folder FAULTS_KEEP: what would be left if the power failed now
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

typedef ssize_t (*write_fn)(int, const void *, size_t);
typedef ssize_t (*pwrite_fn)(int, const void *, size_t, off_t);
typedef int (*sync_fn)(int);

static void *real(const char *name) { return dlsym(RTLD_NEXT, name); }

static int told(const char *word) {
    char text[64];
    const char *path = getenv("FAULTS");
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0)
        return 0;
    ssize_t length = read(fd, text, sizeof text - 1);
    close(fd);
    text[length > 0 ? length : 0] = 0;
    return strncmp(text, word, strlen(word)) == 0;
}

static int named(int fd, char path[PATH_MAX]) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    path[length > 0 ? length : 0] = 0;
    return length > 0;
}

static int of_database(const char *path) {
    return strstr(path, "/data/watercooler.db") != NULL && strstr(path, "-shm") == NULL;
}

/* 0: go on; 1: fail with errno; 2: half of it. */
static int judge(int fd) {
    static atomic_uint turn;
    char path[PATH_MAX];
    if (fd <= 2 || !named(fd, path) || strstr(path, "/data/") == NULL)
        return 0;
    if (told("quota"))
        return errno = EDQUOT, 1;
    if (!of_database(path))
        return 0;
    if (told("write"))
        return errno = EIO, 1;
    if (told("interrupt")) {
        unsigned now = atomic_fetch_add(&turn, 1) % 3;
        if (now == 0)
            return errno = EINTR, 1;
        return now == 1 ? 2 : 0;
    }
    return 0;
}

ssize_t write(int fd, const void *bytes, size_t count) {
    int verdict = judge(fd);
    if (verdict == 1)
        return -1;
    return ((write_fn)real("write"))(fd, bytes, verdict == 2 && count > 1 ? count / 2 : count);
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t at) {
    int verdict = judge(fd);
    if (verdict == 1)
        return -1;
    return ((pwrite_fn)real("pwrite"))(fd, bytes, verdict == 2 && count > 1 ? count / 2 : count, at);
}

ssize_t pwrite64(int fd, const void *bytes, size_t count, off_t at) { return pwrite(fd, bytes, count, at); }

/* Whole or not at all: the process may be killed meanwhile. */
static void keep(const char *path) {
    static char bytes[1 << 16];
    static atomic_flag busy = ATOMIC_FLAG_INIT;
    char partial[PATH_MAX + 16], whole[PATH_MAX + 16];
    const char *folder = getenv("FAULTS_KEEP"), *name = strrchr(path, '/');
    if (!folder || !name)
        return;
    while (atomic_flag_test_and_set(&busy))
        usleep(100);
    snprintf(whole, sizeof whole, "%s%s", folder, name);
    snprintf(partial, sizeof partial, "%s%s.partial", folder, name);
    int in = open(path, O_RDONLY | O_CLOEXEC), out = open(partial, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (in >= 0 && out >= 0) {
        ssize_t length;
        while ((length = read(in, bytes, sizeof bytes)) > 0)
            ((write_fn)real("write"))(out, bytes, (size_t)length);
        rename(partial, whole);
    }
    if (in >= 0)
        close(in);
    if (out >= 0)
        close(out);
    atomic_flag_clear(&busy);
}

static int synced(int fd, const char *call) {
    char path[PATH_MAX];
    int of = named(fd, path) && of_database(path);
    if (of && told("sync"))
        return errno = EIO, -1;
    int result = ((sync_fn)real(call))(fd);
    if (of && result == 0 && told("keep"))
        keep(path);
    return result;
}

int fsync(int fd) { return synced(fd, "fsync"); }
int fdatasync(int fd) { return synced(fd, "fdatasync"); }
