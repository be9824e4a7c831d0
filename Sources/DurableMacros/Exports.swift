// SPDX-License-Identifier: Apache-2.0

// `import DurableMacros` alone is enough for a service that is written with annotations.
@_exported public import Durable
