/** An event of a stream (`text/event-stream`). */
export interface ServerEvent {
  readonly name: string;
  readonly data: string;
}

/** Reads the events of a stream, text by text. Returns the events that are complete. @throws RangeError where an event is too large */
export type ParseEvents = (text: string) => readonly ServerEvent[];

/** Makes a parser for one stream. https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream */
export function createEventParser(mostCharacters: number): ParseEvents {
  let rest = '';

  return (text) => {
    rest += text;
    const events: ServerEvent[] = [];
    // A text that ends with CR may be followed by the LF of the same line end.
    const end = rest.endsWith('\r') ? rest.length - 1 : rest.length;
    const blocks = rest.slice(0, end).split(/\r\n\r\n|\n\n|\r\r/);
    rest = (blocks.pop() ?? '') + rest.slice(end);
    for (const block of blocks) events.push(...eventOf(block));
    if (rest.length > mostCharacters) throw new RangeError('An event of the stream is too large.');
    return events;
  };
}

function eventOf(block: string): readonly ServerEvent[] {
  let name = 'message';
  const data: string[] = [];
  for (const line of block.split(/\r\n|\n|\r/)) {
    const [, field = '', value = ''] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
    if (field === 'event') name = value;
    if (field === 'data') data.push(value);
  }
  return data.length === 0 && name === 'message' ? [] : [{ name, data: data.join('\n') }];
}
