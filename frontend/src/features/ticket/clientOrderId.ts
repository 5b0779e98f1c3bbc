/** A name for an order, unique to this client: 128 random bits in hexadecimal. */
export function newClientOrderId(): string {
  // `crypto.randomUUID` exists on secure pages only, and a paper exchange may run on plain HTTP.
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
