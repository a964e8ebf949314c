/** Whether the host of a URL is this machine: requests to it do not leave the machine. https://w3c.github.io/webappsec-secure-contexts/#is-origin-trustworthy */
export function isLoopback(hostname: string): boolean {
  return /^(localhost|.+\.localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(hostname);
}
