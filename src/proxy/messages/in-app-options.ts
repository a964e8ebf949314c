/** Access to Customer.io's in-app service, which stores the inboxes and the in-app messages. */
export interface InAppOptions {
  /**
   * The site id of the workspace, or a function that returns it, which is called for every request to the service.
   *
   * @example process.env.CIO_SITE_ID ?? ''
   */
  siteId: string | (() => string | Promise<string>);

  /**
   * The URL of the service.
   *
   * @default 'https://consumer.cloud.gist.build'
   * @example 'https://consumer.cloud.gist.build'
   */
  url?: string | URL | undefined;

  /**
   * The URL of the server whose page draws messages (the renderer). The proxy serves that page at `/v1/frame/index.html`. `https`, or
   * `http` on the same machine.
   *
   * @default 'https://renderer.gist.build'
   * @example 'https://renderer.gist.build'
   */
  rendererUrl?: string | URL | undefined;

  /**
   * The URL of the server with the files of the renderer. The proxy serves them below `/v1/frame/c/`. `https`, or `http` on the same
   * machine.
   *
   * @default 'https://code.gist.build'
   * @example 'https://code.gist.build'
   */
  codeUrl?: string | URL | undefined;

  /**
   * The URL of the server that sends new messages at once, behind `/v1/messages/stream`. `https`, or `http` on the same machine.
   *
   * @default 'https://realtime.cloud.gist.build'
   * @example 'https://realtime.cloud.gist.build'
   */
  realtimeUrl?: string | URL | undefined;

  /**
   * The secret with which the proxy signs the handles of messages, at least 32 bytes in UTF-8, or a function that returns it. A page
   * sends a handle back to report that its message was opened or clicked. Every copy of the proxy needs the same secret. A handle that
   * was signed with another secret is refused (400 `invalid_handle`).
   *
   * @default derived from `writeKey`, so that all copies of the proxy agree
   * @example process.env.CIO_IN_APP_HANDLE_SECRET
   */
  handleSecret?: string | (() => string | Promise<string>) | undefined;

  /**
   * Delivers anonymous messages to visitors without a customer token. From `secret`, at least 32 bytes in UTF-8 or a function that returns
   * it, and the anonymous id of the visitor, the proxy derives the id under which the in-app service knows the visitor. A page cannot choose that id.
   *
   * @default none: visitors without a token get no messages (401 `invalid_token`)
   * @example { secret: process.env.CIO_IN_APP_ANONYMOUS_SECRET ?? '' }
   */
  anonymous?: { readonly secret: string | (() => string | Promise<string>) } | undefined;
}
