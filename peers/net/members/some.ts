/** At most `count` of them, a random choice. */
export function some<T>(all: T[], count: number): T[] {
  if (all.length <= count) return all
  for (let i = 0; i < count; i++) {
    const j = i + Math.floor(Math.random() * (all.length - i))
    const swapped = all[i] as T
    all[i] = all[j] as T
    all[j] = swapped
  }
  return all.slice(0, count)
}
