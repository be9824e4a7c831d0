// SPDX-License-Identifier: Apache-2.0

// `import Durable` alone is enough for a service: configurations, pools, queries and rows come with it.
@_exported public import Libpq
