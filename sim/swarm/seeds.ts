const SEEDS_MAX = 1_000_000

/** `1..200`, `7`, or `3,7,9..12`. @throws RangeError that says which part is wrong */
export function parseSeeds(text: string): readonly number[] {
  const seeds = text.split(',').flatMap((part) => {
    const [, from, to] = /^\s*(\d+)(?:\.\.(\d+))?\s*$/.exec(part) ?? []
    const first = Number(from)
    const last = Number(to ?? from)
    const isRange = from !== undefined && first <= last && last - first < SEEDS_MAX
    if (!isRange) throw new RangeError(`'${part}' is no seed and no range; write 7 or 1..200`)
    return Array.from({ length: last - first + 1 }, (_, i) => first + i)
  })
  return seeds
}
