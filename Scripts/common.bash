# SPDX-License-Identifier: Apache-2.0
# Shared by the scripts beside it; not run by itself.

# The checkout that this file belongs to.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)

# Prints why, and ends the script.
fail() {
    echo "${0##*/}: $*" >&2
    exit 1
}

# Runs a command with a root's rights.
as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        fail "this needs root's rights, and there is no sudo: $*"
    fi
}

# Prints the folder of initdb, pg_ctl and postgres: POSTGRES_BIN, else along PATH, else where packages put it.
find_postgres() {
    local folder
    if [ -n "${POSTGRES_BIN:-}" ]; then
        [ -x "$POSTGRES_BIN/initdb" ] && echo "$POSTGRES_BIN" && return
        fail "POSTGRES_BIN is $POSTGRES_BIN, which holds no initdb"
    fi
    if folder=$(command -v initdb); then
        folder=$(dirname "$(readlink -f "$folder")")
        [ -x "$folder/postgres" ] && echo "$folder" && return
    fi
    # The newest version last.
    folder=$(
        for folder in /usr/lib/postgresql/*/bin /opt/homebrew/opt/postgresql@*/bin /usr/local/opt/postgresql@*/bin; do
            [ -x "$folder/initdb" ] && echo "$folder"
        done | sort -V | tail -n 1
    )
    [ -n "$folder" ] && echo "$folder"
}
