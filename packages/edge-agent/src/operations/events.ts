// What happened, told to whoever listens, in the order it happened.

/** @see AMS events: `operation` carries a whole operation, `lifecycle` an action and its source. */
export type Event =
  | { type: 'operation'; timestamp: string; metadata: Record<string, unknown> }
  | { type: 'lifecycle'; timestamp: string; metadata: { action: string; source: string } }

export type EventType = Event['type']

export class EventHub {
  readonly #listeners = new Set<(event: Event) => void>()

  emit(type: 'lifecycle', metadata: { action: string; source: string }): void
  emit(type: 'operation', metadata: Record<string, unknown>): void
  emit(type: EventType, metadata: Record<string, unknown>): void {
    const event = { type, timestamp: new Date().toISOString(), metadata } as Event
    for (const listener of this.#listeners) listener(event)
  }

  /** @returns the function that ends it. */
  listen(listener: (event: Event) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
}
