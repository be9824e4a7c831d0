// SPDX-License-Identifier: Apache-2.0

#ifndef DURABLE_SQL_H
#define DURABLE_SQL_H

#include <stddef.h>

/// The bytes of one file of `sql/migrations`, as they were at build time.
typedef struct {
    /// The file's name, without its folder.
    const char *file;
    /// Its bytes; no NUL at the end.
    const unsigned char *bytes;
    /// How many.
    size_t count;
} durable_migration;

/// How many migrations there are.
size_t durable_migration_count(void);

/// The migration at an index below the count, in the order of their versions.
durable_migration durable_migration_at(size_t index);

#endif
