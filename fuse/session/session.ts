// One mounted volume: takes requests, answers each once.
import type { Log } from '../../src/base/log.ts'
import { isWritable, type KernelInvalidation, type Volume } from '../../src/volume/volume.ts'
import type { ReplyDevice } from '../device/connection.ts'
import { ERRNO, errnoOf } from '../protocol/errno.ts'
import type { Message } from '../protocol/message.ts'
import { negotiate, replyToInit } from '../protocol/negotiate.ts'
import { opcodeName, wantsReply } from '../protocol/opcodes.ts'
import type { Operation } from '../protocol/operations.ts'
import { encodeReply, type Reply } from '../protocol/reply.ts'
import { decodeRequest, type Header } from '../protocol/request.ts'
import { Writer } from '../protocol/writer.ts'
import { Call, Calls } from './calls.ts'
import { type Context, failure, REPLY_BYTES, status, toldOf, unbelievable } from './context.ts'
import { hasGivenUp } from './given-up.ts'
import { Handles } from './handles.ts'
import { LazyDirectories } from './lazy/lazy-directories.ts'
import { LazyFiles } from './lazy/lazy-files.ts'
import { perform } from './perform.ts'
import { OpenDirectories } from './reading/open-directories.ts'
import { References } from './references.ts'
import { RequestCounts } from './request-counts.ts'
import { Invalidations } from './telling/invalidations.ts'
import { dropAllLocks, forget, undo } from './undo.ts'
import { Writing } from './writing/writing.ts'

const COMPLAIN_MS = 1000

export type SessionInit = {
  readonly volume: Volume
  readonly device: ReplyDevice
  readonly log: Log
  readonly readAheadBytes: number
  readonly zeroMessageOpens: boolean
  /** Written pages stay in the kernel until it sees fit. @default false */
  readonly writeBack?: boolean
  /** The kernel is served from here on, and may be told notifies. */
  readonly onReady: () => void
  /** There is something in `invalidations`. */
  readonly onInvalidation: () => void
  /** @default looks at /proc */
  readonly hasGivenUp?: (pid: number) => boolean
}

export class Session {
  readonly invalidations: Invalidations
  readonly #init: SessionInit
  readonly #context: Context
  readonly #out = new Writer(REPLY_BYTES)
  readonly #calls: Calls
  readonly #counts = new RequestCounts()
  readonly #inodeNumber: (inode: string) => bigint
  readonly #unsubscribe: () => void
  #isClosed = false
  #complainedAt = Number.NEGATIVE_INFINITY

  constructor(init: SessionInit) {
    const { volume } = init
    const tellKernel = (invalidation: KernelInvalidation) => this.#onInvalidation(invalidation)
    const references = new References((place) => tellKernel({ type: 'entry', ...place }))
    this.#init = init
    this.#inodeNumber = (inode) => volume.inodeNumber(inode)
    this.invalidations = new Invalidations(references)
    this.#context = {
      volume,
      references,
      handles: new Handles(volume),
      directories: new OpenDirectories(volume),
      writing: isWritable(volume) ? new Writing(volume, init) : undefined,
      tellKernel,
      whenForgotten: () => this.invalidations.allTaken(),
      isPending: (nodeid) => this.invalidations.pending.isPending(nodeid),
      lazyFiles: undefined,
      lazyDirectories: undefined,
      replyBytes: REPLY_BYTES,
    }
    this.#calls = new Calls({
      hasGivenUp: init.hasGivenUp ?? hasGivenUp,
      onGivenUp: ({ header }) => this.#send(header, failure('EINTR')),
    })
    this.#unsubscribe = volume.subscribe(tellKernel)
  }

  /** Requests by opcode, and what the kernel holds now. */
  counters(): Record<string, number> {
    const { references, handles, directories, lazyFiles, lazyDirectories } = this.#context
    const listings = directories.size + (lazyDirectories?.size ?? 0)
    return {
      ...this.#counts.snapshot(),
      fuse_inodes: references.size,
      fuse_handles: handles.size + (lazyFiles?.size ?? 0) + listings,
      fuse_waiting: this.#calls.size,
      fuse_invalidations_total: this.invalidations.count,
      fuse_invalidations_waiting: this.invalidations.waiting,
      fuse_invalidation_overflows_total: this.invalidations.overflows,
    }
  }

  /** Serves one message; whatever it holds, this does not throw. */
  handle(message: Message): void {
    const request = decodeRequest(message)
    if (request === undefined) return this.#counts.onMalformed()
    this.#counts.onRequest(request.header.opcode)
    try {
      this.#route(request.header, request.operation, message)
    } catch (error) {
      // A mistake of ours must not take the next request with it.
      this.#init.log('error', `a request failed: ${String(error)}`, { error })
    }
  }

  #route(header: Header, operation: Operation, message: Message): void {
    switch (operation.type) {
      case 'forget':
        for (const { nodeid, count } of operation.forgets) forget(this.#context, nodeid, count)
        return
      case 'interrupt':
        return this.#calls.interrupt(operation.unique)
      case 'notify-reply':
        return
      case 'malformed':
        return this.#onMalformed(header)
      case 'init':
        return this.#onInit(header, operation)
      default:
        this.#answer(header, operation, message)
    }
  }

  #onMalformed(header: Header): void {
    this.#counts.onMalformed()
    if (wantsReply(header.opcode)) this.#send(header, failure('EINVAL'))
  }

  #onInit(header: Header, offer: Extract<Operation, { type: 'init' }>): void {
    const { writing } = this.#context
    const agreement = negotiate(offer, {
      ...this.#init,
      isWritable: writing !== undefined,
      writeBack: writing?.writesBack ?? false,
      isStrict: this.#init.volume.isStrict === true,
    })
    this.#send(header, replyToInit(agreement))
    if (agreement.type === 'too-old') {
      const message = `this kernel speaks FUSE ${offer.major}.${offer.minor}; 7.31 is needed`
      this.#init.log('error', message)
    }
    if (agreement.type !== 'agreed') return
    const { volume } = this.#init
    if (agreement.hasZeroMessageOpens) this.#context.lazyFiles = new LazyFiles(volume)
    if (agreement.hasZeroMessageOpendirs) {
      this.#context.lazyDirectories = new LazyDirectories(volume)
    }
    this.invalidations.start(agreement)
    this.#init.log('debug', 'the kernel is served', { fuse: `7.${agreement.init.minor}` })
    this.#init.onReady()
  }

  #answer(header: Header, operation: Operation, message: Message): void {
    if (this.#isClosed) return this.#send(header, failure('ENOTCONN'))
    const call = new Call(header, operation, this.invalidations.count)
    const answer = this.#begin(call)
    if (!(answer instanceof Promise)) return this.#send(header, answer, call)
    this.#calls.add(call)
    const finished = answer.then(
      (reply) => this.#finish(call, reply),
      (error: unknown) => this.#finish(call, this.#failed(call, error)),
    )
    // Not before: the program may be gone, and its bytes still on their way.
    if (operation.type === 'write') void finished.then(message.keep())
  }

  #begin(call: Call): Promise<Reply> | Reply {
    try {
      return perform(this.#context, call)
    } catch (error) {
      return this.#failed(call, error)
    }
  }

  #failed({ header }: Call, error: unknown): Reply {
    const errno = errnoOf(error)
    if (errno === ERRNO.EIO) this.#complain(header, error)
    return status(errno)
  }

  /** Storage that is down fails thousands of requests: one line a second, the rest for debugging. */
  #complain({ opcode }: Header, error: unknown): void {
    const now = performance.now()
    const isFirst = now - this.#complainedAt > COMPLAIN_MS
    if (isFirst) this.#complainedAt = now
    this.#init.log(isFirst ? 'warn' : 'debug', `${opcodeName(opcode)} failed: ${String(error)}`, {
      error,
    })
  }

  #finish(call: Call, reply: Reply): void {
    const { pending } = this.invalidations
    const told = (this.#context.writing ?? this.#init.volume.isStrict) && toldOf(reply, call)
    if (typeof told === 'number' && pending.isPending(told)) {
      return pending.hold(told, () => this.#finish(call, reply))
    }
    if (!this.#calls.end(call)) return undo(this.#context, reply, call)
    const isStale = call.invalidations !== this.invalidations.count
    this.#send(call.header, isStale ? unbelievable(reply) : reply, call)
  }

  #send(header: Header, reply: Reply, call?: Call): void {
    const { unique } = header
    if (reply.type === 'status' && reply.errno !== 0) this.#counts.onError(reply.errno)
    const length = encodeReply(this.#out, reply, { unique, inodeNumber: this.#inodeNumber })
    const slices = reply.type === 'content' ? reply.slices : undefined
    if (this.#init.device.reply(this.#out.bytes, length, slices)) return
    if (call !== undefined) undo(this.#context, reply, call)
  }

  #onInvalidation(invalidation: KernelInvalidation): Promise<void> | undefined {
    const { lazyFiles, lazyDirectories, directories, writing } = this.#context
    // This kernel asked for the change, knows of it, and keeps the pages that it wrote.
    if (invalidation.asker !== undefined && invalidation.asker === writing) return undefined
    directories.onInvalidation(invalidation)
    writing?.privileges.onInvalidation(invalidation)
    if (invalidation.type === 'everything') lazyFiles?.dropAll()
    else if (invalidation.type === 'inode') lazyFiles?.drop(invalidation.nodeid)
    lazyDirectories?.onInvalidation(invalidation)
    this.invalidations.push(invalidation)
    this.#init.onInvalidation()
    return this.invalidations.dropped(invalidation)
  }

  /** Answers all that waits, and from now on everything, with an error. */
  hangUp(): void {
    this.#isClosed = true
    this.#unsubscribe()
    this.#calls.endAll()
    this.invalidations.giveUp()
  }

  /** Gives the volume back all that the kernel held; the connection must be over. */
  close(): void {
    this.hangUp()
    const { volume, references, handles, directories, lazyFiles, lazyDirectories } = this.#context
    dropAllLocks(this.#context)
    handles.releaseAll()
    directories.releaseAll()
    lazyFiles?.dropAll()
    lazyDirectories?.close()
    for (const { nodeid, count } of references.clear()) volume.forget(nodeid, count)
  }
}
