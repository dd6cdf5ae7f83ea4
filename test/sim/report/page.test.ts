import test from 'ava'
import { renderPage } from '../../../sim/report/page.ts'
import { makeEntry } from './entries.ts'

test('a page stands alone: its pictures are in it, and it asks nobody for anything', async (t) => {
  const ways = ['mesh', 'direct']
  const entries = ways.flatMap((way) => [makeEntry({ way, nodes: 2 }), makeEntry({ way })])
  const page = await renderPage({
    version: 1,
    entries: [...entries, makeEntry({ workload: 'import' })],
  })
  const pictures = page.match(/<svg[\s\S]*?<\/svg>/g) ?? []
  t.is(pictures.length, page.split('<figure>').length - 1)
  t.true(pictures.length >= 14, `${pictures.length} pictures of two workloads`)
  t.true(pictures.every((picture) => picture.includes('<path') && !picture.includes('NaN')))
  const named = page.replaceAll(/xmlns(?::\w+)?="[^"]*"/g, '')
  t.notRegex(named, /https?:|<script|<link|@import|url\((?!#)/)
  t.regex(page, /T\* = \(F\/u\)/)
  t.regex(page, /one &lt;file&gt;/, 'what comes from outside is text')
  t.regex(page, /sim run --workload broadcast --nodes 2 --seed 1 --ways direct/)
})

test('a page of nothing is a page', async (t) => {
  t.regex(await renderPage({ version: 1, entries: [] }), /<\/html>/)
})
