// A store that takes a moment to answer, as a database would.

export interface Task {
  title: string
  owner: string
  done: boolean
}

export class Store<T> {
  private items = new Map<number, T>()

  async get(id: number): Promise<T | undefined> {
    await pause()
    return this.items.get(id)
  }

  async add(item: T): Promise<number> {
    await pause()
    const id = this.items.size + 1
    this.items.set(id, item)
    return id
  }
}

async function pause(): Promise<void> {
  await new Timeout(0.01).wait()
}
