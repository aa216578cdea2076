// A store that forgets: for thousands of machines in one test.
import type { Store } from '../store/store.ts'

class Memory<T extends { id: string }> {
  readonly #documents = new Map<string, T>()
  get = (id: string) => this.#documents.get(id)
  list = () => [...this.#documents.values()]
  put = (document: T) => {
    this.#documents.set(document.id, document)
    return document
  }
  change = (id: string, edit: (document: T) => T) => {
    const document = this.get(id)
    return document && this.put(edit(document))
  }
  delete = (id: string) => {
    this.#documents.delete(id)
  }
}

const names = ['patches', 'patchEnds', 'holds', 'settings', 'instances'] as const

export const memoryStore = () => Object.fromEntries(names.map((name) => [name, new Memory()])) as unknown as Store
