// SPDX-License-Identifier: Apache-2.0

import TemporaryPostgres

/// All of them, by the names that the command line and the report use.
enum NemesisName: String, Codable, Sendable, CaseIterable {
    case kill, drain, stop
    case terminate, crash, fastRestart = "fast-restart", immediateRestart = "immediate-restart"
    case delay, cutStatement = "cut-statement", cutReply = "cut-reply", blackHole = "black-hole"
    case oneConnection = "one-connection", bouncer, dropListen = "drop-listen", twoVersions = "two-versions"
    case readOnly = "read-only", diskFull = "disk-full", failover, restore, clockOff = "clock-off"

    /// How the workers reach the database where it is at home; nil: it is at home everywhere.
    var layout: Arena.Layout? {
        switch self {
        case .kill, .drain, .stop, .terminate, .crash, .oneConnection, .twoVersions, .clockOff: nil
        case .bouncer: .bouncer
        case .failover: .pair
        case .diskFull: .smallDisk
        default: .proxy
        }
    }

    /// Whether a strike takes seconds: rounds with such a one go slower.
    var isSlow: Bool {
        switch self {
        case .stop, .crash, .fastRestart, .immediateRestart, .blackHole, .readOnly, .diskFull, .failover, .restore: true
        default: false
        }
    }

    /// Why it cannot be run on this machine; nil: it can.
    var obstacle: String? {
        switch self {
        case .bouncer: PgBouncer.program == nil ? "PgBouncer is not installed" : nil
        case .clockOff: ShiftedClock.isAvailable ? nil : "there is no C compiler for a clock that is off"
        case .diskFull:
            TemporaryPostgres.canLimitDisk ? nil : "a file system of a limited size may not be mounted here"
        default: nil
        }
    }

    var nemesis: any Nemesis {
        switch self {
        case .kill: Kill()
        case .drain: Drain()
        case .stop: Stop()
        case .terminate: TerminateBackends()
        case .crash: KillBackend()
        case .fastRestart: Restart(mode: .fast)
        case .immediateRestart: Restart(mode: .immediate)
        case .delay: Delay()
        case .cutStatement: CutConnections(cuts: [.midStatement])
        case .cutReply: CutConnections(cuts: [.afterCommit, .afterRelease])
        case .blackHole: BlackHole()
        case .oneConnection: Redeploy(change: .oneConnection)
        case .bouncer: KillBouncer()
        case .dropListen: DropListen()
        case .twoVersions: Redeploy(change: .otherVersion)
        case .readOnly: ReadOnlyPeriod()
        case .diskFull: FullDisk()
        case .failover: Failover()
        case .restore: Restore()
        case .clockOff: Redeploy(change: .clockOff)
        }
    }
}
