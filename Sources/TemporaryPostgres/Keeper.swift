// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Foundation

/// The shell that keeps one private server.
///
/// It makes the folder, starts the server, obeys one command per line, and when
/// its input ends (this process has ended, by whatever signal) it stops the server and removes the folder.
final class Keeper: Sendable {
    /// Everything about the server is done in this one process, one thing after the other.
    ///
    /// So no moment exists at which the end of its input would leave something behind.
    private static let script = #"""
        folder=$1 bin=$2 user=$3 settings=$4 access=$5 certificate=$6 key=$7 source=$8 size=$9
        trap '' HUP INT TERM QUIT PIPE
        as() {
            if [ -z "$user" ]; then "$@"
            elif command -v setpriv >/dev/null; then
                setpriv --reuid="$user" --regid="$(id -g "$user")" --init-groups "$@"
            else runuser -u "$user" -- "$@"
            fi
        }
        processes() {
            main=$(head -n 1 data/postmaster.pid 2>/dev/null) || return 0
            [ -n "$main" ] || return 0
            echo "$main"
            if [ -d /proc/self ]; then
                for stat in /proc/[0-9]*/stat; do
                    { read -r pid name state parent rest <"$stat"; } 2>/dev/null || continue
                    if [ "$parent" = "$main" ]; then echo "$pid"; fi
                done
            else ps -A -o pid=,ppid= | while read -r pid parent; do
                    if [ "$parent" = "$main" ]; then echo "$pid"; fi
                done
            fi
        }
        control() { as "$bin/pg_ctl" -D data "$@" </dev/null >>control.log 2>&1; }
        start() { control -w -t 60 -l server.log start; }
        finish() {
            for pid in $(processes); do kill -CONT "$pid" 2>/dev/null; done
            control -m immediate -w -t 20 stop
            if [ -n "$size" ]; then umount -l disk; fi
            cd / && rm -rf "$folder"
        }
        reply() {
            if [ "$1" -eq 0 ]; then echo ok
            else echo "error $(cat control.log server.log 2>/dev/null | tail -n 12 | tr '\n' ' ')"
            fi
        }
        copy() { as "$bin/pg_basebackup" -D "$1" -d "$2" -X stream -c fast $3 </dev/null >>control.log 2>&1; }
        own() { { sed -n 5p data/postmaster.pid; sed -n 4p data/postmaster.pid; } | tr '\n' ' '; }
        backup() {
            set -- $(own)
            rm -rf backup
            copy backup "host='$1' port=$2 user=postgres"
        }
        restore() {
            control -m immediate -w -t 60 stop
            rm -rf data && as cp -a backup data && start
        }
        follow() {
            control -m immediate -w -t 60 stop
            rm -rf data
            copy data "$1" -R && printf '%s\n' "$settings" >>data/postgresql.conf && start
        }
        recover() {
            control -m fast -w -t 60 stop
            as touch data/standby.signal && start
        }
        limit() {
            mkdir disk && mount -t tmpfs -o "size=${size}m,mode=755" tmpfs disk || return 1
            mkdir -m 700 disk/data && ln -s disk/data data
            if [ -n "$user" ]; then chown "$user" disk/data; fi
        }
        fill() {
            free=$(df -kP disk | { read -r _; read -r _ _ _ free _; echo "$free"; })
            dd if=/dev/zero of=disk/ballast bs=1024 count=$((free > $1 ? free - $1 : 0)) 2>/dev/null
            return 0
        }
        empty() {
            rm -f disk/ballast
            control status || start
        }
        create() {
            if [ -n "$size" ]; then limit || return 1; fi
            if [ -n "$source" ]; then follow "$source"; return; fi
            as "$bin/initdb" -D data -U postgres -A trust -E UTF8 --no-locale -N </dev/null >>control.log 2>&1 || return 1
            printf '%s\n' "$settings" >>data/postgresql.conf
            if [ -n "$access" ]; then
                { printf '%s\n' "$access"; cat data/pg_hba.conf; } >hba && cat hba >data/pg_hba.conf
            fi
            if [ -n "$certificate" ]; then
                printf '%s\n' "$certificate" >data/server.crt
                printf '%s\n' "$key" >data/server.key
                chmod 600 data/server.key
                if [ -n "$user" ]; then chown "$user" data/server.crt data/server.key; fi
            fi
            if [ -e "$bin/../lib/pg_stat_statements.so" ] || [ -e "$bin/../lib/postgresql/pg_stat_statements.so" ]; then
                echo "shared_preload_libraries = 'pg_stat_statements'" >>data/postgresql.conf
            fi
            start
        }
        umask 077
        mkdir "$folder" && cd "$folder" || { echo "error cannot make $folder"; exit 1; }
        if [ -n "$user" ]; then chown "$user" .; fi
        exec 2>>keeper.log
        create
        reply $?
        while read -r command argument; do
            case $command in
                start) start; reply $? ;;
                stop) control -m "$argument" -w -t 60 stop; reply $? ;;
                restart) control -m "$argument" -w -t 60 stop; start; reply $? ;;
                backup) backup; reply $? ;;
                restore) restore; reply $? ;;
                follow) follow "$argument"; reply $? ;;
                recover) recover; reply $? ;;
                fill) fill "$argument"; reply $? ;;
                empty) empty; reply $? ;;
                promote) control -w -t 60 promote; reply $? ;;
                signal) for pid in $(processes); do kill -"$argument" "$pid"; done; reply 0 ;;
                destroy) finish; echo ok; exit ;;
            esac
        done
        finish
        """#

    private let child: Child
    private let queue = DispatchQueue(label: "temporary-postgres")

    /// Starts the shell, which makes and starts the server; the first reply says how that went.
    init(folder: String, programs: String, options: TemporaryPostgres.Options) throws {
        let user = geteuid() == 0 ? Self.unprivilegedUser() : ""
        // What it mounts is seen by its own processes alone, and gone with them.
        let shell = options.diskSize == nil ? ["/bin/sh"] : DiskLimit.apart + ["/bin/sh"]
        self.child = try Child.spawn(
            shell[0],
            shell.dropFirst() + [
                "-c", Self.script, "temporary-postgres", folder, programs, user,
                options.configuration(socketFolder: folder), options.accessRules.joined(separator: "\n"),
                options.tls?.certificate ?? "", options.tls?.key ?? "", options.primary ?? "",
                options.diskSize.map { "\($0)" } ?? "",
            ],
            environment: ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("PG") }.map { "\($0)=\($1)" },
            errorsToOutput: false
        )
    }

    deinit {
        self.child.closeInput()
        // One that was told to destroy its server has been waited for, and there is nothing left to reap.
        self.child.reap()
    }

    /// Waits until the server has started.
    func started() async throws {
        try await self.exchange(nil)
    }

    /// Has one command done and waits for its end.
    func obey(_ command: String) async throws {
        try await self.exchange(command)
    }

    private func exchange(_ command: String?) async throws {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            self.queue.async {
                if let command, !self.child.write(command + "\n") {
                    continuation.resume(throwing: TemporaryPostgresError("the keeper of this server has ended"))
                    return
                }
                let reply = self.child.readLine() ?? "error the keeper of this server has ended"
                if command == "destroy" { _ = self.child.wait() }
                if reply == "ok" {
                    continuation.resume()
                } else {
                    continuation.resume(throwing: TemporaryPostgresError("Postgres: \(reply.dropFirst(6))"))
                }
            }
        }
    }

    /// A server refuses to run as root: the user that the packages make for it, else the one without any rights.
    private static func unprivilegedUser() -> String {
        getpwnam("postgres") != nil ? "postgres" : "nobody"
    }
}
