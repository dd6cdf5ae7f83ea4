/** A process of this machine, as far as anybody can see it. */
export type Program = {
  /** The process of a thread: itself for most. */
  readonly process: number
  /** 0 or 1 where it has none that counts. */
  readonly parent: number
  /** What it calls itself; at most 15 bytes on Linux. */
  readonly command: string
  readonly ageMs: number
}

/** Who it is that reads: costs some system calls, so it is asked once a process. */
export type Programs = {
  /** Undefined where there is no such process, or none that can be seen from here. */
  of(pid: number): Program | undefined
}
