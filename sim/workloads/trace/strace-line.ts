// One line of strace's output: `[PID] [TIME] name(arguments) = result`, as `-f`, `-t`, `-tt`, `-ttt`,
// `-T`, `-y` and `-o` shape it.

export type StraceCall = {
  readonly pid: number
  /** Seconds; undefined where strace was not told to print times. */
  readonly atSeconds: number | undefined
  readonly name: string
  readonly arguments: readonly string[]
  /** -1 where it failed or is not known. */
  readonly result: number
  /** ENOENT and the like. */
  readonly error: string | undefined
  /** How long it took, where strace was told to print that. */
  readonly tookSeconds: number
}

/** Who and when, each where strace was told to say so. */
const START = new RegExp(
  String.raw`^(?:\[pid\s+(?<tagged>\d+)\]\s+|(?<pid>\d+)\s+)?` +
    String.raw`(?:(?<clock>\d+:\d+:\d+(?:\.\d+)?|\d+\.\d+)\s+)?(?<rest>.*)$`,
  's',
)
const RESUMED = /^<\.\.\. (?<name>\w+) resumed>\s*(?<rest>.*)$/s
const UNFINISHED = /\s*<unfinished \.\.\.>$/
/** The result, what a descriptor stands for, the error's name and words, how long it took. */
const END = new RegExp(
  String.raw`\)\s+=\s+(?<result>-?\d+|0x[0-9a-f]+|\?)(?:<[^>]*>)?` +
    String.raw`(?:\s+(?<error>E[A-Z0-9]+)\b[^<]*)?(?:.*?<(?<took>\d+\.\d+)>)?\s*$`,
  's',
)

/** Puts calls together that another process's line has split. */
export class StraceLines {
  /** What was begun, by process: its time and its text up to where it was cut. */
  readonly #begun = new Map<number, { at: string | undefined; text: string }>()

  /** The call that ends with this line; undefined for signals, exits and what goes on later. */
  take(line: string): StraceCall | undefined {
    const { tagged, pid: plain, clock, rest = '' } = START.exec(line)?.groups ?? {}
    const pid = Number(tagged ?? plain ?? 0)
    if (UNFINISHED.test(rest)) {
      this.#begun.set(pid, { at: clock, text: rest.replace(UNFINISHED, '') })
      return undefined
    }
    const resumed = RESUMED.exec(rest)?.groups
    if (resumed === undefined) return parseCall({ pid, at: clock, text: rest })
    const begun = this.#begun.get(pid)
    this.#begun.delete(pid)
    if (begun?.text.startsWith(`${resumed['name']}(`) !== true) return undefined
    return parseCall({ pid, at: begun.at, text: begun.text + (resumed['rest'] ?? '') })
  }
}

function parseCall(given: {
  pid: number
  at: string | undefined
  text: string
}): StraceCall | undefined {
  const name = /^(\w+)\(/.exec(given.text)?.[1]
  const end = END.exec(given.text)
  if (name === undefined || end === null) return undefined
  const { result = '?', error, took } = end.groups ?? {}
  return {
    pid: given.pid,
    atSeconds: given.at === undefined ? undefined : secondsOf(given.at),
    name,
    arguments: splitArguments(given.text.slice(name.length + 1, end.index)),
    result: result === '?' || error !== undefined ? -1 : Number(result),
    error,
    tookSeconds: Number(took ?? 0),
  }
}

function secondsOf(clock: string): number {
  return clock.split(':').reduce((sum, part) => sum * 60 + Number(part), 0)
}

const OPENING = '([{<'
const CLOSING = ')]}>'

/** At the commas outside of strings, structures and annotations. */
function splitArguments(text: string): string[] {
  const parts: string[] = []
  let [from, depth] = [0, 0]
  for (let at = 0; at < text.length; at++) {
    const char = text[at] as string
    if (char === '"') at = endOfString(text, at)
    else if (OPENING.includes(char)) depth += 1
    else if (CLOSING.includes(char) && text.slice(at - 1, at + 1) !== '->') depth -= 1
    else if (char === ',' && depth === 0) {
      parts.push(text.slice(from, at).trim())
      from = at + 1
    }
  }
  return [...parts, text.slice(from).trim()]
}

/** Of the closing quote, or of the last character. */
function endOfString(text: string, from: number): number {
  for (let at = from + 1; at < text.length; at++) {
    if (text[at] === '\\') at += 1
    else if (text[at] === '"') return at
  }
  return text.length - 1
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', v: '\v', f: '\f' }

/** The bytes of a quoted string as a byte string; undefined for what is none. */
export function unquote(argument: string | undefined): string | undefined {
  if (argument?.startsWith('"') !== true) return undefined
  const inside = argument.slice(1, endOfString(argument, 0))
  return inside.replace(/\\(x[0-9a-f]{2}|[0-7]{1,3}|.)/gs, (_, code: string) => {
    if (/^[0-7]/.test(code)) return String.fromCharCode(Number.parseInt(code, 8) & 0xff)
    if (/^x./.test(code)) return String.fromCharCode(Number.parseInt(code.slice(1), 16))
    return ESCAPES[code] ?? code
  })
}
