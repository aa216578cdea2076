// The SDK's AMS client, with the agent behind it.
import { AmsClient } from '@anbox/sdk'
import type { Target, Work } from './orders.ts'
import { credentials, read } from './sdk.ts'
import { serve, timed } from './serve.ts'

function open(target: Target): Work {
  const { service, instances } = new AmsClient(credentials(target))
  return {
    get: () => timed(() => service.get()),
    list: () => timed(() => instances.list()),
    exec: ({ instance }) => timed(() => instances.run(instance, ['true'])),
    output: ({ instance, command, bytes, slow }) =>
      timed(async () => read(await instances.exec(instance, { command, stdin: '' }), bytes, slow)),
    launch: async ({ body }) => {
      let id = ''
      const time = await timed(async () => {
        const operation = await instances.launch(body)
        id = operation.resource('instances') ?? ''
        await operation.wait()
      })
      const { status, error_message } = await instances.get(id)
      if (status !== 'running') throw new Error(`the instance is ${status}: ${error_message}`)
      await (await instances.delete(id, { force: true })).wait()
      return time
    },
  }
}

await serve(open)
