// The stand-in for client.c where there is no C compiler: the same operations and output. Node's own
// cost is in every figure, so ratios of short calls come out nearer to 1 than they are.
import { closeSync, openSync, readSync, renameSync, statSync, unlinkSync, writeSync } from 'node:fs'

const BLOCK = 4096
const PIECE = 1024 * 1024
const CLOCK_EVERY = 64

const [kind = '', target = '', pieces = '1', limit = '0'] = process.argv.slice(2)
const count = Number(pieces)
const buffer = Buffer.alloc(PIECE, 1)

function readFully(file: number, bytes: number, offset: number): void {
  for (let done = 0; done < bytes;) {
    const length = readSync(file, buffer, done, bytes - done, offset + done)
    if (length === 0) throw new Error('the file is shorter than it should be')
    done += length
  }
}

function readOne(path: string): void {
  const file = openSync(path, 'r')
  readFully(file, BLOCK, 0)
  closeSync(file)
}

function operation(): (index: number) => void {
  if (kind === 'touch') return touch()
  const paths = Array.from({ length: count }, (_, index) => `${target}/${index}`)
  if (kind === 'stat') return (index) => void statSync(paths[index] ?? target)
  if (kind === 'open') return (index) => readOne(paths[index] ?? target)
  if (kind === 'create') return (index) => closeSync(openSync(paths[index] ?? target, 'wx'))
  if (kind === 'rename') return (index) => renameSync(paths[index] ?? target, `${target}/r${index}`)
  if (kind === 'unlink') return (index) => unlinkSync(`${target}/r${index}`)
  if (kind === 'pwrite' || kind === 'fill') return overwrite(kind === 'fill' ? PIECE : BLOCK)
  const file = openSync(target, 'r')
  const size = kind === 'pread' ? BLOCK : PIECE
  return (index) => readFully(file, size, index * size)
}

function overwrite(size: number): (index: number) => void {
  const file = openSync(target, 'r+')
  return (index) => void writeSync(file, buffer, 0, size, index * size)
}

/** Uses memory that was not used before, and gives it back by ending. */
function touch(): (index: number) => void {
  const kept: Buffer[] = []
  return () => void kept.push(Buffer.alloc(PIECE, 1))
}

const operate = operation()
const from = performance.now()
const until = from + Number(limit) * 1000
let done = 0
do {
  for (let index = 0; index < count; index++) {
    operate(index)
    done++
    const isTimed = kind !== 'scan' && Number(limit) > 0 && done % CLOCK_EVERY === 0
    if (isTimed && performance.now() >= until) break
  }
} while (performance.now() < until)
process.stdout.write(`${done} ${(performance.now() - from) / 1000}\n`)
