const SOON_MS = 60_000

/** Waits for something that happens soon, looking again and again. @throws Error if it does not */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + SOON_MS
  while (!(await isSo())) {
    if (performance.now() > end) throw new Error('it did not happen')
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
