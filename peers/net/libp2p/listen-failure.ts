import { type ErrorCode, PotluckError } from '../../../src/base/errors.ts'

/** Which error it is, and what to do, by what the system says. */
const REASONS: ReadonlyMap<string, readonly [ErrorCode, string]> = new Map([
  ['EADDRINUSE', ['EBUSY', 'another program, perhaps another peer, listens there']],
  ['EACCES', ['EACCES', 'this user may not listen there; ports below 1024 are for root']],
  ['EADDRNOTAVAIL', ['EINVAL', 'no interface of this machine has that address']],
] as const)

/** What libp2p fails to start with, in one line where an address is the reason; else as it is. */
export function listenFailure(cause: unknown): unknown {
  const text = cause instanceof Error ? cause.message : ''
  const [, address, system = ''] = /^\s*(\/\S+): .*\b(E[A-Z]+)\b/m.exec(text) ?? []
  const reason = REASONS.get(system)
  if (address === undefined || reason === undefined) return cause
  const [code, why] = reason
  const message = `--listen: can't listen on ${address} (${system}): ${why}`
  return new PotluckError(code, message, { cause })
}
