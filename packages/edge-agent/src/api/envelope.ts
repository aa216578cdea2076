// AMS's reply envelope. Canonical's Go client looks at `type` alone and needs `metadata` in every sync reply.
import type { FastifyReply } from 'fastify'
import { renderOperation } from '../operations/render.ts'
import type { OperationRecord } from '../store/records.ts'

export function sync(reply: FastifyReply, metadata: unknown, totalSize?: number) {
  return reply.send({
    type: 'sync',
    status: 'Success',
    status_code: 200,
    ...(totalSize === undefined ? {} : { total_size: totalSize }),
    metadata,
  })
}

export function accepted(reply: FastifyReply, operation: OperationRecord) {
  const url = `/1.0/operations/${operation.id}`
  return reply
    .code(202)
    .header('location', url)
    .send({
      type: 'async',
      status: 'Operation created',
      status_code: 100,
      operation: url,
      metadata: renderOperation(operation),
    })
}

export function failed(reply: FastifyReply, status: number, message: string) {
  return reply.code(status).send({ type: 'error', error: message, error_code: status, metadata: {} })
}
