import type { Report } from '../report.ts'
import { table } from '../table.ts'
import { type StoreOptions, withStore } from './open.ts'

export async function list(options: StoreOptions): Promise<Report> {
  return withStore(options, (store) => {
    const secrets = store.list()
    const rows = secrets.map((one) => [
      ...[one.name, one.owner, String(one.revision), one.state],
      one.until?.toISOString() ?? '–',
      one.grants.map(({ to, relation }) => `${to} (${relation})`).join(', ') || '–',
    ])
    const head = ['NAME', 'OWNER', 'REVISION', 'STATE', 'UNTIL', 'GRANTED TO']
    return { text: secrets.length === 0 ? ['There are no secrets'] : table(head, rows), json: { secrets } }
  })
}

type Show = StoreOptions & { reveal?: boolean; as?: string; relation?: string }

export async function show(name: string, options: Show): Promise<Report> {
  return withStore(options, (store) => {
    const info = store.describe(name)
    const { as = info.owner, relation } = options
    if (options.reveal || options.as !== undefined || relation !== undefined) {
      const { value, also, ...reading } = store.get(name, { as, ...(relation === undefined ? {} : { relation }) })
      if (options.reveal) {
        const alsoGood = also.map((one) => ({ ...one, value: one.value.reveal() }))
        // The value alone, for a pipe.
        return { text: [value.reveal()], json: { ...reading, value: value.reveal(), also: alsoGood } }
      }
    }
    const { owner, revision, state, createdAt, until, origin, overlapping, grants, offers } = info
    return {
      text: [
        `Secret "${name}" of ${owner}, revision ${revision}, ${state}`,
        `Since:    ${createdAt.toISOString()}`,
        ...(until ? [`Until:    ${until.toISOString()}`] : []),
        ...(origin ? [`Origin:   ${origin.producer}, there "${origin.name}" revision ${origin.revision}`] : []),
        ...overlapping.map((one) => `Overlap:  revision ${one.revision} is good until ${one.until.toISOString()}`),
        ...grants.map((one) => `Granted:  ${one.to} in ${one.relation}`),
        ...offers.map((one) => `Offered:  revision ${one.revision} to ${one.to}, open until ${one.expiresAt}`),
      ],
      json: info,
    }
  })
}
