import test from 'ava'
import { showLive } from '../../../peers/commands/live.ts'
import type { Terminal } from '../../../peers/commands/terminal.ts'

const ESC = '\u001b'
const LEFT_AS_IT_WAS = `${ESC}[?7h${ESC}[?25h`

/** Without what a terminal obeys. */
function words(text: string): string {
  const parts = text.split(ESC)
  return parts.map((part, i) => (i === 0 ? part : part.replace(/^\[[?\d]*[A-Za-z]/, ''))).join('')
}

function terminalOf(rows: number | undefined) {
  const said: string[] = []
  const stopping = new AbortController()
  const out = (text: string) => void said.push(text)
  const terminal: Terminal = {
    out,
    err: out,
    isWatched: true,
    screen: () => (rows === undefined ? undefined : { rows }),
    env: {},
    cwd: '/',
    interrupted: stopping.signal,
  }
  return { terminal, said: () => said.join(''), stop: () => stopping.abort() }
}

test('on a terminal a view is cut to what fits, and the terminal is left as it was', async (t) => {
  const { terminal, said, stop } = terminalOf(4)
  let views = 0
  await showLive(terminal, async () => {
    views += 1
    if (views === 2) stop()
    return 'one\ntwo\nthree\nfour\nfive\n'
  })
  t.is(views, 2)
  t.is(words(said()), 'one\ntwo\nthree\n')
  t.true(said().startsWith(`${ESC}[?25l${ESC}[?7l`))
  t.true(said().endsWith(LEFT_AS_IT_WAS))
})

test('in a pipe views follow one another, and nothing but words is written', async (t) => {
  const { terminal, said, stop } = terminalOf(undefined)
  let views = 0
  await showLive(terminal, async () => {
    views += 1
    if (views === 3) stop()
    return `view ${views}`
  })
  t.is(said(), 'view 1\nview 2\n')
})

test('a view that fails is an error, and the terminal is left as it was all the same', async (t) => {
  const { terminal, said } = terminalOf(24)
  let views = 0
  const ended = showLive(terminal, async () => {
    views += 1
    if (views === 2) throw new Error('the peer is gone')
    return 'view'
  })
  await t.throwsAsync(ended, { message: 'the peer is gone' })
  t.true(said().endsWith(LEFT_AS_IT_WAS))
})
