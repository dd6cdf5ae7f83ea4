// The device: everything that touches /dev/fuse while a mount lives. Threads share it:
//
//   main             is told by its own event loop that a request waits, reads and answers it
//   notify threads   write notifies, which may sleep until main has answered something else
//
// What this must never do: write a notify from the thread that serves requests (the kernel may hold
// a directory's lock for a request not yet read: both sleep for ever), or wait for one.
//
// This file: reading. A thread of its own that sleeps in read(2) and hands requests over costs 2 to 4
// times the CPU of the whole request, most of it for waking main. So the device is one more thing that
// main's event loop watches. Node offers that for its own kinds of files alone; a pipe is one of
// them, and libuv takes any descriptor for one that poll(2) and read(2) work on. Each read gives one
// request, into memory that is handed out anew each time where the request is to be kept.
import net from 'node:net'
import { duplicate } from '../system/libc.ts'
import { MAX_IO_BYTES } from '../protocol/negotiate.ts'
import { Message, type Release } from '../protocol/message.ts'

/** The kernel refuses a read buffer below max_write + 80 bytes. */
export const READ_BYTES = MAX_IO_BYTES + 4096

/** Buffers that are kept for reuse; what a burst of writes needs beyond is left to the collector. */
const MAX_SPARE = 8

type Memory = { readonly bytes: Buffer; readonly view: DataView }

/** A pipe of Node's own, as far as it is used. */
type PipeHandle = { open(fd: number): number }

/** A number that Node's own code gives: the pipe neither listens nor carries descriptors. */
const SOCKET = 0

function openPipe(fd: number): PipeHandle {
  const { binding } = process as unknown as {
    binding: (name: 'pipe_wrap') => { readonly Pipe: new (type: number) => PipeHandle }
  }
  const { Pipe } = binding('pipe_wrap')
  const pipe = new Pipe(SOCKET)
  pipe.open(fd)
  return pipe
}

export class DeviceReader {
  /** Resolves with the errno's name that ended the connection, or 'stopped'. */
  readonly ended: Promise<string>
  readonly #fd: number
  readonly #onMessage: (message: Message) => void
  readonly #onEnded: (why: string) => void
  readonly #spare: Memory[] = []
  #memory = allocate()
  #socket: net.Socket

  /** @param fd stays the caller's; a duplicate of it is read */
  constructor(fd: number, onMessage: (message: Message) => void) {
    const { promise, resolve } = Promise.withResolvers<string>()
    this.#fd = fd
    this.#onMessage = onMessage
    this.ended = promise
    this.#onEnded = resolve
    this.#socket = this.#start()
  }

  #start(): net.Socket {
    const onread: net.OnReadOpts = {
      // Typed as what it gives is; Node calls it before each read.
      buffer: () => this.#memory.bytes,
      callback: (length) => this.#onRead(length),
    }
    const options = { handle: openPipe(duplicate(this.#fd)), onread, writable: false }
    const socket = new net.Socket(options as unknown as net.SocketConstructorOpts)
    socket.on('error', (error: NodeJS.ErrnoException) => this.#onError(error.code ?? 'EIO'))
    socket.on('end', () => this.#onEnded('ENODEV'))
    socket.on('close', () => this.#onEnded('stopped'))
    socket.resume()
    return socket
  }

  #onRead(length: number): boolean {
    const { bytes, view } = this.#memory
    this.#onMessage(new Message({ bytes, view, keep: () => this.#keep() }, 0, length))
    return true
  }

  /** The next request is read elsewhere, until the one that was kept is done with. */
  #keep(): Release {
    const kept = this.#memory
    this.#memory = this.#spare.pop() ?? allocate()
    return () => {
      if (this.#spare.length < MAX_SPARE) this.#spare.push(kept)
    }
  }

  /** ENOENT: the request was taken back while it was being read. A pipe that had an error is over. */
  #onError(code: string): void {
    if (code !== 'ENOENT' && code !== 'EINTR') return this.#onEnded(code)
    this.#socket.removeAllListeners('close')
    this.#socket = this.#start()
  }

  /** Reads no more. */
  stop(): void {
    this.#socket.destroy()
  }
}

function allocate(): Memory {
  const memory = new ArrayBuffer(READ_BYTES)
  return { bytes: Buffer.from(memory), view: new DataView(memory) }
}
