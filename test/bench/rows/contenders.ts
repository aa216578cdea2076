// The contenders of a row that are processes with a client in them.
import type { Orders, Target } from '../drivers/orders.ts'
import type { Measure } from '../row.ts'
import type { Driver, DriverKind } from '../stage/driver.ts'
import type { Stage } from '../stage/stage.ts'

/** Said once, in the first row's notes. */
export const process =
  'lxc is a process for each command, as it is used; the others are processes that stay, and time themselves.'

type Library = 'undici' | 'pylxd'

/** Starts our driver, the LXD client or the AMS client as the target asks, and those of the rivals. */
export async function drivers<Name extends Library>(stage: Stage, target: Target, names: Name[]) {
  const started: Driver[] = []
  const start = async (kind: DriverKind) => {
    const driver = await stage.driver(kind, target)
    started.push(driver)
    return driver
  }
  const end = async () => {
    for (const driver of started) await driver.end()
  }
  try {
    const ours = await start(target.server === 'ams' ? 'sdk-ams' : 'sdk')
    const rivals = {} as Record<Name, Driver>
    for (const name of names) rivals[name] = await start(name)
    return { ours, rivals, end }
  } catch (error) {
    await end()
    throw error
  }
}

/** Does something a number of times at each measurement. */
export function times<Name extends keyof Orders>(driver: Driver, name: Name, order: Orders[Name], count = 1): Measure {
  return () => driver.order(name, order, count)
}
