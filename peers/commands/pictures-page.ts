// Pictures with a text below as one HTML file, which loads nothing from anywhere.
import { draw } from '../../sim/report/draw.ts'
import type { Figure } from '../../sim/report/figures.ts'

export async function picturesPage(
  title: string,
  figures: readonly Figure[],
  text: string,
): Promise<string> {
  const pictures = await draw(figures)
  const shown = figures.map(({ title: name, caption }, i) => {
    const words = `<figcaption><b>${name}</b> ${caption}</figcaption>`
    return `<figure>${pictures[i] ?? ''}${words}</figure>`
  })
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${escape(title)}</title>
<style>
body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 1320px; padding: 0 1rem }
h1 { font-size: 1.4rem; overflow-wrap: anywhere }
main { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(500px, 100%), 1fr)); gap: 2rem }
figure { margin: 0 } figure svg { width: 100%; height: auto }
figcaption b { display: block } pre { overflow-x: auto }
</style>
</head><body><h1>${escape(title)}</h1>
<main>
${shown.join('\n')}
</main>
<pre>${escape(text)}</pre>
</body></html>
`
}

function escape(text: string): string {
  const names: Readonly<Record<string, string>> = { '&': 'amp', '<': 'lt', '>': 'gt', '"': 'quot' }
  return text.replaceAll(/[&<>"]/g, (character) => `&${names[character] ?? ''};`)
}
