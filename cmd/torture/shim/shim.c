/* Stands between the daemon and the C library, by LD_PRELOAD: what SQLite writes to the register fails, or is the last thing that
 * the process does, where the order in the shared file says so. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <unistd.h>

struct order {
	int mode;  /* 0 nothing, 1 die before the call, 2 die after it, 3 fail with error */
	int calls; /* bits: 1 writes, 2 syncs, 4 truncations */
	int left;  /* calls that still go well */
	int error; /* errno */
	int hits;  /* calls that did not go well */
	int times; /* calls that fail, 0 for all of them */
};

static volatile struct order *order;

__attribute__((constructor)) static void start(void) {
	const char *path = getenv("RADICADO_TORTURE_DISK");
	int fd = path ? open(path, O_RDWR) : -1;
	if (fd < 0) return;
	void *p = mmap(NULL, sizeof *order, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (p != MAP_FAILED) order = p;
}

static int ours(int fd) {
	char link[64], path[4096];
	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	ssize_t n = readlink(link, path, sizeof path - 1);
	if (n < 0) return 0;
	path[n] = 0;
	return strstr(path, "register.db") != NULL;
}

/* due says whether this call is the one, and dies where it is to die before it. */
static int due(int fd, int call) {
	if (!order || order->mode == 0 || !(order->calls & call) || !ours(fd)) return 0;
	int left = __atomic_fetch_sub((int *)&order->left, 1, __ATOMIC_SEQ_CST);
	if (left > 0 || (order->times > 0 && left <= -order->times)) return 0;
	__atomic_fetch_add((int *)&order->hits, 1, __ATOMIC_SEQ_CST);
	if (order->mode == 1) kill(getpid(), SIGKILL);
	return order->mode;
}

#define WRAP(result, name, call, params, args)                         \
	result name params {                                           \
		static result(*real) params;                           \
		if (!real) real = dlsym(RTLD_NEXT, #name);             \
		int mode = due(fd, call);                              \
		if (mode == 3) {                                       \
			errno = order->error;                          \
			return -1;                                     \
		}                                                      \
		result r = real args;                                  \
		if (mode == 2) kill(getpid(), SIGKILL);                \
		return r;                                              \
	}

WRAP(ssize_t, write, 1, (int fd, const void *b, size_t n), (fd, b, n))
WRAP(ssize_t, pwrite, 1, (int fd, const void *b, size_t n, off_t at), (fd, b, n, at))
WRAP(ssize_t, pwrite64, 1, (int fd, const void *b, size_t n, off64_t at), (fd, b, n, at))
WRAP(int, fsync, 2, (int fd), (fd))
WRAP(int, fdatasync, 2, (int fd), (fd))
WRAP(int, ftruncate, 4, (int fd, off_t n), (fd, n))
WRAP(int, ftruncate64, 4, (int fd, off64_t n), (fd, n))
