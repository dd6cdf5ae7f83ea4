/** At most `count` of them, a random choice. */
export function some<T>(all: T[], count: number): T[] {
  return all.length <= count ? all : draw(all, count)
}

/** All of them, in random order. */
export function shuffled<T>(all: T[]): T[] {
  return draw(all, all.length)
}

function draw<T>(all: T[], count: number): T[] {
  for (let i = 0; i < count; i++) {
    const j = i + Math.floor(Math.random() * (all.length - i))
    const swapped = all[i] as T
    all[i] = all[j] as T
    all[j] = swapped
  }
  return all.slice(0, count)
}
