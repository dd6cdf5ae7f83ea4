// How the process of a run speaks to the one that forked it.

/**
 * Resolves when the message has left, or there is nobody to hear it. Whoever disconnects before that loses
 * it: the result of a large world is larger than what a pipe holds.
 */
export function say(message: object): Promise<void> {
  return new Promise((resolve) => {
    if (process.connected) process.send?.(message, undefined, undefined, () => resolve())
    else resolve()
  })
}
