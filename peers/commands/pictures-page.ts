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
body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem }
main { display: flex; flex-wrap: wrap; gap: 2rem }
figure { margin: 0; max-width: 620px }
pre { overflow-x: auto }
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
