/** Maps in order, `width` at a time; the first rejection ends it, and nothing more is begun. */
export async function mapAtOnce<T, R>(
  values: readonly T[],
  width: number,
  map: (value: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = []
  let next = 0
  let hasFailed = false
  const work = async (): Promise<void> => {
    while (next < values.length && !hasFailed) {
      const index = next
      next += 1
      results[index] = await map(values[index] as T)
    }
  }
  const workers = Array.from({ length: Math.min(width, values.length) }, () =>
    work().catch((error: unknown) => {
      hasFailed = true
      throw error
    }),
  )
  await Promise.all(workers)
  return results
}
