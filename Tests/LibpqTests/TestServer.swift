// SPDX-License-Identifier: Apache-2.0

import Libpq

enum TestServer {
    static let configuration = PostgresConfiguration("host=/tmp/drv/pg user=postgres dbname=postgres")
}
