// The volumes of a node that take changes: who makes a change, and who hears of it in which order.
//
// A change is made by whoever has the source; then it is taken in here, so that whoever asked for it sees
// it when the answer comes; then everyone else is told.
// It must never tell of a change before it was made, nor answer before it was taken in.
import { PotluckError } from '../../base/errors.ts'
import type { HybridClock } from '../../block/stamp.ts'
import { type Made, SourceChanges } from '../../authority/changes/source-changes.ts'
import type { Clock } from '../../ports/clock.ts'
import type { PeerId } from '../../ports/messages.ts'
import { type Change, isWritableSource, type WritableSource } from '../../ports/writable-source.ts'
import type { RumorRoom } from '../../rumor/rumor-room.ts'
import type { ChangeOptions } from '../../volume/volume.ts'
import { WriteVolume } from '../../volume/writing/write-volume.ts'
import type { VolumeInit } from '../mesh-node.ts'
import { volumeIdOf } from '../volumes/volume-room.ts'
import type { VolumeRooms } from '../volumes/volume-rooms.ts'
import { Telling } from './telling.ts'

export type WritingsInit = {
  readonly clock: Clock
  readonly stamps: HybridClock
  readonly self: PeerId
  readonly rooms: VolumeRooms
  readonly rumors: RumorRoom
}

export class Writings {
  readonly #init: WritingsInit
  readonly #telling: Telling
  readonly #changes = new Map<string, SourceChanges>()

  /** @throws PotluckError EROFS for a source that takes no changes */
  constructor(volumes: readonly VolumeInit[], init: WritingsInit) {
    this.#init = init
    const { clock, rooms, rumors } = init
    this.#telling = new Telling({ clock, tell: (invalidations) => rumors.tell(invalidations) })
    for (const volume of volumes) {
      if (volume.write === undefined || volume.write === 'off') continue
      const id = volumeIdOf(volume)
      this.#changes.set(id, this.#changesOf(id, volume))
      const room = rooms.byName(volume.name)
      const make = (change: Change, options: ChangeOptions) => this.#make(id, change, options)
      room.writing = new WriteVolume({ reading: room.volume, make })
    }
  }

  /** Tells what is untold yet. */
  stop(): void {
    this.#telling.flush()
  }

  #changesOf(id: string, volume: VolumeInit): SourceChanges {
    const { stamps, self, rumors } = this.#init
    return new SourceChanges({
      source: writableSource(volume),
      volume: id,
      stamps,
      self,
      onDoubt: (invalidations) => rumors.publish(invalidations),
    })
  }

  async #make(id: string, change: Change, options: ChangeOptions): Promise<Made> {
    const changes = this.#changes.get(id)
    if (changes === undefined) throw new PotluckError('NO_SOURCE', `nobody can change ${id}`)
    const { caller, signal, asker } = options
    const made = await changes.make(change, { caller, signal })
    for (const one of made.news) this.#init.rooms.apply(one, { by: 'own', asker })
    if (made.news.length > 0) this.#telling.add(made.news)
    if (change.type === 'sync' || change.type === 'close') this.#telling.flush()
    return made
  }
}

function writableSource({ name, source }: VolumeInit): WritableSource {
  if (source !== undefined && isWritableSource(source)) return source
  const why = source === undefined ? 'has no source here' : 'has a source that takes no changes'
  throw new PotluckError('EROFS', `volume '${name}' ${why}; mount it without writing`)
}
