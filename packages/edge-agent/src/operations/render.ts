// An operation as AMS writes it (the same object as LXD's).
import { type OperationRecord, statusCodes } from '../store/records.ts'

const words: Record<OperationRecord['status'], string> = {
  running: 'Running',
  cancelling: 'Cancelling',
  success: 'Success',
  failure: 'Failure',
  cancelled: 'Cancelled',
}

export function renderOperation(operation: OperationRecord) {
  return {
    id: operation.id,
    class: operation.class,
    description: operation.description,
    created_at: new Date(operation.createdAt).toISOString(),
    updated_at: new Date(operation.updatedAt).toISOString(),
    status: words[operation.status],
    status_code: statusCodes[operation.status],
    resources: operation.resources,
    metadata: operation.metadata,
    may_cancel: operation.mayCancel,
    err: operation.err,
    server_address: '',
  }
}

/** Key of the map that `GET /1.0/operations?recursion=1` answers: the status in small letters, as LXD has it. */
export const statusKey = (operation: OperationRecord) => words[operation.status].toLowerCase()
