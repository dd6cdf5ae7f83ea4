// What the notify thread and main say to one another.
import assert from 'node:assert/strict'
import type { MessagePort } from 'node:worker_threads'

export type NotifierInit = { readonly fd: number }

/** Notifies one behind the other, each with its length in its first four bytes. */
export type ToNotifier = { readonly batch: Uint8Array }

/** How many of a batch the kernel took, and how often it gave which errno. */
export type FromNotifier = {
  readonly sent: number
  readonly failed: Readonly<Record<string, number>>
}

export function assertPort(port: MessagePort | null): MessagePort {
  assert(port !== null, 'this file is the entry of a worker thread')
  return port
}
