// SPDX-License-Identifier: Apache-2.0

#include "DurableSQL.h"

// The files themselves, embedded by the compiler. `.embedInCode` of the package manager writes each byte as a Swift integer
// literal instead, which costs seconds of compile time per file.
#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char kernel[] = {
#embed "migrations/0001_kernel.sql"
};

static const unsigned char messages[] = {
#embed "migrations/0002_messages.sql"
};

static const unsigned char lineage[] = {
#embed "migrations/0003_lineage.sql"
};

static const unsigned char operation[] = {
#embed "migrations/0004_operation.sql"
};

static const unsigned char queues[] = {
#embed "migrations/0005_queues.sql"
};

static const unsigned char upkeep[] = {
#embed "migrations/0006_upkeep.sql"
};

static const unsigned char repair[] = {
#embed "migrations/0007_repair.sql"
};

static const unsigned char telemetry[] = {
#embed "migrations/0008_telemetry.sql"
};

static const unsigned char answers[] = {
#embed "migrations/0009_answers.sql"
};

static const unsigned char on_call[] = {
#embed "migrations/0010_on_call.sql"
};

static const unsigned char held_fence[] = {
#embed "migrations/0011_held_fence.sql"
};

static const unsigned char said_to_be_gone[] = {
#embed "migrations/0012_said_to_be_gone.sql"
};

static const unsigned char one_wake_up[] = {
#embed "migrations/0013_one_wake_up.sql"
};

static const unsigned char server_life[] = {
#embed "migrations/0014_server_life.sql"
};

static const unsigned char open_groups[] = {
#embed "migrations/0015_open_groups.sql"
};

#define MIGRATION(file, bytes) {file, bytes, sizeof(bytes)}

static const durable_migration migrations[] = {
    MIGRATION("0001_kernel.sql", kernel),
    MIGRATION("0002_messages.sql", messages),
    MIGRATION("0003_lineage.sql", lineage),
    MIGRATION("0004_operation.sql", operation),
    MIGRATION("0005_queues.sql", queues),
    MIGRATION("0006_upkeep.sql", upkeep),
    MIGRATION("0007_repair.sql", repair),
    MIGRATION("0008_telemetry.sql", telemetry),
    MIGRATION("0009_answers.sql", answers),
    MIGRATION("0010_on_call.sql", on_call),
    MIGRATION("0011_held_fence.sql", held_fence),
    MIGRATION("0012_said_to_be_gone.sql", said_to_be_gone),
    MIGRATION("0013_one_wake_up.sql", one_wake_up),
    MIGRATION("0014_server_life.sql", server_life),
    MIGRATION("0015_open_groups.sql", open_groups),
};

size_t durable_migration_count(void) {
    return sizeof(migrations) / sizeof(migrations[0]);
}

durable_migration durable_migration_at(size_t index) {
    return migrations[index];
}
