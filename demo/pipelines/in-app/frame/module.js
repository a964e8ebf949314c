/** The entry of the renderer as a module. Shows nothing until JSON and WebAssembly, fetched from beside it, have arrived. */
const beside = (name) => new URL(name, import.meta.url);
const strings = await (await fetch(beside('strings.json'))).json();
if (strings.close !== 'Close') throw new Error('strings.json has other content');
// `instantiateStreaming` refuses every content type but `application/wasm`.
const { instance } = await WebAssembly.instantiateStreaming(fetch(beside('engine.wasm')));
if (instance.exports.answer() !== 42) throw new Error('engine.wasm has other content');
await import('./main.min.js');
