import type { ComponentLogger, Logger } from '@libp2p/interface'

const discard = (): void => undefined

const silent: Logger = Object.assign(discard, {
  error: discard,
  trace: discard,
  enabled: false,
  newScope: () => silent,
})

/**
 * libp2p makes a logger for every stream, and its own kind asks the terminal about colours each
 * time. Ours says nothing, unless someone who debugs libp2p has set DEBUG as usual.
 */
export function libp2pLogger(): { logger?: ComponentLogger } {
  if (process.env['DEBUG'] !== undefined) return {}
  return { logger: { forComponent: () => silent } }
}
