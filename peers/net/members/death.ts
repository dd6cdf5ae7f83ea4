/** `isGone`: its host says that nobody listens there; else it may as well be cut off. */
export type Death = { readonly why: string; readonly isGone: boolean }

/** What a failed attempt to connect to a peer says about it. */
export function deathBy(error: unknown): Death {
  const why = error instanceof Error ? error.message : String(error)
  return { why, isGone: isRefused(error) }
}

/** Every address that was tried refused the connection. */
function isRefused(error: unknown): boolean {
  const { code, errors, cause } = error as { code?: unknown; errors?: unknown; cause?: unknown }
  if (code === 'ECONNREFUSED') return true
  if (Array.isArray(errors)) return errors.length > 0 && errors.every(isRefused)
  return cause !== undefined && isRefused(cause)
}
