// A device that keeps what it is told to send, and a session on it: the protocol without a mount.
import type { ReplyDevice } from '../../fuse/device/connection.ts'
import { Message } from '../../fuse/protocol/message.ts'
import { Session, type SessionInit } from '../../fuse/session/session.ts'
import type { Volume } from '../../src/volume/volume.ts'
import { MemoryVolume, type Tree } from './memory-volume.ts'

/** A reply, taken apart. */
export type Received = {
  readonly length: number
  /** Positive, 0 for none. */
  readonly errno: number
  readonly unique: number
  readonly body: Buffer
}

export class FakeDevice implements ReplyDevice {
  readonly received: Received[] = []
  /** Whether anyone still waits for replies. */
  isListening = true

  reply(header: Uint8Array, length: number, slices: readonly Uint8Array[] = []): boolean {
    if (!this.isListening) return false
    const bytes = Buffer.concat([header.subarray(0, length), ...slices])
    this.received.push({
      length: bytes.readUInt32LE(0),
      errno: Math.abs(bytes.readInt32LE(4)),
      unique: Number(bytes.readBigUInt64LE(8)),
      body: bytes.subarray(16),
    })
    return true
  }
}

export type Harness<V extends Volume = MemoryVolume> = {
  readonly volume: V
  readonly device: FakeDevice
  readonly session: Session
  /** Hands in one message and waits for all that answers itself without time passing. */
  readonly send: (bytes: Uint8Array) => Promise<Received | undefined>
}

const noLog = (): void => undefined

export function harness(tree: Tree, init: Partial<SessionInit> = {}): Harness {
  return harnessOf(new MemoryVolume(tree), init)
}

/** A session on any volume. */
export function harnessOf<V extends Volume>(
  volume: V,
  init: Partial<SessionInit> = {},
): Harness<V> {
  const device = new FakeDevice()
  const session = new Session({
    volume,
    device,
    log: noLog,
    readAheadBytes: 1 << 20,
    zeroMessageOpens: false,
    onReady: () => undefined,
    onInvalidation: () => undefined,
    ...init,
  })
  const send = async (bytes: Uint8Array) => {
    const before = device.received.length
    session.handle(Message.of(bytes))
    await settled()
    return device.received.at(before)
  }
  return { volume, device, session, send }
}

/** Waits until no promise has anything more to do. */
export function settled(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}
