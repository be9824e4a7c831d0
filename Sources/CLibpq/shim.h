// SPDX-License-Identifier: Apache-2.0
#include <libpq-fe.h>
#include <dlfcn.h>
#if defined(__linux__)
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

// <pthread.h> declares it for _GNU_SOURCE only, which Swift does not define.
extern int pthread_setname_np(pthread_t thread, const char *name);

static inline void clibpq_set_thread_name(const char *name) {
    (void)pthread_setname_np(pthread_self(), name);
}
#endif
