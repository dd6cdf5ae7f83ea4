/** What nodes have to carry, each. */
export type Load = { readonly mean: number; readonly max: number }

export function loadOf(values: readonly number[]): Load {
  let [sum, max] = [0, 0]
  for (const value of values) {
    sum += value
    max = Math.max(max, value)
  }
  return { mean: sum / Math.max(1, values.length), max }
}
