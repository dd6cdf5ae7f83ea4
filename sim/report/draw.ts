// Figures to SVG, without a browser and without a network.
import type { EChartsCoreOption } from 'echarts/core'
import type { Axis, Figure } from './figures.ts'
import type { Line } from './lines.ts'

const WIDTH = 620
const HEIGHT = 400

/** Told apart by those who don't see all colours, too (Okabe and Ito, 2008). */
const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#000000']
/** Of dashed lines, which say what there may be and not what there was. */
const BOUNDS = ['#777777', '#aaaaaa']
const SYMBOLS = ['circle', 'rect', 'triangle', 'diamond', 'pin', 'arrow', 'roundRect']

/** One SVG a figure, in their order. */
export async function draw(figures: readonly Figure[]): Promise<string[]> {
  const { init } = await loadLibrary()
  return figures.map((figure) => {
    const chart = init(null, null, { renderer: 'svg', ssr: true, width: WIDTH, height: HEIGHT })
    try {
      chart.setOption(optionOf(figure))
      return chart.renderToSVGString()
    } finally {
      chart.dispose()
    }
  })
}

/** The parts that are used, and no others: the whole takes seconds to load. */
async function loadLibrary() {
  const [core, charts, components, renderers] = await Promise.all([
    import('echarts/core'),
    import('echarts/charts'),
    import('echarts/components'),
    import('echarts/renderers'),
  ])
  const { GridComponent, LegendComponent } = components
  core.use([charts.LineChart, GridComponent, LegendComponent, renderers.SVGRenderer])
  return core
}

function optionOf(figure: Figure): EChartsCoreOption {
  const lines = [...figure.lines, ...figure.dashed]
  return {
    animation: false,
    backgroundColor: '#ffffff',
    color: COLOURS,
    textStyle: { fontFamily: 'system-ui, sans-serif' },
    grid: { left: 70, right: 24, top: 24 + 18 * Math.ceil(lines.length / 2), bottom: 52 },
    legend: { top: 0, left: 'center', itemWidth: 22, itemGap: 20, textStyle: { fontSize: 11 } },
    xAxis: axisOf(figure.x, lines, 0),
    yAxis: axisOf(figure.y, lines, 1),
    series: [...figure.lines.map(lineOf), ...figure.dashed.map(boundOf)],
  }
}

function axisOf({ name, scale }: Axis, lines: readonly Line[], part: 0 | 1) {
  const at = { name, nameLocation: 'middle', nameGap: part === 0 ? 30 : 50 }
  const grid = { show: true, lineStyle: { color: '#dddddd' } }
  if (scale === 'linear') return { ...at, type: 'value', splitLine: grid }
  const all = lines.flatMap(({ points }) => points.map((point) => point[part]))
  // What is 0, such as the time of a run that was ended early, has no place there.
  const values = all.filter((value) => value > 0)
  return { ...at, type: 'log', logBase: base(values), splitLine: grid, ...reach(values) }
}

/** A few thousand nodes are steps of two; what spans more, of ten. */
function base(values: readonly number[]): number {
  return Math.max(...values) / Math.min(...values) > 1_000 ? 10 : 2
}

/** To the next whole step on both sides, so that the first and last point are not on the frame. */
function reach(values: readonly number[]): { min?: number; max?: number } {
  if (values.length === 0) return {}
  const step = base(values)
  const power = (value: number) => Math.log(value) / Math.log(step)
  return {
    min: step ** Math.floor(power(Math.min(...values)) - 0.01),
    max: step ** Math.ceil(power(Math.max(...values)) + 0.01),
  }
}

function lineOf({ name, points }: Line, index: number) {
  return {
    name,
    type: 'line',
    data: points,
    symbol: points.length > 40 ? 'none' : SYMBOLS[index % SYMBOLS.length],
    symbolSize: 7,
    lineStyle: { width: 2 },
  }
}

function boundOf({ name, points }: Line, index: number) {
  const color = BOUNDS[index % BOUNDS.length]
  const line = { itemStyle: { color }, lineStyle: { color, width: 2, type: 'dashed' } }
  return { name, type: 'line', data: points, symbol: 'none', ...line }
}
