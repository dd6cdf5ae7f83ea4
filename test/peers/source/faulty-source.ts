// A source that fails by rule: wraps any other, and errs, hangs or delays where a rule says so.
import { setTimeout as sleep } from 'node:timers/promises'
import type { StopSignal } from '../../../src/base/abort.ts'
import { type ErrnoCode, PotluckError } from '../../../src/base/errors.ts'
import type { Path } from '../../../src/ports/messages.ts'
import type { Source } from '../../../src/ports/source.ts'

export type Operation = 'attributes' | 'list' | 'read' | 'xattrs' | 'usage'

export type Fault =
  | { readonly type: 'error'; readonly code: ErrnoCode }
  /** Never answers, until `release` or its signal ends it. */
  | { readonly type: 'hang' }
  | { readonly type: 'delay'; readonly delayMs: number }
  /** read: gives only so many bytes, as of a file that shrinks. */
  | { readonly type: 'short'; readonly bytes: number }

/** What is to happen to the `count`-th call (from 1) of this operation on this path; else nothing. */
export type Rule = (
  operation: Operation,
  path: Path,
  call: { readonly count: number; readonly from?: number },
) => Fault | undefined

export type FaultySource = Source & {
  /** From now on. The rule before is forgotten; what hangs goes on hanging. */
  setRule(rule: Rule): void
  /** Lets all that hangs go on to the source. */
  release(): void
  /** Calls that hang now. */
  hanging(): number
}

export function faultySource(source: Source, rule: Rule = () => undefined): FaultySource {
  let current = rule
  const counts = new Map<string, number>()
  const hanging = new Set<() => void>()

  const hang = (signal?: StopSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      const end = (): void => {
        hanging.delete(end)
        resolve()
      }
      hanging.add(end)
      const onAbort = (): void => {
        hanging.delete(end)
        reject(new PotluckError('ABORTED', 'the call was given up'))
      }
      if (signal?.aborted === true) onAbort()
      else signal?.addEventListener('abort', onAbort, { once: true })
    })

  const apply = async (
    operation: Operation,
    path: Path,
    { signal, from }: { signal?: StopSignal | undefined; from?: number } = {},
  ): Promise<Fault | undefined> => {
    const count = (counts.get(`${operation} ${path}`) ?? 0) + 1
    counts.set(`${operation} ${path}`, count)
    const fault = current(operation, path, from === undefined ? { count } : { count, from })
    if (fault?.type === 'error') throw new PotluckError(fault.code, `${operation} fails by rule`)
    if (fault?.type === 'hang') await hang(signal)
    if (fault?.type === 'delay') await sleep(fault.delayMs)
    return fault
  }

  return {
    async attributes(path, options = {}) {
      await apply('attributes', path, options)
      return source.attributes(path, options)
    },
    async list(path, options = {}) {
      await apply('list', path, options)
      return source.list(path, options)
    },
    async entries(path, names, options = {}) {
      await apply('list', path, options)
      return source.entries(path, names, options)
    },
    async read(path, range, options = {}) {
      const fault = await apply('read', path, { ...options, from: range.from })
      const { attributes, bytes } = await source.read(path, range, options)
      return { attributes, bytes: fault?.type === 'short' ? bytes.slice(0, fault.bytes) : bytes }
    },
    async xattrs(path, options = {}) {
      await apply('xattrs', path, options)
      return source.xattrs(path, options)
    },
    async usage(options = {}) {
      await apply('usage', '', options)
      return source.usage(options)
    },
    close: () => source.close(),
    setRule: (next) => void (current = next),
    release: () => hanging.forEach((end) => end()),
    hanging: () => hanging.size,
  }
}
