import { ApiClient } from '../api/api-client.ts'
import { apiSocket } from './options/peer-settings.ts'
import type { Flags } from './options/read-options.ts'
import type { Terminal } from './terminal.ts'

/** Opens the client for one command, and closes it whatever happens. */
export async function withClient(
  flags: Flags,
  terminal: Terminal,
  use: (client: ApiClient) => Promise<void>,
): Promise<void> {
  const client = new ApiClient(apiSocket(flags, terminal))
  try {
    await use(client)
  } finally {
    client.close()
  }
}
