// Prometheus' text format, version 0.0.4.
import { ServerError } from '../errors.ts'

export type MetricType = 'counter' | 'gauge' | 'histogram' | 'summary' | 'untyped'
export type MetricSample = {
  /** Of a histogram or a summary with `_bucket`, `_sum` or `_count` at its end. */
  name: string
  labels: Record<string, string>
  value: number
  /** Milliseconds since 1970, where it is said. */
  timestamp?: number
}
export type MetricFamily = { name: string; type: MetricType; help: string; samples: MetricSample[] }

const types: string[] = ['counter', 'gauge', 'histogram', 'summary', 'untyped'] satisfies MetricType[]
const aboutLine = /^#[ \t]+(HELP|TYPE)[ \t]+([a-zA-Z_:][\w:]*)(?:[ \t]+(.*))?$/
const sampleLine = /^([a-zA-Z_:][\w:]*)[ \t]*(?:\{(.*)\})?[ \t]+([^\s}]+)(?:[ \t]+(-?\d+))?$/
const label = /[ \t]*([a-zA-Z_]\w*)[ \t]*=[ \t]*"((?:[^"\\]|\\.)*)"[ \t]*(?:,|$)/y

/** The families by their name. Throws `ServerError` where the text is no such thing. */
export function parseMetrics(text: string): Map<string, MetricFamily> {
  const families = new Map<string, MetricFamily>()
  const family = (name: string): MetricFamily => {
    const known = families.get(name)
    if (known) return known
    const made: MetricFamily = { name, type: 'untyped', help: '', samples: [] }
    families.set(name, made)
    return made
  }
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.trim()
    if (line === '') continue
    if (line.startsWith('#')) {
      const [, what, name = '', rest = ''] = aboutLine.exec(line) ?? []
      if (what === 'HELP') family(name).help = unescaped(rest)
      if (what === 'TYPE') family(name).type = types.includes(rest) ? (rest as MetricType) : 'untyped'
      continue
    }
    const sample = parseSample(line)
    if (!sample)
      throw new ServerError(`line ${index + 1} of the metrics is not Prometheus' text: ${line.slice(0, 100)}`)
    family(ownerOf(sample.name, families)).samples.push(sample)
  }
  return families
}

function parseSample(line: string): MetricSample | undefined {
  const [, name, inside = '', number = '', time] = sampleLine.exec(line) ?? []
  const labels = parseLabels(inside)
  const value = parseValue(number)
  if (name === undefined || labels === undefined || value === undefined) return
  return time === undefined ? { name, labels, value } : { name, labels, value, timestamp: Number(time) }
}

function parseLabels(inside: string): Record<string, string> | undefined {
  const text = inside.trim()
  const labels: [string, string][] = []
  for (let at = 0; at < text.length; at = label.lastIndex) {
    label.lastIndex = at
    const [, name = '', value = ''] = label.exec(text) ?? []
    if (name === '') return
    labels.push([name, unescaped(value)])
  }
  return Object.fromEntries(labels)
}

function parseValue(text: string): number | undefined {
  const infinite = /^([+-]?)inf$/i.exec(text)
  if (infinite) return infinite[1] === '-' ? -Infinity : Infinity
  if (/^nan$/i.test(text)) return Number.NaN
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : undefined
}

function unescaped(text: string): string {
  return text.replace(/\\([\\"n])/g, (_, letter) => (letter === 'n' ? '\n' : letter))
}

/** The family that a sample belongs to, which of a histogram or a summary is not named like it. */
function ownerOf(name: string, families: Map<string, MetricFamily>): string {
  const [, base = '', end] = /^(.*)_(bucket|sum|count)$/.exec(name) ?? []
  const type = families.get(base)?.type
  return type === 'histogram' || (type === 'summary' && end !== 'bucket') ? base : name
}
