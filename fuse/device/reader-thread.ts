// A worker thread that sleeps in read(2) on the device. It ends when the mount does, or when main,
// having said stop, wakes it with a signal.
//
// What has the same answer always is answered in this thread, and main never hears of it: main's
// wake-up is most of what a request costs.
import { readlinkSync, readSync } from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'
import { AnswerHere } from './answer-here.ts'
import { assertPort, type FromReader, type ReaderInit } from './reader-messages.ts'
import { READ_BYTES, RingProducer } from './ring.ts'

/** Reads until the connection ends. @returns the errno name that ended it, or 'stopped' */
function readRequests(ring: RingProducer, { fd, hasAcls }: ReaderInit): string {
  const here = new AnswerHere(fd, ring, { hasAcls })
  for (;;) {
    const at = ring.room()
    if (at === undefined) return 'stopped'
    let length: number
    try {
      length = readSync(fd, ring.bytes, at, READ_BYTES, null)
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? 'EIO'
      // EINTR: a signal, and room() sees whether it meant stop. ENOENT: the request was taken back
      // while it was being read.
      if (code === 'EINTR' || code === 'ENOENT' || code === 'EAGAIN') continue
      return code
    }
    if (ring.isStopped) return 'stopped'
    if (length === 0) return 'ENODEV'
    if (here.answer(at, length)) continue
    if (ring.publish(length)) post({ type: 'wake' })
  }
}

const port = assertPort(parentPort)

function post(message: FromReader): void {
  port.postMessage(message)
}

/** This thread's number in the system: the link reads `PID/task/TID`. */
function threadId(): number {
  return Number(readlinkSync('/proc/thread-self').split('/')[2])
}

const init = workerData as ReaderInit
const ring = new RingProducer(init.memory)
ring.begin(threadId())
const why = readRequests(ring, init)
ring.end()
post({ type: 'ended', why })
