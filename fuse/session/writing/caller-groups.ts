// A caller's supplementary groups: a request carries one group alone, /proc has the others.
import { readFileSync } from 'node:fs'
import type { Header } from '../../protocol/request.ts'

/** Long enough for a program that makes thousands of files, short enough for one that logs in. */
const BELIEVED_MS = 200
const MAX_REMEMBERED = 1024

type Known = { readonly groups: readonly number[]; readonly at: number }

/** The groups that /proc/PID/status tells of. */
export function groupsIn(status: string): readonly number[] {
  const line = /^Groups:[ \t]*(.*)$/m.exec(status)?.[1] ?? ''
  return line.split(/\s+/).filter(Boolean).map(Number)
}

export class CallerGroups {
  readonly #known = new Map<string, Known>()

  /** Nobody's where the program can't be seen: it then has the rights of its user and group alone. */
  of({ pid, uid, gid }: Header): readonly number[] {
    if (pid === 0) return []
    // A program that becomes somebody else changes its groups, too.
    const key = `${pid}.${uid}.${gid}`
    const now = performance.now()
    const known = this.#known.get(key)
    if (known !== undefined && now - known.at < BELIEVED_MS) return known.groups
    const groups = readGroups(pid)
    if (this.#known.size >= MAX_REMEMBERED) this.#known.clear()
    this.#known.set(key, { groups, at: now })
    return groups
  }
}

function readGroups(pid: number): readonly number[] {
  try {
    return groupsIn(readFileSync(`/proc/${pid}/status`, 'latin1'))
  } catch {
    return []
  }
}
