// SPDX-License-Identifier: Apache-2.0
#include <libpq-fe.h>
#if defined(__linux__)
#include <sys/epoll.h>
#include <sys/eventfd.h>
#endif
