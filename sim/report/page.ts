// The report as one HTML file: tables, pictures and the commands that make the same again.
// No script, no font, no image from anywhere else.
import { describePlan } from '../plan.ts'
import { draw } from './draw.ts'
import type { Entry, Report } from './entry.ts'
import { type Figure, figuresOf } from './figures.ts'
import { HEAD, rowsOf } from './rows.ts'

const STYLE = `
body { font: 15px/1.45 system-ui, sans-serif; color: #222 }
body { margin: 2rem auto; padding: 0 1rem; max-width: 1320px }
h1 { font-size: 1.7rem } h2 { margin-top: 2.5rem } p { max-width: 80ch }
table { border-collapse: collapse; font-size: 13px; display: block; overflow-x: auto; margin-bottom: 2rem }
th, td { padding: 3px 9px; text-align: right; border-bottom: 1px solid #ddd; white-space: nowrap }
th:first-child, td:first-child { text-align: left }
.figures { display: grid; grid-template-columns: repeat(auto-fill, minmax(560px, 1fr)); gap: 1.5rem }
figure { margin: 0 } figure svg { width: 100%; height: auto }
figcaption b { display: block } code { font-size: 12px }
`

/** The whole page. */
export async function renderPage({ entries }: Report): Promise<string> {
  const workloads = [...new Set(entries.map(({ plan }) => plan.workload))]
  const sections: string[] = []
  for (const workload of workloads) {
    const those = entries.filter(({ plan }) => plan.workload === workload)
    // One library, loaded once: the sections wait for each other.
    sections.push(await sectionOf(workload, those))
  }
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Potluck: simulated runs</title>
<style>${STYLE}</style></head><body>
<h1>Potluck: simulated runs</h1>
<p>The mesh is the product's own node code in virtual time; the other ways are small models in the same
network, before the same storage, behind the same kernel, taking the same steps. Times are simulated.
What the simulator does not model is in the README.</p>
${sections.join('\n')}
</body></html>
`
}

async function sectionOf(workload: string, entries: readonly Entry[]): Promise<string> {
  const figures = figuresOf(entries)
  const pictures = await draw(figures)
  const bounds = [...new Set(entries.flatMap(({ bound }) => bound?.name ?? []))]
  const facts = [entries[0]?.result.description ?? '', ...bounds.map((name) => `bound: ${name}`)]
  return `<h2>${escape(workload)}</h2>
<p>${escape(facts.join('; '))}.</p>
${tableOf(entries)}
<div class="figures">${figures.map((figure, i) => figureOf(figure, pictures[i] ?? '')).join('\n')}</div>
<details><summary>The same again</summary><p>${entries.map(commandOf).join('<br>')}</p></details>`
}

function tableOf(entries: readonly Entry[]): string {
  const line = (cells: readonly string[], tag: 'th' | 'td') =>
    `<tr>${cells.map((cell) => `<${tag}>${escape(cell)}</${tag}>`).join('')}</tr>`
  const rows = rowsOf(entries).map((row) => line(row, 'td'))
  return `<table>${line(HEAD, 'th')}${rows.join('\n')}</table>`
}

function figureOf({ title, caption }: Figure, svg: string): string {
  return `<figure>${svg}<figcaption><b>${escape(title)}</b>${escape(caption)}</figcaption></figure>`
}

function commandOf({ plan, result }: Entry): string {
  return `<code>potluck sim run ${escape(describePlan(plan))}</code> hash ${escape(result.hash)}`
}

function escape(text: string): string {
  const names: Readonly<Record<string, string>> = { '&': 'amp', '<': 'lt', '>': 'gt', '"': 'quot' }
  return text.replaceAll(/[&<>"]/g, (character) => `&${names[character] ?? ''};`)
}
