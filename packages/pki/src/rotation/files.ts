// What is written into a consumer's files in a phase.
import { splitPem } from '../authority/certificate.ts'
import { readIfThere } from '../authority/storage.ts'
import type { Consumer, FileRole } from './consumer.ts'
import type { Delivered } from './deliver.ts'
import { keyOf, leafOf } from './leaves.ts'
import { materialOf, type Phase, type Plan, type Ref } from './plan.ts'
import type { Work, Workplace } from './work.ts'

/** The key before its certificate: whoever looks in between finds none that is new without a key. */
const order: FileRole[] = ['trust', 'pins', 'secret', 'key', 'certificate']

export async function filesFor(
  { plan, phase, consumer }: { plan: Plan; phase: Phase; consumer: Consumer },
  { work, place }: { work: Work; place: Workplace },
): Promise<Delivered[]> {
  const material = materialOf(plan, phase, consumer)
  const renewed = await renewedLeaf(plan, consumer, material.certificate?.[0], place)
  const text = (ref: Ref): Promise<string> | string => {
    const [kind, name = '', end] = ref.split(' ')
    const side = end === 'new' ? 'new' : 'old'
    if (kind === 'key') return keyOf(name, side, place)
    if (kind === 'leaf') return name === consumer.name && renewed ? renewed : leafOf(name, side, place)
    return work.text(ref)
  }
  const files: Delivered[] = []
  for (const role of order) {
    const [refs, path] = [material[role], consumer.files[role]]
    if (refs === undefined || path === undefined || (role === 'key' && renewed)) continue
    const texts = await Promise.all(refs.map(text))
    files.push({ path, text: texts.join(''), secret: role === 'key' || role === 'secret' })
  }
  return files
}

/** The leaf in a consumer's file when it is none that we know: it was renewed meanwhile, and is kept with its key. */
async function renewedLeaf(
  plan: Plan,
  { name, files }: Consumer,
  shown: Ref | undefined,
  place: Workplace,
): Promise<string | undefined> {
  if (shown === undefined || shown.endsWith(' new') || files.certificate === undefined) return undefined
  const [found] = splitPem((await readIfThere(files.certificate)) ?? '')
  if (found === undefined || found === (await leafOf(name, 'old', place))) return undefined
  if (plan.reissue.includes(name) && found === (await leafOf(name, 'new', place))) return undefined
  return found
}
