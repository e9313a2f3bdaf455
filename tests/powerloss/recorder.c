/* Records what a program does to the files below one folder, for tests of power loss and of failing disks.
 *
 * Preloaded (LD_PRELOAD) into any program that is linked to the C library dynamically. Each write, change of a length, creation, renaming,
 * removal and fsync below the folder is done as asked, then appended to the trace: one record, one writev, O_APPEND. So the trace is in one
 * order over all processes and threads, and what a program had got an answer to is in it before what the program did next.
 *
 *   RECORDER_FOLDER      the folder, without symbolic links; where it isn't absolute, from where the program was started
 *   RECORDER_TRACE       the trace: a file that exists, outside of the folder
 *   RECORDER_ACKS        what is written to this file (outside of the folder) is recorded as an acknowledgement
 *   RECORDER_DROP_SYNCS  set: fsync and fdatasync below the folder do nothing and are not recorded. To the files this is what SQLite's
 *                        `synchronous=OFF` and PostgreSQL's `fsync=off` are
 *   RECORDER_FAIL        KIND:N:ERRNO: the Nth call of that kind (read, write, sync, name or any) in a process fails, once;
 *                        KIND:N:ERRNO:forever: so do all after it. A write that fails for want of room (ENOSPC) has written its first half
 *
 * sync_file_range promises nothing, and is neither recorded nor hindered. What can't be told from outside (a shared writable mapping, a write
 * that is durable by a flag, copies inside the kernel) is recorded as not understood: the test then fails instead of believing the trace.
 * A mapping of SQLite's index of the WAL (-shm) is let be: it is made anew after a crash. io_uring goes unseen.
 *
 * System calls are made directly, so that nothing here depends on which functions of the C library are preloaded by others.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

_Static_assert(sizeof(long) == 8, "offsets are passed to system calls as one 64-bit word");

#define PARTS_MAX 1000
#define EXPORTED __attribute__((visibility("default")))

/* A record's head; its path, its second path and its data follow. Read by tests/src/chaos/powerloss/trace.rs. */
struct head {
    uint32_t magic;
    uint32_t kind;
    uint32_t thread;
    uint32_t error;
    uint64_t inode;
    uint64_t offset;
    uint32_t path_bytes;
    uint32_t to_bytes;
    uint64_t data_bytes;
};

#define MAGIC 0x67616e53u

enum kind {
    WRITTEN = 'W',     /* data at offset */
    TRUNCATED = 'T',   /* to the length `offset` */
    EXTENDED = 'E',    /* to at least the length `offset` */
    CREATED = 'C',     /* or opened, where it was there */
    RENAMED = 'R',
    LINKED = 'L',
    REMOVED = 'U',
    SYNC_BEGUN = 's',
    SYNCED = 'S',
    FOLDER_SYNCED = 'D',
    ANSWERED = 'A',
    FAILED = 'F',      /* on our order, with `error`; `offset`: its kind */
    UNKNOWN = 'X',
};

enum { READS = 1, WRITES = 2, SYNCS = 4, NAMES = 8, OF_A_FOLDER = 16 };

/* What a descriptor stands for. */
struct place {
    enum { ELSEWHERE, BELOW, ACKS } where;
    int is_folder;
    uint64_t inode;
    const char *path; /* below the folder */
    char buffer[PATH_MAX];
};

static struct {
    atomic_int begun;
    int on, trace, drop_syncs;
    char folder[PATH_MAX], acks[PATH_MAX];
    size_t folder_bytes;
    int fail_kinds, fail_error, fail_forever;
    long fail_at;
    atomic_long counted;
} our;

static void give_up(const char *what) {
    dprintf(2, "recorder: %s: %s\n", what, strerror(errno));
    abort();
}

static void read_fault(const char *text) {
    char kind[16], error[16], forever[16] = "";
    if (sscanf(text, "%15[a-z]:%ld:%15[A-Z]:%15[a-z]", kind, &our.fail_at, error, forever) < 3) {
        errno = EINVAL;
        give_up("RECORDER_FAIL is KIND:N:ERRNO");
    }
    our.fail_kinds = !strcmp(kind, "read") ? READS
        : !strcmp(kind, "write")           ? WRITES
        : !strcmp(kind, "sync")            ? SYNCS
        : !strcmp(kind, "name")            ? NAMES
                                           : READS | WRITES | SYNCS | NAMES;
    our.fail_error = !strcmp(error, "ENOSPC") ? ENOSPC : EIO;
    our.fail_forever = !strcmp(forever, "forever");
}

static int begin(void) {
    if (our.begun) return our.on;
    our.begun = 1;
    const char *folder = getenv("RECORDER_FOLDER"), *trace = getenv("RECORDER_TRACE"), *acks = getenv("RECORDER_ACKS");
    if (!folder || !trace) return 0;
    char here[PATH_MAX] = "";
    if (folder[0] != '/' && syscall(SYS_readlinkat, AT_FDCWD, "/proc/self/cwd", here, sizeof here - 2) < 0) give_up("no folder");
    if (here[0]) strcat(here, "/");
    if (strlen(here) + strlen(folder) >= sizeof our.folder) give_up("RECORDER_FOLDER is too long");
    strcat(strcpy(our.folder, here), folder);
    our.folder_bytes = strlen(our.folder);
    snprintf(our.acks, sizeof our.acks, "%s", acks ? acks : "");
    our.drop_syncs = getenv("RECORDER_DROP_SYNCS") != NULL;
    if (getenv("RECORDER_FAIL")) read_fault(getenv("RECORDER_FAIL"));
    int fd = syscall(SYS_openat, AT_FDCWD, trace, O_WRONLY | O_APPEND | O_CLOEXEC, 0);
    if (fd < 0) give_up("RECORDER_TRACE can't be opened");
    /* Out of the way of programs that count on low numbers. */
    our.trace = syscall(SYS_fcntl, fd, F_DUPFD_CLOEXEC, 500);
    if (our.trace < 0) give_up("RECORDER_TRACE can't be moved");
    syscall(SYS_close, fd);
    our.on = 1;
    return 1;
}

__attribute__((constructor)) static void at_start(void) { begin(); }

static void record(enum kind kind, uint64_t inode, uint64_t offset, const char *path, const char *to, int error,
                   const struct iovec *data, int parts, size_t bytes) {
    int before = errno;
    struct head head = {.magic = MAGIC, .kind = kind, .thread = syscall(SYS_gettid), .error = error, .inode = inode,
                        .offset = offset, .path_bytes = path ? strlen(path) : 0, .to_bytes = to ? strlen(to) : 0,
                        .data_bytes = bytes};
    struct iovec out[PARTS_MAX + 3] = {{&head, sizeof head}, {(void *)path, head.path_bytes}, {(void *)to, head.to_bytes}};
    size_t whole = sizeof head + head.path_bytes + head.to_bytes + bytes;
    int n = 3;
    for (int i = 0; i < parts && bytes > 0; i++) {
        size_t take = data[i].iov_len < bytes ? data[i].iov_len : bytes;
        out[n++] = (struct iovec){data[i].iov_base, take};
        bytes -= take;
    }
    if (syscall(SYS_writev, our.trace, out, n) != (long)whole) give_up("the trace can't be written");
    errno = before;
}

static void record_plain(enum kind kind, const struct place *place, uint64_t offset) {
    record(kind, place->inode, offset, place->path, NULL, 0, NULL, 0, 0);
}

static void not_understood(const struct place *place, const char *what) {
    struct iovec text = {(void *)what, strlen(what)};
    record(UNKNOWN, place->inode, 0, place->path, NULL, 0, &text, 1, text.iov_len);
}

/* The part of an absolute path that is below the folder, or NULL. */
static const char *below(const char *path) {
    if (strncmp(path, our.folder, our.folder_bytes)) return NULL;
    if (path[our.folder_bytes] == '\0') return path + our.folder_bytes;
    return path[our.folder_bytes] == '/' ? path + our.folder_bytes + 1 : NULL;
}

static void look_at(int fd, struct place *place) {
    int before = errno;
    place->where = ELSEWHERE;
    struct stat stat;
    if (begin() && fd >= 0 && syscall(SYS_fstat, fd, &stat) == 0 && (S_ISREG(stat.st_mode) || S_ISDIR(stat.st_mode))) {
        char link[32];
        snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
        long bytes = syscall(SYS_readlinkat, AT_FDCWD, link, place->buffer, sizeof place->buffer - 1);
        if (bytes > 0) {
            place->buffer[bytes] = '\0';
            place->inode = stat.st_ino;
            place->is_folder = S_ISDIR(stat.st_mode);
            place->path = below(place->buffer);
            if (place->path) place->where = BELOW;
            else if (!strcmp(place->buffer, our.acks)) place->where = ACKS;
        }
    }
    errno = before;
}

/* Makes a path absolute, without `.`, `..` and doubled slashes; answers the part below the folder, or NULL. */
static const char *find(int at, const char *path, char *out) {
    int before = errno;
    char whole[2 * PATH_MAX];
    whole[0] = '\0';
    if (!begin() || !path) return NULL;
    if (path[0] != '/') {
        char link[32] = "/proc/self/cwd";
        if (at != AT_FDCWD) snprintf(link, sizeof link, "/proc/self/fd/%d", at);
        long bytes = syscall(SYS_readlinkat, AT_FDCWD, link, whole, PATH_MAX - 1);
        whole[bytes > 0 ? bytes : 0] = '\0';
    }
    errno = before;
    snprintf(whole + strlen(whole), PATH_MAX, "/%s", path);
    size_t n = 0;
    char *rest = whole;
    for (char *part = strtok_r(whole, "/", &rest); part; part = strtok_r(NULL, "/", &rest)) {
        if (!strcmp(part, ".")) continue;
        if (!strcmp(part, "..")) {
            while (n > 0 && out[--n] != '/') {}
        } else if (n + strlen(part) + 2 < PATH_MAX) {
            n += sprintf(out + n, "/%s", part);
        }
    }
    out[n] = '\0';
    return below(out);
}

/* Whether this call is the one to fail; then errno is set. */
static int fails(int kind, const struct place *place) {
    if (!(our.fail_kinds & kind)) return 0;
    long n = atomic_fetch_add(&our.counted, 1) + 1;
    if (n != our.fail_at && !(our.fail_forever && n > our.fail_at)) return 0;
    record(FAILED, place->inode, kind | (place->is_folder ? OF_A_FOLDER : 0), place->path, NULL, our.fail_error, NULL, 0, 0);
    errno = our.fail_error;
    return 1;
}

static int name_fails(const char *path) {
    struct place place = {.path = path, .is_folder = 0};
    return path && fails(NAMES, &place);
}

/* Writes. An offset of -1: at the descriptor's own. */

static ssize_t do_write(int fd, const struct iovec *data, int parts, off_t offset) {
    if (offset < 0) return syscall(SYS_writev, fd, data, parts);
    return syscall(SYS_pwritev, fd, data, parts, offset, 0L);
}

static ssize_t written(int fd, const struct iovec *data, int parts, off_t offset) {
    struct place place;
    look_at(fd, &place);
    if (place.where == ELSEWHERE) return do_write(fd, data, parts, offset);
    if (place.where == BELOW && parts > PARTS_MAX) not_understood(&place, "a write of more than 1,000 parts");
    if (place.where == BELOW && fails(WRITES, &place)) {
        int error = errno;
        struct iovec half = {data[0].iov_base, data[0].iov_len / 2};
        if (error == ENOSPC && parts == 1 && half.iov_len > 0) {
            ssize_t done = do_write(fd, &half, 1, offset);
            off_t at = offset < 0 ? syscall(SYS_lseek, fd, 0L, SEEK_CUR) - done : offset;
            if (done > 0) record(WRITTEN, place.inode, at, place.path, NULL, 0, &half, 1, done);
        }
        errno = error;
        return -1;
    }
    ssize_t done = do_write(fd, data, parts, offset);
    if (done <= 0) return done;
    if (place.where == ACKS) {
        record(ANSWERED, 0, 0, NULL, NULL, 0, data, parts, done);
    } else {
        int before = errno;
        off_t at = offset < 0 ? syscall(SYS_lseek, fd, 0L, SEEK_CUR) - done : offset;
        errno = before;
        record(WRITTEN, place.inode, at, place.path, NULL, 0, data, parts, done);
    }
    return done;
}

EXPORTED ssize_t write(int fd, const void *data, size_t bytes) {
    struct iovec one = {(void *)data, bytes};
    return written(fd, &one, 1, -1);
}
EXPORTED ssize_t pwrite(int fd, const void *data, size_t bytes, off_t offset) {
    struct iovec one = {(void *)data, bytes};
    return written(fd, &one, 1, offset);
}
EXPORTED ssize_t pwrite64(int fd, const void *data, size_t bytes, off64_t offset) { return pwrite(fd, data, bytes, offset); }
EXPORTED ssize_t writev(int fd, const struct iovec *data, int parts) { return written(fd, data, parts, -1); }
EXPORTED ssize_t pwritev(int fd, const struct iovec *data, int parts, off_t offset) { return written(fd, data, parts, offset); }
EXPORTED ssize_t pwritev64(int fd, const struct iovec *data, int parts, off64_t offset) { return written(fd, data, parts, offset); }
EXPORTED ssize_t pwritev2(int fd, const struct iovec *data, int parts, off_t offset, int flags) {
    struct place place;
    look_at(fd, &place);
    if (place.where == BELOW && flags) not_understood(&place, "pwritev2 with flags");
    return written(fd, data, parts, offset);
}
EXPORTED ssize_t pwritev64v2(int fd, const struct iovec *data, int parts, off64_t offset, int flags) {
    return pwritev2(fd, data, parts, offset, flags);
}

/* Reads, which only fail. */

static int read_fails(int fd) {
    if (!begin() || !(our.fail_kinds & READS)) return 0;
    struct place place;
    look_at(fd, &place);
    return place.where == BELOW && fails(READS, &place);
}
EXPORTED ssize_t read(int fd, void *data, size_t bytes) { return read_fails(fd) ? -1 : syscall(SYS_read, fd, data, bytes); }
EXPORTED ssize_t pread(int fd, void *data, size_t bytes, off_t offset) {
    return read_fails(fd) ? -1 : syscall(SYS_pread64, fd, data, bytes, offset);
}
EXPORTED ssize_t pread64(int fd, void *data, size_t bytes, off64_t offset) { return pread(fd, data, bytes, offset); }

/* Lengths. */

EXPORTED int ftruncate(int fd, off_t length) {
    struct place place;
    look_at(fd, &place);
    if (place.where == BELOW && fails(WRITES, &place)) return -1;
    int done = syscall(SYS_ftruncate, fd, length);
    if (done == 0 && place.where == BELOW) record_plain(TRUNCATED, &place, length);
    return done;
}
EXPORTED int ftruncate64(int fd, off64_t length) { return ftruncate(fd, length); }

EXPORTED int truncate(const char *path, off_t length) {
    int fd = syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CLOEXEC, 0);
    if (fd < 0) return -1;
    int done = ftruncate(fd, length);
    int error = errno;
    syscall(SYS_close, fd);
    errno = error;
    return done;
}
EXPORTED int truncate64(const char *path, off64_t length) { return truncate(path, length); }

EXPORTED int fallocate(int fd, int mode, off_t offset, off_t length) {
    struct place place;
    look_at(fd, &place);
    if (place.where == BELOW && fails(WRITES, &place)) return -1;
    int done = syscall(SYS_fallocate, fd, mode, offset, length);
    if (done == 0 && place.where == BELOW) {
        if (mode == 0) record_plain(EXTENDED, &place, offset + length);
        else if (mode != 1 /* FALLOC_FL_KEEP_SIZE: room, and no more */) not_understood(&place, "fallocate with a mode");
    }
    return done;
}
EXPORTED int fallocate64(int fd, int mode, off64_t offset, off64_t length) { return fallocate(fd, mode, offset, length); }
EXPORTED int posix_fallocate(int fd, off_t offset, off_t length) {
    int before = errno;
    int error = fallocate(fd, 0, offset, length) == 0 ? 0 : errno;
    errno = before;
    return error;
}
EXPORTED int posix_fallocate64(int fd, off64_t offset, off64_t length) { return posix_fallocate(fd, offset, length); }

/* Syncs. What one covers was written before it began. */

static int synced(int fd, long call) {
    struct place place;
    look_at(fd, &place);
    if (place.where != BELOW) return syscall(call, fd);
    if (our.drop_syncs) return 0;
    record_plain(SYNC_BEGUN, &place, 0);
    if (fails(SYNCS, &place)) return -1;
    int done = syscall(call, fd);
    if (done == 0) record_plain(place.is_folder ? FOLDER_SYNCED : SYNCED, &place, 0);
    return done;
}
EXPORTED int fsync(int fd) { return synced(fd, SYS_fsync); }
EXPORTED int fdatasync(int fd) { return synced(fd, SYS_fdatasync); }
EXPORTED int syncfs(int fd) {
    struct place place;
    look_at(fd, &place);
    if (place.where == BELOW) not_understood(&place, "syncfs");
    return syscall(SYS_syncfs, fd);
}

/* Names. */

static int opened(int at, const char *path, int flags, mode_t mode) {
    char buffer[PATH_MAX];
    const char *name = (flags & (O_CREAT | O_TRUNC)) ? find(at, path, buffer) : NULL;
    if ((flags & O_CREAT) && name_fails(name)) return -1;
    int fd = syscall(SYS_openat, at, path, flags, mode);
    if (fd < 0) return fd;
    struct place place;
    place.where = ELSEWHERE;
    if (name || (flags & O_DSYNC)) look_at(fd, &place);
    if (place.where != BELOW || place.is_folder) return fd;
    if (flags & O_DSYNC) not_understood(&place, "a file opened with O_SYNC or O_DSYNC");
    if (flags & O_CREAT) record_plain(CREATED, &place, 0);
    if (flags & O_TRUNC) record_plain(TRUNCATED, &place, 0);
    return fd;
}

#define WITH_MODE(flags)                         \
    mode_t mode = 0;                             \
    if ((flags) & (O_CREAT | __O_TMPFILE)) {     \
        va_list more;                            \
        va_start(more, flags);                   \
        mode = va_arg(more, mode_t);             \
        va_end(more);                            \
    }

EXPORTED int open(const char *path, int flags, ...) { WITH_MODE(flags) return opened(AT_FDCWD, path, flags, mode); }
EXPORTED int open64(const char *path, int flags, ...) { WITH_MODE(flags) return opened(AT_FDCWD, path, flags, mode); }
EXPORTED int openat(int at, const char *path, int flags, ...) { WITH_MODE(flags) return opened(at, path, flags, mode); }
EXPORTED int openat64(int at, const char *path, int flags, ...) { WITH_MODE(flags) return opened(at, path, flags, mode); }
EXPORTED int creat(const char *path, mode_t mode) { return opened(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode); }
EXPORTED int creat64(const char *path, mode_t mode) { return creat(path, mode); }
EXPORTED int __open_2(const char *path, int flags) { return opened(AT_FDCWD, path, flags, 0); }
EXPORTED int __open64_2(const char *path, int flags) { return opened(AT_FDCWD, path, flags, 0); }
EXPORTED int __openat_2(int at, const char *path, int flags) { return opened(at, path, flags, 0); }
EXPORTED int __openat64_2(int at, const char *path, int flags) { return opened(at, path, flags, 0); }

EXPORTED int unlinkat(int at, const char *path, int flags) {
    char buffer[PATH_MAX];
    const char *name = find(at, path, buffer);
    if (name_fails(name)) return -1;
    int done = syscall(SYS_unlinkat, at, path, flags);
    if (done == 0 && name) record(REMOVED, 0, 0, name, NULL, 0, NULL, 0, 0);
    return done;
}
EXPORTED int unlink(const char *path) { return unlinkat(AT_FDCWD, path, 0); }
EXPORTED int rmdir(const char *path) { return unlinkat(AT_FDCWD, path, AT_REMOVEDIR); }
EXPORTED int remove(const char *path) {
    int done = unlinkat(AT_FDCWD, path, 0);
    return done != 0 && (errno == EISDIR || errno == EPERM) ? rmdir(path) : done;
}

static int renamed(int from_at, const char *from, int to_at, const char *to, unsigned flags) {
    char from_buffer[PATH_MAX], to_buffer[PATH_MAX];
    const char *from_name = find(from_at, from, from_buffer), *to_name = find(to_at, to, to_buffer);
    if (name_fails(from_name ? from_name : to_name)) return -1;
    int done = syscall(SYS_renameat2, from_at, from, to_at, to, flags);
    if (done == 0 && (from_name || to_name)) {
        struct place place = {.path = from_name ? from_name : to_name};
        if (from_name && to_name && !(flags & 2 /* RENAME_EXCHANGE */)) record(RENAMED, 0, 0, from_name, to_name, 0, NULL, 0, 0);
        else not_understood(&place, "a renaming into or out of the folder, or an exchange");
    }
    return done;
}
EXPORTED int rename(const char *from, const char *to) { return renamed(AT_FDCWD, from, AT_FDCWD, to, 0); }
EXPORTED int renameat(int from_at, const char *from, int to_at, const char *to) { return renamed(from_at, from, to_at, to, 0); }
EXPORTED int renameat2(int from_at, const char *from, int to_at, const char *to, unsigned flags) {
    return renamed(from_at, from, to_at, to, flags);
}

EXPORTED int linkat(int from_at, const char *from, int to_at, const char *to, int flags) {
    char from_buffer[PATH_MAX], to_buffer[PATH_MAX];
    const char *from_name = find(from_at, from, from_buffer), *to_name = find(to_at, to, to_buffer);
    if (name_fails(to_name)) return -1;
    int done = syscall(SYS_linkat, from_at, from, to_at, to, flags);
    if (done == 0 && from_name && to_name) record(LINKED, 0, 0, from_name, to_name, 0, NULL, 0, 0);
    return done;
}
EXPORTED int link(const char *from, const char *to) { return linkat(AT_FDCWD, from, AT_FDCWD, to, 0); }

/* What can't be followed. */

EXPORTED void *mmap(void *address, size_t bytes, int protection, int flags, int fd, off_t offset) {
    if ((protection & PROT_WRITE) && (flags & MAP_SHARED) && !(flags & MAP_ANONYMOUS)) {
        struct place place;
        look_at(fd, &place);
        size_t n = place.where == BELOW ? strlen(place.path) : 0;
        if (place.where == BELOW && !(n >= 4 && !strcmp(place.path + n - 4, "-shm"))) not_understood(&place, "a shared mapping");
    }
    return (void *)syscall(SYS_mmap, address, bytes, protection, flags, fd, offset);
}
EXPORTED void *mmap64(void *address, size_t bytes, int protection, int flags, int fd, off64_t offset) {
    return mmap(address, bytes, protection, flags, fd, offset);
}

EXPORTED ssize_t copy_file_range(int from, off64_t *from_at, int to, off64_t *to_at, size_t bytes, unsigned flags) {
    struct place place;
    look_at(to, &place);
    if (place.where == BELOW) not_understood(&place, "copy_file_range");
    return syscall(SYS_copy_file_range, from, from_at, to, to_at, bytes, flags);
}
EXPORTED ssize_t sendfile(int to, int from, off_t *from_at, size_t bytes) {
    struct place place;
    look_at(to, &place);
    if (place.where == BELOW) not_understood(&place, "sendfile");
    return syscall(SYS_sendfile, to, from, from_at, bytes);
}
EXPORTED ssize_t sendfile64(int to, int from, off64_t *from_at, size_t bytes) { return sendfile(to, from, from_at, bytes); }
