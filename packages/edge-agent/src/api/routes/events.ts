// GET /1.0/events: one JSON text message per event, in the order in which things happened.
import type { FastifyInstance } from 'fastify'
import { badRequest } from '../../errors.ts'
import type { EventType } from '../../operations/events.ts'
import { type Query, text } from '../query.ts'
import type { Services } from '../services.ts'
import { onlyAsSocket } from '../socket.ts'

/** Bytes a listener may lag behind before it is cut off: it must not be shown a stream with holes. */
const lag = 8 * 2 ** 20
/** Milliseconds between pings: an idle socket dies silently behind a proxy. */
const pingPeriod = 20_000

/** AMS's description says `operation`, its command line `operations`. */
const kinds: Record<string, EventType[]> = {
  all: ['operation', 'lifecycle'],
  operation: ['operation'],
  operations: ['operation'],
  lifecycle: ['lifecycle'],
  logging: [],
}

export function eventRoutes(app: FastifyInstance, { events }: Services): void {
  app.route<{ Querystring: Query }>({
    method: 'GET',
    url: '/1.0/events',
    config: { token: true },
    preValidation: async ({ query }) => {
      kindsOf(query)
    },
    handler: onlyAsSocket,
    wsHandler: (socket, { query }) => {
      const wanted = kindsOf(query)
      const stop = events.listen((event) => {
        if (!wanted.includes(event.type)) return
        if (socket.bufferedAmount > lag) return socket.terminate()
        socket.send(JSON.stringify(event))
      })
      const ping = setInterval(() => socket.ping(), pingPeriod)
      socket.on('error', () => socket.terminate())
      socket.on('close', () => {
        clearInterval(ping)
        stop()
      })
    },
  })
}

function kindsOf(query: Query): EventType[] {
  const names = (text(query, 'type') ?? 'all').split(',')
  return names.flatMap((name) => {
    const found = kinds[name]
    if (!found) throw badRequest(`?type= must be one of ${Object.keys(kinds).join(', ')}, not "${name}"`)
    return found
  })
}
