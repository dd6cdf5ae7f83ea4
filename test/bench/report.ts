// What was measured, as rows: our figure, what it is held against, and their ratio, each the median
// of its repeats. A ratio is taken within a repeat, where both saw the same machine.
import { renderTable } from '../../peers/commands/table.ts'

export type Sample = { readonly ours: number; readonly against?: number; readonly ratio?: number }

export type Row = {
  readonly case: string
  readonly what: string
  readonly unit: string
  /** What `against` and the ratio are. */
  readonly ratioOf?: string
  readonly aim?: string
  readonly note?: string
  readonly samples: readonly Sample[]
}

export type Summary = Omit<Row, 'samples'> & {
  readonly ours: number
  readonly against?: number
  readonly ratio?: number
  readonly leastRatio?: number
  readonly mostRatio?: number
  readonly samples: readonly Sample[]
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? NaN) + upper) / 2
}

export function summarize(row: Row): Summary {
  const against = numbers(row, 'against')
  const ratios = numbers(row, 'ratio')
  return {
    ...row,
    ours: median(numbers(row, 'ours')),
    ...(against.length === 0 ? {} : { against: median(against) }),
    ...(ratios.length === 0
      ? {}
      : {
          ratio: median(ratios),
          leastRatio: Math.min(...ratios),
          mostRatio: Math.max(...ratios),
        }),
  }
}

function numbers(row: Row, key: keyof Sample): number[] {
  return row.samples.map((sample) => sample[key]).filter((value) => value !== undefined)
}

const HEAD = ['', 'unit', 'ours', 'against', 'ratio', 'from-to', 'aim', 'ratio is', '']

export function tableOf(summaries: readonly Summary[]): string {
  return renderTable(
    HEAD,
    summaries.map((each) => [
      `(${each.case}) ${each.what}`,
      each.unit,
      figure(each.ours),
      figure(each.against),
      figure(each.ratio),
      each.ratio === undefined ? '' : `${figure(each.leastRatio)}-${figure(each.mostRatio)}`,
      each.aim ?? '',
      each.ratioOf ?? '',
      each.note ?? '',
    ]),
  )
}

/** Three digits that count. */
function figure(value: number | undefined): string {
  if (value === undefined) return ''
  if (value >= 1e6) return `${(value / 1e6).toFixed(2)}M`
  if (value >= 1e4) return `${(value / 1e3).toFixed(value >= 1e5 ? 0 : 1)}k`
  if (value >= 100) return value.toFixed(0)
  return value.toPrecision(3)
}
